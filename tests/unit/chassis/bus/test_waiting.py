"""Bells wake everybody who listens; pauses grow, are jittered and end with the process."""

import asyncio
from time import monotonic

import pytest

from libs.chassis.bus.bell import Bell
from libs.chassis.bus.subscriber import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Hand, Pause


async def test_a_ring_wakes_every_ear_though_another_heard_it_first() -> None:
    bell = Bell()
    one, other = bell.ear(), bell.ear()
    bell.ring()
    async with asyncio.timeout(1):
        await one.wait(10)
        await other.wait(10)
        await bell.wait(10)


async def test_a_ring_is_heard_once_and_also_by_who_was_busy() -> None:
    bell = Bell()
    ear = bell.ear()
    bell.ring()
    bell.ring()
    await ear.wait(10)
    started = monotonic()
    await ear.wait(0.05)
    assert monotonic() - started >= 0.05


async def test_nobody_waits_longer_than_he_wants() -> None:
    async with asyncio.timeout(1):
        await Bell().wait(0.01)


@pytest.mark.requirement("R-6")
async def test_pauses_grow_up_to_a_limit_and_start_anew_after_success() -> None:
    pause = Pause(jitter=lambda: 0.5)
    pause.end()
    waited = []
    for _ in range(10):
        waited.append(pause._seconds)
        await pause.after_failure()
    assert waited[:3] == [FIRST_PAUSE_SECONDS, 2 * FIRST_PAUSE_SECONDS, 4 * FIRST_PAUSE_SECONDS]
    assert waited[-1] == LONGEST_PAUSE_SECONDS
    pause.reset()
    assert pause._seconds == FIRST_PAUSE_SECONDS


@pytest.mark.requirement("R-6")
async def test_a_pause_is_jittered_between_half_and_one_and_a_half() -> None:
    for jitter, low, high in ((0.0, 0.09, 0.2), (1.0, 0.29, 0.5)):
        pause = Pause(jitter=lambda jitter=jitter: jitter)  # type: ignore[misc]
        started = monotonic()
        await pause.after_failure()
        assert low <= monotonic() - started <= high


@pytest.mark.requirement("D-28")
async def test_a_pause_ends_at_once_when_the_process_stops() -> None:
    pause = Pause(jitter=lambda: 1.0)
    pause._seconds = 15.0
    waiting = asyncio.create_task(pause.after_failure())
    await asyncio.sleep(0)
    pause.end()
    async with asyncio.timeout(1):
        await waiting


async def test_a_hand_is_full_from_taking_to_putting_back_or_finishing() -> None:
    told: list[str] = []
    hand = Hand(beat=lambda: told.append("beat"), finished=lambda: told.append("done"), pause=Pause(jitter=lambda: 0.0))
    full: list[bool] = []
    hand.take()
    full.append(hand.full)
    await hand.put_back()
    full.append(hand.full)
    hand.take()
    full.append(hand.full)
    hand.finish()
    full.append(hand.full)
    assert full == [True, False, True, False]
    assert told == ["beat", "beat", "beat", "done"]
