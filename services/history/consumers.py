"""The Kafka door: every topic of the table that history hears, and the dead letters of the others."""

from dataclasses import replace
from typing import Final

from libs.chassis.bus.subscriber import Subscription
from libs.events.topics import TOPICS, Topic
from services.history.handlers import Keeper

SERVICE: Final = "history"
MAX_RECORDS: Final = 4_000
# Each batch costs a transaction with the heads of its shards and a commit on Kafka, whatever it holds; nobody waits for the log.
FETCH_MIN_BYTES: Final = 64 * 1024
FETCH_MAX_WAIT_MS: Final = 200


def heard() -> tuple[Topic, ...]:
    """Rows that name history as a consumer, and the dead-letter topics of all that somebody else hears."""
    topics = [topic for topic in TOPICS if SERVICE in topic.consumers]
    others = [topic for topic in TOPICS if set(topic.consumers) - {SERVICE, "<frontend>"}]
    return (*topics, *(_dead_letters(topic) for topic in others))


def _dead_letters(topic: Topic) -> Topic:
    return replace(topic, name=topic.dead_letters, contract="dlq", partitions=1, retention_days=30, consumers=(SERVICE,))


def subscription(group: str, keeper: Keeper, replica: int) -> Subscription:
    """Each replica is a static member of the group, which starts again at once."""
    return Subscription(
        group=group,
        topics=heard(),
        take=keeper.take,
        static_member=f"{group}-{replica}",
        max_records=MAX_RECORDS,
        fetch_min_bytes=FETCH_MIN_BYTES,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
    )
