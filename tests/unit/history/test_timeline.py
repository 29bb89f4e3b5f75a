"""Entries of a client's history in words for staff."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.events.contracts import CONTRACTS
from libs.events.contracts.history_events import AttachmentKept, AttachmentNotKept
from libs.events.contracts.intake_attachments import AttachmentHandedOver
from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.envelope import Actor
from libs.events.topics import ATTACHMENTS, HISTORY
from libs.events.vocabulary import Attachment
from services.history.domain.entries import Entry, entry_of
from services.history.domain.timeline import OTHER, TOLD, line_of, numbers_of
from tests.unit.history.told import IN_SITE, TEXT, came, envelope, handed_over, message, received, registered, status_changed

OF_CLIENTS = ("channel.inbound", "channel.receipts", "channel.outbound", "intake.requests", "intake.clients", "notifier.deliveries")
OF_FILES = (AttachmentHandedOver, AttachmentKept, AttachmentNotKept)
REQUEST = UUID("01930000-0000-7000-8000-00000000b001")


def kept(fact: Any, topic: str | None = None, **changed: Any) -> tuple[Entry, dict[str, Any]]:
    told = envelope(fact, **{"thread_id": REQUEST, **changed})
    return entry_of(told, came(topic) if topic else came()), told.payload


@pytest.mark.requirement("N-4.6")
def test_every_event_of_a_client_has_its_words_and_they_name_fields_that_it_has() -> None:
    events = {event.type_name(): event for contract in OF_CLIENTS for event in CONTRACTS[contract]} | {
        event.type_name(): event for event in OF_FILES
    }
    assert events.keys() == TOLD.keys()
    for name, (_, *fields) in TOLD.items():
        assert set(fields) <= events[name].model_fields.keys(), name


@pytest.mark.requirement("N-4.6")
def test_a_message_is_told_in_its_own_words_with_its_files_and_not_again_at_its_request() -> None:
    scan = Attachment(upload_id=str(uuid4()), name="скан.pdf", type="application/pdf", size=7, sha256="0" * 64)
    entry, payload = kept(message(attachments=(scan,)), IN_SITE)
    said = line_of(entry, payload, destroyed=False)
    assert (said.said, said.files, said.channel) == ((TEXT,), ("скан.pdf",), "сайт")
    entry, payload = kept(received())
    begun = line_of(entry, payload, destroyed=False)
    assert (begun.said, begun.files, begun.request_id) == ((), (), str(REQUEST))


@pytest.mark.requirement("N-4.6", "E-5")
def test_a_file_that_history_keeps_can_be_saved_by_its_name_and_one_that_is_destroyed_or_only_on_its_way_can_not() -> None:
    handed = handed_over(b"scan", name="скан.pdf")
    said = {name: getattr(handed, name) for name in ("request_id", "upload_id", "object_id", "state", "attachment")}
    entry, payload = kept(AttachmentKept(**said), HISTORY.name)
    line = line_of(entry, payload, destroyed=False)
    assert (line.kept, line.files, line.unscanned) == (str(handed.upload_id), ("скан.pdf",), False)
    released = line_of(entry, payload | {"state": "unsure"}, destroyed=False)
    assert (released.kept, released.unscanned) == (line.kept, True)
    gone = line_of(entry, {"upload_id": payload["upload_id"]}, destroyed=True)
    assert (gone.kept, gone.files, gone.destroyed) == (None, (), True)
    on_its_way = line_of(*kept(handed, ATTACHMENTS.name), destroyed=False)
    assert (on_its_way.kept, on_its_way.files) == (None, ())


@pytest.mark.requirement("N-4.6", "D-16")
def test_what_is_destroyed_is_said_to_be_and_what_nobody_knows_is_another_event() -> None:
    entry, _ = kept(message(), IN_SITE)
    gone = line_of(entry, {}, destroyed=True)
    assert (gone.said, gone.destroyed) == ((), True)
    entry, _ = kept(registered())
    assert line_of(entry, {}, destroyed=True).destroyed is False, "nobody's words were there"
    entry, payload = kept(None)
    assert (line_of(entry, payload, destroyed=False).title, OTHER) == (OTHER, "Другое событие")


@pytest.mark.requirement("N-4.6")
def test_who_did_it_is_told_by_their_role_never_by_their_account() -> None:
    entry, payload = kept(registered(), actor=Actor(role="registrar", id="account-9"))
    line = line_of(entry, payload, destroyed=False)
    assert line.who == "регистратор"
    assert "account-9" not in str(line)


@pytest.mark.requirement("N-4.6")
def test_a_request_is_called_by_its_register_number_and_before_it_by_its_reference() -> None:
    bare = RequestStatusChanged.model_validate(status_changed().model_dump() | {"reg_no": None})
    assert numbers_of([kept(bare)]) == {str(REQUEST): "ABCDEFGHJK"}
    assert numbers_of([kept(bare), kept(registered())]) == {str(REQUEST): "ЗИ-15/2026"}
    assert numbers_of([kept(message(), IN_SITE)]) == {}
