"""The chain's form is fixed for the life of a log: these values were computed once and stand here for good."""

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from asyncpg.pgproto import pgproto

from services.history.domain.chain import HASHED_COLUMNS, SHARDS, genesis, link, shard_of
from services.history.domain.entries import KEPT_COLUMNS, Entry

STORED_AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
THREAD = UUID("0198f000-0000-7000-8000-00000000000a")
ENTRY = Entry(
    event_id=UUID("0198f000-0000-7000-8000-000000000001"),
    type="RequestReceived",
    version=1,
    authority="demo",
    producer="intake",
    aggregate_id="r-1",
    seq=1,
    thread_id=THREAD,
    client_id=None,
    request_id="r-1",
    point="site",
    channel="site",
    actor_role="frontend",
    actor_id="site",
    correlation_id=None,
    causation_id=None,
    occurred_at=datetime(2026, 11, 22, 4, 59, 59, 123456, tzinfo=UTC),
    recorded_at=STORED_AT,
    topic="intake.requests.v1",
    kafka_partition=3,
    kafka_offset=7,
    record_timestamp_ms=1_795_000_000_000,
    open='{"reference":"ABCDEFGHJK"}',
    hidden=None,
)
KEPT = ENTRY[:-1]
PLACE = (5, 1, STORED_AT)
SEALED, COMMITMENT = b"sealed bytes", bytes(range(32))


@pytest.mark.requirement("R-18", "D-19")
def test_the_hash_of_a_row_is_what_it_was_in_the_first_release() -> None:
    form = (
        '[5,1,"2026-11-22T05:00:00+00:00","0198f000-0000-7000-8000-000000000001","RequestReceived",1,"demo","intake","r-1",1,'
        '"0198f000-0000-7000-8000-00000000000a",null,"r-1","site","site","frontend","site",null,null,'
        '"2026-11-22T04:59:59.123456+00:00","2026-11-22T05:00:00+00:00","intake.requests.v1",3,7,1795000000000,'
        r'"{\"reference\":\"ABCDEFGHJK\"}",' + f'"{COMMITMENT.hex()}"]'
    )
    expected = hashlib.sha256(genesis(5) + form.encode() + SEALED).digest()
    assert link(genesis(5), PLACE, KEPT, COMMITMENT, SEALED) == expected
    assert expected.hex() == "9d0697736070d57d0dc7a6dc9cef962dbfd4dcf5df935fbb8e3435182bb257ba"


@pytest.mark.requirement("R-18")
def test_a_shard_begins_with_a_hash_of_its_own_name() -> None:
    assert genesis(0).hex() == "6501a0fe3ea21e88844f19bf5493aaa97105b67373d11303f1aa4aa44c99ab2b"
    assert len({genesis(shard) for shard in range(SHARDS)}) == SHARDS


@pytest.mark.requirement("R-16")
def test_the_shard_of_a_thread_never_changes() -> None:
    assert [shard_of(UUID(int=number)) for number in range(10)] == [5, 3, 1, 7, 4, 2, 0, 6, 7, 1]
    assert {shard_of(UUID(int=number)) for number in range(100)} == set(range(SHARDS))


@pytest.mark.requirement("R-18")
@pytest.mark.parametrize("column", HASHED_COLUMNS)
def test_no_column_can_be_changed_without_changing_the_hash(column: str) -> None:
    before = link(genesis(5), PLACE, KEPT, COMMITMENT, SEALED)
    values: dict[str, Any] = dict(zip(("shard", "position", "stored_at", *KEPT_COLUMNS), (*PLACE, *KEPT), strict=True))
    values[column] = "another" if column != "commitment" else None
    place = (values["shard"], values["position"], values["stored_at"])
    after = link(genesis(5), place, [values[name] for name in KEPT_COLUMNS], None if column == "commitment" else COMMITMENT, SEALED)
    assert after != before


@pytest.mark.requirement("R-18")
def test_neither_the_sealed_bytes_nor_the_row_before_can_be_changed() -> None:
    before = link(genesis(5), PLACE, KEPT, COMMITMENT, SEALED)
    assert link(genesis(5), PLACE, KEPT, COMMITMENT, SEALED + b"\x00") != before
    assert link(genesis(5), PLACE, KEPT, COMMITMENT, None) != before
    assert link(genesis(5), PLACE, KEPT, None, None) == link(genesis(5), PLACE, KEPT, None, b""), "nothing sealed adds nothing"
    assert link(genesis(4), PLACE, KEPT, COMMITMENT, SEALED) != before


@pytest.mark.requirement("R-18")
def test_the_ids_of_the_database_driver_have_the_same_form() -> None:
    kept = [pgproto.UUID(str(value)) if isinstance(value, UUID) else value for value in KEPT]
    assert link(genesis(5), PLACE, kept, COMMITMENT, SEALED) == link(genesis(5), PLACE, KEPT, COMMITMENT, SEALED)


@pytest.mark.requirement("R-18")
def test_a_value_without_a_canonical_form_is_an_error_and_no_hash() -> None:
    with pytest.raises(TypeError):
        link(genesis(5), PLACE, [*KEPT, object()], COMMITMENT, SEALED)
