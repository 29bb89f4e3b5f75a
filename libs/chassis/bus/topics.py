"""Topics on the broker against the topic table: made by one command, compared at start-up (R-5, R-14)."""

import re
from collections.abc import Collection, Iterator, Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from libs.chassis.bus.entry import reach
from libs.events.topics import Topic, Wanted

CONFIG = {"message.timestamp.type": "LogAppendTime"}  # the broker's time: a producer's clock must decide no term and no retention


class WrongPartitions(Exception):
    """A topic has fewer partitions than the table: the keys of the others would move, and order would break."""


class MissingTopics(Exception):
    """Topics of the table are not on the broker: `otklik topics apply` makes them."""


async def partitions_on(bootstrap: str) -> dict[str, int]:
    """Topics of the broker with their number of partitions."""
    admin = AIOKafkaAdminClient(**reach(bootstrap), request_timeout_ms=10_000)
    try:
        await admin.start()
        described = await admin.describe_topics()
        return {topic["topic"]: len(topic["partitions"]) for topic in described}
    finally:
        await admin.close()


async def apply(bootstrap: str, wanted: Collection[Wanted], *, replication: int = 1) -> list[str]:
    """Make the topics that are missing; returns their names. Existing ones are left as they are."""
    existing = await partitions_on(bootstrap)
    missing = [topic for topic in wanted if topic.name not in existing]
    if not missing:
        return []
    admin = AIOKafkaAdminClient(**reach(bootstrap), request_timeout_ms=30_000)
    try:
        await admin.start()
        response = await admin.create_topics(
            [
                NewTopic(topic.name, topic.partitions, replication, topic_configs=CONFIG | {"retention.ms": str(topic.retention_ms)})
                for topic in missing
            ]
        )
    finally:
        await admin.close()
    for name, code, *_ in response.topic_errors:
        if code not in (0, 36):  # 36: somebody else made it meanwhile
            raise for_code(code)(name)
    return [topic.name for topic in missing]


def compare(existing: Mapping[str, int], topics: Collection[Topic]) -> None:
    """Raises `MissingTopics` or `WrongPartitions`; topics that are not ours are none of our business."""
    missing = [topic.name for topic in topics if not topic.per_frontend and topic.name not in existing]
    if missing:
        raise MissingTopics(", ".join(missing))
    for name, topic in _ours(existing, topics):
        if existing[name] < topic.partitions:
            raise WrongPartitions(f"{name} has {existing[name]} partitions, the table says {topic.partitions}")


def added_partitions(existing: Mapping[str, int], topics: Collection[Topic]) -> dict[str, int]:
    """Topics with more partitions than the table says: harmless, for our own records stay in the first ones (R-5)."""
    return {name: existing[name] for name, topic in _ours(existing, topics) if existing[name] > topic.partitions}


def _ours(existing: Mapping[str, int], topics: Collection[Topic]) -> Iterator[tuple[str, Topic]]:
    return ((name, topic) for name in existing for topic in topics if re.fullmatch(topic.pattern, name))
