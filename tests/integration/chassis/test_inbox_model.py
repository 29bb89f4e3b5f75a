"""However Kafka cuts its batches and delivers again, to one replica or to two at once: each effect once (R-6)."""

import asyncio
from collections.abc import Sequence
from itertools import count, islice
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import Received
from libs.chassis.store.database import Connection
from tests.integration.chassis.chassis import Chassis, delivery, envelope
from tests.integration.chassis.notes import Noted

numbers = count(1)
BATCH = st.lists(st.integers(0, 7), min_size=1, max_size=10)  # which of the eight events, in what order, how often
ROUNDS = st.lists(st.tuples(BATCH, BATCH, st.integers(0, 3)), min_size=1, max_size=5)


@pytest.mark.requirement("R-6", "D-14")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rounds=ROUNDS)
async def test_each_effect_happens_once_however_batches_are_cut_repeated_and_shared_by_replicas(
    chassis: Chassis, rounds: list[tuple[list[int], list[int], int]]
) -> None:
    events = {number: envelope(Noted(number=number)) for number in islice(numbers, 8)}
    failures = 0

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        nonlocal failures
        await chassis.count(db, batch)
        if failures:
            failures -= 1
            raise OSError("the connection is gone")

    def delivered(places: list[int]) -> list[Delivery]:
        """Each time from another place of the topic, as after a republishing."""
        told = list(events.values())
        return [delivery(told[place]) for place in places]

    consumer = str(uuid4())
    replicas = [chassis.effect_once(handle, consumer=consumer) for _ in range(2)]
    for one, other, broken in rounds:
        failures = broken
        both = zip(replicas, (delivered(one), delivered(other)), strict=True)
        done = await asyncio.gather(*(replica.take(batch) for replica, batch in both), return_exceptions=True)
        assert all(outcome is None or isinstance(outcome, OSError) for outcome in done)
    failures = 0
    await replicas[0].take(delivered(list(range(8))))
    had = await chassis.pool.fetch("SELECT number FROM effects WHERE number = ANY($1) ORDER BY number", list(events))
    assert [row["number"] for row in had] == sorted(events)
