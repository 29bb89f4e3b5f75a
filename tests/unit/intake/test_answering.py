"""The answer: who writes, checks, approves and sends it, what it must hold, and what the person is told."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.access.roles import Role, Staff
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_answers import AnswerSent, DraftApproved, DraftChecked, DraftPrepared, LetterPosted, RefusalIssued
from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.fact import Event
from libs.events.vocabulary import AnswerFile, AnswerScope, Mark, RefusalGround, Status, WantedForm
from services.intake.domain.answer import answering
from services.intake.domain.answer.commands import MOST_LETTERS, PrepareDraft
from services.intake.domain.answer.differences import Kind, differences
from services.intake.domain.answer.draft import Content
from services.intake.domain.answer.grounds import APPEAL_ORDER, GROUNDS
from services.intake.domain.desk import sent
from services.intake.domain.last_days import TransitionForbidden
from services.intake.domain.register import Register
from services.intake.domain.request import replayed
from tests.examples import NOW, received
from tests.spec import Outcome
from tests.unit.intake.desk import RULES
from tests.unit.intake.desk_cases import (
    ANSWER,
    TELLING,
    approve,
    approved,
    by,
    check,
    drafted,
    executor,
    facts_before,
    give_back,
    head,
    post,
    prepare,
    registrar,
    status,
    submit,
)

PARTIAL = Content(
    scope=AnswerScope.PARTIAL,
    form=WantedForm.ELECTRONIC,
    text="Аренда — по итогам торгов.",
    withheld="Сведения об арендаторе",
    refusal_ground=RefusalGround.RESTRICTED,
    motive="Это персональные данные.",
    restricting_act="Федеральный закон от 27.07.2006 № 152-ФЗ",
)
REFUSAL = PARTIAL._replace(scope=AnswerScope.REFUSAL, text="", withheld="")
PLAN = AnswerFile(upload_id="u-1", name="План.pdf", type="application/pdf", size=10, sha256="a" * 64)
SECRET = AnswerFile(upload_id="u-2", name="Договор с Ивановым.pdf", type="application/pdf", size=11, sha256="b" * 64, restricted=True)
OUTGOING = Register("outgoing", 2026, 6)


def writes(**changed: Any) -> Outcome[Any]:
    """The executor of the unit writes a full answer, changed so."""
    command = PrepareDraft(command="prepare-draft", **{**ANSWER._asdict(), **changed})
    return by(executor).given(*facts_before(Status.ASSIGNED)).when(command)


def leaves(content: Content, *more: Event) -> list[Event]:
    """What becomes of an approved answer when it is sent."""
    past = [*facts_before(Status.ASSIGNED), *drafted(content), approved(content)]
    request = replayed([(fact, NOW) for fact in [*past, status(Status.APPROVED), *more]])
    return sent(request, registrar, OUTGOING, RULES, NOW, TELLING)


@pytest.mark.requirement("A-3.6.1", "S-21")
@pytest.mark.parametrize("unit", ["forest", None])
def test_another_unit_than_the_one_that_has_the_request_writes_no_draft(unit: str | None) -> None:
    somebody = Staff(id="executor-2", roles=frozenset((Role.EXECUTOR,)), unit=unit)
    by(somebody).given(*facts_before(Status.ASSIGNED)).when(prepare).then_refused(answering.NotYourUnit)


@pytest.mark.requirement("A-3.6.1", "N-4.1")
def test_each_version_has_its_number_its_author_and_the_mark_of_all_that_it_says() -> None:
    first = writes().fact(DraftPrepared)
    second = by(executor).given(*facts_before(Status.DRAFTING)).when(prepare).fact(DraftPrepared)
    assert (first.number, first.author, first.unit, first.sha256) == (1, "executor-1", "office", ANSWER.sha256)
    assert (second.number, second.sha256 == first.sha256) == (2, False)


@pytest.mark.requirement("N-9.2", "N-9.3", "N-6.3")
@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"text": " \n "}, answering.TextMissing),
        ({**PARTIAL._asdict(), "withheld": ""}, answering.WithheldMissing),
        ({**PARTIAL._asdict(), "refusal_ground": None}, answering.GroundMissing),
        ({**REFUSAL._asdict(), "refusal_ground": None}, answering.GroundMissing),
        ({**PARTIAL._asdict(), "motive": ""}, answering.MotiveMissing),
        ({**REFUSAL._asdict(), "motive": " "}, answering.MotiveMissing),
        ({**REFUSAL._asdict(), "restricting_act": ""}, answering.ActMissing),
        ({**REFUSAL._asdict(), "text": "Аренда — по итогам торгов."}, answering.RefusalGivesNothing),
        ({"refusal_ground": RefusalGround.UNCLEAR}, answering.NothingRefused),
        ({"withheld": "Всё остальное"}, answering.NothingRefused),
        ({**REFUSAL._asdict(), "files": (PLAN,)}, answering.RefusalGivesNothing),
        ({"files": (SECRET,)}, answering.RestrictedNeedsAct),
        ({**PARTIAL._asdict(), "refusal_ground": RefusalGround.UNCLEAR, "files": (SECRET,)}, answering.RestrictedNeedsAct),
        ({**PARTIAL._asdict(), "restricting_act": "", "files": (SECRET,)}, answering.ActMissing),
        ({"files": (PLAN, PLAN)}, answering.FileTwice),
    ],
)
def test_an_answer_that_lacks_what_the_law_wants_is_refused(changed: dict[str, Any], refusal: type[Refusal]) -> None:
    writes(**changed).then_refused(refusal)


@pytest.mark.requirement("N-9.3")
def test_the_grounds_are_the_closed_list_of_the_law() -> None:
    assert set(GROUNDS) == set(RefusalGround)
    with pytest.raises(ValueError, match="refusal_ground"):
        PrepareDraft(command="prepare-draft", **{**REFUSAL._asdict(), "refusal_ground": "other"})
    writes(**REFUSAL._replace(refusal_ground=RefusalGround.PUBLISHED, restricting_act="")._asdict()).then(
        DraftPrepared, RequestStatusChanged
    )


@pytest.mark.requirement("N-6.2")
def test_who_asked_for_another_form_is_told_why_it_can_not_be() -> None:
    past = [received.model_copy(update={"wanted_form": WantedForm.WRITTEN}), *facts_before(Status.ASSIGNED)[1:]]
    by(executor).given(*past).when(prepare).then_refused(answering.FormReasonMissing)
    reasoned = prepare.model_copy(update={"form_reason": "Плана на бумаге нет."})
    by(executor).given(*past).when(reasoned).then(DraftPrepared, RequestStatusChanged)
    told = leaves(ANSWER._replace(form_reason="Плана на бумаге нет"))[-1]
    assert isinstance(told, RequestStatusChanged)
    assert "Плана на бумаге нет." in told.explanation


@pytest.mark.requirement("A-2.1.3", "S-22")
def test_the_author_does_not_check_their_own_draft_nor_through_a_deputy() -> None:
    drafts = by(Staff(id="executor-1", roles=frozenset((Role.CHECKER,)))).given(*facts_before(Status.DRAFTING, checked=False))
    drafts.when(check).then_refused(answering.AuthorChecks)
    deputy = Staff(id="deputy-1", acting_for="executor-1", roles=frozenset((Role.CHECKER,)))
    by(deputy).given(*facts_before(Status.DRAFTING, checked=False)).when(check).then_refused(answering.AuthorChecks)


@pytest.mark.requirement("A-2.1.3", "S-22")
def test_a_draft_is_checked_once() -> None:
    checker = Staff(id="checker-2", roles=frozenset((Role.CHECKER,)))
    by(checker).given(*facts_before(Status.DRAFTING)).when(check).then_refused(answering.AlreadyChecked)


@pytest.mark.requirement("A-2.1.3", "S-23")
def test_what_nobody_checked_does_not_go_to_the_head() -> None:
    by(executor).given(*facts_before(Status.DRAFTING, checked=False)).when(submit).then_refused(answering.NotChecked)
    newer = [*facts_before(Status.DRAFTING), *drafted(REFUSAL, checked=False)]
    by(executor).given(*newer).when(submit).then_refused(answering.NotChecked)


@pytest.mark.requirement("A-3.6.2", "S-25")
def test_the_head_approves_the_version_that_they_read() -> None:
    another = approve.model_copy(update={"sha256": REFUSAL.sha256})
    by(head).given(*facts_before(Status.ON_APPROVAL)).when(another).then_refused(answering.DraftChanged)
    fact = by(head).given(*facts_before(Status.ON_APPROVAL)).when(approve).fact(DraftApproved)
    assert (fact.number, fact.sha256, fact.head) == (1, ANSWER.sha256, "head-1")


@pytest.mark.requirement("A-3.6.2", "S-26")
def test_a_draft_changed_after_approval_can_not_be_sent() -> None:
    changed = [*facts_before(Status.APPROVED), *drafted(PARTIAL), status(Status.DRAFTING)]
    with pytest.raises(TransitionForbidden):
        sent(replayed([(fact, NOW) for fact in changed]), registrar, OUTGOING, RULES, NOW, TELLING)


@pytest.mark.requirement("A-3.6.2", "S-26")
@pytest.mark.parametrize("field", ["text", "form_reason"])
def test_what_was_changed_in_the_store_after_approval_is_not_sent(field: str) -> None:
    past = facts_before(Status.APPROVED)
    tampered = [fact.model_copy(update={field: "Иное"}) if isinstance(fact, DraftPrepared) else fact for fact in past]
    with pytest.raises(answering.DraftDamaged):
        sent(replayed([(fact, NOW) for fact in tampered]), registrar, OUTGOING, RULES, NOW, TELLING)


@pytest.mark.requirement("A-3.6.2", "S-26")
def test_marks_that_fit_each_other_do_not_help_who_has_no_seal() -> None:
    """Who rewrites draft, check and approval alike still can't write what is sealed beside the approval."""
    other = ANSWER._replace(text="Иное")
    past = facts_before(Status.APPROVED)
    rewritten = [
        fact.model_copy(update={"text": other.text, "sha256": other.sha256})
        if isinstance(fact, DraftPrepared)
        else fact.model_copy(update={"sha256": other.sha256})
        if isinstance(fact, DraftChecked | DraftApproved)
        else fact
        for fact in past
    ]
    unbound = [fact.model_copy(update={"bound_to": ""}) if isinstance(fact, DraftApproved) else fact for fact in past]
    for tampered in (rewritten, unbound):
        with pytest.raises(answering.DraftDamaged):
            sent(replayed([(fact, NOW) for fact in tampered]), registrar, OUTGOING, RULES, NOW, TELLING)


