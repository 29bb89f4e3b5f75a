"""A planted name is nowhere in clear: not in events, outbox, inbox or dead letters, nor on a dead-letter topic (R-17, E-14)."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from libs.chassis.bus.effect_once import Received
from libs.chassis.store.database import Connection
from libs.chassis.store.events import Category
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.channel_receipts import MessageAccepted
from libs.events.contracts.intake_clients import ClientIdentified
from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.fact import Event
from libs.events.registry import Registry
from libs.events.topics import dead_letter_topic
from libs.events.vocabulary import Attachment, ClientKind, Contacts, Sender, Status, Target
from tests.integration.chassis.chassis import Chassis, delivery, envelope, note
from tests.integration.chassis.notes import Noted, Reader, published

NAME = "Подложников-Planted"
FORMS = (NAME.encode(), NAME.encode("unicode_escape"), NAME.encode("utf-16-le"), b"Planted")
FACTS: tuple[Event, ...] = (
    Noted(number=1, text=NAME, unmarked=NAME, readers=(Reader(name=NAME),)),
    MessageReceived(
        external_id="m-1",
        received_at=datetime(2026, 11, 3, tzinfo=UTC),
        dialogue=NAME,
        sender=Sender(name=NAME, account=NAME),
        contacts=Contacts(email=NAME, phone=NAME, postal=NAME),
        text=NAME,
        attachments=(Attachment(upload_id="u", name=NAME, type="t", size=1, sha256="0"),),
    ),
    ClientIdentified(kind=ClientKind.CITIZEN, name=NAME, contacts=Contacts(email=NAME), platform="vk", account=NAME),
    RequestStatusChanged(
        from_status=None,
        to_status=Status.RECEIVED,
        visible=True,
        template="t",
        explanation=NAME,
        reference="r",
        addressee=NAME,
        targets=(Target(role="email", channel="email", address=NAME, dialogue=NAME, confirm_token=NAME),),
    ),
    MessageAccepted(external_id="m-1", reference="r", tracking_code=NAME, status="received"),
)


async def everything(superuser: "asyncpg.Connection[Any]") -> bytes:
    """Every row of every table of the service, as text and as bytes."""
    found = b""
    for table in await superuser.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"):
        for row in await superuser.fetch(f"SELECT r::text AS text, r.* FROM {table['tablename']} r"):  # noqa: S608 - a name of ours
            found += b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    return found


@pytest.mark.requirement("R-17", "E-14", "D-19")
async def test_a_name_is_in_no_table_in_clear_and_comes_back_all_the_same(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> None:
    everywhere = published(await chassis.topic())
    category = Category(name="note", registry=Registry({type(fact) for fact in FACTS}), topic=everywhere.topic)
    await chassis.append(note("1", *FACTS, category=category))
    assert await chassis.pending() == len(FACTS)
    kept = await everything(superuser)
    assert [form for form in FORMS if form in kept] == []
    assert b"m-1" in kept
    assert [row.fact for row in await chassis.again().read("1", category)] == list(FACTS)


@pytest.mark.requirement("R-17", "E-14", "R-7", "D-17")
async def test_a_name_in_a_dead_letter_is_sealed_and_the_dead_letter_topic_tells_coordinates_alone(
    chassis: Chassis, superuser: "asyncpg.Connection[Any]"
) -> None:
    async def refuse(_db: Connection, batch: list[Received]) -> None:
        raise ValueError(NAME)

    topic = await chassis.topic(dead_letters=True)
    taken = [
        delivery(envelope(Noted(text=NAME)), topic=topic.name, key=NAME.encode()),
        delivery(NAME.encode(), topic=topic.name),
        delivery(envelope(Noted(text=NAME), type="Noted", version=9), topic=topic.name),
        delivery(envelope(Noted(), payload={"number": NAME, NAME: [NAME]}), topic=topic.name),
    ]
    await chassis.effect_once(refuse).take(taken)  # type: ignore[arg-type]  # a list is a sequence
    assert sorted(await chassis.reasons()) == ["handler-failed:ValueError", "newer-version", "not-json", "wrong-schema"]
    kept = await everything(superuser)
    assert [form for form in FORMS if form in kept] == []
    async with chassis.relaying(), chassis.tap(dead_letter_topic(topic.name)) as tap:
        told = await tap.until(4)
    said = b"".join((record.key or b"") + (record.value or b"") + str(record.headers).encode() for record in told)
    assert [form for form in FORMS if form in said] == []
    assert said.count(topic.name.encode()) >= 8
