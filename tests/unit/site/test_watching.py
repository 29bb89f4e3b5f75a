"""What operators see of the site: one trace from the form on, counts, logs; and nothing of a person in any of them."""

import io
import json

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from frontends.site import intake_door
from frontends.site.main import Outside, build
from libs.chassis.ops import logs
from libs.chassis.ops.clock import FixedClock
from libs.chassis.ops.settings import load_authority
from libs.chassis.ops.tracing import Tracing
from libs.web.assets import Assets
from tests.unit.site.conftest import SITE, OpenSite, site_settings
from tests.unit.site.door_twin import CODE, KEY, NUMBER, TOKEN, DoorTwin
from tests.unit.site.test_sending import GOOD, filled

PLANTED = ("Петрова", "anna@example.ru", "Заречном", CODE, TOKEN, NUMBER)


@pytest.mark.requirement("D-9")
async def test_the_trace_begins_at_the_form_and_holds_nothing_of_the_person(
    door: DoorTwin, clock: FixedClock, loaded_assets: Assets
) -> None:
    exporter = InMemorySpanExporter()
    telemetry = Tracing("site", exporter)
    settings = site_settings(intake_url=door.url)
    async with intake_door.client(door.url, KEY, 10.0) as http:
        outside = Outside(http=http, assets=loaded_assets, clock=clock, telemetry=telemetry)
        app = build(settings, load_authority(settings.authority_file), outside)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE, follow_redirects=False) as browser:
            await browser.post("/request", data=await filled(browser))
            await browser.post("/status", data={"number": NUMBER, "code": CODE})
            await browser.post(f"/confirm/{TOKEN}")
    telemetry.shutdown()

    spans = exporter.get_finished_spans()
    form = next(span for span in spans if span.name == "POST /request" and span.parent is None)
    assert form.context is not None
    trace_id = f"{form.context.trace_id:032x}"
    assert trace_id in (door.traceparents[0] or "")
    told = "".join(span.to_json() for span in spans)
    assert [planted for planted in PLANTED if planted in told or json.dumps(planted).strip('"') in told] == []


async def test_what_became_of_each_form_is_counted(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    for fault in (None, "busy", "broken", "refused"):
        form = await filled(browser, text=f"Вопрос {fault}")
        door.fault = fault
        await browser.post("/request", data=form)

    figures = (await browser.get("/metrics")).text

    for outcome in ("accepted", "refused", "not-accepted", "undecided"):
        assert f'otklik_site_messages_total{{outcome="{outcome}"}} 1.0' in figures


async def test_logs_tell_that_intake_fails_and_nothing_of_the_person(open_site: OpenSite, door: DoorTwin, log_lines: io.StringIO) -> None:
    logs.configure(service="site", stream=log_lines)
    async with open_site() as browser:
        form = await filled(browser)
        for fault in ("busy", "foreign"):
            door.fault = fault
            await browser.post("/request", data=form)
    async with open_site(intake_url="http://127.0.0.1:9") as alone:
        await alone.post("/request", data={**form, **GOOD})

    told = log_lines.getvalue()
    assert told.count("does not answer") == 1
    assert told.count("what the door promises") == 2
    assert [planted for planted in PLANTED if planted in told or json.dumps(planted).strip('"') in told] == []
