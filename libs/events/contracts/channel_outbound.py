"""channel.outbound.<frontend>.v1: notices that a frontend carries to its person. Key: as on channel.inbound."""

from typing import Annotated

from libs.events.fact import Event, Open, Personal


class ReplyHandedOver(Event):
    """A notice for one dialogue; the frontend may answer with DeliveryReported (N-7.4)."""

    notice_id: Annotated[str, Open]
    dialogue: Annotated[str, Personal]
    text: Annotated[str, Personal]


EVENTS = (ReplyHandedOver,)
