"""notifier.deliveries.v1: what became of each notice. Key: the request's id; aggregate: the notice."""

from typing import Annotated
from uuid import UUID

from libs.events.fact import Event, Open


class NotificationQueued(Event):
    """A notice is planned; `duplicate_of` names the notice in the original channel that it doubles (N-3.5)."""

    notice_id: Annotated[UUID, Open]
    request_id: Annotated[str, Open]
    channel: Annotated[str, Open]
    role: Annotated[str, Open]
    template: Annotated[str, Open]
    duplicate_of: Annotated[UUID | None, Open] = None


class NotificationSent(Event):
    """The provider took the notice; `provider_ref` is its id there (for e-mail the Message-ID)."""

    notice_id: Annotated[UUID, Open]
    request_id: Annotated[str, Open]
    channel: Annotated[str, Open]
    provider_ref: Annotated[str | None, Open] = None
    attempt: Annotated[int, Open] = 1


class NotificationDelivered(Event):
    """The channel reported the notice as delivered to its person."""

    notice_id: Annotated[UUID, Open]
    request_id: Annotated[str, Open]
    channel: Annotated[str, Open]


class NotificationFailed(Event):
    """An attempt failed; `final` when no other follows. `reason` is a code, never the provider's text.

    `attempt` is 0 when the person had left the address before the first.
    """

    notice_id: Annotated[UUID, Open]
    request_id: Annotated[str, Open]
    channel: Annotated[str, Open]
    reason: Annotated[str, Open]
    attempt: Annotated[int, Open]
    final: Annotated[bool, Open]


EVENTS = (NotificationQueued, NotificationSent, NotificationDelivered, NotificationFailed)
