"""The Kafka door: changes of requests that somebody is told of, what frontends report of their notices, in whose name letters go out,
whose rights ended, and what history has not heard."""

from collections.abc import Sequence

from libs.chassis.bus.bell import Bell
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.subscriber import Subscription, Take
from libs.events.contracts.authority_events import ProfileSet, TrialLetterAsked
from libs.events.contracts.channel_inbound import DeliveryReported
from libs.events.contracts.intake_requests import RequestChannelsChanged, RequestStatusChanged, TrackingCodeAsked
from libs.events.topics import AUTHORITY, HISTORY, INBOUND, REQUESTS, STAFF

GROUP = "notifier"
HEARS = (RequestStatusChanged, RequestChannelsChanged, TrackingCodeAsked, DeliveryReported, ProfileSet, TrialLetterAsked)
SESSION_TIMEOUT_MS = 10_000  # replicas come and go: members are dynamic


def subscription(group: str, take: Take, bells: Sequence[Bell]) -> Subscription:
    """`bells` wake whoever works on what a batch planned."""

    async def take_and_ring(deliveries: Sequence[Delivery]) -> None:
        await take(deliveries)
        for bell in bells:
            bell.ring()

    topics = (REQUESTS, INBOUND, STAFF, HISTORY, AUTHORITY)
    return Subscription(group=group, topics=topics, take=take_and_ring, session_timeout_ms=SESSION_TIMEOUT_MS)
