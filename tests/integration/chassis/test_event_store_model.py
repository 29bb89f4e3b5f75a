"""Two writers append in any order: of those who expect the same version one wins, and the outbox says what the streams say (R-2)."""

import asyncio
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from libs.chassis.store.events import Append, LostRace, Recorded
from libs.events.topics import Topic
from tests.integration.chassis.chassis import note
from tests.integration.chassis.machines import Loop, Machine, Writer, hold
from tests.integration.chassis.notes import Noted, published
from tests.stack import Database, eventually

STREAMS = ("a", "b")
Wish = tuple[str, int, int]  # a stream, how far from its version the expectation is, how many facts
WISHES = st.lists(st.tuples(st.sampled_from(STREAMS), st.sampled_from([0, 0, 0, -1, 1]), st.integers(1, 3)), min_size=1, max_size=2)


class Appending(Machine):
    """`numbers` is what the streams must hold; a writer who waits does so for the other one to end."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        topic = Topic(name=f"{self.name}.v1", contract="test", key="id", producers=(), consumers=(), partitions=1)
        self.category = published(topic)
        self.numbers: dict[str, list[int]] = {stream: [] for stream in STREAMS}
        self.written: dict[Writer, dict[str, list[int]]] = {}
        self.waiting: dict[Writer, tuple[asyncio.Task[list[Recorded]], list[Append]]] = {}
        self.count = 0

    @initialize()
    def two_writers(self) -> None:
        self.writers = [self.writer() for _ in range(2)]

    def appends(self, wishes: list[Wish]) -> list[Append]:
        """Each stream once, as `decide` would give them."""
        made = {}
        for stream, off, facts in wishes:
            self.count += facts
            numbers = range(self.count - facts, self.count)
            after = max(0, len(self.numbers[stream]) + off)
            made[stream] = note(f"{self.name}-{stream}", *(Noted(number=n) for n in numbers), after=after, category=self.category)
        return list(made.values())

    def foreseen(self, appends: list[Append], other: Writer) -> str:
        """The key of the table lets nobody pass: who meets a committed version loses, who meets an open one waits."""
        if any(append.expected_version > len(self.numbers[of(append)]) for append in appends):
            return "lost"
        for append in appends:
            if append.expected_version < len(self.numbers[of(append)]):
                return "lost"
            if of(append) in self.written.get(other, {}):
                return "waits"
        return "written"

    @rule(first=st.booleans(), wishes=WISHES)
    def append(self, first: bool, wishes: list[Wish]) -> None:
        writer, other = self.writers if first else self.writers[::-1]
        if writer.open:
            return
        appends = self.appends(wishes)
        outcome = self.foreseen(appends, other)
        self.run(writer.begin())
        task = self.run(started(self.chassis.store.append(writer.db, appends)))
        if outcome == "waits":
            self.run(eventually(lambda: self.waits(writer), what="the second writer waits for the first"))
            self.waiting[writer] = task, appends
        else:
            self.settle(writer, task, appends, won=outcome == "written")

    async def waits(self, writer: Writer) -> bool:
        query = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1"
        return bool(await self.chassis.pool.fetchval(query, writer.db.get_server_pid()))

    def settle(self, writer: Writer, task: asyncio.Task[list[Recorded]], appends: list[Append], *, won: bool) -> None:
        if won:
            self.run(finished(task))
            self.written[writer] = {of(append): numbers_of(append) for append in appends}
        else:
            with pytest.raises(LostRace):
                self.run(finished(task))
            self.run(writer.end(commit=False))

    @precondition(lambda self: self.written)
    @rule(commit=st.booleans())
    def end(self, commit: bool) -> None:
        """The one who wrote ends; then the one who waited for that goes on."""
        writer, written = self.written.popitem()
        if commit:
            for stream, numbers in written.items():
                self.numbers[stream] += numbers
        self.run(writer.end(commit=commit))
        for other, (task, appends) in list(self.waiting.items()):
            del self.waiting[other]
            self.settle(other, task, appends, won=self.foreseen(appends, writer) == "written")

    def teardown(self) -> None:
        while self.written:
            self.end(commit=True)
        for writer in getattr(self, "writers", ()):
            self.leave(writer)
        found = {stream: self.run(self.chassis.read(f"{self.name}-{stream}", self.category)) for stream in STREAMS}
        assert {stream: [row.fact for row in rows] for stream, rows in found.items()} == {
            stream: [Noted(number=number) for number in numbers] for stream, numbers in self.numbers.items()
        }
        for rows in found.values():
            assert [row.version for row in rows] == list(range(1, len(rows) + 1))
            assert [row.envelope.event_id for row in rows] == self.run(self.sent_out(rows))

    async def sent_out(self, rows: list[Recorded]) -> list[Any]:
        """What waits in the outbox of this stream, in the order in which it leaves."""
        key = rows[0].envelope.aggregate_id if rows else ""
        query = "SELECT event_id FROM outbox WHERE topic = $1 AND key = $2 ORDER BY id"
        return [row["event_id"] for row in await self.chassis.pool.fetch(query, f"{self.name}.v1", key)]


def of(append: Append) -> str:
    return append.aggregate_id[-1]


def numbers_of(append: Append) -> list[int]:
    return [fact.number for fact in append.facts if isinstance(fact, Noted)]


async def started(work: Any) -> asyncio.Task[Any]:
    return asyncio.ensure_future(work)


async def finished(task: asyncio.Task[Any]) -> Any:
    return await asyncio.wait_for(task, 10)


@pytest.mark.requirement("R-2", "D-14")
def test_of_two_writers_one_wins_no_stream_has_a_hole_and_the_outbox_holds_every_event(chassis_database: Database) -> None:
    hold(chassis_database, Appending, examples=40, steps=20)
