"""Whatever fails, comes, comes again and is replayed in any order: each effect once, and those of a key in their order (R-6, R-7)."""

import asyncio
from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import EffectOnce, Poison, Received
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import Connection
from libs.chassis.store.lanes import Lanes
from tests.integration.chassis.machines import Loop, Machine, hold
from tests.integration.chassis.mending import of_key
from tests.integration.chassis.notes import Noted
from tests.stack import Database

KEYS = ("anna", "boris", "vera")
RECORDS = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from([False, False, False, True])), min_size=1, max_size=6)
REPLICAS = st.integers(0, 1)
numbers = count(1)


class Handling(Machine):
    """Two replicas of one consumer: either takes what comes, either may replay; `bad` are those that fail until they are mended."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        self.partition: list[tuple[str, int, Delivery]] = []
        self.next_offset = 0
        self.bad: set[int] = set()
        self.fail_next = False
        self.replicas = [self.chassis.effect_once(self.handle, consumer=self.name) for _ in range(2)]

    async def handle(self, db: Connection, batch: Sequence[Received]) -> None:
        await self.chassis.count(db, batch)
        if self.fail_next:
            self.fail_next = False
            raise OSError("the connection is gone")
        if self.bad & {item.event.number for item in batch if isinstance(item.event, Noted)}:
            raise Poison("not-yet")

    def arrive(self, records: list[tuple[str, bool]]) -> None:
        for key, bad in records:
            number = next(numbers)
            if bad:
                self.bad.add(number)
            self.partition.append((key, number, of_key(f"{self.name}-{key}", number)[0]))

    @rule(records=RECORDS, replica=REPLICAS, meanwhile=st.booleans())
    def take(self, records: list[tuple[str, bool]], replica: int, meanwhile: bool) -> None:
        """What arrived since the last commit; perhaps while the other replica replays."""
        self.arrive(records)
        self.run(self.batch(self.replicas[replica], self.replicas[1 - replica] if meanwhile else None))

    async def batch(self, live: EffectOnce, replaying: EffectOnce | None) -> None:
        deliveries = [delivery for *_, delivery in self.partition[self.next_offset :]]
        rounds = [replaying.replay.round(Stopping())] if replaying else []
        outcomes = await asyncio.gather(live.take(deliveries), *rounds, return_exceptions=True)
        only_infrastructure(outcomes)
        if outcomes[0] is None:
            self.next_offset = len(self.partition)

    @precondition(lambda self: self.partition)
    @rule(back=st.integers(1, 8))
    def rewind(self, back: int) -> None:
        """The offsets were not committed: Kafka delivers again."""
        self.next_offset = max(0, self.next_offset - back)

    @rule()
    def the_database_goes_away_once(self) -> None:
        self.fail_next = True

    @precondition(lambda self: self.bad)
    @rule(data=st.data())
    def mend(self, data: st.DataObject) -> None:
        self.bad.discard(data.draw(st.sampled_from(sorted(self.bad))))

    @rule(replicas=st.sampled_from([(0,), (1,), (0, 1)]))
    def replay(self, replicas: tuple[int, ...]) -> None:
        self.run(self.asked(*(self.replicas[replica] for replica in replicas)))

    async def asked(self, *replicas: EffectOnce) -> None:
        async with self.chassis.pool.acquire() as db:
            await Lanes(self.name).ask_for(db, "not-yet", self.chassis.clock.now())
        only_infrastructure(await asyncio.gather(*(replica.replay.round(Stopping()) for replica in replicas), return_exceptions=True))

    @rule()
    def nothing_overtakes(self) -> None:
        self.check(self.run(self.effects()))

    def check(self, effects: list[int]) -> None:
        """Of each key a beginning of what arrived."""
        assert len(effects) == len(set(effects)), "an effect happened twice"
        for key in KEYS:
            arrived = [number for other, number, _ in self.partition if other == key]
            had = [number for number in effects if number in arrived]
            assert had == arrived[: len(had)], f"{key}: one was overtaken or lost"

    async def effects(self) -> list[int]:
        mine = [number for _, number, _ in self.partition]
        rows = await self.chassis.pool.fetch("SELECT number FROM effects WHERE number = ANY($1) ORDER BY n", mine)
        return [row["number"] for row in rows]

    def teardown(self) -> None:
        self.bad.clear()
        self.fail_next = False
        self.run(self.batch(self.replicas[0], None))
        for replica in self.replicas:
            self.run(self.asked(replica))
        effects = self.run(self.effects())
        self.check(effects)
        assert len(effects) == len(self.partition), "an effect is missing"
        assert self.run(self.left()) == (0, 0)

    async def left(self) -> tuple[int, int]:
        lanes = await self.chassis.pool.fetchval("SELECT count(*) FROM dead_letter_lanes WHERE consumer = $1", self.name)
        unsettled = "SELECT count(*) FROM dead_letters WHERE consumer = $1 AND settled_at IS NULL"
        return lanes, await self.chassis.pool.fetchval(unsettled, self.name)


def only_infrastructure(outcomes: Sequence[BaseException | None]) -> None:
    """Nothing else may leave a consumer or a replay."""
    for outcome in outcomes:
        if outcome is not None and not isinstance(outcome, OSError):
            raise outcome


@pytest.mark.requirement("R-6", "R-7", "D-17", "D-14")
def test_each_effect_happens_once_and_those_of_a_key_in_order_however_they_fail_and_are_replayed(chassis_database: Database) -> None:
    hold(chassis_database, Handling, examples=30, steps=20)
