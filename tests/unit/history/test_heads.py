"""Signed heads: what is signed is fixed for the life of a log, and what signatures say of a rewritten log names the right rows."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.history.domain.heads import (
    NO_LINE_BEFORE,
    Disagreement,
    Mark,
    PublicKeys,
    Signer,
    Witness,
    disagreements,
    line_hash,
    read_line,
)

pytestmark = pytest.mark.requirement("R-18", "D-19", "N-4.7")
AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
SIGNER = Signer(bytes(range(32)))
OTHER = Signer(bytes(32))
KEYS = PublicKeys([SIGNER.public_key])
HASH = hashlib.sha256(b"row").digest()


def test_a_signature_is_what_it_was_in_the_first_release() -> None:
    head = SIGNER.head(5, 7, HASH)
    assert (head.shard, head.position, head.hash) == (5, 7, HASH.hex())
    assert head.key_id == hashlib.sha256(SIGNER.public_key).hexdigest()[:16] == "56475aa75463474c"
    assert head.signature == (
        "8002cdec886edf03e56631debe7e5ac2752175990489cbd0b61d38c21d696dc9e2ebf4fd628c440250cf3e2276230a88dc9c904a5181f7d7a259ee8ad38fc80d"
    )


def test_a_good_signature_is_taken_and_nothing_else() -> None:
    head = SIGNER.head(5, 7, HASH)
    assert KEYS.signed_head(head)
    for changed in ({"shard": 6}, {"position": 8}, {"hash": "0" * 64}, {"signature": "0" * 128}, {"signature": "not hex"}):
        assert not KEYS.signed_head(head.model_copy(update=changed))
    assert not KEYS.signed_head(OTHER.head(5, 7, HASH).model_copy(update={"key_id": SIGNER.key_id}))


def test_after_a_change_of_the_key_both_keys_are_known() -> None:
    both = PublicKeys([SIGNER.public_key, OTHER.public_key])
    for signer in (SIGNER, OTHER):
        assert both.knows(signer.key_id)
        assert both.signed_head(signer.head(0, 1, HASH))
    assert not KEYS.knows(OTHER.key_id)


def test_a_line_says_what_it_follows_and_when_it_was_signed() -> None:
    first = SIGNER.line(SIGNER.head(5, 7, HASH), AT, NO_LINE_BEFORE)
    second = SIGNER.line(SIGNER.head(5, 9, HASH), AT, line_hash(first))
    line = read_line(second)
    assert line is not None
    assert (line.previous, line.signed_at, line.position) == (hashlib.sha256(first[:-1]).hexdigest(), AT, 9)
    assert KEYS.signed_head(line.head)
    assert KEYS.signed_line(line)
    assert not KEYS.signed_line(line.model_copy(update={"signed_at": AT + timedelta(seconds=1)}))
    assert not KEYS.signed_line(line.model_copy(update={"previous": NO_LINE_BEFORE}))


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"{", b"[]", b'{"shard":1}', b"\xff", SIGNER.line(SIGNER.head(5, 7, HASH), AT, NO_LINE_BEFORE)[:-9]]
)
def test_half_a_line_is_no_line(raw: bytes) -> None:
    assert read_line(raw) is None


def test_a_line_with_more_in_it_is_no_line() -> None:
    line = orjson.loads(SIGNER.line(SIGNER.head(5, 7, HASH), AT, NO_LINE_BEFORE))
    assert read_line(orjson.dumps({**line, "more": 1})) is None


def hash_at(position: int, changed: int | None = None) -> bytes:
    """Of a chain whose rows are all different from the row on that was changed."""
    return hashlib.sha256(f"{position} {changed is not None and position >= changed}".encode()).digest()


def told(marks: list[Mark], end: int, changed: int | None = None) -> list[Disagreement]:
    witness = Witness(marks)
    for position in range(1, end + 1):
        witness.see(position, hash_at(position, changed), AT + timedelta(minutes=position))
    return witness.disagreements(end)


@dataclass(frozen=True)
class Attack:
    """A log that was signed now and then, cut to `end` and rewritten from `changed` on."""

    signed: list[int]
    length: int
    changed: int
    end: int

    @property
    def marks(self) -> list[Mark]:
        return [Mark(AT + timedelta(minutes=position), position, hash_at(position)) for position in self.signed]


@st.composite
def attacks(draw: st.DrawFn) -> Attack:
    length = draw(st.integers(1, 60))
    signed = sorted(draw(st.sets(st.integers(1, length))))
    return Attack(signed, length, draw(st.integers(1, length)), draw(st.integers(0, length)))


@given(attacks())
def test_an_untouched_log_agrees_with_every_signature(attack: Attack) -> None:
    assert told(attack.marks, attack.length) == []


@given(attacks())
def test_a_rewritten_row_lies_between_the_last_signature_that_fits_and_the_first_that_does_not(attack: Attack) -> None:
    found = told(attack.marks, attack.length, attack.changed)
    after = [position for position in attack.signed if position >= attack.changed]
    before = [position for position in attack.signed if position < attack.changed]
    expected = [("rewritten", max(before, default=0) + 1, min(after))] if after else []
    assert [(each.kind, each.first, each.last) for each in found] == expected
    assert all(each.first <= attack.changed <= each.last for each in found)


@given(attacks())
def test_a_cut_tail_is_named_from_the_first_row_that_is_gone_to_the_last_that_was_signed(attack: Attack) -> None:
    found = told(attack.marks, attack.end)
    beyond = [position for position in attack.signed if position > attack.end]
    assert [(each.kind, each.first, each.last) for each in found] == ([("cut", attack.end + 1, max(beyond))] if beyond else [])


@given(attacks(), st.sets(st.integers(1, 60)))
def test_signatures_made_over_the_rewritten_log_hide_nothing_and_mislead_nobody(attack: Attack, again: set[int]) -> None:
    later = [
        Mark(AT + timedelta(days=1, minutes=position), position, hash_at(position, attack.changed))
        for position in again
        if position <= attack.length
    ]
    assert told([*attack.marks, *later], attack.length, attack.changed) == told(attack.marks, attack.length, attack.changed)


def test_rows_behind_the_last_signature_that_fits_are_told_with_their_age() -> None:
    witness = Witness([Mark(AT, 3, hash_at(3)), Mark(AT, 5, b"another")])
    for position in range(1, 8):
        witness.see(position, hash_at(position), AT + timedelta(minutes=position))
    assert (witness.agrees_to, witness.uncovered_since) == (3, AT + timedelta(minutes=4))
    covered = Witness([Mark(AT, 1, hash_at(1))])
    covered.see(1, hash_at(1), AT)
    assert covered.uncovered_since is None


def test_what_is_said_of_a_rewritten_and_of_a_cut_log_names_rows_and_times() -> None:
    marks = [Mark(AT + timedelta(minutes=position), position, hash_at(position)) for position in (2, 5, 9)]
    [rewritten] = told(marks[:2], 6, changed=4)
    assert rewritten.says == (
        "rows from here to 5 are not those that were signed at 5 on 2026-11-22 05:05:00 UTC; the last signature that fits stands at 2"
    )
    [from_the_start] = told(marks[:1], 6, changed=1)
    assert from_the_start.says.endswith("; no signature before it fits")
    [cut] = told([marks[2]._replace(signed_at=AT), marks[1]._replace(position=7, signed_at=AT + timedelta(days=1))], 6)
    assert (cut.last, cut.says) == (
        9,
        "rows from here to 9 were cut off: the last of them was there when it was signed on 2026-11-22 05:00:00 UTC",
    )


def test_a_signature_of_a_row_that_is_gone_hides_nothing_of_the_next_one() -> None:
    marks = [Mark(AT, 3, hash_at(3)), Mark(AT + timedelta(minutes=1), 4, hash_at(4))]
    assert [(each.kind, each.first, each.last) for each in disagreements(marks, {4: b"another"}, 5)] == [("rewritten", 1, 4)]


def test_a_row_that_is_gone_is_no_rewritten_row() -> None:
    """The walk itself names it."""
    assert disagreements([Mark(AT, 3, hash_at(3))], {}, 5) == []
