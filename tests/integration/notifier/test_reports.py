"""What a frontend reports of the notices that it was handed."""

from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import Received
from libs.chassis.ops import metrics
from libs.chassis.ops.clock import SystemClock
from libs.events.contracts.channel_inbound import DeliveryReported
from libs.events.topics import INBOUND
from libs.events.vocabulary import Status
from services.notifier.domain import Terms
from services.notifier.figures import Figures
from services.notifier.handlers import Handlers
from tests.integration.notifier.conftest import Notifying, figure, store_of
from tests.integration.notifier.test_notices import email
from tests.running import Running
from tests.stack import eventually
from tests.unit.notifier.examples import by_vk, envelope


@pytest.mark.requirement("D-23")
async def test_a_report_is_believed_only_of_a_notice_that_this_frontend_was_handed(notifying: Notifying) -> None:
    async with notifying.running() as service:
        await notifying.changed("reported", Status.REGISTERED, by_vk, email("reported@example.org"))
        await notifying.changed("failing", Status.REGISTERED, by_vk)
        [original, duplicate] = await notifying.become("reported", "accepted", "accepted")
        [failing] = await notifying.become("failing", "accepted")
        await notifying.report("site", original["notice_id"])
        for notice in (duplicate["notice_id"], "no-uuid", service.process.ids.new()):
            await notifying.report("vk", notice)
        await eventually(lambda: told(service, "otklik_delivery_reports_total", outcome="ignored", at_least=4))
        assert await notifying.states("reported") == ["accepted", "accepted"]
        await notifying.report("vk", original["notice_id"])
        await notifying.report("vk", failing["notice_id"], "failed")
        await notifying.become("reported", "delivered", "accepted")
        await notifying.become("failing", "failed")
        await notifying.report("vk", original["notice_id"], "failed")
        await eventually(lambda: told(service, "otklik_delivery_reports_total", outcome="ignored", at_least=5))
    assert figure(service, "otklik_delivery_reports_total", outcome="taken") == 2
    assert await notifying.facts(original["notice_id"]) == ["NotificationQueued", "NotificationSent", "NotificationDelivered"]
    assert await notifying.facts(failing["notice_id"]) == ["NotificationQueued", "NotificationSent", "NotificationFailed"]


@pytest.mark.requirement("D-23")
@pytest.mark.parametrize(
    ("said", "state", "fact"),
    [
        ([("site", "failed"), ("vk", "delivered")], "delivered", "NotificationDelivered"),
        ([("vk", "delivered"), ("site", "failed")], "delivered", "NotificationDelivered"),
        ([("vk", "delivered"), ("vk", "failed")], "delivered", "NotificationDelivered"),
        ([("vk", "failed"), ("vk", "delivered")], "failed", "NotificationFailed"),
    ],
)
async def test_of_the_reports_in_one_batch_the_first_of_the_right_frontend_counts(
    notifying: Notifying, said: list[tuple[str, str]], state: str, fact: str
) -> None:
    async with notifying.running() as service:
        await notifying.changed("batch", Status.REGISTERED, by_vk)
        [row] = await notifying.become("batch", "accepted")
        handlers, pool = handlers_of(service), service.process.pool
        async with pool.acquire() as db, db.transaction():
            await handlers.heard(db, [report(frontend, row["notice_id"], outcome) for frontend, outcome in said])
        assert await notifying.states("batch") == [state]
    assert await notifying.facts(row["notice_id"]) == ["NotificationQueued", "NotificationSent", fact]


def report(frontend: str, notice_id: object, outcome: str) -> Received:
    """As a batch of the notifier's consumer holds it."""
    event = DeliveryReported(notice_id=str(notice_id), outcome=outcome)
    made = envelope(event, request="dialogue", seq=None, event_id=uuid4(), producer=frontend)
    topic = INBOUND.of(frontend)
    delivery = Delivery(topic=topic, partition=0, offset=0, timestamp_ms=0, key=b"dialogue", value=b"", traceparent=None)
    return Received(delivery=delivery, envelope=made, event=event)


def handlers_of(service: Running) -> Handlers:
    figures = Figures(metrics.registry(), monotonic)
    return Handlers(store=store_of(service), at_once={}, terms=Terms(), clock=SystemClock(), figures=figures)


async def told(service: Any, name: str, at_least: float = 1, **labels: str) -> bool:
    return figure(service, name, **labels) >= at_least
