"""Attachments of a request: what is known of their bytes, and who may open them (E-5)."""

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.contracts.intake_requests import (
    AttachmentExamined,
    AttachmentReleased,
    RequestReceived,
    RequestRegistered,
    RequestRevised,
    RequestStatusChanged,
    RequestSupplemented,
)
from libs.events.vocabulary import Attachment, Contacts, FileState, Status
from libs.web.saving import disposition
from services.intake.domain.timeline import is_shown, said
from services.intake.domain.uploads import attachments
from services.intake.domain.uploads.attachments import AttachmentNotFound, Kept, NothingToRelease, Opening, Unscanned, Upload, name_of
from services.intake.pages.cards.attachment_pages import size_of
from tests.examples import FIRST_MESSAGE, NOW, QUESTION, message, some_id
from tests.spec import like
from tests.unit.intake.desk import Desk, inbound, later

pytestmark = pytest.mark.requirement("E-5")

SCAN = Attachment(upload_id=str(some_id("scan")), name="Скан.pdf", type="application/pdf", size=10, sha256="a" * 64)
PHOTO = Attachment(upload_id=str(some_id("photo")), name="Фото.jpg", type="image/jpeg", size=20, sha256="b" * 64)
DIALOGUE = some_id("dialogue")


def upload(attachment: Attachment = SCAN, **changed: Any) -> Upload:
    facts: dict[str, Any] = attachment.model_dump() | {"frontend": "site", "thread": DIALOGUE, "state": FileState.CLEAN}
    return Upload(**facts | changed)


def desk_with(*uploads: Upload) -> Desk:
    desk = Desk()
    desk.known.uploads = {one.upload_id: one for one in uploads}
    return desk


def examined(desk: Desk, *files: Attachment, frontend: str = "site", **changed: Any) -> list[Any]:
    facts = desk.take(inbound(message(attachments=files, **changed), frontend))
    return [fact for fact in facts if isinstance(fact, AttachmentExamined)]


def test_a_message_with_files_says_of_each_what_is_known_and_binds_it_to_its_request() -> None:
    desk = desk_with(upload(), upload(PHOTO, state=FileState.UNCHECKED))
    assert examined(desk, SCAN, PHOTO) == [
        AttachmentExamined(upload_id=SCAN.upload_id, state=FileState.CLEAN, thread=DIALOGUE),
        AttachmentExamined(upload_id=PHOTO.upload_id, state=FileState.UNCHECKED, thread=DIALOGUE),
    ]
    [request_id] = desk.requests
    assert desk.known.bound == {SCAN.upload_id: request_id, PHOTO.upload_id: request_id}
    assert [kept.thread for kept in desk.known.requests[request_id].files] == [DIALOGUE, DIALOGUE]


def test_a_message_without_files_has_no_such_fact() -> None:
    assert examined(desk_with(upload())) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"frontend": "vk"},
        {"size": 11},
        {"sha256": "c" * 64},
        {"request_id": some_id("another request")},
        {"upload_id": str(some_id("another upload"))},
    ],
)
def test_what_is_not_that_file_or_belongs_to_another_request_is_missing_and_the_request_is_registered_all_the_same(
    wrong: dict[str, Any],
) -> None:
    desk = desk_with(upload(**wrong))
    assert examined(desk, SCAN) == [AttachmentExamined(upload_id=SCAN.upload_id, state=FileState.MISSING)]
    assert desk.known.bound == {}
    assert desk.last.status is Status.REGISTERED


@pytest.mark.requirement("N-3.3")
def test_of_a_virus_the_person_hears_before_the_number() -> None:
    desk = desk_with(upload(state=FileState.INFECTED, found="Eicar"))
    facts = desk.take(inbound(message(attachments=[SCAN])))
    [found] = [fact for fact in facts if isinstance(fact, AttachmentExamined)]
    assert (found.state, found.found) == (FileState.INFECTED, "Eicar")
    told = [fact for fact in facts if isinstance(fact, RequestStatusChanged)]
    assert [(fact.template, fact.to_status, fact.visible) for fact in told] == [
        ("attachment-infected", Status.RECEIVED, True),
        ("registered", Status.REGISTERED, True),
    ]
    assert "«Скан.pdf» найден вирус" in told[0].explanation
    assert told[1].from_status is Status.RECEIVED


def test_a_file_belongs_to_the_first_request_that_names_it() -> None:
    desk = desk_with(upload())
    examined(desk, SCAN)
    [second] = examined(desk, SCAN, external_id="m-2", dialogue="another")
    assert second.state is FileState.MISSING


def test_a_further_message_brings_further_files_and_one_that_is_known_already_is_not_examined_again() -> None:
    desk = desk_with(upload(), upload(PHOTO))
    without_contact = message(text=QUESTION, contacts=Contacts(), attachments=[SCAN])
    desk.take(inbound(without_contact))
    facts = desk.take(later(1, message("m-2", text="Вот фотография.", attachments=[SCAN, PHOTO])))
    assert [type(fact) for fact in facts[:2]] == [RequestSupplemented, AttachmentExamined]
    assert [fact.upload_id for fact in facts if isinstance(fact, AttachmentExamined)] == [PHOTO.upload_id]
    assert any(isinstance(fact, RequestRegistered) for fact in facts)
    [request_id] = desk.requests
    assert [kept.attachment.name for kept in desk.known.requests[request_id].files] == ["Скан.pdf", "Фото.jpg"]


