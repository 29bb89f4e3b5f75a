"""Whatever people type comes back byte for byte (N-2.2, D-8)."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.contracts import REGISTRY
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.envelope import Unreadable, decode, encode
from libs.events.vocabulary import AdditionalChannel, Attachment, Contacts, Sender
from tests.contract.samples import sample

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
some = texts.filter(bool).map(lambda text: text[:200])


def message(text: str) -> MessageReceived:
    """A message with this text wherever a person may type one."""
    short = text[:200] or "-"
    return MessageReceived(
        external_id=short,
        received_at=datetime(2026, 11, 3, tzinfo=UTC),
        dialogue=short,
        sender=Sender(name=text, account=text),
        contacts=Contacts(email=text, phone=text, postal=text),
        text=text,
        additional_channel=AdditionalChannel(channel="post", address=short),
        thread_ref=text[:200],
        attachments=(Attachment(upload_id="u", name=text, type=text, size=1, sha256="00"),),
    )


def travelled(sent: MessageReceived) -> object:
    envelope = sample(MessageReceived).model_copy(update={"payload": sent.payload()})
    return REGISTRY.read(decode(encode(envelope)))


@pytest.mark.requirement("N-2.2", "D-8")
@given(texts)
def test_any_text_arrives_as_it_was_typed(text: str) -> None:
    sent = message(text)
    arrived = travelled(sent)
    assert arrived == sent
    assert isinstance(arrived, MessageReceived)
    assert arrived.text.encode() == text.encode()


@pytest.mark.requirement("N-2.2", "R-21")
def test_every_naughty_string_arrives_as_it_was_typed(shared_data: Path) -> None:
    naughty = json.loads((shared_data / "naughty" / "blns.json").read_text("utf-8"))
    assert len(naughty) > 500
    for text in naughty:
        sent = message(text)
        assert travelled(sent) == sent


@pytest.mark.requirement("R-21")
def test_nul_is_the_one_character_that_does_not_travel() -> None:
    with pytest.raises(Unreadable, match="contains-nul"):
        travelled(message("a\x00b"))
