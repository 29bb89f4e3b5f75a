"""Whatever commits in whatever order: the rows of every stream leave the outbox in order, none skipped and none twice (R-3)."""

from collections import Counter
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from libs.chassis.store.outbox import Outbox, OutboxShard, Record, Waiting
from tests.integration.chassis.machines import Loop, Machine, hold
from tests.stack import Database

STREAMS = ("x1", "x2", "y1")  # a letter is a Kafka key: two streams may share one
SOME = st.lists(st.sampled_from(STREAMS), min_size=1, max_size=2)
SELDOM, MOSTLY = st.sampled_from([False, False, False, True]), st.sampled_from([True, True, True, False])
ALL = 100
CUTS = st.one_of(st.just([ALL] * 2), st.lists(st.integers(0, 3), min_size=2, max_size=2))


class Leaving(Machine):
    """Three writers and one relay. A stream has one writer at a time, for the key of the events table lets no other in."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        self.topic = f"{self.name}.v1"
        self.outbox = Outbox(self.chassis.keyring, shards=1)
        self.shard = OutboxShard(self.chassis.pool, self.chassis.keyring, 0, self.name)
        self.run(self.chassis.pool.execute("DELETE FROM outbox"))  # what a failed example left
        self.versions = Counter[str]()
        self.added: dict[int, list[str]] = {}
        self.records: dict[UUID, Record] = {}
        self.sent: list[str] = []
        self.after = 0

    @initialize()
    def three_writers(self) -> None:
        self.writers = [self.writer() for _ in range(3)]

    @rule(number=st.integers(0, 2), streams=SOME, more=SELDOM, commit=MOSTLY)
    def write(self, number: int, streams: list[str], more: bool, commit: bool) -> None:
        """Two writers begin, write more now and then, and end; the third one never leaves its transaction open."""
        if self.writers[number].open and not more:
            self.end(number, commit=commit)
        else:
            self.add(number, streams)
        if number == 2:
            self.end(number, commit=True)

    @rule(number=st.integers(0, 2), streams=SOME, limit=st.sampled_from([100, 3]))
    def write_and_look(self, number: int, streams: list[str], limit: int) -> None:
        self.write(number, streams, more=False, commit=True)
        self.look(limit, [ALL] * 2, from_zero=False)

    def add(self, number: int, streams: list[str]) -> None:
        writer = self.writers[number]
        if not writer.open:
            self.run(writer.begin())
            self.added[number] = []
        taken = {stream for other, added in self.added.items() if other != number for stream in added}
        mine = [stream for stream in streams if stream not in taken]
        versions = self.versions + Counter(self.added[number])
        records = []
        for stream in mine:
            versions[stream] += 1
            records.append(self.record(stream, versions[stream]))
        self.run(self.outbox.add(writer.db, records, self.chassis.clock.now()))
        self.added[number] += mine

    def record(self, stream: str, version: int) -> Record:
        said, key = f"{stream} {version}", f"{self.name}-{stream[0]}"
        made = Record(topic=self.topic, key=key, event_id=uuid4(), thread_id=uuid4(), value=said.encode(), headers={"schema": said})
        self.records[made.event_id] = made
        return made

    def end(self, number: int, *, commit: bool) -> None:
        if self.writers[number].open:
            self.run(self.writers[number].end(commit=commit))
            added = self.added.pop(number)
            if commit:
                self.versions += Counter(added)

    @rule(limit=st.sampled_from([100, 3, 1]), cuts=CUTS, from_zero=SELDOM)
    def look(self, limit: int, cuts: list[int], from_zero: bool) -> None:
        """One round of the relay. The broker acknowledges of each key as much as it likes, from its first row on."""
        self.after = 0 if from_zero else self.after
        rows = self.run(self.shard.pending(self.after, limit, []))
        done = [row for key, cut in zip("xy", cuts, strict=True) for row in [row for row in rows if row.record.key[-1] == key][:cut]]
        self.acknowledge(done)
        if rows and len(done) == len(rows):
            self.after = rows[-1].id

    def acknowledge(self, rows: list[Waiting]) -> None:
        assert all(row.broken is None and row.record == self.records[row.record.event_id] for row in rows)
        self.sent += [row.record.value.decode() for row in rows]
        self.run(self.shard.sent(rows))
        for stream in STREAMS:
            versions = [int(said.split()[1]) for said in self.sent if said.startswith(stream)]
            assert versions == list(range(1, len(versions) + 1)), f"{stream}: one was skipped, overtaken or sent twice"

    def teardown(self) -> None:
        for number, writer in enumerate(getattr(self, "writers", ())):
            self.end(number, commit=True)
            self.leave(writer)
        self.after = 0
        while rows := self.run(self.shard.pending(self.after, 3, [])):
            self.acknowledge(rows)
            self.after = rows[-1].id
        assert Counter(said.split()[0] for said in self.sent) == self.versions
        assert self.run(self.chassis.pending()) == 0


@pytest.mark.requirement("R-3", "D-15", "D-14")
def test_the_rows_of_every_stream_leave_in_order_none_skipped_and_none_twice(chassis_database: Database) -> None:
    hold(chassis_database, Leaving, examples=60, steps=30)
