"""Whether Kafka still has what a consumer group has yet to read. Kafka's clients step over what is gone and say nothing (R-12)."""

import re
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from libs.chassis.bus.entry import reach
from libs.chassis.bus.topic_ids import topic_ids
from libs.chassis.store.places import Partition, Place

CAUGHT_UP_EVERY = timedelta(minutes=5)  # how old the note that a quiet partition is read may be
REQUEST_MS = 10_000


class Loss(StrEnum):
    """What became of records that a group has yet to read."""

    MADE_ANEW = "topic-made-anew"
    DELETED = "records-deleted"
    CUT_OFF = "offset-beyond-the-end"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What Kafka says of one partition and one group."""

    topic_id: UUID
    beginning: int
    end: int
    committed: int | None


def loss(now: Standing, kept: Place | None, *, topic_known: bool) -> Loss | None:
    """What this partition lost. A new group, a new frontend's topic and an added partition begin at the beginning and lose nothing."""
    if kept is not None and kept.topic_id != now.topic_id:
        return Loss.MADE_ANEW
    following = now.committed if now.committed is not None else kept.next_offset if kept else 0 if topic_known else now.beginning
    if following < now.beginning:
        return Loss.DELETED
    return Loss.CUT_OFF if following > now.end else None


def losses(standings: Mapping[Partition, Standing], kept: Mapping[Partition, Place]) -> dict[Partition, Loss]:
    topics = {topic for topic, _ in kept}
    found = {place: loss(now, kept.get(place), topic_known=place[0] in topics) for place, now in standings.items()}
    return {place: what for place, what in found.items() if what is not None}


def place(now: Standing, kept: Place | None, at: datetime) -> Place:
    """What is to be kept of a partition that has lost nothing; `at` lies before Kafka was asked."""
    following = now.committed if now.committed is not None else kept.next_offset if kept else now.beginning
    caught_up_at = kept.caught_up_at if kept else None
    if following == now.end and (caught_up_at is None or at - caught_up_at >= CAUGHT_UP_EVERY):
        caught_up_at = at
    return Place(topic_id=now.topic_id, next_offset=following, caught_up_at=caught_up_at)


def changed(standings: Mapping[Partition, Standing], kept: Mapping[Partition, Place], at: datetime) -> dict[Partition, Place]:
    """The places that differ from what is kept of them."""
    now = {partition: place(standing, kept.get(partition), at) for partition, standing in standings.items()}
    return {partition: found for partition, found in now.items() if found != kept.get(partition)}


async def standings(bootstrap: str, group: str, pattern: str) -> dict[Partition, Standing]:
    """Every partition of the topics that match; asked beside the group, whose offsets stay as they are."""
    async with AsyncExitStack() as stack:
        admin = AIOKafkaAdminClient(**reach(bootstrap), request_timeout_ms=REQUEST_MS)
        stack.push_async_callback(admin.close)
        await admin.start()
        topics = {name: found for name, found in (await topic_ids(admin)).items() if re.fullmatch(pattern, name)}
        partitions = [TopicPartition(name, number) for name, (_, count) in topics.items() for number in range(count)]
        if not partitions:
            return {}
        committed = await admin.list_consumer_group_offsets(group)  # before the ends, which only grow
        consumer = AIOKafkaConsumer(**reach(bootstrap), enable_auto_commit=False, request_timeout_ms=REQUEST_MS)
        stack.push_async_callback(consumer.stop)
        await consumer.start()
        await consumer._client.set_topics(list(topics))  # by itself aiokafka learns of one unknown topic in each tenth of a second
        beginnings, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return {
        (partition.topic, partition.partition): Standing(
            topic_id=topics[partition.topic][0],
            beginning=beginnings[partition],
            end=ends[partition],
            committed=committed[partition].offset if partition in committed and committed[partition].offset >= 0 else None,
        )
        for partition in partitions
    }


async def begin_anew(bootstrap: str, group: str, beginnings: Mapping[Partition, int]) -> None:
    """Set the group's offsets; raises a `KafkaError` while a member of the group is there."""
    consumer = AIOKafkaConsumer(**reach(bootstrap), group_id=group, enable_auto_commit=False, request_timeout_ms=REQUEST_MS)
    try:
        await consumer.start()
        offsets = {TopicPartition(topic, number): offset for (topic, number), offset in beginnings.items()}
        consumer.assign(list(offsets))
        await consumer.commit(offsets)
    finally:
        await consumer.stop()


def since(lost: Collection[Partition], kept: Mapping[Partition, Place], margin: timedelta) -> datetime | None:
    """Whatever was recorded before this moment was handled; None when that can't be told."""
    moments = [kept[partition].caught_up_at if partition in kept else None for partition in lost]
    known = [moment for moment in moments if moment is not None]
    return min(known) - margin if known and len(known) == len(moments) else None
