"""After a restore Kafka is ahead of the stores: what it heard since the copy comes back under its own ids and numbers."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from typer.testing import Result

from cli import recover as recovering
from cli.recover_kafka import rewind
from libs.events.topics import REQUESTS
from tests.integration.cli.copies import Place, backed_up, both, drained, entries, filled, restored, run, say, sums
from tests.stack import Database, eventually, producer

pytestmark = pytest.mark.requirement("E-13", "D-20")

MODELS = ("intake.requests", "intake.messages", "intake.dialogues", "intake.clients", "intake.identities")


@pytest.fixture
def began(fresh_kafka: str) -> datetime:
    """Before this, other tests wrote into the same Kafka."""
    return datetime.now(UTC)


async def recovered(database: Database, began: datetime, monkeypatch: pytest.MonkeyPatch) -> Result:
    """The services' places in Kafka are those of the end, as their last run left them; its members are gone."""
    await database.stack.start_from_here()
    return await rewound(database, began, monkeypatch)


async def rewound(database: Database, began: datetime, monkeypatch: pytest.MonkeyPatch) -> Result:
    for name, value in database.environment("intake").items():
        monkeypatch.setenv(name, value)
    groups = [part for service in ("intake", "history", "notifier") for part in ("--group", database.stack.group(service))]
    return await run(recovering.command, "--since", f"{began:%Y-%m-%dT%H:%M:%S.%fZ}", "--wait", 0, *groups)


async def test_no_number_is_given_twice_and_no_message_is_lost_when_the_copy_is_older_than_kafka(
    database: Database, empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch, began: datetime
) -> None:
    await filled(database, 2)
    await backed_up(place)
    async with both(database) as (intake, history):
        later = await say(database, intake, "late-1", "late-2", "late-3")
        await drained(database)
        await eventually(lambda: entries(database, history, later[-1]), what="history has them")
    before = await sums(database)

    assert (await restored(place, empty, monkeypatch)).exit_code == 0
    result = await recovered(empty, began, monkeypatch)
    assert (result.exit_code, " 3 register numbers" in result.output) == (0, True), result.output
    after = await sums(empty)
    assert {name: after[name] for name in MODELS} == {name: before[name] for name in MODELS}
    async with empty.superuser() as db:
        ids = "SELECT array_agg(event_id ORDER BY event_id) FROM intake.events WHERE type <> 'NumberAssigned'"
        async with database.superuser() as old:
            assert await db.fetchval(ids) == await old.fetchval(ids)

    async with both(empty) as (intake, history):
        for number in later:
            await eventually(partial(entries, empty, history, number), what="history heard it again")
        [again] = await say(empty, intake, "late-1")
        [new] = await say(empty, intake, "new")
        await drained(empty)
    assert (again, new.split("-")[1].split("/")[0]) == (later[0], "6")
    async with empty.superuser() as db:
        assert await db.fetchval("SELECT count(*) FROM intake.requests") == 6
        assert await db.fetchval("SELECT count(*) - count(DISTINCT event_id) FROM history.log") == 0


async def test_it_can_be_run_again_and_finds_nothing_new(
    database: Database, empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch, began: datetime
) -> None:
    await filled(database, 1)
    await backed_up(place)
    async with both(database) as (intake, _):
        await say(database, intake, "late")
        await drained(database)
    assert (await restored(place, empty, monkeypatch)).exit_code == 0
    assert " 1 register numbers" in (await recovered(empty, began, monkeypatch)).output
    before = await sums(empty)
    result = await recovered(empty, began, monkeypatch)
    assert (result.exit_code, " 0 events, 0 register numbers" in result.output) == (0, True), result.output
    assert await sums(empty) == before


async def test_a_number_whose_request_never_reached_kafka_is_told_and_given_to_nobody(
    database: Database, empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch, began: datetime
) -> None:
    await filled(database, 1)
    await backed_up(place)
    async with both(database) as (intake, _):
        await say(database, intake, "lost")
        await drained(database)
        afterwards = datetime.now(UTC)
        await say(database, intake, "late")
        await drained(database)
    assert (await restored(place, empty, monkeypatch)).exit_code == 0
    result = await recovered(empty, afterwards, monkeypatch)  # what Kafka has from before stands for what it never got
    assert (result.exit_code, " 1 register numbers" in result.output) == (1, True), result.output
    assert "number main 2/" in result.output
    async with both(empty) as (intake, _):
        assert [number.split("-")[1].split("/")[0] for number in await say(empty, intake, "new")] == ["4"]


async def test_while_a_service_runs_its_place_in_kafka_is_left_alone(
    database: Database, place: Place, monkeypatch: pytest.MonkeyPatch, began: datetime
) -> None:
    async with both(database) as (intake, history):
        [number] = await say(database, intake, "m-1")
        await eventually(lambda: entries(database, history, number), what="history listens")
        monkeypatch.setenv("OTKLIK_STATE", "no make up here")
        result = await rewound(database, began, monkeypatch)
    assert (result.exit_code, "still runs" in result.output) == (2, True), result.output


async def test_nobody_is_sent_forward(database: Database, began: datetime) -> None:
    bootstrap, groups = database.stack.parts.kafka_bootstrap, [database.stack.group("history")]
    async with producer(bootstrap) as kafka:
        await kafka.send_and_wait(REQUESTS.name, b"{}", partition=0)
    assert await rewind(bootstrap, groups, datetime.now(UTC) + timedelta(hours=1)) == {groups[0]: 0}
    await database.stack.start_from_here()
    groups = [database.stack.group("history")]
    assert (await rewind(bootstrap, groups, began), await rewind(bootstrap, groups, began)) == ({groups[0]: 1}, {groups[0]: 0})
