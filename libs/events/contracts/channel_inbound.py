"""channel.inbound.<frontend>.v1: what people said, as a frontend brings it. Key: HMAC of the dialogue."""

from typing import Annotated

from pydantic import Field, StringConstraints

from libs.events.fact import Event, Moment, Open, Personal
from libs.events.vocabulary import AdditionalChannel, Attachment, Contacts, ExternalId, Represented, Sender, WantedForm


class MessageReceived(Event):
    """A person wrote or spoke (N-7). The text is kept byte for byte (N-2.2)."""

    external_id: Annotated[ExternalId, Open]
    received_at: Annotated[Moment, Open]
    dialogue: Annotated[str, Personal, StringConstraints(min_length=1, max_length=200)]
    sender: Sender = Sender()
    contacts: Contacts = Contacts()
    text: Annotated[str, Personal]
    wanted_form: Annotated[WantedForm | None, Open] = None
    additional_channel: AdditionalChannel | None = None
    thread_ref: Annotated[str | None, Personal, StringConstraints(max_length=200)] = None
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=50)] = ()
    represented: Represented | None = None


class MessageRevised(MessageReceived):
    """The person edited a message that was sent before under the same external id (R-8)."""


class DeliveryReported(Event):
    """A frontend that delivers itself tells what became of a notice; `outcome` is delivered or failed (D-23)."""

    notice_id: Annotated[str, Open]
    outcome: Annotated[str, Open, StringConstraints(pattern="^(delivered|failed)$")]


EVENTS = (MessageReceived, MessageRevised, DeliveryReported)
