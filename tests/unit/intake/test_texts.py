"""Ready-made texts: a version is offered once the head has approved it, gaps are those of the list, and none leaves open (A-3.6.1)."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as some

from libs.chassis.access.roles import Role
from libs.events.contracts.authority_events import TextBlockApproved, TextBlockClosed, TextBlockWritten
from libs.events.contracts.intake_answers import DraftPrepared
from libs.events.fact import Event
from libs.events.vocabulary import Status
from services.intake.domain.answer.answering import GapLeft, drafted
from services.intake.domain.answer.commands import PrepareDraft
from services.intake.domain.answer.gaps import known
from services.intake.domain.authority.commands import ApproveText, CloseText, TextCommand, WriteText
from services.intake.domain.authority.texts import (
    MOST,
    Gap,
    NoSuchText,
    TextChanged,
    Texts,
    TextTitleTaken,
    TooManyTexts,
    UnknownGap,
    Version,
    allowed,
    decide,
    filled,
    gaps_in,
    offered,
    with_event,
)
from services.intake.domain.request import Request, replayed
from tests.examples import NOW, anna, received, registered, told_registered
from tests.spec import Spec
from tests.unit.intake.desk import RULES
from tests.unit.intake.desk_cases import case_of, executor, facts_before, prepare

pytestmark = pytest.mark.requirement("A-3.6.1")

TITLE, TEXT = "Порядок аренды", "Здравствуйте, {name}! На ваш запрос № {number} отвечаем: участки сдают по итогам торгов."
WRITTEN = TextBlockWritten(code="poriadok-arendy", number=1, title=TITLE, text=TEXT)
SECOND = TextBlockWritten(code="poriadok-arendy", number=2, title=TITLE, text="Участки сдают на торгах.")
APPROVED = TextBlockApproved(code="poriadok-arendy", number=1)
CLOSED = TextBlockClosed(code="poriadok-arendy")
WRITE = WriteText(title=TITLE, text=TEXT)
APPROVE = ApproveText(code="poriadok-arendy", number=1)


def replay(past: Sequence[Event]) -> Texts:
    texts: Texts = {}
    for fact in past:
        texts = with_event(texts, fact)  # type: ignore[arg-type]  # the past of a test holds no other type
    return texts


texts: Spec[Event, Texts, TextCommand] = Spec(replay, decide)


def test_a_new_text_gets_a_code_and_is_offered_only_when_the_head_has_approved_it() -> None:
    texts.given().when(WRITE).then(WRITTEN)
    texts.given(WRITTEN).when(APPROVE).then(APPROVED)
    assert offered(replay([WRITTEN])) == {}
    assert offered(replay([WRITTEN, APPROVED])) == {"poriadok-arendy": Version(1, TITLE, TEXT)}


def test_another_version_leaves_the_approved_one_on_offer_until_it_is_approved_itself() -> None:
    texts.given(WRITTEN, APPROVED).when(WriteText(code="poriadok-arendy", title=TITLE, text=SECOND.text)).then(SECOND)
    assert offered(replay([WRITTEN, APPROVED, SECOND]))["poriadok-arendy"].text == TEXT
    texts.given(WRITTEN, APPROVED, SECOND).when(APPROVE).then_refused(TextChanged)
    approve = ApproveText(code="poriadok-arendy", number=2)
    texts.given(WRITTEN, APPROVED, SECOND).when(approve).then(TextBlockApproved(code="poriadok-arendy", number=2))
    assert offered(replay([WRITTEN, APPROVED, SECOND, TextBlockApproved(code="poriadok-arendy", number=2)]))["poriadok-arendy"].number == 2


def test_what_is_like_that_already_is_no_fact() -> None:
    texts.given(WRITTEN).when(WriteText(code="poriadok-arendy", title=TITLE, text=TEXT)).then_nothing()
    texts.given(WRITTEN, APPROVED).when(APPROVE).then_nothing()


def test_a_gap_that_nothing_fills_is_refused_by_its_name() -> None:
    with pytest.raises(UnknownGap) as refused:
        decide({}, WriteText(title=TITLE, text="{name}, ваш номер {nomer}, срок {due}, {}, {nomer}"))
    assert refused.value.extras() == {"gaps": ["nomer", ""]}


def test_a_closed_text_is_offered_no_more_and_comes_back_as_another_version_that_must_be_approved() -> None:
    texts.given(WRITTEN, APPROVED).when(CloseText(code="poriadok-arendy")).then(CLOSED)
    assert offered(replay([WRITTEN, APPROVED, CLOSED])) == {}
    texts.given(WRITTEN, APPROVED, CLOSED).when(APPROVE).then_refused(NoSuchText)
    again = WriteText(code="poriadok-arendy", title=TITLE, text=TEXT)
    texts.given(WRITTEN, APPROVED, CLOSED).when(again).then(WRITTEN.model_copy(update={"number": 2}))
    assert offered(replay([WRITTEN, APPROVED, CLOSED, WRITTEN.model_copy(update={"number": 2})])) == {}


def test_two_open_texts_are_never_called_the_same_and_a_code_is_never_given_twice() -> None:
    texts.given(WRITTEN).when(WriteText(title=TITLE.upper(), text="Иначе.")).then_refused(TextTitleTaken)
    texts.given(WRITTEN, CLOSED).when(WRITE).then(WRITTEN.model_copy(update={"code": "poriadok-arendy-2"}))
    texts.given().when(WriteText(code="other", title=TITLE, text=TEXT)).then_refused(NoSuchText)
    full = [WRITTEN.model_copy(update={"code": f"t-{n}", "title": f"Текст {n}"}) for n in range(MOST)]
    texts.given(*full).when(WRITE).then_refused(TooManyTexts)


def test_who_answers_writes_and_the_head_alone_approves_and_closes() -> None:
    assert allowed(WRITE) == {Role.EXECUTOR, Role.REGISTRAR, Role.HEAD}
    assert allowed(APPROVE) == allowed(CloseText(code="poriadok-arendy")) == {Role.HEAD}


def test_the_request_at_hand_fills_the_gaps_and_what_nobody_knows_stays_to_be_seen() -> None:
    request = replayed([(fact, NOW) for fact in (received, registered, told_registered)])
    names = {Gap.UNIT: "Отдел земли", Gap.AUTHORITY: "Департамент", Gap.SIGNATORY: ""}
    told = known(request, RULES, names, date(2026, 11, 20))
    assert told[Gap.DUE] == "16 декабря 2026 года"
    assert told[Gap.TODAY] == "20 ноября 2026 года"
    assert filled(TEXT, told).startswith(f"Здравствуйте, {anna.name}! На ваш запрос № ЗИ-1/2026 отвечаем")
    assert filled("{signatory}, {unit}", told) == "{signatory}, Отдел земли"
    assert known(Request(), RULES, {}, date(2026, 11, 20)) == {Gap.TODAY: "20 ноября 2026 года"}


@property_of(some.text("{}name drue\n", max_size=40))
def test_words_beside_gaps_stay_letter_by_letter(text: str) -> None:
    assert filled(text, {}) == text
    assert gaps_in(filled(text, dict.fromkeys(Gap, "слово"))) == ()
    assert filled(text, {Gap.NAME: "{due}"}).count("{due}") == text.count("{name}") + text.count("{due}")
    assert all(gap in list(Gap) for gap in gaps_in(text))


def test_an_answer_with_a_gap_in_it_is_not_taken() -> None:
    case = case_of(replayed([(fact, NOW) for fact in facts_before(Status.ASSIGNED)]))
    left: PrepareDraft = prepare.model_copy(update={"text": "Здравствуйте, {name}!"})
    with pytest.raises(GapLeft):
        drafted(case.request, left, executor)
    taken = drafted(case.request, prepare.model_copy(update={"text": "Пункт {а} закона."}), executor)
    assert isinstance(taken, DraftPrepared)
