"""The search for gaps, beside the hot path: what history has not heard is told, and asked for again until it came (D-18, R-12).

The search follows the log by its gap-free positions and is one transaction a turn, so it can be killed anywhere. A gap is asked for by a
durable timer: `HistoryGapDetected` goes into the log and to history.events, and its producer publishes those events again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection, Pool
from libs.chassis.store.outbox import Outbox
from libs.chassis.store.timers import Timer, cancel_timers, set_timers
from libs.events.envelope import lone
from services.history.domain.chain import SHARDS
from services.history.domain.entries import PRODUCER
from services.history.domain.gaps import Aggregate, Gap, Heard, hear
from services.history.gap_store import GapStore
from services.history.handlers import tell
from services.history.store import Log

TIMER: Final = "gap"
MOST_AT_ONCE: Final = 100  # ranges of one aggregate that are told in one transaction
LOOK_SECONDS: Final = 2.0
SILENT_SECONDS: Final = 120.0

log = structlog.stdlib.get_logger("history")


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """`grace` is how long an event may be late before it is asked for; what comes by another way overtakes it all the time."""

    store: GapStore
    log: Log
    pool: Pool
    outbox: Outbox
    clock: Clock
    ids: Ids
    authority: str
    metrics: Metrics
    grace: timedelta
    rows_of_a_shard: int = 1_000  # in one turn

    async def run(self, stopping: Stopping, beat: Callable[[], None] = lambda: None) -> None:
        """Until the process stops; what infrastructure does to it is waited out."""
        while not stopping.requested:
            beat()
            try:
                more = await self.look()
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("the search for gaps waits for its infrastructure", error=error)
                more = False
            if not more:
                await stopping.sleep(LOOK_SECONDS)

    async def look(self) -> bool:
        """Search what was appended since the last time; whether there is more."""
        async with self.pool.acquire() as db, db.transaction():
            stretches = await self.store.unread(db, self.rows_of_a_shard)
            if stretches:
                numbers = await self.store.numbers(db, stretches)
                before = await self.store.heard(db, numbers)
                now = self.clock.now()
                after = {each: hear(before.get(each, Heard()), seqs, now, self.grace) for each, seqs in numbers.items()}
                await self._change(db, before, after)
                await self.store.move(db, stretches, _risen(before, after))
            self.metrics.gaps((await self.store.state(db)).told)
        return any(stretch.more for stretch in stretches)

    async def remind(self, db: Connection, due: Timer) -> None:
        """What a timer does: tell what is due of an aggregate's gaps, and come again for the rest."""
        aggregate, now = Aggregate(**due.payload), self.clock.now()
        if (await self.store.state(db)).unread > SHARDS * self.rows_of_a_shard:
            await set_timers(db, [_timer(aggregate, now + self.grace)])  # what is missing may stand in what was not read yet
            return
        gaps = await self.store.gaps_of(db, aggregate)
        ripe = [gap for gap in gaps if gap.ask_at <= now][:MOST_AT_ONCE]
        asked = {gap.first: gap.asked_at(now, self.grace) for gap in ripe}
        if ripe:
            await self._tell(db, aggregate, list(asked.values()))
            await self.store.keep(db, [(aggregate, gap) for gap in asked.values()])
        if gaps:
            await set_timers(db, [_timer(aggregate, min(asked.get(gap.first, gap).ask_at for gap in gaps))])

    async def _change(self, db: Connection, before: Mapping[Aggregate, Heard], after: Mapping[Aggregate, Heard]) -> None:
        """Timers first: a reminder locks its timer before it looks at the gaps, and two orders would deadlock."""
        changed = {each: heard.gaps for each, heard in after.items() if heard.gaps != _gaps(before, each)}
        await set_timers(db, [_timer(each, min(gap.ask_at for gap in gaps)) for each, gaps in changed.items() if gaps])
        await cancel_timers(db, TIMER, [_key(each) for each, gaps in changed.items() if not gaps])
        gone = [(each, gap) for each, gaps in changed.items() for gap in _gaps(before, each) if gap not in gaps]
        new = [(each, gap) for each, gaps in changed.items() for gap in gaps if gap not in _gaps(before, each)]
        await self.store.remove(db, gone)
        await self.store.keep(db, new)

    async def _tell(self, db: Connection, aggregate: Aggregate, gaps: Sequence[Gap]) -> None:
        now = self.clock.now()
        thread = aggregate.thread_id
        told = [
            lone(gap.told_of(aggregate), event_id=self.ids.new(), at=now, authority=self.authority, producer=PRODUCER, thread_id=thread)
            for gap in gaps
        ]
        await tell(db, self.log, self.outbox, told, now)
        for gap in gaps:
            place = {**aggregate._asdict(), "from_seq": gap.first, "to_seq": gap.last}
            log.warning("events were not heard; their producer is asked for them", asked=gap.asked, **place)


def _gaps(heard: Mapping[Aggregate, Heard], aggregate: Aggregate) -> tuple[Gap, ...]:
    return heard[aggregate].gaps if aggregate in heard else ()


def _risen(before: Mapping[Aggregate, Heard], after: Mapping[Aggregate, Heard]) -> dict[Aggregate, int]:
    return {each: heard.highest for each, heard in after.items() if each not in before or heard.highest > before[each].highest}


def _key(aggregate: Aggregate) -> str:
    return " ".join(aggregate)


def _timer(aggregate: Aggregate, due_at: datetime) -> Timer:
    return Timer(kind=TIMER, key=_key(aggregate), due_at=due_at, payload=aggregate._asdict())
