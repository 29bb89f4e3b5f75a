"""`otklik dlq`: a person looks at what was set aside, the running service handles it again, or it is dropped."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import NAMESPACE_OID, uuid5

import pytest
from typer.testing import CliRunner, Result

from cli.dlq import app
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import EffectOnce, Poison, Received
from libs.chassis.ops.settings import ServiceSettings
from libs.chassis.ops.stop import Stopping
from libs.chassis.process import Process
from libs.chassis.store.database import Connection
from libs.events.contracts.intake_requests import RequestEmailConfirmed
from libs.events.envelope import encode
from libs.events.topics import REQUESTS
from tests.integration.chassis.chassis import MOMENT, envelope
from tests.running import settings_of
from tests.stack import Database, eventually

pytestmark = pytest.mark.requirement("D-17", "R-7")
CONFIRMED = RequestEmailConfirmed(confirmed_at=MOMENT)


async def dlq(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


def record(seq: int, key: str = "r-1", value: bytes | None = None) -> Delivery:
    made = value or encode(envelope(CONFIRMED, aggregate_id=key, seq=seq, event_id=uuid5(NAMESPACE_OID, f"{key} {seq}")))
    return Delivery(
        topic=REQUESTS.name, partition=3, offset=seq, timestamp_ms=1_790_000_000_000, key=key.encode(), value=made, traceparent=None
    )


class Notifier:
    """A service whose handler is broken until it is mended; `running` runs its replay."""

    def __init__(self, process: Process) -> None:
        self.broken = {("r-1", 1)}
        self.done: list[tuple[str, int | None]] = []
        self.effect: EffectOnce = process.effect_once("notifier", (RequestEmailConfirmed,), self._handle)

    async def _handle(self, _db: Connection, batch: Sequence[Received]) -> None:
        told = [(item.envelope.aggregate_id, item.envelope.seq) for item in batch]
        if self.broken & set(told):
            raise Poison("not-yet")
        self.done += told

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stopping = Stopping()
        loop = asyncio.create_task(self.effect.replay.run(stopping))
        try:
            yield
        finally:
            stopping.request()
            await loop


@pytest.fixture
async def notifier(database: Database, commands: pytest.MonkeyPatch) -> AsyncIterator[Notifier]:
    environment = database.environment("notifier")
    for name, value in environment.items():
        commands.setenv(name, value)
    process = await Process.open("notifier", settings_of(ServiceSettings, environment))
    service = Notifier(process)
    await service.effect.take([record(1), record(2), record(3), record(1, "r-2"), record(9, "r-3", b"torn")])
    yield service
    await process.close()


async def test_what_was_set_aside_is_listed_with_what_waits_behind_it(notifier: Notifier) -> None:
    told = await dlq("list")
    assert told.exit_code == 0, told.output
    torn, culprit = sorted(told.output.splitlines(), key=lambda line: "not-yet" in line)
    assert "not-yet  intake.requests.v1 3/1, 2 behind it" in culprit
    assert "not-json  intake.requests.v1 3/9" in torn
    assert "behind" not in torn
    assert culprit.startswith("notifier-")
    assert (await dlq("list", "notifier", "--reason", "not-json")).output.splitlines() == [torn]
    assert (await dlq("list", "--reason", "newer-version")).output == "nothing is set aside\n"


async def test_one_is_shown_with_its_place_its_reason_its_event_and_what_it_says(notifier: Notifier) -> None:
    told = (await dlq("show", await named("not-yet"))).output
    for line in (
        "state: waits for a decision",
        "place: intake.requests.v1, partition 3, offset 1, sent 2026-09-21 14:13:20Z",
        "consumer: notifier, set aside ",
        "2 behind it",
        "key: r-1",
        "event: RequestEmailConfirmed v1, ",
        '"aggregate_id": "r-1"',
    ):
        assert line in told
    torn = (await dlq("show", await named("not-json"))).output
    assert "event: can't be read: not-json" in torn
    assert torn.endswith("record: torn\n")


@pytest.mark.parametrize("how", ["id", "key", "reason", "all"])
async def test_after_the_fix_the_running_service_replays_it_and_what_waits_behind_it(notifier: Notifier, how: str) -> None:
    notifier.broken.clear()
    culprit = await named("not-yet")
    which = {"id": [culprit], "key": ["--key", "r-1"], "reason": ["--reason", "not-yet"], "all": ["--all"]}[how]
    async with notifier.running():
        told = await dlq("replay", "notifier", *which)
    assert f"{culprit}: replayed; nothing of its key waits" in told.output
    assert told.exit_code == (1 if how == "all" else 0), "what is torn stays so"
    assert notifier.done == [("r-2", 1), ("r-1", 1), ("r-1", 2), ("r-1", 3)]
    assert "state: replayed " in (await dlq("show", culprit)).output


async def test_what_fails_again_is_told_and_waits_on(notifier: Notifier) -> None:
    culprit = await named("not-yet")
    async with notifier.running():
        told = await dlq("replay", "notifier", culprit)
        assert (told.exit_code, f"{culprit}: failed again: not-yet; its key waits on" in told.output) == (1, True)
        notifier.broken = {("r-1", 3)}
        told = await dlq("replay", "notifier", culprit)
    assert told.exit_code == 1
    assert f"{culprit}: replayed; its key waits now behind notifier-" in told.output
    assert notifier.done == [("r-2", 1), ("r-1", 1), ("r-1", 2)]


async def test_when_the_service_does_not_run_it_is_said_and_stays_asked_for(notifier: Notifier) -> None:
    culprit = await named("not-yet")
    told = await dlq("replay", "notifier", culprit, "--wait", "0.1")
    assert (told.exit_code, "does notifier run?" in told.output) == (1, True)
    assert "asked for" in (await dlq("list", "--reason", "not-yet")).output


async def test_one_that_is_dropped_never_has_its_effect_and_its_key_goes_on(notifier: Notifier) -> None:
    culprit = await named("not-yet")
    dropped = await dlq("drop", culprit, "--reason", "сведения ошибочны, решение от 22.11", "--yes")
    assert dropped.output == f"{culprit}: dropped; 2 behind it go on\n"
    async with notifier.running():
        await eventually(lambda: all_done(notifier, 3))
        notifier.broken.clear()
        await notifier.effect.take([record(1), record(2), record(3), record(4)])
    assert notifier.done == [("r-2", 1), ("r-1", 2), ("r-1", 3), ("r-1", 4)]
    assert "сведения ошибочны, решение от 22.11" in (await dlq("show", culprit)).output
    assert (await dlq("drop", culprit, "--reason", "ещё раз", "--yes")).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "notifier"),
        ("replay", "notifier", "--all", "--reason", "x"),
        ("replay", "notifier", "intake-1"),
        ("replay", "nobody", "--all"),
        ("replay", "notifier", "--key", "unknown"),
        ("list", "nobody"),
        ("list", "intake"),
        ("show", "17"),
        ("show", "notifier-999999"),
        ("drop", "notifier-1", "--reason", " "),
    ],
)
async def test_what_makes_no_sense_is_refused_in_a_sentence(notifier: Notifier, arguments: tuple[str, ...]) -> None:
    told = await dlq(*arguments)
    assert told.exit_code == 2
    assert told.output.count("\n") == 1


async def named(reason: str) -> str:
    """The ID of the one that was set aside for this reason."""
    return (await dlq("list", "--reason", reason)).output.split()[0]


async def all_done(notifier: Notifier, count: int) -> bool:
    return len(notifier.done) == count