@pytest.mark.requirement("D-24", "N-7.3")
def test_the_same_text_with_another_file_is_an_edit_and_the_same_files_again_are_nothing_new() -> None:
    desk = desk_with(upload(), upload(PHOTO))
    desk.take(inbound(message(attachments=[SCAN])))
    assert desk.take(inbound(message(attachments=[SCAN]))) == []
    facts = desk.take(inbound(message(attachments=[PHOTO])))
    assert facts == [like(RequestRevised, attachments=(PHOTO,), text=QUESTION), like(AttachmentExamined, upload_id=PHOTO.upload_id)]


OPENINGS = {
    (FileState.CLEAN, False): (Opening.FREELY, Opening.FREELY, Opening.FREELY),
    (FileState.INFECTED, False): (Opening.NEVER, Opening.NEVER, Opening.NEVER),
    (FileState.INFECTED, True): (Opening.NEVER, Opening.NEVER, Opening.NEVER),
    (FileState.MISSING, True): (Opening.NEVER, Opening.NEVER, Opening.NEVER),
    (FileState.UNSURE, False): (Opening.CLOSED, Opening.CLOSED, Opening.CLOSED),
    (FileState.UNSURE, True): (Opening.WARNED, Opening.WARNED, Opening.WARNED),
    (FileState.UNCHECKED, False): (Opening.CLOSED, Opening.CLOSED, Opening.WARNED),
    (FileState.UNCHECKED, True): (Opening.WARNED, Opening.WARNED, Opening.WARNED),
}


@pytest.mark.parametrize(("known", "openings"), OPENINGS.items(), ids=str)
def test_who_may_open_a_file_follows_from_what_is_known_and_what_the_authority_set(
    known: tuple[FileState, bool], openings: tuple[Opening, ...]
) -> None:
    kept = Kept(SCAN, state=known[0], released=known[1])
    assert tuple(kept.opening(unscanned) for unscanned in (None, Unscanned.QUARANTINE, Unscanned.WARN)) == openings


def test_a_released_file_that_turns_out_to_have_a_virus_is_closed_for_good() -> None:
    files = attachments.added((), [SCAN])
    files = attachments.known_more(files, AttachmentReleased(upload_id=SCAN.upload_id, reason="Нужно"))
    assert files[0].opening(None) is Opening.WARNED
    files = attachments.known_more(files, AttachmentExamined(upload_id=SCAN.upload_id, state=FileState.INFECTED))
    assert files[0].opening(None) is Opening.NEVER


def test_only_what_is_closed_can_be_released() -> None:
    files = (Kept(SCAN), Kept(PHOTO, state=FileState.CLEAN))
    assert attachments.release(files, 1, "Нужно", None) == AttachmentReleased(upload_id=SCAN.upload_id, reason="Нужно")
    with pytest.raises(NothingToRelease):
        attachments.release(files, 2, "Нужно", None)
    with pytest.raises(NothingToRelease):
        attachments.release(files, 1, "Нужно", Unscanned.WARN)
    for number in (0, -1, 3):
        with pytest.raises(AttachmentNotFound):
            attachments.at(files, number)


def test_the_card_tells_of_files_what_is_not_as_it_should_be() -> None:
    infected = AttachmentExamined(upload_id="u", state=FileState.INFECTED, found="Eicar")
    assert (is_shown(infected), said(infected)) == (True, "найден вирус (Eicar)")
    assert not is_shown(AttachmentExamined(upload_id="u", state=FileState.CLEAN))
    assert said(AttachmentReleased(upload_id="u", reason="Нужно")) == "Нужно"
    assert is_shown(RequestRevised(message_ref=FIRST_MESSAGE, received_at=NOW, text="x"))
    assert RequestReceived.model_fields["attachments"].default == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Скан.pdf", "Скан.pdf"),
        ("Скан", "Скан.pdf"),
        ("от 01.02.2026", "от 01.02.2026.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("..", "файл 3.pdf"),
        ("C:\\Мои\\a.PDF", "a.PDF"),
    ],
)
def test_a_file_is_saved_under_a_name_whose_ending_tells_the_truth(name: str, shown: str) -> None:
    assert name_of(SCAN.model_copy(update={"name": name}), 3) == shown


@given(st.text(min_size=1, max_size=300))
def test_whatever_a_person_calls_a_file_the_header_is_one_header_and_gives_the_name_back(name: str) -> None:
    shown = name_of(SCAN.model_copy(update={"name": name}), 1)
    header = disposition(shown)
    header.encode("ascii")
    assert header.isprintable()
    assert header.count('"') == 2
    assert unquote(header.partition("filename*=UTF-8''")[2]) == shown


@pytest.mark.parametrize(("size", "shown"), [(0, "0 Б"), (1023, "1023 Б"), (1024, "1 КБ"), (1025, "2 КБ"), (25 * 1024 * 1024, "25 МБ")])
def test_sizes_are_told_as_people_tell_them(size: int, shown: str) -> None:
    assert size_of(size) == shown