@pytest.mark.requirement("A-3.6.2", "N-6.3")
@pytest.mark.parametrize(
    "changed", [{"name": "План 2.pdf"}, {"sha256": "c" * 64}, {"size": 12}, {"type": "image/png"}, {"restricted": True}]
)
def test_the_mark_is_of_the_files_too(changed: dict[str, Any]) -> None:
    files = (PLAN, SECRET)
    assert PARTIAL._replace(files=files).sha256 != PARTIAL._replace(files=(PLAN.model_copy(update=changed), SECRET)).sha256
    assert PARTIAL._replace(files=files).sha256 != PARTIAL._replace(files=(PLAN,)).sha256 != PARTIAL.sha256


@pytest.mark.requirement("N-6.3", "N-9.2")
def test_the_notice_names_what_is_enclosed_and_nothing_of_what_is_restricted() -> None:
    told = leaves(PARTIAL._replace(files=(PLAN, SECRET)))[-1]
    assert isinstance(told, RequestStatusChanged)
    assert "К ответу приложены файлы: План.pdf." in told.explanation
    assert "Не приложены файлы ограниченного доступа: 1." in told.explanation
    assert PARTIAL.restricting_act in told.explanation
    assert SECRET.name not in told.model_dump_json()


@pytest.mark.requirement("A-3.6.2")
@pytest.mark.parametrize("now", [one for one in Status if one is not Status.APPROVED])
def test_nothing_leaves_that_is_not_approved(now: Status) -> None:
    with pytest.raises(TransitionForbidden):
        sent(replayed([(fact, NOW) for fact in facts_before(now)]), registrar, OUTGOING, RULES, NOW, TELLING)


