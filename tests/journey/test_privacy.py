"""Nothing personal where it must not be: logs, traces, metrics, Kafka keys, tables, dead letters (D-9, E-14, D-19)."""

from collections.abc import Iterator

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.chassis.bus.topics import partitions_on
from libs.events.envelope import decode
from tests.journey.collector import Collector
from tests.journey.test_form_to_letter import EMAIL, NAME, TEXT, post_form
from tests.journey.town import SERVICES, Town
from tests.stack import Stack, eventually, producer

PLANTED = (NAME, "Щербаков", EMAIL, "lavr.shcherbakov", TEXT)
PERSONAL_COLUMNS: frozenset[str] = frozenset()  # schema.table.column that hold personal data in clear: none so far


@pytest.mark.requirement("E-14", "D-19", "D-9")
async def test_a_planted_person_is_found_nowhere_but_sealed(running_town: Town, collector: Collector) -> None:
    await post_form(running_town)
    await eventually(lambda: running_town.letters(EMAIL), what="a letter")
    async with producer(running_town.database.stack.parts.kafka_bootstrap) as sender:
        poison = f'{{"type": "MessageReceived", "who": "{NAME}", "mail": "{EMAIL}"}}'.encode()
        await sender.send_and_wait("channel.inbound.vk.v1", poison, key=b"poison")
    await eventually(lambda: _set_aside(running_town), what="the dead letter")
    await eventually(lambda: _traced(collector), what="the spans of the letter")

    places = {
        "logs": running_town.logs(),
        "traces": "\n".join(span.text for span in collector.spans),
        "metrics": await _metrics(running_town),
        "keys and dead-letter topics": await _keys(running_town.database.stack),
        "tables": await _tables(running_town),
    }
    found = [(place, planted) for place, text in places.items() for planted in PLANTED for form in _forms(planted) if form in text]
    assert found == []
    assert all(places.values()), "each place was looked at"


def _forms(planted: str) -> Iterator[str]:
    """As text, as JSON escapes, as the hex that PostgreSQL shows of bytes."""
    yield planted
    yield planted.encode("unicode_escape").decode()
    yield planted.encode().hex()


async def _set_aside(town: Town) -> bool:
    async with town.database.superuser() as db:
        return bool(await db.fetchval("SELECT count(*) FROM intake.dead_letters"))


async def _traced(collector: Collector) -> bool:
    return bool(collector.trace_of("notifier", "SMTP"))


async def _metrics(town: Town) -> str:
    async with httpx.AsyncClient() as http:
        return "\n".join([(await http.get(f"{town.url(name)}/metrics")).text for name in (*SERVICES, "site")])


async def _keys(stack: Stack) -> str:
    """Every key of every topic, and the values of dead-letter topics."""
    found = []
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.parts.kafka_bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        topics = {name: count for name, count in (await partitions_on(stack.parts.kafka_bootstrap)).items() if not name.startswith("__")}
        partitions = [TopicPartition(name, number) for name, count in topics.items() for number in range(count)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                for record in batch:
                    found.append(repr((record.key or b"").decode("utf-8", "replace")))
                    if ".dlq." in record.topic:
                        found.append(str(decode(record.value).payload))
    finally:
        await consumer.stop()
    return "\n".join(found)


async def _tables(town: Town) -> str:
    """Every row of every table of every service as text, but for the columns that are listed as personal."""
    async with town.database.superuser() as db:
        columns = await db.fetch(
            "SELECT table_schema, table_name, array_agg(column_name::text) AS names FROM information_schema.columns"
            " WHERE table_schema = ANY($1::text[]) GROUP BY 1, 2",
            list(SERVICES),
        )
        return "\n".join([await _rows(db, row["table_schema"], row["table_name"], row["names"]) for row in columns])


async def _rows(db: "asyncpg.Connection[asyncpg.Record]", schema: str, table: str, names: list[str]) -> str:
    shown = [f'"{name}"::text' for name in names if f"{schema}.{table}.{name}" not in PERSONAL_COLUMNS]
    sql = f"SELECT concat_ws('|', {', '.join(shown)}) AS line FROM {schema}.\"{table}\""  # noqa: S608 - names from the catalogue
    rows = await db.fetch(sql)
    return "\n".join(row["line"] for row in rows)
