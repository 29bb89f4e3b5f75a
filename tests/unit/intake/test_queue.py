"""The HTTP door's waiting room (R-2)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from libs.chassis.ops.refusals import Busy, Refusal, Unavailable
from libs.chassis.ops.stop import Stopping
from libs.events.vocabulary import Status
from services.intake.domain.acceptance import Accepted
from services.intake.domain.inbound import Inbound, TextTooLarge
from services.intake.queue import BATCH, Queue
from tests.examples import message, some_id
from tests.unit.intake.desk import inbound

Batches = list[list[str]]


def said(name: str) -> Inbound:
    return inbound(message(name))


def accepted(name: str) -> Accepted:
    return Accepted(
        request_id=some_id(name),
        client_id=None,
        reference=name,
        reg_no=None,
        status=Status.RECEIVED,
        due_on=None,
        tracking_code=name,
    )


class Counter:
    """Registers what it is given, unless a name says otherwise; the gate holds it up."""

    def __init__(self, wrong: Callable[[str], Exception | None] = lambda _: None) -> None:
        self.batches: Batches = []
        self.entered = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self._wrong = wrong

    async def __call__(self, batch: Sequence[Inbound]) -> list[Accepted | Refusal]:
        self.entered.set()
        await self.gate.wait()
        names = [one.message.external_id for one in batch]
        self.batches.append(names)
        outcomes: list[Accepted | Refusal] = []
        for name in names:
            error = self._wrong(name)
            if error is not None and not isinstance(error, Refusal):
                raise error
            outcomes.append(error if isinstance(error, Refusal) else accepted(name))
        return outcomes


@asynccontextmanager
async def open_queue(counter: Counter, limit: int = 1_000) -> AsyncIterator[Queue]:
    queue = Queue(counter, limit=limit)
    stopping = Stopping()
    running = asyncio.create_task(queue.run(stopping, lambda: None))
    try:
        yield queue
    finally:
        counter.gate.set()
        stopping.request()
        await running


async def at_once(queue: Queue, *names: str) -> list[Accepted | BaseException]:
    return await asyncio.gather(*(queue.put(said(name)) for name in names), return_exceptions=True)


@pytest.mark.requirement("N-8.2")
async def test_who_waits_together_is_registered_together_in_the_order_of_arrival() -> None:
    counter = Counter()
    names = [f"m-{n}" for n in range(BATCH + 1)]
    async with open_queue(counter) as queue:
        answers = await at_once(queue, *names)
    assert [answer.reference for answer in answers if isinstance(answer, Accepted)] == names
    assert counter.batches == [names[:BATCH], names[BATCH:]]


@pytest.mark.requirement("R-2")
async def test_a_full_queue_says_so_at_once_and_keeps_who_waits() -> None:
    counter = Counter()
    counter.gate.clear()
    async with open_queue(counter, limit=2) as queue:
        in_hand = asyncio.create_task(queue.put(said("in hand")))
        await counter.entered.wait()
        waiting = [asyncio.create_task(queue.put(said(f"m-{n}"))) for n in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy) as refused:
            await asyncio.wait_for(queue.put(said("one too many")), timeout=5)
        assert int(refused.value.headers()["Retry-After"]) > 0
        counter.gate.set()
        await asyncio.gather(in_hand, *waiting)
    assert "one too many" not in [said for batch in counter.batches for said in batch]


@pytest.mark.requirement("R-2", "D-28")
async def test_who_comes_when_the_process_stops_is_told_to_come_again() -> None:
    async with open_queue(Counter()) as queue:
        assert (await queue.put(said("m-1"))).reference == "m-1"
    with pytest.raises(Busy):
        await asyncio.wait_for(queue.put(said("late")), timeout=5)


@pytest.mark.requirement("R-2", "D-28")
async def test_a_loop_that_is_cancelled_leaves_nobody_waiting() -> None:
    counter = Counter()
    counter.gate.clear()
    queue = Queue(counter, limit=10)
    running = asyncio.create_task(queue.run(Stopping(), lambda: None))
    in_hand = asyncio.create_task(queue.put(said("in hand")))
    await counter.entered.wait()
    waiting = asyncio.create_task(queue.put(said("waiting")))
    await asyncio.sleep(0)
    running.cancel()
    told = await asyncio.wait_for(asyncio.gather(in_hand, waiting, return_exceptions=True), timeout=5)
    assert [type(error) for error in told] == [Unavailable, Busy]


@pytest.mark.requirement("R-21")
async def test_a_refused_message_harms_no_neighbour() -> None:
    counter = Counter(lambda name: TextTooLarge() if name == "long" else None)
    async with open_queue(counter) as queue:
        first, refused, last = await at_once(queue, "m-1", "long", "m-2")
    assert isinstance(first, Accepted)
    assert isinstance(refused, TextTooLarge)
    assert isinstance(last, Accepted)
    assert len(counter.batches) == 1


@pytest.mark.requirement("R-6", "R-21")
async def test_one_that_breaks_its_batch_is_found_and_the_others_are_registered() -> None:
    counter = Counter(lambda name: ValueError("a bug") if name == "m-5" else None)
    async with open_queue(counter) as queue:
        answers = await at_once(queue, *(f"m-{n}" for n in range(9)))
    assert [n for n, answer in enumerate(answers) if isinstance(answer, ValueError)] == [5]
    assert sum(isinstance(answer, Accepted) for answer in answers) == 8


@pytest.mark.requirement("R-4")
async def test_with_the_database_down_all_are_told_at_once_and_nobody_is_blamed() -> None:
    counter = Counter(lambda _: ConnectionRefusedError())
    async with open_queue(counter) as queue:
        answers = await at_once(queue, *(f"m-{n}" for n in range(9)))
    assert all(isinstance(answer, ConnectionRefusedError) for answer in answers)
    assert len(counter.batches) == 1


@pytest.mark.parametrize("wrong", [None, TextTooLarge(), ConnectionRefusedError()])
async def test_who_gave_up_waiting_does_not_stop_the_others(wrong: Exception | None) -> None:
    counter = Counter(lambda name: wrong if name == "gone" else None)
    counter.gate.clear()
    async with open_queue(counter) as queue:
        gone = asyncio.create_task(queue.put(said("gone")))
        await counter.entered.wait()
        stays = asyncio.create_task(queue.put(said("stays")))
        gone.cancel()
        await asyncio.wait([gone])
        counter.gate.set()
        assert (await asyncio.wait_for(stays, timeout=5)).reference == "stays"


@pytest.mark.requirement("D-28")
async def test_at_the_end_everybody_who_waits_is_still_answered() -> None:
    counter = Counter()
    counter.gate.clear()
    queue, stopping = Queue(counter, limit=1_000), Stopping()
    running = asyncio.create_task(queue.run(stopping, lambda: None))
    waiting = [asyncio.create_task(queue.put(said(f"m-{n}"))) for n in range(BATCH + 5)]
    await asyncio.sleep(0)
    stopping.request()
    counter.gate.set()
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*waiting)
        await running
    assert len(answers) == BATCH + 5


@pytest.mark.requirement("R-2")
async def test_who_comes_a_moment_later_goes_along() -> None:
    counter = Counter()
    async with open_queue(counter) as queue:
        first = asyncio.create_task(queue.put(said("m-1")))
        for _ in range(10):
            await asyncio.sleep(0)
        second = asyncio.create_task(queue.put(said("m-2")))
        await asyncio.gather(first, second)
    assert counter.batches == [["m-1", "m-2"]]
