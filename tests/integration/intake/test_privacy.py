"""Nothing that people wrote stands in clear anywhere but in the payloads on Kafka (R-17, E-14)."""

import io
import json
import logging
from dataclasses import replace

import pytest

from libs.chassis.ops.logs import JsonLines
from libs.events.topics import INBOUND, RECEIPTS
from tests.examples import QUESTION, anna
from tests.integration.intake.everything import happens
from tests.integration.intake.test_words import is_read
from tests.integration.intake.town import Town, founded, said
from tests.stack import Database, eventually

# Columns of intake's tables that hold personal data in clear. There is none: whoever adds one says why, here.
PERSONAL_COLUMNS: frozenset[tuple[str, str]] = frozenset()

planted = replace(
    anna,
    name="Евпраксия Запланированная-Невидимая",
    email="evpraksiya@planted.example.ru",
    phone="+7 913 987-65-43",
    postal="630099, г. Обск, ул. Подложная, д. 13",
    account="vk-account-31337",
)
TEXT = f"Прошу сообщить, сдан ли участок сорок два дробь девять. {planted.name}"
TRACES = ["Невидимая", "евпраксия", "planted.example.ru", "987-65-43", "9139876543", "Подложная", "account-31337", "сорок два дробь девять"]


def found_in(value: str) -> list[str]:
    """Traces of the planted person in a text, or in bytes that PostgreSQL writes as hex."""
    low = value.lower()
    return [trace for trace in TRACES if trace.lower() in low or trace.encode().hex() in low or trace.lower().encode().hex() in low]


async def columns_with_traces(database: Database) -> set[tuple[str, str]]:
    """Every column of every table of intake's schema that holds any of them."""
    found: set[tuple[str, str]] = set()
    async with database.superuser() as db:
        columns = await db.fetch(
            "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'intake' AND table_type = 'BASE TABLE'"
        )
        for table, column in columns:
            values = await db.fetchval(f'SELECT array_agg("{column}"::text) FROM intake."{table}"')  # noqa: S608 - names of its own catalogue
            found |= {(table, column) for value in values or () if value and found_in(value)}
    return found


@pytest.mark.requirement("R-17", "D-25")
async def test_a_planted_person_is_in_no_log_figure_key_or_column(town: Town) -> None:
    log = io.StringIO()
    [handler] = [one for one in logging.getLogger().handlers if isinstance(one.formatter, JsonLines)]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(log)
    await happens(town, planted, TEXT)
    await town.drained()
    await is_read(town)
    figures = (await town.service.http.get("/metrics")).text
    errors = [await town.site.ask("status", {"number": planted.name, "tracking_code": planted.name, "extra": planted.name})]
    errors += [await town.service.http.post("/v1/messages", content=planted.name.encode(), headers=town.site.headers)]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]

    assert "a record is set aside as a dead letter" in [line["event"] for line in lines]
    assert found_in(json.dumps(lines, ensure_ascii=False)) == []
    assert found_in(figures) == []
    assert found_in("".join(answer.text for answer in errors)) == []
    assert await columns_with_traces(town.database) == PERSONAL_COLUMNS

    written = [heard for every in town.listener.heard.values() for heard in every if heard.envelope.producer == "intake"]
    assert {heard.record.topic for heard in written} >= {INBOUND.of("site"), RECEIPTS.of("site"), RECEIPTS.of("vk")}
    for heard in written:
        around = (heard.record.key, heard.record.headers, heard.envelope.model_dump(exclude={"payload"}))
        assert found_in(" ".join(part.decode() if isinstance(part, bytes) else str(part) for part in around)) == []


@pytest.mark.requirement("R-17")
async def test_what_waits_for_kafka_is_sealed_too(database: Database, fresh_kafka: str) -> None:
    async with founded(database, kafka_bootstrap="127.0.0.1:1") as town:
        answer = await town.site.post(said("form", planted, text=TEXT, contacts=planted.contacts))
        assert answer.status_code == 201

        async def waits() -> int:
            return int(await town.value("SELECT count(*) FROM outbox"))

        assert await eventually(waits) == 6
        assert await columns_with_traces(database) == PERSONAL_COLUMNS


def test_the_search_would_find_them() -> None:
    assert found_in(f"x {planted.name} {QUESTION}") == ["Невидимая", "евпраксия"]
    assert found_in(planted.name.encode().hex()) == ["Невидимая", "евпраксия"][:1]
