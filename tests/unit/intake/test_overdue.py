"""Days pass, and what has to be told is told once: a term that is near or over, a question that nobody answered (N-9.1)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from libs.events.contracts.intake_requests import (
    ClarificationNotReceived,
    ClarificationRequested,
    DeadlineApproaching,
    DeadlineExtended,
    DeadlineMissed,
    RequestStatusChanged,
    RequestWithdrawn,
)
from libs.events.fact import Event
from libs.events.vocabulary import Status, Term
from services.intake.deadlines import TermRules
from services.intake.domain.overdue import passed
from services.intake.domain.request import Request, replayed
from services.intake.domain.timeline import said
from services.intake.oddities import PointRule
from services.intake.transitions import OPEN
from tests.examples import NOW, imported, received, registered, told_registered
from tests.spec import Spec, like
from tests.unit.intake.desk import RULES
from tests.unit.intake.desk_cases import TELLING, facts_before, status

DUE = registered.due_on
REGISTERED: list[Event] = [received, registered, told_registered]
EXTENDED = DeadlineExtended(old_due=DUE, new_due=date(2026, 12, 30), reason="Нужны сведения архива.", rule_version="1")
NEAR = DeadlineApproaching(term=Term.ANSWER, due_on=DUE, days_left=3)
MISSED = DeadlineMissed(term=Term.ANSWER, due_on=DUE)
UNTIL = date(2026, 11, 23)
ASKED: list[Event] = [
    *facts_before(Status.ASSIGNED),
    ClarificationRequested(question="О каком участке?", wait_until=UNTIL),
    status(Status.AWAITING_CLARIFICATION),
]
ORAL = replace(RULES, points=(*RULES.points, PointRule("in_person", "external", oral=True)))


def replay(past: Any) -> Request:
    return replayed([(fact, NOW) for fact in past])


def days_of(point: str = "site", **changed: Any) -> Spec[Event, Request, date]:
    """What a new day does to a request."""
    rules = replace(ORAL, **changed)
    return Spec(replay, lambda request, today: passed(request, point, today, rules, TELLING))


new_day = days_of()


@pytest.mark.requirement("N-9.1")
def test_an_answer_is_said_to_be_near_three_days_before_its_last_one_and_not_earlier() -> None:
    new_day.given(*REGISTERED).when(DUE - timedelta(days=4)).then_nothing()
    new_day.given(*REGISTERED).when(DUE - timedelta(days=3)).then(NEAR)


@pytest.mark.requirement("N-9.1")
def test_who_saw_no_warning_in_time_is_warned_on_the_last_day_itself() -> None:
    new_day.given(*REGISTERED).when(DUE).then(like(DeadlineApproaching, due_on=DUE, days_left=0))


@pytest.mark.requirement("N-9.1", "N-1.2")
def test_on_the_last_day_it_is_in_time_and_the_next_day_it_is_missed() -> None:
    new_day.given(*REGISTERED, NEAR).when(DUE).then_nothing()
    new_day.given(*REGISTERED, NEAR).when(DUE + timedelta(days=1)).then(MISSED)


@pytest.mark.requirement("N-9.1")
def test_what_was_told_is_not_told_again() -> None:
    new_day.given(*REGISTERED, NEAR).when(DUE - timedelta(days=1)).then_nothing()
    for days in (1, 2, 400):
        new_day.given(*REGISTERED, NEAR, MISSED).when(DUE + timedelta(days=days)).then_nothing()


@pytest.mark.requirement("N-9.1")
def test_after_a_downtime_over_the_last_day_only_the_worse_is_told() -> None:
    new_day.given(*REGISTERED).when(DUE + timedelta(days=9)).then(MISSED)


@pytest.mark.requirement("N-9.1", "S-15")
def test_a_later_day_is_warned_of_anew() -> None:
    new_day.given(*REGISTERED, NEAR, EXTENDED).when(DUE + timedelta(days=1)).then_nothing()
    new_day.given(*REGISTERED, NEAR, EXTENDED).when(EXTENDED.new_due - timedelta(days=3)).then(
        like(DeadlineApproaching, due_on=EXTENDED.new_due, days_left=3)
    )
    new_day.given(*REGISTERED, NEAR, MISSED, EXTENDED).when(EXTENDED.new_due + timedelta(days=1)).then(
        like(DeadlineMissed, due_on=EXTENDED.new_due)
    )


@pytest.mark.requirement("N-9.1")
@pytest.mark.parametrize("now", Status)
def test_only_what_is_open_can_be_late(now: Status) -> None:
    outcome = new_day.given(*facts_before(now)).when(DUE + timedelta(days=1))
    if now in OPEN:
        outcome.then(DeadlineMissed)
    else:
        outcome.then_nothing()


@pytest.mark.requirement("N-9.1", "N-8.2")
def test_a_message_without_a_number_is_near_its_end_on_the_second_day_and_missed_on_the_fourth() -> None:
    arrived = NOW.astimezone(RULES.time_zone).date()
    near = DeadlineApproaching(term=Term.REGISTRATION, due_on=arrived + timedelta(days=3), days_left=1)
    new_day.given(received).when(arrived + timedelta(days=1)).then_nothing()
    new_day.given(received).when(arrived + timedelta(days=2)).then(near)
    new_day.given(received, near).when(arrived + timedelta(days=3)).then_nothing()
    missed = DeadlineMissed(term=Term.REGISTRATION, due_on=arrived + timedelta(days=3))
    new_day.given(received, near).when(arrived + timedelta(days=4)).then(missed)
    new_day.given(received, near, missed, registered).when(DUE).then(like(DeadlineApproaching, term=Term.ANSWER))


@pytest.mark.requirement("N-9.1", "N-8.2")
def test_what_is_spoken_is_registered_on_its_day() -> None:
    arrived = NOW.astimezone(RULES.time_zone).date()
    spoken = days_of("in_person")
    spoken.given(received).when(arrived).then(like(DeadlineApproaching, term=Term.REGISTRATION, due_on=arrived, days_left=0))
    spoken.given(received).when(arrived + timedelta(days=1)).then(like(DeadlineMissed, term=Term.REGISTRATION, due_on=arrived))


@pytest.mark.requirement("N-9.1")
def test_the_day_of_receipt_is_the_day_where_the_authority_is() -> None:
    late_evening = received.model_copy(update={"received_at": datetime(2026, 11, 15, 23, 30, tzinfo=UTC)})  # the 16th in Novosibirsk
    new_day.given(late_evening).when(date(2026, 11, 20)).then(like(DeadlineMissed, due_on=date(2026, 11, 19)))


@pytest.mark.requirement("N-9.1", "R-22")
def test_a_request_of_an_older_register_had_its_number_there_and_keeps_the_day_of_its_answer() -> None:
    older = imported.model_copy(update={"state": Status.RECEIVED})
    new_day.given(older).when(DUE).then_nothing()
    with_day = older.model_copy(update={"due_on": DUE})
    new_day.given(with_day).when(DUE).then(like(DeadlineApproaching, term=Term.ANSWER, due_on=DUE))
    new_day.given(with_day, MISSED, with_day).when(DUE + timedelta(days=1)).then_nothing()
    later = with_day.model_copy(update={"due_on": DUE + timedelta(days=2)})
    new_day.given(with_day, MISSED, later).when(DUE).then(like(DeadlineApproaching, days_left=2))


@pytest.mark.requirement("N-1.3", "N-9.1")
def test_how_early_a_warning_comes_is_the_authoritys_own_affair() -> None:
    early = days_of(terms=TermRules(warn_days=10))
    early.given(*REGISTERED).when(DUE - timedelta(days=10)).then(like(DeadlineApproaching, days_left=10))
    never = days_of(terms=TermRules(warn_days=0))
    never.given(*REGISTERED).when(DUE - timedelta(days=1)).then_nothing()


@pytest.mark.requirement("S-16")
def test_a_question_waits_until_its_day_and_the_request_then_goes_back_to_who_had_it() -> None:
    new_day.given(*ASKED).when(UNTIL).then_nothing()
    outcome = new_day.given(*ASKED).when(UNTIL + timedelta(days=1))
    told = outcome.then(ClarificationNotReceived(wait_until=UNTIL), RequestStatusChanged).fact(RequestStatusChanged)
    assert told == like(RequestStatusChanged, to_status=Status.ASSIGNED, visible=True, due_on=DUE, template="assigned")
    assert told.explanation == (
        "Уточнение до 23 ноября 2026 года не поступило, поэтому мы готовим ответ по тому, что вы уже сообщили. "
        "Ответ будет дан не позднее 16 декабря 2026 года."
    )
    after = replay([*ASKED, *outcome.facts])
    assert (after.status, after.unit, after.set_back, after.wait_until, after.due_on) == (Status.ASSIGNED, "office", None, None, DUE)
    new_day.given(*ASKED, *outcome.facts).when(UNTIL + timedelta(days=2)).then_nothing()


@pytest.mark.requirement("S-16")
def test_a_question_of_a_withdrawn_request_waits_no_longer() -> None:
    gone = [RequestWithdrawn(), status(Status.WITHDRAWN)]
    new_day.given(*ASKED, *gone).when(UNTIL + timedelta(days=1)).then_nothing()


@pytest.mark.requirement("S-16", "N-9.1")
def test_a_question_stops_no_clock() -> None:
    outcome = new_day.given(*ASKED).when(DUE + timedelta(days=1))
    outcome.then(ClarificationNotReceived, RequestStatusChanged, MISSED)


@pytest.mark.requirement("N-9.1")
@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (NEAR, "Ответить до 16 декабря 2026 года: осталось 3 дня"),
        (NEAR.model_copy(update={"days_left": 1}), "Ответить до 16 декабря 2026 года: остался 1 день"),
        (NEAR.model_copy(update={"days_left": 5}), "Ответить до 16 декабря 2026 года: осталось 5 дней"),
        (NEAR.model_copy(update={"days_left": 0}), "Ответить до 16 декабря 2026 года: сегодня последний день"),
        (
            NEAR.model_copy(update={"days_left": 1, "term": Term.REGISTRATION}),
            "Зарегистрировать до 16 декабря 2026 года: остался 1 день",
        ),
        (MISSED, "Ответ не дан до 16 декабря 2026 года включительно"),
        (ClarificationNotReceived(wait_until=UNTIL), "Ждали до 23 ноября 2026 года. Запрос вернулся в работу."),
    ],
)
def test_the_card_says_it_in_words(fact: Event, words: str) -> None:
    assert said(fact) == words
