"""History says what it has not heard; the service that it names publishes just that again (R-12, D-18)."""

from collections.abc import Sequence

import structlog

from libs.chassis.bus.effect_once import Handler, Received
from libs.chassis.ops.clock import Clock
from libs.chassis.store.database import Connection
from libs.chassis.store.republishing import Republisher, is_first_answer
from libs.events.contracts.history_events import HistoryGapDetected

HEARS = (HistoryGapDetected,)

log = structlog.stdlib.get_logger("bus")


class Repair:
    """`name` is the producer that history names."""

    def __init__(self, *, name: str, republisher: Republisher, clock: Clock) -> None:
        self._name = name
        self._republisher = republisher
        self._clock = clock

    def beside(self, handler: Handler) -> Handler:
        """The handler of all else that the consumer hears, in the same transaction."""

        async def take(db: Connection, batch: Sequence[Received]) -> None:
            others = [item for item in batch if not isinstance(item.event, HistoryGapDetected)]
            if others:
                await handler(db, others)
            await self.answer(db, [item.event for item in batch if isinstance(item.event, HistoryGapDetected)])

        return take

    async def answer(self, db: Connection, gaps: Sequence[HistoryGapDetected]) -> None:
        mine = [gap for gap in gaps if gap.producer == self._name]
        for gap in sorted(mine, key=_place):
            stream = self._republisher.stream_of(gap.topic, gap.aggregate_id)
            if stream is None:
                log.error("history misses events of a topic that is not published here", topic=gap.topic)
            elif await is_first_answer(db, gap, self._clock.now()):
                count = await self._republisher.publish(db, [(stream, gap.from_seq, gap.to_seq)])
                log.warning("events that history has not heard are published again", topic=gap.topic, count=count)


def _place(gap: HistoryGapDetected) -> tuple[str, str, int, int]:
    """Two replicas that answer at the same time take their rows in one order."""
    return gap.topic, gap.aggregate_id, gap.from_seq, gap.to_seq
