"""The main job on real input: the site's form, a number, the five-year log, the notices, one trace."""

import re
from typing import Any

import httpx
import pytest

from libs.chassis.access.roles import Role
from tests.journey.collector import Collector, Span
from tests.journey.town import Town
from tests.stack import eventually

NAME = "Щербаков Лавр Иннокентьевич"
EMAIL = "lavr.shcherbakov@example.ru"
TEXT = "Прошу сообщить порядок предоставления земельного участка под огород."


async def post_form(town: Town, **changes: str) -> str:
    """The receipt page after the form was filled in a browser without JavaScript."""
    async with httpx.AsyncClient(base_url=town.url("site"), follow_redirects=True, timeout=30) as http:
        page = (await http.get("/request")).text
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        typed = {"name": NAME, "kind": "citizen", "email": EMAIL, "text": TEXT, "channel": "email", "wanted_form": "electronic"}
        answer = await http.post("/request", data=hidden | typed | changes)
        assert answer.status_code == 200, answer.text
        return answer.text


async def entries(town: Town, reg_no: str) -> list[dict[str, Any]]:
    token = town.database.stack.staff_token(Role.OPERATOR)
    async with httpx.AsyncClient(base_url=town.url("history"), headers={"Authorization": f"Bearer {token}"}) as http:
        answer = await http.get("/v1/entries", params={"number": reg_no})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["entries"])


def loose(trace: list[Span]) -> list[Span]:
    """Spans whose parent is not there; a parent may be reported after its children."""
    ids = {span.id for span in trace}
    return [span for span in trace if span.parent and span.parent not in ids]


@pytest.mark.requirement("N-3.3", "N-3.5", "N-4.4", "N-7.3", "N-8.2", "D-9", "D-13")
async def test_a_form_becomes_a_numbered_request_a_history_and_two_notices_in_one_trace(running_town: Town, collector: Collector) -> None:
    page = await post_form(running_town)
    found = re.search(r"ЗИ-\d+/\d{4}", page)
    assert found, page
    reg_no = found.group()

    letters = await eventually(lambda: running_town.letters(EMAIL), what="a letter")
    assert reg_no in letters[0]["text"]
    assert NAME not in letters[0]["text"], "an unconfirmed address gets number and status alone"
    link = re.search(r"/confirm/\S+", letters[0]["text"])
    assert link, letters[0]["text"]

    async def told() -> bool:
        found = await entries(running_town, reg_no)
        sent = {entry["payload"]["channel"] for entry in found if entry["type"] == "NotificationSent"}
        wanted = {"MessageReceived", "RequestReceived", "RequestRegistered", "RequestStatusChanged", "MessageAccepted"}
        return sent == {"site", "email"} and wanted <= {entry["type"] for entry in found}

    await eventually(told, what="the whole history and both notices")

    async def whole() -> bool:
        trace = collector.trace_of("notifier", "SMTP")
        return {span.service for span in trace} >= {"site", "intake", "notifier", "history"} and not loose(trace)

    await eventually(whole, what="one trace through all services, each span under another of it")
    trace = collector.trace_of("notifier", "SMTP")
    [root] = [span for span in trace if not span.parent]
    assert (root.service, root.name) == ("site", "POST /request")
    assert any("intake.requests.v1" in span.name for span in trace), [span.name for span in trace]
    everything = "\n".join(span.text for span in collector.spans) + running_town.logs()
    for planted in (NAME, "Щербаков", EMAIL, TEXT):
        assert planted not in everything
