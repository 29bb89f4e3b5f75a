"""What Kafka still knows after a copy was restored: records since a time, and consumer groups set back to it."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError
from aiokafka.structs import OffsetAndMetadata

from libs.chassis.bus.entry import reach
from libs.chassis.bus.topics import partitions_on
from libs.events.topics import topic_of

RECORDS_AT_ONCE: Final = 500


class Busy(Exception):
    """Somebody is still a member of this group: its places belong to him."""


async def records_since(bootstrap: str, topics: Sequence[str], since: datetime) -> AsyncIterator[list[tuple[str, bytes | None]]]:
    """Topics and values of the records from a time up to now, in order within each partition."""
    counts = await partitions_on(bootstrap)
    partitions = [TopicPartition(name, number) for name in topics for number in range(counts.get(name, 0))]
    async with AIOKafkaConsumer(**reach(bootstrap), enable_auto_commit=False, max_poll_records=RECORDS_AT_ONCE) as consumer:
        ends = await consumer.end_offsets(partitions)
        starts = await _offsets_at(consumer, partitions, since)
        left = {partition for partition in partitions if starts[partition] < ends[partition]}
        consumer.assign(sorted(left))
        for partition in left:
            consumer.seek(partition, starts[partition])
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                yield [(partition.topic, record.value) for record in records if record.offset < ends[partition]]
            left = {partition for partition in left if await consumer.position(partition) < ends[partition]}


async def rewind(bootstrap: str, groups: Collection[str], since: datetime) -> dict[str, int]:
    """Every group hears what came since again; answers how many partitions of each went back. None goes forward. Raises `Busy`."""
    moved = {}
    for group in groups:
        async with AIOKafkaConsumer(**reach(bootstrap), group_id=group, enable_auto_commit=False) as consumer:
            committed = await _committed(bootstrap, group)
            consumer.assign(sorted(committed))
            starts = await _offsets_at(consumer, sorted(committed), since)
            places = {partition: OffsetAndMetadata(min(starts[partition], offset), "") for partition, offset in committed.items()}
            try:
                if places:
                    await consumer.commit(places)
            except CommitFailedError:
                raise Busy(group) from None
            moved[group] = sum(place.offset < committed[partition] for partition, place in places.items())
    return moved


async def _committed(bootstrap: str, group: str) -> dict[TopicPartition, int]:
    """Of our topics that are still there; a group that never read one begins at its start anyway."""
    admin = AIOKafkaAdminClient(**reach(bootstrap))
    await admin.start()
    try:
        found: Mapping[TopicPartition, Any] = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    counts = await partitions_on(bootstrap)
    return {
        partition: told.offset
        for partition, told in found.items()
        if topic_of(partition.topic) and told.offset >= 0 and partition.partition < counts.get(partition.topic, 0)
    }


async def _offsets_at(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], since: datetime) -> dict[TopicPartition, int]:
    """The first offset of a record that is not older; the end where there is none."""
    if not partitions:
        return {}
    found = await consumer.offsets_for_times({partition: int(since.timestamp() * 1000) for partition in partitions})
    ends = await consumer.end_offsets(partitions)
    return {partition: found[partition].offset if found.get(partition) else ends[partition] for partition in partitions}
