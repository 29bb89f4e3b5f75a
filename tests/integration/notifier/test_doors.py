"""What the notifier tells: to staff by its door, to Prometheus, to traces, and to nobody what is personal."""

import asyncio
import signal
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.tokens import TokenIssuer, new_private_key, public_key_of
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.stop import Stopping
from libs.chassis.ops.tracing import Tracing
from libs.chassis.process import Process
from libs.events.vocabulary import Status, Target
from services.notifier.main import build
from services.notifier.settings import NotifierSettings
from tests.integration.notifier.conftest import Notifying, as_process, figure
from tests.integration.notifier.test_notices import email
from tests.running import Running, settings_of
from tests.stack import eventually
from tests.unit.notifier.examples import ADDRESS, NAME, by_site, by_vk, change, envelope

KEY = new_private_key()
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MAY_LOOK = frozenset((Role.OPERATOR, Role.REGISTRAR, Role.HEAD))
DELIVERY_FIELDS = {
    *("notice_id", "seq", "channel", "frontend", "role", "status", "state", "reason", "attempt", "duplicate_of"),
    *("planned_at", "due_at", "finished_at"),
}


def bearer(*roles: Role) -> dict[str, str]:
    token = TokenIssuer(KEY, issuer="demo", clock=SystemClock()).issue(Staff(id="clerk-7", roles=frozenset(roles)))
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.requirement("R-25")
async def test_staff_see_what_became_of_a_requests_notices_and_nothing_personal(notifying: Notifying) -> None:
    async with notifying.running(staff_public_key=_base64(public_key_of(KEY))) as service:
        await notifying.changed("board", Status.REGISTERED, by_vk, email(ADDRESS))
        await notifying.become("board", "accepted", "accepted")

        async def look(request: str, *roles: Role) -> httpx.Response:
            return await service.http.get("/v1/deliveries", params={"request": request}, headers=bearer(*roles) if roles else {})

        for role in MAY_LOOK:
            assert (await look("board", role)).status_code == 200
        answer = await look("board", *MAY_LOOK)
        original, duplicate = sorted(answer.json()["deliveries"], key=lambda row: row["role"], reverse=True)
        assert set(original) == DELIVERY_FIELDS
        assert (original["channel"], original["frontend"], original["state"]) == ("frontend", "vk", "accepted")
        assert duplicate["duplicate_of"] == original["notice_id"]
        assert not any(personal in answer.text for personal in (NAME, ADDRESS, "peer-2000001"))
        assert (await service.http.get("/v1/deliveries", params={"request": "other"}, headers=bearer(Role.HEAD))).json() == {
            "deliveries": []
        }
        assert (await service.http.get("/v1/deliveries", params={"request": "board"})).status_code == 401
        assert (await service.http.get("/v1/deliveries", params={"request": "board"}, headers=bearer(Role.SRE))).status_code == 403
        guarded = {(route.path, route.roles) for route in guarded_routes(service.app) if route.path.startswith("/v1")}
        assert guarded == {("/v1/deliveries", MAY_LOOK)}
        figures = (await service.http.get("/metrics")).text
        assert "otklik_notices_total" in figures
        assert not any(personal in figures for personal in (NAME, ADDRESS, "peer-2000001"))
        assert (await service.http.get("/health/ready")).status_code == 200
        assert (await service.http.get("/health/live")).json()["loops"]["sender email"]["alive"]


@pytest.mark.requirement("D-27")
async def test_the_queue_and_its_age_are_told_for_autoscaling(notifying: Notifying) -> None:
    notifying.sink.recipients["*"] = "450 4.2.0 Not now"
    async with notifying.running(notice_first_pause_seconds=0.1) as service:
        await notifying.changed("queue", Status.REGISTERED, by_site, email("queue@example.org"))
        await eventually(lambda: _told(service, "otklik_notices_unfinished"), what="the queue is told")
        notifying.sink.recipients.clear()
        await notifying.become("queue", "accepted", "accepted")
        assert figure(service, "otklik_notices_total", channel="email", outcome="accepted") == 1
        assert figure(service, "otklik_notices_total", channel="site", outcome="accepted") == 1
        assert figure(service, "otklik_notice_seconds_count", channel="email") == 1


