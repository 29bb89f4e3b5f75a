"""What intake told comes again, word for word: when history misses it, and when somebody runs the command (R-12)."""

import asyncio
from uuid import uuid4

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.republish import command
from libs.events.contracts.history_events import HistoryGapDetected
from libs.events.envelope import Envelope, encode
from libs.events.topics import CLIENTS, HISTORY, REQUESTS
from tests.examples import anna
from tests.integration.chassis.chassis import envelope
from tests.integration.intake.town import Heard, Town, said
from tests.stack import producer


def told(heard: list[Heard]) -> list[tuple[bytes | None, int, Envelope]]:
    return [(each.record.key, each.record.partition, each.envelope) for each in heard]


async def republish(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(command)
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


@pytest.fixture
def commands(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the command runs: beside the service, and beside no `make up`."""
    monkeypatch.setenv("OTKLIK_STATE", "/nonexistent")
    for name, value in town.database.environment("intake").items():
        monkeypatch.setenv(name, value)


@pytest.mark.requirement("R-12", "D-18")
async def test_events_that_history_has_not_heard_come_again_and_no_others(town: Town) -> None:
    await town.vk.send(said(sender=anna.sender))
    first = await town.listener.until(lambda: len(found := town.listener.on(REQUESTS.name)) >= 3 and list(found))
    gap = HistoryGapDetected(producer="intake", topic=REQUESTS.name, aggregate_id=first[0].envelope.aggregate_id, from_seq=2, to_seq=3)
    async with producer(town.database.stack.parts.kafka_bootstrap) as kafka:
        for _ in range(2):
            asked = envelope(gap, producer="history", aggregate_id=str(uuid4()))
            await kafka.send_and_wait(HISTORY.name, encode(asked), key=str(asked.thread_id).encode())
    await town.listener.until(lambda: len(town.listener.on(REQUESTS.name)) >= 5)
    await town.vk.send(said("m-2"))
    await town.vk.receipt("m-2")
    again = [each for each in town.listener.on(REQUESTS.name)[3:] if each.envelope.aggregate_id == gap.aggregate_id]
    assert told(again) == told(first[1:])


@pytest.mark.requirement("R-12", "D-20")
@pytest.mark.usefixtures("commands")
async def test_the_command_publishes_again_beside_the_running_service(town: Town) -> None:
    await town.vk.send(said(sender=anna.sender))
    await town.vk.receipt("m-1")
    await town.listener.until(lambda: len(town.listener.on(REQUESTS.name)) >= 3 and town.listener.on(CLIENTS.name))
    first, clients = list(town.listener.on(REQUESTS.name)), list(town.listener.on(CLIENTS.name))
    everything = await republish("intake", "--since", "2020-01-01T00:00Z")
    assert everything.output == f"intake: {len(first) + len(clients)} events are published again\n"
    await town.listener.until(lambda: len(town.listener.on(REQUESTS.name)) >= 2 * len(first))
    assert told(town.listener.on(REQUESTS.name)[len(first) :]) == told(first)
    one = await republish("intake", "--stream", f"request-{first[0].envelope.aggregate_id}")
    assert one.output == f"intake: {len(first)} events are published again\n"
    last = await republish("intake", "--last-minutes", "5", "--topic", CLIENTS.name)
    assert last.output == f"intake: {len(clients)} events are published again\n"
    await town.drained()
    assert await town.types("vk", "m-1") == ["RequestReceived", "RequestRegistered", "RequestStatusChanged"]


@pytest.mark.requirement("R-12")
@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("history", "--since", "2020-01-01T00:00Z"), 2, "publishes nothing from a store"),
        (("intake",), 2, "one of --stream, --since and --last-minutes"),
        (("intake", "--since", "2020-01-01T00:00Z", "--stream", "request-1"), 2, "one of"),
        (("intake", "--since", "yesterday"), 2, "is no time"),
        (("intake", "--since", "2020-01-01T00:00"), 2, "names no time zone"),
        (("intake", "--stream", "request-1", "--topic", "intake.requests.v1"), 2, "a stream has one topic"),
        (("intake", "--stream", "request-1"), 1, "nothing to publish"),
        (("intake", "--since", "2020-01-01T00:00Z"), 1, "nothing to publish"),
        (("intake", "--last-minutes", "10"), 0, "nothing to publish"),
    ],
)
async def test_what_the_command_can_not_do_it_says(arguments: tuple[str, ...], code: int, says: str) -> None:
    done = await republish(*arguments)
    assert (done.exit_code, says in done.output) == (code, True), done.output
