"""How far consumers were when all was well the last time: Kafka forgets both offsets and topics, and does not say so (R-12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.chassis.store.database import Pool
from libs.chassis.store.queries import queries

SQL = queries(__file__)

Partition = tuple[str, int]
"""A topic's name and the number of a partition."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a group was in a partition of the topic with this id; what was sent before `caught_up_at` it has handled."""

    topic_id: UUID
    next_offset: int
    caught_up_at: datetime | None


class Places:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, group: str) -> dict[Partition, Place]:
        rows = await self._pool.fetch(SQL["places_of_group"], group)
        return {
            (row["topic"], row["kafka_partition"]): Place(
                topic_id=row["topic_id"], next_offset=row["next_offset"], caught_up_at=row["caught_up_at"]
            )
            for row in rows
        }

    async def keep(self, group: str, places: Mapping[Partition, Place]) -> None:
        if not places:
            return
        ordered = sorted(places.items())
        await self._pool.execute(
            SQL["keep_places"],
            group,
            [topic for (topic, _), _ in ordered],
            [partition for (_, partition), _ in ordered],
            [place.topic_id for _, place in ordered],
            [place.next_offset for _, place in ordered],
            [place.caught_up_at for _, place in ordered],
        )
