"""Never silently behind: what a consumer group has yet to read is compared with what Kafka still has (R-12)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from libs.chassis.bus.standing import Loss, begin_anew, changed, losses, since, standings
from libs.chassis.bus.subscriber import Subscription
from libs.chassis.ops.clock import Clock
from libs.chassis.store.places import Partition, Place, Places
from libs.events.topics import topic_of

OFFSET_GONE = "offset-gone"
MARGIN = timedelta(hours=1)  # how long an event may have waited in its outbox before it was sent
EVER = "1970-01-01T00:00Z"
KEEPS_NOTHING = {"<frontend>", "history"}  # what history tells others is asked for again by itself, or stands in its log and files
TOLD = 3  # partitions that are named in the log


class OffsetGone(Exception):
    """Records that a group had yet to read are gone from Kafka; the stores of their producers still have them."""

    code = OFFSET_GONE

    def __init__(self, group: str, service: str, lost: Mapping[Partition, Loss], kept: Mapping[Partition, Place]) -> None:
        super().__init__(group, *sorted(lost.items()))
        self._group = group
        self._lost = dict(sorted(lost.items()))
        self._run = commands(service, lost, kept)

    def told(self) -> dict[str, Any]:
        """For the log: where, why, and what to run."""
        where = [f"{topic} {partition}: {what}" for (topic, partition), what in self._lost.items()]
        told = "; ".join(where[:TOLD])
        return {"consumer": self._group, "code": self.code, "count": len(where), "where": told, "run": "; ".join(self._run)}


def commands(service: str, lost: Mapping[Partition, Loss], kept: Mapping[Partition, Place]) -> list[str]:
    """The exact commands after which the service goes on."""
    moment = since(lost, kept, MARGIN)
    rows = [topic_of(topic) for topic, _ in lost]
    producers = {producer for row in rows if row for producer in row.producers} - KEEPS_NOTHING
    start = moment.strftime("%Y-%m-%dT%H:%MZ") if moment else EVER
    return [*(f"otklik republish {producer} --since {start}" for producer in sorted(producers)), f"otklik topics resume {service}"]


class Losses:
    """Looks after the groups of one service."""

    def __init__(self, *, service: str, bootstrap: str, places: Places, clock: Clock) -> None:
        self._service = service
        self._bootstrap = bootstrap
        self._places = places
        self._clock = clock

    async def look(self, subscription: Subscription) -> None:
        """Raises `OffsetGone`; while nothing is gone, it keeps how far the group is."""
        group, at = subscription.group, self._clock.now()
        kept = await self._places.of(group)
        found = await standings(self._bootstrap, group, subscription.pattern)
        lost = losses(found, kept)
        if lost:
            raise OffsetGone(group, self._service, lost, kept)
        await self._places.keep(group, changed(found, kept, at))

    async def resume(self, subscription: Subscription) -> dict[Partition, Loss]:
        """Where something is gone, the group begins anew with the earliest record that is kept; what it has handled it knows by its id.

        Raises a `KafkaError` while the group still has a member: a static one is missed only when its session ends.
        """
        group, at = subscription.group, self._clock.now()
        kept = await self._places.of(group)
        found = await standings(self._bootstrap, group, subscription.pattern)
        lost = losses(found, kept)
        anew = {partition: replace(found[partition], committed=found[partition].beginning) for partition in lost}
        if anew:
            await begin_anew(self._bootstrap, group, {partition: standing.beginning for partition, standing in anew.items()})
            await self._places.keep(group, changed(anew, {}, at))
        return lost
