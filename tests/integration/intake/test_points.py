"""Every point of the authority's list obeys the same rules (N-1.1), and every event names the one authority of the installation (E-15)."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from libs.chassis.ops.settings import load_authority
from libs.events.contracts.intake_requests import RequestRegistered
from libs.events.topics import CLIENTS, INBOUND, RECEIPTS, REQUESTS
from libs.events.vocabulary import ClientKind, Sender
from tests.integration.intake.town import Town, founded, said
from tests.stack import AUTHORITY_FILE, Database

POINTS = {point.code: point for point in load_authority(AUTHORITY_FILE).points}
SAME_FACTS = ["RequestReceived", "RequestRegistered", "RequestStatusChanged"]


@pytest.mark.requirement("N-1.1", "A-1.2.3")
async def test_a_contact_at_any_point_obeys_the_same_rules_and_its_events_name_the_point(town: Town) -> None:
    kinds = {code: ClientKind.INTERNAL if point.kind == "internal" else ClientKind.CITIZEN for code, point in POINTS.items()}
    senders = {code: Sender(name="Точкина Вера Ильинична", kind=kinds[code], account=f"account-{code}") for code in POINTS}
    by_http = {code: said(f"http-{code}", sender=sender) for code, sender in senders.items()}
    by_kafka = {code: said(f"kafka-{code}", sender=sender, dialogue=f"kafka-{code}") for code, sender in senders.items()}
    answers = await asyncio.gather(*(town.vk.post(fact, point) for point, fact in by_http.items()))
    for point, fact in by_kafka.items():
        await town.vk.send(fact, point=point)
    await town.vk.receipts_of([fact.external_id for fact in by_kafka.values()])
    assert [answer.status_code for answer in answers] == [201] * len(POINTS)
    for point in POINTS:
        for name in (f"http-{point}", f"kafka-{point}"):
            assert await town.types("vk", name) == SAME_FACTS
            row = await town.request("vk", name)
            assert (row["point"], row["flags"]) == (point, [])
    published = await town.listener.until(lambda: _points(town, len(POINTS) * 2), "every request on its topic")
    assert published == dict.fromkeys(POINTS, SAME_FACTS * 2)


def _points(town: Town, requests: int) -> dict[str, list[str]] | None:
    """The types of what was published at each point, by request; None until all requests are registered."""
    heard = town.listener.on(REQUESTS.name)
    if sum(isinstance(one.fact, RequestRegistered) for one in heard) < requests or len(heard) < requests * len(SAME_FACTS):
        return None
    points: dict[str, list[str]] = {}
    for one in sorted(heard, key=lambda one: (one.envelope.aggregate_id, one.envelope.seq or 0)):
        points.setdefault(cast(str, one.envelope.point), []).append(one.envelope.type)
    return points


@pytest.mark.requirement("E-15", "N-0.1")
async def test_every_event_names_the_authority_of_the_installation(database: Database, fresh_kafka: str, tmp_path: Path) -> None:
    other = tmp_path / "authority.toml"
    other.write_text(AUTHORITY_FILE.read_text("utf-8").replace('code = "demo"', 'code = "obsk"'), "utf-8")
    async with founded(database, authority_file=other) as town:
        await town.site.post(said())
        await town.site.receipt("m-1")
        topics = {INBOUND.of("site"), RECEIPTS.of("site"), REQUESTS.name, CLIENTS.name}
        await town.listener.until(lambda: topics <= town.listener.heard.keys(), "something on every topic")
        assert {heard.envelope.authority for name in topics for heard in town.listener.on(name)} == {"obsk"}
