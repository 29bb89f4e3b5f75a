"""Keys per thread: made with what they seal, remembered only once they are there for good (R-17)."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from libs.chassis.bus.effect_once import Received
from libs.chassis.store.database import Connection
from libs.chassis.store.keys import Keyring, WrongMasterKey
from libs.chassis.store.sealing import BrokenSeal
from tests.integration.chassis.chassis import Chassis, about, delivery, envelope, note
from tests.integration.chassis.notes import PRIVATE, Noted


@pytest.mark.requirement("R-17", "D-19")
async def test_a_key_of_a_transaction_that_was_rolled_back_is_not_remembered(chassis: Chassis) -> None:
    thread = uuid4()
    async with chassis.pool.acquire() as db:
        given_up = db.transaction()
        await given_up.start()
        await chassis.store.append(db, [note("1", Noted(number=1), context=about(thread))])
        assert await chassis.store.read(db, PRIVATE, ["1"])
        await given_up.rollback()
    await chassis.append(note("1", Noted(number=2), context=about(thread)))
    [row] = await chassis.again().read("1")
    assert row.fact == Noted(number=2)


@pytest.mark.requirement("R-17", "D-19")
async def test_a_key_of_a_savepoint_that_was_rolled_back_is_not_remembered(chassis: Chassis) -> None:
    thread = uuid4()
    async with chassis.pool.acquire() as db, db.transaction():
        given_up = db.transaction()
        await given_up.start()
        await chassis.store.append(db, [note("1", Noted(number=1), context=about(thread))])
        assert await chassis.store.read(db, PRIVATE, ["1"])
        await given_up.rollback()
        await chassis.store.append(db, [note("1", Noted(number=2), context=about(thread))])
    [row] = await chassis.again().read("1")
    assert row.fact == Noted(number=2)


@pytest.mark.requirement("R-17")
async def test_a_committed_key_is_asked_for_once(chassis: Chassis) -> None:
    thread = uuid4()
    await chassis.append(note("1", Noted(), context=about(thread)))
    asked = Asks()
    assert await chassis.keyring.of(asked.of(chassis), [thread])
    assert await chassis.keyring.of(asked.of(chassis), [thread])
    assert asked.times <= 1


async def test_the_cache_keeps_the_keys_that_were_used_last(chassis: Chassis) -> None:
    small = Keyring(b"-" * 32, "1", cached=2)
    threads = [uuid4() for _ in range(3)]
    async with chassis.pool.acquire() as db:
        await small.made_for(db, threads)
        for thread in (threads[0], threads[1], threads[0], threads[2]):
            await small.of(db, [thread])
    asked = Asks()
    await small.of(asked.of(chassis), [threads[0], threads[2]])
    assert asked.times == 0


@pytest.mark.requirement("R-17")
async def test_writers_that_want_the_key_of_one_thread_at_once_seal_with_the_same_key(chassis: Chassis) -> None:
    thread = uuid4()
    await asyncio.gather(*(chassis.again().append(note(str(n), Noted(number=n), context=about(thread))) for n in range(8)))
    reader = chassis.again()
    assert [[row.fact for row in await reader.read(str(n))] for n in range(8)] == [[Noted(number=n)] for n in range(8)]
    assert await chassis.pool.fetchval("SELECT count(*) FROM thread_keys") == 1


@pytest.mark.requirement("R-17")
async def test_two_batches_that_make_the_same_keys_in_another_order_do_not_deadlock(chassis: Chassis) -> None:
    threads = [uuid4() for _ in range(50)]

    async def write(prefix: str, order: list[UUID]) -> None:
        await chassis.again().append(*(note(f"{prefix}{n}", Noted(), context=about(thread)) for n, thread in enumerate(order)))

    await asyncio.gather(*(write(f"{n}-", threads if n % 2 else threads[::-1]) for n in range(6)))


@pytest.mark.requirement("R-17", "E-13")
async def test_another_master_key_opens_nothing(chassis: Chassis) -> None:
    await chassis.append(note("1", Noted(number=1)))
    thief = Chassis(pool=chassis.pool, kafka=chassis.kafka, keyring=Keyring(b"x" * 32, "1"))
    with pytest.raises(BrokenSeal):
        await thief.read("1")


@pytest.mark.requirement("R-17", "R-7")
async def test_with_another_master_key_nothing_is_made_and_nothing_is_taken_for_poison(chassis: Chassis) -> None:
    await chassis.append(note("1", Noted(number=1)))
    await chassis.keyring.claim(db := await chassis.pool.acquire())
    await chassis.pool.release(db)
    wrong = Chassis(pool=chassis.pool, kafka=chassis.kafka, keyring=Keyring(b"x" * 32, "1"))
    with pytest.raises(WrongMasterKey):
        await wrong.append(note("2", Noted(number=2)))

    async def keep(db: Connection, batch: Sequence[Received]) -> None:
        await wrong.store.append(db, [note("3", Noted(number=3))])

    with pytest.raises(WrongMasterKey):
        await wrong.effect_once(keep).take([delivery(envelope(Noted(number=3)))])
    assert await chassis.pool.fetchval("SELECT count(*) FROM events") == 1
    assert await chassis.pool.fetchval("SELECT count(*) FROM thread_keys") == 1
    assert await chassis.reasons() == []


@pytest.mark.requirement("R-17")
async def test_a_damaged_key_is_left_out_by_readers_and_stops_writers(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> None:
    bad, good = uuid4(), uuid4()
    await chassis.append(note("1", Noted(), context=about(bad)), note("2", Noted(), context=about(good)))
    await superuser.execute("UPDATE thread_keys SET wrapped = '\\x00' WHERE thread_id = $1", bad)
    keyring = chassis.again().keyring
    async with chassis.pool.acquire() as db:
        assert (await keyring.of(db, [bad, good])).keys() == {good}
        assert await keyring.damaged(db, [bad, good, uuid4()]) == {bad}
        with pytest.raises(BrokenSeal):
            await keyring.made_for(db, [bad])


@pytest.mark.requirement("R-17")
async def test_a_key_that_was_moved_to_another_thread_does_not_open_there(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> None:
    one, other = uuid4(), uuid4()
    await chassis.append(note("1", Noted(), context=about(one)), note("2", Noted(), context=about(other)))
    taken = "UPDATE thread_keys SET wrapped = (SELECT wrapped FROM thread_keys WHERE thread_id = $1) WHERE thread_id = $2"
    await superuser.execute(taken, one, other)
    with pytest.raises(BrokenSeal):
        await chassis.again().read("2")


@pytest.mark.requirement("R-17", "D-19")
async def test_what_is_sealed_belongs_to_its_event(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> None:
    thread = uuid4()
    await chassis.append(note("1", Noted(text="one"), Noted(text="two"), context=about(thread)))
    await superuser.execute("UPDATE events e SET sealed = (SELECT sealed FROM events WHERE version = 3 - e.version)")
    with pytest.raises(BrokenSeal):
        await chassis.again().read("1")


@pytest.mark.requirement("R-17")
async def test_the_master_key_is_named_beside_what_it_wraps(chassis: Chassis) -> None:
    keyring = Keyring(b"-" * 32, "2026-11")
    async with chassis.pool.acquire() as db:
        await keyring.made_for(db, [uuid4()])
        await keyring.for_dead_letters(db, chassis.clock.now().date())
    assert await chassis.pool.fetchval("SELECT master_key_id FROM thread_keys") == "2026-11"
    assert await chassis.pool.fetchval("SELECT master_key_id FROM dead_letter_keys") == "2026-11"


class Asks:
    """Counts the questions that go to the database."""

    def __init__(self) -> None:
        self.times = 0

    def of(self, chassis: Chassis) -> Connection:
        asks = self

        class Counted:
            async def fetch(self, query: str, *arguments: object) -> object:
                asks.times += 1
                return await chassis.pool.fetch(query, *arguments)

            async def fetchrow(self, query: str, *arguments: object) -> object:
                return await chassis.pool.fetchrow(query, *arguments)

        return Counted()  # type: ignore[return-value]  # all that a keyring reads with
