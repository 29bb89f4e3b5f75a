"""`otklik topics resume`: who stopped because records were gone goes on with what Kafka still has (R-12)."""

import asyncio
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from cli.topics import app
from libs.chassis.bus.losses import Losses, OffsetGone
from libs.chassis.bus.subscriber import Subscription
from libs.chassis.ops.clock import SystemClock
from libs.chassis.store.places import Place, Places
from libs.events.topics import HISTORY, INBOUND
from tests.integration.chassis.test_consumers import nothing
from tests.stack import Database

pytestmark = pytest.mark.usefixtures("fresh_kafka")


async def resume(service: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["resume", service])


@pytest.mark.requirement("R-12", "D-20")
async def test_a_topic_that_was_made_anew_stops_a_consumer_until_the_command_was_run(
    database: Database, commands: pytest.MonkeyPatch
) -> None:
    kafka = database.stack.parts.kafka_bootstrap
    group = database.stack.group("intake")
    commands.setenv("OTKLIK_CONSUMER_GROUP", group)
    subscription = Subscription(group=group, topics=(INBOUND, HISTORY), take=nothing)
    async with database.pool("intake") as pool:
        places = Places(pool)
        losses = Losses(service="intake", bootstrap=kafka, places=places, clock=SystemClock())
        await losses.look(subscription)
        assert (await resume("intake")).output == "intake misses nothing\n"
        gone = (INBOUND.of("vk"), 3)
        await places.keep(subscription.group, {gone: Place(topic_id=uuid4(), next_offset=7, caught_up_at=None)})
        with pytest.raises(OffsetGone):
            await losses.look(subscription)
        done = await resume("intake")
        assert done.exit_code == 0
        assert done.output.splitlines() == [f"{gone[0]} 3: topic-made-anew", "intake goes on from the earliest records that are kept"]
        await losses.look(subscription)


@pytest.mark.requirement("R-12")
async def test_a_service_that_hears_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    done = await resume("survey")
    assert (done.exit_code, "intake, history, notifier" in done.output) == (2, True)