@pytest.mark.requirement("N-9.5", "A-3.2", "S-26")
def test_a_full_answer_leaves_with_number_day_signatory_and_its_text_letter_by_letter() -> None:
    text = "Здравствуйте!\n\n  — 1 га; <b>«ёлки»</b> "
    letter, told = leaves(ANSWER._replace(text=text))
    assert isinstance(letter, AnswerSent)
    assert (letter.out_no, letter.year, letter.out_number, letter.sent_on) == ("ИСХ-7/2026", 2026, 7, date(2026, 11, 16))
    assert (letter.form, letter.scope) == (WantedForm.ELECTRONIC, AnswerScope.FULL)
    assert isinstance(told, RequestStatusChanged)
    assert (told.to_status, told.visible, told.answer) == (Status.ANSWERED, True, text)
    assert told.explanation == "Ответ № ИСХ-7/2026 от 16 ноября 2026 года подписан и отправлен."


@pytest.mark.requirement("N-9.2", "N-9.3", "N-6.3", "S-26", "S-27")
def test_one_decision_gives_a_part_and_refuses_the_rest() -> None:
    given_, refused, told = leaves(PARTIAL)
    assert isinstance(given_, AnswerSent)
    assert isinstance(refused, RefusalIssued)
    assert isinstance(told, RequestStatusChanged)
    assert given_.out_no == refused.out_no
    assert (told.to_status, told.answer) == (Status.ANSWERED_PARTIALLY, PARTIAL.text)
    for said in ("Сведения об арендаторе", "пункт 4 части 1 статьи 20", PARTIAL.restricting_act, PARTIAL.motive, APPEAL_ORDER):
        assert said in told.explanation


