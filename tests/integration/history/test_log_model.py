"""However two consumers cut, repeat and turn back what they take: each event once, at gap-free positions, a thread in its order (R-16)."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.chassis.bus.deliveries import Delivery
from libs.events.topics import INBOUND
from services.history.domain.chain import shard_of
from tests.integration.history.keeping import Keeping
from tests.unit.history.told import delivered, dialogue_of, envelope, message

IN_VK = INBOUND.of("vk")
PARTITION = st.lists(st.integers(0, 3), min_size=1, max_size=15)  # whose thread each of its records belongs to
TURNS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 8)), max_size=5)  # how many are taken, and how far it goes back afterwards


def partition_of(number: int, threads: list[int]) -> list[Delivery]:
    """Records in their order; each thread lives in one partition, as its key makes it."""
    ids = [uuid4() for _ in range(4)]
    seqs = dict.fromkeys(range(4), 0)
    records = []
    for offset, thread in enumerate(threads):
        seqs[thread] += 1
        told = envelope(message(), thread_id=ids[thread], seq=seqs[thread])
        records.append(delivered(told, IN_VK, partition=number, offset=offset))
    return records


def batches(records: list[Delivery], turns: list[tuple[int, int]], *, moved: bool) -> Iterator[list[Delivery]]:
    """As a consumer takes them that is thrown back now and then; at last all of them once more, perhaps from a topic made again."""
    position = 0
    for size, back in turns:
        yield records[position : position + size]
        position = max(0, min(position + size, len(records)) - back)
    yield records[position:]
    yield [replace(record, partition=7, offset=record.offset + 1_000) for record in records] if moved else records


async def consume(history: Keeping, records: list[Delivery], turns: list[tuple[int, int]], *, moved: bool) -> None:
    for batch in batches(records, turns, moved=moved):
        await history.take(*batch)


@pytest.mark.requirement("R-16", "D-14", "D-15", "D-19")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(one=PARTITION, other=PARTITION, turns=st.tuples(TURNS, TURNS), moved=st.booleans())
async def test_the_log_holds_each_event_once_without_a_gap_and_a_thread_in_its_order(
    history: Keeping, one: list[int], other: list[int], turns: tuple[list[tuple[int, int]], list[tuple[int, int]]], moved: bool
) -> None:
    partitions = [partition_of(number, threads) for number, threads in enumerate((one, other))]
    await asyncio.gather(*(consume(history, records, turn, moved=moved) for records, turn in zip(partitions, turns, strict=True)))
    for records in partitions:
        for key in {record.key for record in records}:
            thread = dialogue_of(UUID((key or b"").decode()), IN_VK)
            rows = await history.rows("SELECT seq FROM history.log WHERE thread_id = $1 ORDER BY shard, position", thread)
            assert [row["seq"] for row in rows] == list(range(1, 1 + sum(record.key == key for record in records)))
    stored = await history.rows("SELECT shard, position, thread_id FROM history.log ORDER BY shard, position")
    assert all(row["shard"] == shard_of(row["thread_id"]) for row in stored)
    assert all(found == list(range(1, len(found) + 1)) for found in (await history.positions()).values())
    assert (await history.verified()).sound
