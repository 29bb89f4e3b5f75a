"""The signed heads that a log is held against: from the file that history adds to, from its copies, from the topic."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic import ValidationError

from cli.verify_report import MOST_FINDINGS, Finding
from libs.chassis.bus.entry import reach
from libs.chassis.bus.topics import partitions_on
from libs.events.contracts.history_events import HeadSigned
from libs.events.envelope import Unreadable, decode
from libs.events.topics import HISTORY
from services.history.domain.heads import NO_LINE_BEFORE, Mark, PublicKeys, Witness, line_hash, read_line

WAIT_MS = 10_000


@dataclass
class SignedHeads:
    """What was signed, shard by shard, and what is wrong with the signatures themselves; some 250 bytes of memory for each."""

    keys: PublicKeys
    marks: dict[int, set[Mark]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, self.marks.values()))

    @property
    def newest(self) -> datetime | None:
        return max((mark.signed_at for marks in self.marks.values() for mark in marks), default=None)

    def witness(self, shard: int) -> Witness:
        return Witness(self.marks.get(shard, ()))

    def read_file(self, path: Path) -> None:
        """Lines that a crash left unfinished are passed over: if they were whole once, the next line misses them."""
        previous = NO_LINE_BEFORE
        with path.open("rb") as lines:
            for number, raw in enumerate(lines, 1):
                line = read_line(raw)
                if line is None:
                    continue
                follows, previous = line.previous == previous, line_hash(raw)
                place = f"line {number} of {path}"
                taken = self._taken(line.head, line.signed_at, place)
                if not follows:
                    says = f"{place} does not follow the one before it: something was changed or taken out there"
                    self._find("heads-file-edited", line.head, says)
                elif taken and not self.keys.signed_line(line):
                    self._find("heads-file-edited", line.head, f"{place} is not as it was signed")

    async def read_topic(self, bootstrap: str) -> None:
        """All that the topic still holds, up to where it ends now."""
        partitions = [TopicPartition(HISTORY.name, number) for number in range((await partitions_on(bootstrap)).get(HISTORY.name, 0))]
        consumer = AIOKafkaConsumer(**reach(bootstrap), enable_auto_commit=False, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            starts = await consumer.beginning_offsets(partitions)
            left = {place for place in partitions if starts[place] < ends[place]}
            while left:
                for records in (await consumer.getmany(*left, timeout_ms=WAIT_MS)).values():
                    for record in records:
                        self._read_record(record)
                left = {place for place in left if await consumer.position(place) < ends[place]}
        finally:
            await consumer.stop()

    def _read_record(self, record: "ConsumerRecord[bytes, bytes]") -> None:
        try:
            envelope = decode(record.value)
            if envelope.type == HeadSigned.type_name():
                head = HeadSigned.model_validate(envelope.payload)
                self._taken(head, envelope.occurred_at.astimezone(UTC), f"{record.topic}/{record.partition}/{record.offset}")
        except (Unreadable, ValidationError):
            return  # what is no signed head says nothing of the log

    def _taken(self, head: HeadSigned, signed_at: datetime, place: str) -> bool:
        if not self.keys.knows(head.key_id):
            self._find("head-of-unknown-key", head, f"{place} is signed with the key {head.key_id}, which was not given")
        elif not self.keys.signed_head(head):
            self._find("head-forged", head, f"{place} bears a signature that its key did not make")
        else:
            self.marks.setdefault(head.shard, set()).add(Mark(signed_at.astimezone(UTC), head.position, bytes.fromhex(head.hash)))
            return True
        return False

    def _find(self, kind: str, head: HeadSigned, says: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(kind=kind, shard=head.shard, position=head.position, event_id=None, says=says))
