"""<topic>.dlq.v1: coordinates and reason of a record that a consumer set aside; its bytes lie sealed at the consumer (D-17)."""

from typing import Annotated
from uuid import UUID

from libs.events.fact import Event, Open


class MessageRejected(Event):
    """`consumer` set the record at these coordinates aside; `reason` is a stable code."""

    consumer: Annotated[str, Open]
    source_topic: Annotated[str, Open]
    source_partition: Annotated[int, Open]
    source_offset: Annotated[int, Open]
    source_event_id: Annotated[UUID | None, Open] = None
    reason: Annotated[str, Open]


EVENTS = (MessageRejected,)