@pytest.mark.requirement("N-9.3", "A-2.1.5", "S-27")
def test_a_refusal_says_ground_motive_and_how_to_appeal() -> None:
    refused, told = leaves(REFUSAL)
    assert isinstance(refused, RefusalIssued)
    assert isinstance(told, RequestStatusChanged)
    assert (refused.ground, refused.motive, refused.appeal_order) == (RefusalGround.RESTRICTED, REFUSAL.motive, APPEAL_ORDER)
    assert (told.to_status, told.answer) == (Status.REFUSED, None)
    assert APPEAL_ORDER in told.explanation


@pytest.mark.requirement("N-9.5", "S-29")
def test_a_letter_on_paper_goes_to_the_post_once_and_the_person_is_told_how_to_follow_it() -> None:
    past = facts_before(Status.ANSWERED)
    outcome = by(executor).given(*past).when(post)
    fact, told = outcome.fact(LetterPosted), outcome.fact(RequestStatusChanged)
    assert (fact.out_no, fact.tracking_no) == ("ИСХ-1/2026", "80080012345678")
    assert (told.visible, told.template, told.to_status) == (True, Mark.POSTED, Status.ANSWERED)
    assert "16 ноября 2026 года" in told.explanation
    assert "Номер для отслеживания: 80080012345678." in told.explanation
    plain = by(executor).given(*past).when(post.model_copy(update={"tracking_no": ""})).fact(RequestStatusChanged)
    assert "отслеживания" not in plain.explanation
    by(executor).given(*past, fact).when(post).then_refused(answering.NothingToPost)
    for day in (15, 17):
        wrong = post.model_copy(update={"posted_on": date(2026, 11, day)})
        by(executor).given(*past).when(wrong).then_refused(answering.PostingDayWrong)


@pytest.mark.requirement("N-9.5", "S-29")
def test_an_electronic_answer_and_one_in_the_talk_go_to_no_post() -> None:
    past, on_screen = facts_before(Status.ANSWERED), {"form": WantedForm.ELECTRONIC}
    electronic = [fact.model_copy(update=on_screen) if isinstance(fact, AnswerSent) else fact for fact in past]
    spoken = [fact for fact in past if not isinstance(fact, AnswerSent)]
    for other in (electronic, spoken):
        by(executor).given(*other).when(post).then_refused(answering.NothingToPost)


@pytest.mark.requirement("A-3.6.3", "N-4.1")
def test_remarks_and_every_version_stay() -> None:
    past = [*facts_before(Status.ON_APPROVAL), *by(head).given(*facts_before(Status.ON_APPROVAL)).when(give_back).facts]
    past += by(executor).given(*past).when(prepare).facts
    drafts = replayed([(fact, NOW) for fact in past]).drafts
    assert [(draft.number, draft.remarks, draft.content.text) for draft in drafts] == [
        (1, "Сошлитесь на закон.", ANSWER.text),
        (2, None, prepare.text),
    ]


@pytest.mark.requirement("N-2.2")
def test_a_text_of_the_greatest_length_is_taken_and_a_longer_one_refused() -> None:
    writes(text="я" * MOST_LETTERS).then(DraftPrepared, RequestStatusChanged)
    with pytest.raises(ValueError, match="at most"):
        PrepareDraft(command="prepare-draft", **{**ANSWER._asdict(), "text": "я" * (MOST_LETTERS + 1)})


@given(st.text(alphabet="аб \n", max_size=60), st.text(alphabet="аб \n", max_size=60))
def test_differences_hold_both_texts_whole(before: str, after: str) -> None:
    pieces = differences(before, after)
    assert "".join(text for kind, text in pieces if kind is not Kind.ADDED) == before
    assert "".join(text for kind, text in pieces if kind is not Kind.REMOVED) == after


@given(st.permutations(["text", "withheld", "motive", "restricting_act", "form_reason"]))
def test_words_that_move_from_one_field_to_another_change_the_mark(order: list[str]) -> None:
    def with_words(field: str) -> str:
        return Content(**{**ANSWER._asdict(), "text": "", field: "Слова"}).sha256

    assert with_words(order[0]) != with_words(order[1])
