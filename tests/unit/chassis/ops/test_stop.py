"""Loops are never silently lost, and an end drains them (D-28)."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable

import pytest

from libs.chassis.ops import logs
from libs.chassis.ops.stop import Background, Halted, Loop, Stopping


class Pauses:
    """Notes the pauses and passes over them; after `enough` it asks for the stop."""

    def __init__(self, enough: int) -> None:
        self.seconds: list[float] = []
        self._enough = enough

    async def __call__(self, stopping: Stopping, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) >= self._enough:
            stopping.request()


def background(pauses: Callable[[Stopping, float], Awaitable[None]], *loops: Loop, once: bool = False) -> Background:
    made = Background(pause=pauses, jitter=lambda: 0.5, now=lambda: 0.0)
    for number, loop in enumerate(loops):
        made.add(f"loop-{number}", loop, once=once)
    return made


async def fails(_stopping: Stopping) -> None:
    raise ConnectionResetError


async def ends_early(_stopping: Stopping) -> None:
    return


async def is_cancelled_from_inside(_stopping: Stopping) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("loop", [fails, ends_early, is_cancelled_from_inside])
async def test_a_loop_that_dies_is_logged_and_started_again_later_and_later(loop: Loop, log_lines: io.StringIO) -> None:
    logs.configure(service="intake", stream=log_lines)
    pauses = Pauses(enough=9)
    await background(pauses, loop).run(Stopping(), stop_seconds=1)
    assert pauses.seconds == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    told = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    assert [line["level"] for line in told if line["task"] == "loop-0"].count("error") == 9


async def test_delays_are_jittered() -> None:
    pauses = Pauses(enough=2)
    made = Background(pause=pauses, jitter=iter([0.0, 0.999]).__next__, now=lambda: 0.0)
    made.add("relay", fails)
    await made.run(Stopping(), stop_seconds=1)
    assert pauses.seconds == pytest.approx([0.25, 1.499])


async def test_a_loop_that_lasted_starts_again_with_the_first_delay() -> None:
    pauses = Pauses(enough=3)
    made = Background(pause=pauses, jitter=lambda: 0.5, now=iter([0.0, 0.0, 0.0, 60.0, 0.0, 0.0]).__next__)
    made.add("relay", fails)
    await made.run(Stopping(), stop_seconds=1)
    assert pauses.seconds == [0.5, 0.5, 1.0]


async def test_one_loop_that_fails_does_not_disturb_the_others() -> None:
    beats = 0

    async def beats_along(stopping: Stopping) -> None:
        nonlocal beats
        while not stopping.requested:
            beats += 1
            await asyncio.sleep(0)

    await background(Pauses(enough=3), fails, beats_along).run(Stopping(), stop_seconds=1)
    assert beats > 3


async def test_work_that_is_done_once_is_not_repeated() -> None:
    done = 0
    stopping = Stopping()

    async def work(_stopping: Stopping) -> None:
        nonlocal done
        done += 1
        stopping.request()

    pauses = Pauses(enough=1)
    await background(pauses, work, once=True).run(stopping, stop_seconds=1)
    assert done == 1
    assert pauses.seconds == []


async def test_a_loop_that_halts_stays_down_and_readiness_hears_of_it() -> None:
    stopping = Stopping()

    async def lost(_stopping: Stopping) -> None:
        stopping.request()
        raise Halted("offset-gone")

    made = background(Pauses(enough=1), lost)
    await made.check()
    await made.run(stopping, stop_seconds=1)
    assert made.halted == {"loop-0": "offset-gone"}
    with pytest.raises(Halted, match="offset-gone"):
        await made.check()


@pytest.mark.requirement("D-28")
async def test_at_the_stop_a_loop_finishes_what_it_has_in_hand() -> None:
    stopping = Stopping()
    started, finished = asyncio.Event(), False

    async def drains(stopping: Stopping) -> None:
        nonlocal finished
        started.set()
        await stopping.sleep(3600)
        finished = True

    run = asyncio.create_task(background(Pauses(enough=1), drains).run(stopping, stop_seconds=1))
    await started.wait()
    stopping.request()
    await run
    assert finished


@pytest.mark.requirement("D-28")
async def test_a_loop_that_does_not_stop_in_time_is_cancelled() -> None:
    stopping = Stopping()
    started, cancelled = asyncio.Event(), False

    async def hangs(_stopping: Stopping) -> None:
        nonlocal cancelled
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled = True
            raise

    run = asyncio.create_task(background(Pauses(enough=1), hangs).run(stopping, stop_seconds=0.01))
    await started.wait()
    stopping.request()
    await run
    assert cancelled


async def test_two_loops_never_share_a_name() -> None:
    made = Background()
    made.add("relay", fails)
    with pytest.raises(ValueError, match="relay"):
        made.add("relay", fails)


async def test_a_stopping_sleep_ends_by_itself_too() -> None:
    stopping = Stopping()
    await stopping.sleep(0.001)
    assert not stopping.requested
