"""Intake's Kafka door: channel.inbound of every frontend, trials of the mail server, what history has not heard and which files it has."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

import orjson
from pydantic import TypeAdapter

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import EffectOnce, Handler, OnSetAside, Received
from libs.chassis.bus.subscriber import Subscription
from libs.chassis.ops.refusals import ContainsNul, Refusal, WrongSchema
from libs.chassis.store.database import Connection
from libs.events.contracts.channel_inbound import MessageReceived, MessageRevised
from libs.events.contracts.history_events import AttachmentKept, AttachmentNotKept
from libs.events.contracts.notifier_trials import TrialLetterTried
from libs.events.topics import HISTORY, INBOUND, TRIALS, dialogue_key, dialogue_thread, frontend_of
from libs.events.vocabulary import ExternalId
from services.intake import tracking
from services.intake.authority.set_up import SetUp
from services.intake.copies import Copies
from services.intake.domain.inbound import Door, Inbound
from services.intake.handlers import Acceptance, Unread

CONSUMER = "intake"
MAX_RECORDS = 1_000  # a larger batch costs less for each, but whoever comes by HTTP meanwhile waits for it
MESSAGES = (MessageReceived, MessageRevised)
HEARS = (*MESSAGES, TrialLetterTried, AttachmentKept, AttachmentNotKept)
PRODUCER = "intake"
UNREADABLE: dict[str, type[Refusal]] = {ContainsNul.code: ContainsNul, WrongSchema.code: WrongSchema}
EXTERNAL_ID: TypeAdapter[str] = TypeAdapter(ExternalId)
HMAC = re.compile(r"[0-9a-f]{32,128}")


def handler(acceptance: Acceptance, key_of: Callable[[str, str], str], set_up: SetUp, copies: Copies) -> Handler:
    """What a batch of messages does, and what others say of trials and files; `key_of` makes the key of a dialogue."""

    async def take(db: Connection, batch: Sequence[Received]) -> None:
        for item in batch:  # before the register is locked: a file that is just being removed is waited for
            if isinstance(item.event, AttachmentKept | AttachmentNotKept):
                await copies.heard(db, item.event)
        await acceptance.hear(db, [inbound_of(item, key_of) for item in batch if isinstance(item.event, MESSAGES)])
        for item in batch:
            if isinstance(item.event, TrialLetterTried):
                await set_up.trial_ended(db, item.event, item.traceparent)

    return take


def inbound_of(item: Received, key_of: Callable[[str, str], str]) -> Inbound:
    """The channel comes from the topic, never from the record: a consumer can't see who produced it (R-8).

    The frontend's key is handed on where it is an HMAC, as it should be; any other may be personal, and `key_of` makes one.
    """
    message = cast(MessageReceived, item.event)  # one of MESSAGES
    frontend = cast(str, frontend_of(item.delivery.topic))  # INBOUND's topics all name one
    key = dialogue_key(item.delivery.key, item.envelope.thread_id)
    return Inbound(
        frontend=frontend,
        message=message,
        point=item.envelope.point,
        dialogue_thread=dialogue_thread(frontend, key),
        dialogue_key=key if HMAC.fullmatch(key) else key_of(frontend, message.dialogue),
        arrived_at=datetime.fromtimestamp(item.delivery.timestamp_ms / 1000, UTC),
        causation_id=item.envelope.event_id,
        traceparent=item.traceparent,
        size=len(item.delivery.value or b""),
        door=Door.OWN_RECORD if item.envelope.producer == PRODUCER else Door.KAFKA,
    )


def refuser(acceptance: Acceptance) -> OnSetAside:
    """Tells a frontend that its record can't be read, as far as it can be told which of its messages that was (D-23)."""

    async def tell(db: Connection, delivery: Delivery, reason: str) -> None:
        refusal, external_id = UNREADABLE.get(reason), external_id_in(delivery.value)
        frontend = frontend_of(delivery.topic)
        if refusal is not None and external_id is not None and frontend is not None:
            thread = dialogue_thread(frontend, dialogue_key(delivery.key, tracking.NOBODYS))
            at = datetime.fromtimestamp(delivery.timestamp_ms / 1000, UTC)
            await acceptance.refuse(db, Unread(frontend, external_id, refusal, thread, at, delivery.traceparent))

    return tell


def external_id_in(value: bytes | None) -> str | None:
    """The message's own id, out of a record that is wrong somewhere else."""
    try:
        found = orjson.loads(value or b"")["payload"]["external_id"]
        return EXTERNAL_ID.validate_python(found) if "\x00" not in found else None
    except (LookupError, TypeError, ValueError):
        return None


def subscription(group: str, effect: EffectOnce, after: Callable[[], None]) -> Subscription:
    """Intake is one replica: a static member starts again at once."""

    async def take(deliveries: Sequence[Delivery]) -> None:
        await effect.take(deliveries)
        after()

    return Subscription(group=group, topics=(INBOUND, TRIALS, HISTORY), take=take, static_member=f"{group}-1", max_records=MAX_RECORDS)
