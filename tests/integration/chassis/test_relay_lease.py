"""One relay a shard: the next takes over soon after a kill, and should two ever send at once, nothing is overtaken (R-3)."""

import asyncio
from time import monotonic

import pytest

from libs.chassis.bus.relay import Pace
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.outbox import OutboxShard
from tests.integration.chassis.chassis import BRISK, Chassis, kafka_frozen, note, number_in, running
from tests.integration.chassis.notes import Noted, published
from tests.stack import Database, eventually


@pytest.mark.requirement("R-3", "D-14")
async def test_what_a_killed_process_left_is_sent_by_the_next_one_within_fifteen_seconds(chassis: Chassis) -> None:
    topic = await chassis.topic()
    await chassis.append(note("1", Noted(number=1), category=published(topic), key="k"))
    shard = chassis.outbox.shard_of("k")
    assert await OutboxShard(chassis.pool, chassis.keyring, shard, "killed").lease(Pace().lease)
    async with running(chassis.relay(shard, pace=Pace())), chassis.tap(topic) as tap:
        await tap.until(1, seconds=15)


@pytest.mark.requirement("R-3", "D-28")
async def test_the_lease_is_kept_while_the_broker_takes_its_time(chassis: Chassis, chassis_database: Database) -> None:
    topic = await chassis.topic()
    shard = chassis.outbox.shard_of("k")
    pace = Pace(lease=1.0, renew=0.2, send=20.0, poll=0.05, from_zero=60.0)
    rival = OutboxShard(chassis.pool, chassis.keyring, shard, "rival")
    taken = []

    async def asked_for_three_leases() -> bool:
        taken.append(await rival.lease(1.0))
        return monotonic() - began > 3 * pace.lease

    async with running(chassis.relay(shard, pace=pace)), chassis.tap(topic) as tap:
        await chassis.append(note("1", Noted(number=1), category=published(topic), key="k"))
        await tap.until(1)
        await eventually(lambda: _empty(chassis))
        async with kafka_frozen(chassis_database):
            await chassis.append(note("2", Noted(number=2), category=published(topic), key="k"))
            began = monotonic()
            await eventually(asked_for_three_leases)
            assert not any(taken)
        await tap.until(2)
    assert tap.numbers() == [1, 2], "once, for nobody else sent it"


@pytest.mark.requirement("R-3", "D-15")
async def test_two_relays_that_both_believe_in_their_lease_repeat_records_and_overtake_none(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=3)
    keys, each, rounds = 6, 40, 5
    stopping = Stopping()
    shards = range(chassis.outbox.shards)
    relays = [chassis.relay(shard, pace=BRISK, owner="same").run(stopping) for shard in shards for _ in range(3)]
    async with chassis.tap(topic) as tap:
        tasks = [asyncio.create_task(relay) for relay in relays]
        for turn in range(rounds):
            for key in range(keys):
                facts = [Noted(number=key * 1000 + turn * each + n, text="ы" * 2_000) for n in range(each)]
                await chassis.append(note(f"{key}-{turn}", *facts, category=published(topic), key=str(key)))
        await eventually(lambda: _empty(chassis))
        stopping.request()
        await asyncio.gather(*tasks)
        await tap.to_the_end()
    by_key: dict[bytes, list[int]] = {}
    for record in tap.records:
        seen = by_key.setdefault(record.key or b"", [])
        if (number := number_in(record.value)) not in seen:
            seen.append(number)
    assert by_key == {str(key).encode(): [key * 1000 + n for n in range(each * rounds)] for key in range(keys)}
    assert len(tap.records) > keys * each * rounds, "they did send at once"


async def _empty(chassis: Chassis) -> bool:
    return await chassis.pending() == 0