@pytest.mark.requirement("R-13")
async def test_the_trace_of_a_change_goes_on_to_smtp(notifying: Notifying) -> None:
    settings = settings_of(NotifierSettings, notifying.environment())
    process = await Process.open("notifier", settings)
    spans = InMemorySpanExporter()
    process.telemetry = Tracing("notifier", spans)
    await build(process, settings)
    stopping = Stopping()
    loops = asyncio.create_task(process.background.run(stopping, stop_seconds=10))
    event = change(Status.REGISTERED, by_site, email("traced@example.org"))
    made = envelope(event, request="traced", event_id=process.ids.new())
    await notifying.publish(made, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    await notifying.become("traced", "accepted", "accepted")
    stopping.request()
    await loops
    await process.close()
    found = {span.name: span for span in spans.get_finished_spans()}
    smtp, took = found["SMTP send"], found["intake.requests.v1 process"]
    assert smtp.context is not None
    assert took.context is not None
    assert smtp.parent is not None
    assert f"{smtp.context.trace_id:032x}" == TRACE
    assert smtp.parent.span_id == took.context.span_id
    told = repr([(span.name, dict(span.attributes or {}), [event.name for event in span.events]) for span in spans.get_finished_spans()])
    assert "traced@example.org" not in told
    assert NAME not in told


@pytest.mark.requirement("E-14", "R-17")
async def test_a_planted_name_stands_in_clear_nowhere_but_in_letters_and_messages(notifying: Notifying, tmp_path: Path) -> None:
    notifying.sink.recipients["refused@example.org"] = f"550 5.1.1 {ADDRESS} is unknown"
    planted = email(ADDRESS)
    by_post = Target(role="additional", channel="post", address=f"630099, {NAME}, а/я 7")
    log = tmp_path / "notifier.log"
    async with as_process(notifying, log, log_level="DEBUG") as process:
        await notifying.changed("planted", Status.ANSWERED, by_vk, by_post, planted)
        await notifying.changed("refused", Status.REGISTERED, by_site, email("refused@example.org"))
        poisoned = envelope(change(Status.REGISTERED, by_site, planted), request="broken", event_id=UUID(int=9))
        await notifying.publish(poisoned.model_copy(update={"payload": poisoned.payload | {"to_status": NAME}}))
        await notifying.become("planted", "accepted", "accepted", "waiting_for_staff")
        await notifying.become("refused", "accepted", "failed")
        await notifying.sink.stop()
        await notifying.sink.hang_up()
        await notifying.changed("waiting", Status.REGISTERED, by_site, planted)
        await notifying.become("waiting", "accepted", "deferred")
        await eventually(lambda: _dead(notifying))
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    told = log.read_text("utf-8")
    assert "the process has stopped" in told
    secrets = (NAME, "Запланированная", ADDRESS, "adelaida", "peer-2000001")
    assert not [secret for secret in secrets if secret in told or ascii(secret).strip("'") in told]
    assert [place async for place in _places(notifying, secrets)] == []
    assert NAME in "".join(str(part.get_content()) for _, letter in notifying.sink.letters for part in letter.iter_parts())


async def _places(notifying: Notifying, secrets: tuple[str, ...]) -> AsyncIterator[tuple[str, str]]:
    """Tables of the notifier where one of these texts stands in clear, in text, JSON or bytes."""
    async with notifying.database.superuser() as db:
        tables = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'notifier'")
        for table in (row["tablename"] for row in tables):
            rows = [repr(dict(row)) for row in await db.fetch(f"SELECT * FROM notifier.{table}")]  # noqa: S608 - names of the catalogue
            for secret in secrets:
                forms = (secret, secret.encode().hex(), repr(secret.encode())[2:-1], ascii(secret).strip("'"))
                if any(form in row for row in rows for form in forms):
                    yield table, secret
        assert await db.fetchval("SELECT count(*) FROM notifier.notices WHERE sealed IS NOT NULL") == 2


async def test_the_applications_role_can_not_delete_notices(notifying: Notifying) -> None:
    async with notifying.database.pool("notifier") as pool:
        for statement in ("DELETE FROM notices", "TRUNCATE notices", "UPDATE events SET open = '{}'", "DELETE FROM events"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(statement)


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()


async def _told(service: Running, name: str) -> bool:
    return figure(service, name, channel="email") >= 1


async def _dead(notifying: Notifying) -> bool:
    async with notifying.database.superuser() as db:
        return int(await db.fetchval("SELECT count(*) FROM notifier.dead_letters")) == 1
