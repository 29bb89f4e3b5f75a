"""Which files history may have, under which name, and when one that it could not keep is handed over again (E-5)."""

from datetime import timedelta

import pytest

from libs.events.vocabulary import AnswerFile, AnswerScope, FileState, WantedForm
from services.intake.domain.answer.draft import Content, Draft, Drafts
from services.intake.domain.uploads.attachments import Kept, Unscanned
from services.intake.domain.uploads.copies import LONGEST_PAUSE, Offered, again_after, handed_over, offered
from tests.examples import some_id
from tests.unit.intake.test_attachments import DIALOGUE, PHOTO, SCAN, upload

pytestmark = pytest.mark.requirement("E-5")
CASES = [
    (FileState.CLEAN, False, None, True),
    (FileState.CLEAN, False, Unscanned.QUARANTINE, True),
    (FileState.UNCHECKED, False, None, False),
    (FileState.UNCHECKED, False, Unscanned.QUARANTINE, False),
    (FileState.UNCHECKED, False, Unscanned.WARN, True),
    (FileState.UNSURE, False, Unscanned.WARN, False),
    (FileState.UNSURE, True, None, True),
    (FileState.INFECTED, True, Unscanned.WARN, False),
    (FileState.MISSING, False, Unscanned.WARN, False),
]


@pytest.mark.parametrize(("state", "released", "unscanned", "may"), CASES)
def test_history_may_have_what_staff_may_open_and_nothing_else(
    state: FileState, released: bool, unscanned: Unscanned | None, may: bool
) -> None:
    kept = Kept(SCAN, state, DIALOGUE, released=released)
    assert (offered(upload(), (Kept(PHOTO), kept), (), unscanned) is not None) is may


def test_a_file_that_the_request_does_not_name_is_offered_to_nobody() -> None:
    assert offered(upload(), (Kept(PHOTO, FileState.CLEAN, DIALOGUE),), (), None) is None


def test_a_file_is_offered_as_the_desk_gives_it_by_its_content_and_under_a_name_that_does_not_deceive() -> None:
    said = SCAN.model_copy(update={"name": "\u202efdp.exe", "type": "text/plain"})
    files = (Kept(PHOTO, FileState.CLEAN, DIALOGUE), Kept(said, FileState.CLEAN, DIALOGUE))
    assert offered(upload(), files, (), None) == Offered(SCAN.model_copy(update={"name": "fdp.exe.pdf"}), FileState.CLEAN)
    nameless = offered(upload(), (files[0], Kept(SCAN.model_copy(update={"name": ".."}), FileState.CLEAN, DIALOGUE)), (), None)
    assert nameless is not None
    assert nameless.attachment.name == "файл 2.pdf"


@pytest.mark.requirement("A-3.6.2")
def test_a_file_of_an_answer_is_offered_once_the_head_approved_it_and_a_restricted_one_never() -> None:
    def drafts(head: str | None, *, restricted: bool) -> Drafts:
        file = AnswerFile(**SCAN.model_dump(), restricted=restricted)
        content = Content(AnswerScope.PARTIAL, WantedForm.ELECTRONIC, "Текст", files=(file,))
        return (Draft(number=1, author="a", unit="land", content=content, sha256="0" * 64, head=head),)

    assert offered(upload(), (), drafts(None, restricted=False), None) is None
    assert offered(upload(), (), drafts("head-1", restricted=True), None) is None
    assert offered(upload(), (), drafts("head-1", restricted=False), None) == Offered(SCAN, FileState.CLEAN)


def test_what_is_handed_over_names_the_file_the_object_and_its_key() -> None:
    fact = handed_over(Offered(SCAN, FileState.UNSURE), some_id("request"), some_id("object"), b"k" * 32)
    assert (str(fact.upload_id), fact.object_id, fact.request_id) == (SCAN.upload_id, some_id("object"), some_id("request"))
    assert (fact.attachment, fact.state, bytes.fromhex(fact.key)) == (SCAN, FileState.UNSURE, b"k" * 32)


def test_what_could_not_be_kept_is_handed_over_ever_more_seldom_and_once_a_day_for_ever() -> None:
    assert [again_after(times) for times in (1, 2, 3)] == [timedelta(minutes=minutes) for minutes in (1, 4, 16)]
    assert again_after(6) < LONGEST_PAUSE == again_after(7) == again_after(10_000)
