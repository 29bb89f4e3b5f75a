"""The production calendar as data: what is declared over it moves exactly the terms that it concerns, and each date says why (R-10)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.access.roles import NotAllowed, Role, Staff
from libs.events.contracts.authority_events import DayDeclared
from libs.events.contracts.intake_requests import (
    DeadlineApproaching,
    DeadlineExtended,
    DeadlineMissed,
    DeadlineRecomputed,
    RequestStatusChanged,
)
from libs.events.fact import Event
from libs.events.vocabulary import Status, Term
from services.intake.deadlines import TermRules, answer_term, moved_due
from services.intake.domain.acceptance import Rules
from services.intake.domain.authority.decided import DayAlreadySo, DayIsOver, DayTooFar, Decided, DeclareDay, declare, replayed
from services.intake.domain.overdue import passed
from services.intake.domain.request import Request
from services.intake.domain.request import replayed as request_of
from services.intake.domain.term import why_due
from services.intake.domain.timeline import said
from services.intake.production_calendar import Standing, differing, is_short, standing, with_declared
from tests.examples import ASTRAKHAN, NOVOSIBIRSK, received, registered, told_registered
from tests.spec import Spec, like
from tests.unit.intake.desk import RULES
from tests.unit.intake.desk_cases import TELLING

DUE = registered.due_on  # Wednesday, 16 December 2026, also where the thirty days end
TODAY = date(2026, 12, 1)
DECREE = "Указ Губернатора Приобской области от 01.12.2026 № 250"
OFF = DayDeclared(day=DUE, working=False, decree=DECREE)
administrator = Staff(id="administrator-1", roles=frozenset((Role.ADMINISTRATOR,)))
day_off = DeclareDay(day=DUE, working=False, decree=DECREE)
OF_DUE = replace(RULES, time_zone=NOVOSIBIRSK)
PAST: list[Event] = [received, registered.model_copy(update={"last_on": DUE}), told_registered]


def rules_with(*declared: DayDeclared, base: Rules = RULES, **changed: Any) -> Rules:
    days = {fact.day: fact for fact in declared}
    return replace(base, declared=days, is_working=with_declared(days), **changed)


def a_day_on(*declared: DayDeclared, **changed: Any) -> Spec[Event, Request, date]:
    rules = rules_with(*declared, **changed)
    return Spec(
        lambda past: request_of([(fact, datetime.combine(TODAY, time.min, NOVOSIBIRSK)) for fact in past]),
        lambda request, today: passed(request, "site", today, rules, TELLING),
    )


def declaring(who: Staff = administrator, today: date = TODAY) -> Spec[Event, Decided, DeclareDay]:
    return Spec(replayed, lambda decided, command: declare(decided, command, who, today))


@pytest.mark.requirement("R-10")
def test_an_act_makes_a_day_another_one_and_the_last_word_counts() -> None:
    declaring().given().when(day_off).then(OFF)
    declaring().given(OFF).when(day_off).then_refused(DayAlreadySo)
    working = day_off.model_copy(update={"working": True, "in_force_on": date(2026, 12, 2)})
    declaring().given(OFF).when(working).then(like(DayDeclared, working=True, in_force_on=date(2026, 12, 2)))
    declaring().given().when(working).then_refused(DayAlreadySo)


@pytest.mark.requirement("R-10", "R-25")
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_only_an_administrator_declares_a_day(role: Role) -> None:
    declaring(Staff(id="somebody", roles=frozenset((role,)))).given().when(day_off).then_refused(NotAllowed)


@pytest.mark.requirement("R-10")
def test_neither_a_day_that_is_over_nor_one_far_away_is_declared() -> None:
    declaring(today=DUE).given().when(day_off).then(OFF)
    declaring(today=DUE + timedelta(days=1)).given().when(day_off).then_refused(DayIsOver)
    declaring().given().when(day_off.model_copy(update={"day": date(2028, 12, 29)})).then(DayDeclared)
    declaring().given().when(day_off.model_copy(update={"day": date(2029, 1, 9)})).then_refused(DayTooFar)


@pytest.mark.requirement("R-10", "N-9.1", "N-3.3")
def test_a_day_off_moves_the_term_that_ends_on_it_and_the_person_is_told_by_which_act() -> None:
    outcome = a_day_on(OFF).given(*PAST).when(TODAY)
    outcome.then(
        DeadlineRecomputed(old_due=DUE, new_due=date(2026, 12, 15), last_on=DUE, day=DUE, working=False, decree=DECREE),
        RequestStatusChanged,
    )
    told = outcome.fact(RequestStatusChanged)
    assert told == like(RequestStatusChanged, to_status=Status.REGISTERED, visible=True, template="recomputed", due_on=date(2026, 12, 15))
    assert told.explanation == (
        "Срок ответа перенесён с 16 декабря 2026 года на 15 декабря 2026 года. "
        "16 декабря 2026 года — нерабочий день: Указ Губернатора Приобской области от 01.12.2026 № 250."
    )
    assert said(outcome.facts[0]) == told.explanation
    a_day_on(OFF).given(*PAST, *outcome.facts).when(TODAY).then_nothing()


@pytest.mark.requirement("R-10", "N-9.1")
def test_a_day_that_works_again_gives_the_term_its_day_back() -> None:
    moved = a_day_on(OFF).given(*PAST).when(TODAY).facts
    again = OFF.model_copy(update={"working": True, "decree": "Указ № 251"})
    a_day_on(again).given(*PAST, *moved).when(TODAY).then(
        like(DeadlineRecomputed, old_due=date(2026, 12, 15), new_due=DUE, working=True, decree="Указ № 251"), RequestStatusChanged
    )


@pytest.mark.requirement("R-10", "N-9.1")
def test_a_term_never_moves_to_a_day_that_is_over() -> None:
    a_day_on(OFF).given(*PAST).when(DUE).then(
        like(DeadlineRecomputed, new_due=date(2026, 12, 17)), RequestStatusChanged, like(DeadlineApproaching, days_left=1)
    )


@pytest.mark.requirement("R-10", "N-9.1")
def test_what_is_missed_stays_missed_whatever_is_declared() -> None:
    missed = DeadlineMissed(term=Term.ANSWER, due_on=DUE)
    a_day_on(OFF).given(*PAST).when(DUE + timedelta(days=1)).then(missed)
    a_day_on(OFF).given(*PAST, missed).when(DUE + timedelta(days=1)).then_nothing()


@pytest.mark.requirement("R-10", "S-15")
def test_an_extended_term_moves_from_the_day_that_it_was_extended_to() -> None:
    extended = DeadlineExtended(old_due=DUE, new_due=date(2026, 12, 30), reason="Нужны сведения архива.", rule_version="1")
    off = OFF.model_copy(update={"day": extended.new_due})
    outcome = a_day_on(off).given(*PAST, extended).when(TODAY)
    outcome.then(like(DeadlineRecomputed, old_due=date(2026, 12, 30), new_due=date(2026, 12, 29)), RequestStatusChanged)
    why = why_due(outcome.state._replace(due_on=date(2026, 12, 29)), rules_with(off))
    assert str(why).endswith(
        "Срок продлён до 30 декабря 2026 года. Это нерабочий день, поэтому срок перенесён на предыдущий рабочий день: "
        f"29 декабря 2026 года. 30 декабря 2026 года — нерабочий день: {DECREE}."
    )


@pytest.mark.requirement("R-10")
def test_the_new_day_is_warned_of_anew() -> None:
    near = DeadlineApproaching(term=Term.ANSWER, due_on=DUE, days_left=3)
    a_day_on(OFF).given(*PAST, near).when(date(2026, 12, 14)).then(
        DeadlineRecomputed, RequestStatusChanged, like(DeadlineApproaching, due_on=date(2026, 12, 15), days_left=1)
    )


@pytest.mark.requirement("R-10")
def test_a_date_says_by_which_act_its_day_is_what_it_is() -> None:
    moved = a_day_on(OFF).given(*PAST).when(TODAY)
    after = request_of([(fact, datetime.combine(TODAY, time.min, NOVOSIBIRSK)) for fact in (*PAST, *moved.facts)])
    assert why_due(after, rules_with(OFF)) == (
        "Срок — 30 календарных дней (статья 18 Федерального закона от 09.02.2009 № 8-ФЗ). "
        "Первый день — 17 ноября 2026 года, последний — 16 декабря 2026 года. "
        "Это нерабочий день, поэтому срок перенесён на предыдущий рабочий день: 15 декабря 2026 года. "
        f"16 декабря 2026 года — нерабочий день: {DECREE}."
    )


@pytest.mark.requirement("R-10", "N-1.3")
def test_a_term_is_explained_as_it_was_counted_though_the_authority_promises_less_now() -> None:
    shorter = replace(RULES, terms=TermRules(answer_days=20))
    assert str(why_due(request_of([(fact, datetime.combine(TODAY, time.min, NOVOSIBIRSK)) for fact in PAST]), shorter)).startswith(
        "Срок — 30 календарных дней"
    )


@pytest.mark.requirement("R-10")
@pytest.mark.parametrize(
    ("year", "known", "said_of_it"),
    [
        (2025, Standing.CONFIRMED, None),
        (2026, Standing.CONFIRMED, None),
        (2027, Standing.PRELIMINARY, "Производственный календарь на 2027 год предварительный: дата может измениться."),
        (2028, Standing.UNKNOWN, "Производственного календаря на 2028 год ещё нет: дата посчитана по общему правилу и может измениться."),
    ],
)
def test_a_year_that_nobody_can_be_sure_of_is_said_to_be_one(year: int, known: Standing, said_of_it: str | None) -> None:
    assert standing(year) is known
    due = date(year, 6, 16)
    at = datetime.combine(due - timedelta(days=30), time(12), NOVOSIBIRSK)
    request = Request(registered_at=at, due_on=due, last_on=due)
    why = str(why_due(request, RULES))
    assert why.endswith(said_of_it) if said_of_it else "календар" not in why.replace("календарных", "")


SHORT_DAYS = {  # of the official production calendars
    2024: [(2, 22), (3, 7), (5, 8), (6, 11), (11, 2)],
    2025: [(3, 7), (4, 30), (6, 11), (11, 1)],
    2026: [(4, 30), (5, 8), (6, 11), (11, 3)],
}


@pytest.mark.requirement("N-7.2")
@pytest.mark.parametrize("year", SHORT_DAYS)
def test_the_day_before_a_holiday_is_short_and_so_is_the_saturday_that_stands_for_one(year: int) -> None:
    is_working = with_declared({})
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    assert [(day.month, day.day) for day in days if is_short(day, is_working)] == SHORT_DAYS[year]


@pytest.mark.requirement("R-10")
def test_the_days_of_a_year_that_differ_are_listed_with_what_was_declared() -> None:
    by_decree = differing(2024, {})
    assert {date(2024, 4, 27), date(2024, 11, 2), date(2024, 12, 28)} <= set(by_decree), "working Saturdays"
    assert {date(2024, 4, 29), date(2024, 12, 31)} <= set(by_decree), "days off in their stead"
    assert date(2024, 4, 26) not in by_decree
    for said_last in (OFF, OFF.model_copy(update={"working": True})):  # and what was taken back, too
        assert set(differing(2026, {DUE: said_last})) - set(differing(2026, {})) == {DUE}


near = st.dictionaries(st.integers(-9, 9), st.booleans(), min_size=1, max_size=8)  # days before and after where a term ends
beginnings = st.dates(date(2026, 11, 2), date(2027, 2, 28))


def as_facts(days: Mapping[date, bool]) -> list[DayDeclared]:
    return [DayDeclared(day=day, working=working, decree=f"Акт {day}") for day, working in days.items()]


@pytest.mark.requirement("R-10", "N-9.1")
@given(
    on=beginnings, other=beginnings, near=near, roll=st.sampled_from(["previous", "next"]), zone=st.sampled_from([NOVOSIBIRSK, ASTRAKHAN])
)
def test_a_change_of_the_calendar_moves_exactly_the_terms_that_end_on_another_day_by_it(
    on: date, other: date, near: dict[int, bool], roll: str, zone: Any
) -> None:
    base = replace(RULES, terms=TermRules(roll=roll, warn_days=0), time_zone=zone)
    days = {on + timedelta(days=30 + offset): working for offset, working in near.items()}
    changed = rules_with(*as_facts(days), base=base)
    for begins in (on, other):
        before, after = (answer_term(begins, base.terms, one.is_working) for one in (base, changed))
        request = Request(
            status=Status.REGISTERED, registered_at=datetime.combine(begins, time(12), zone), due_on=before.due, last_on=before.last
        )
        facts = passed(request, "site", begins, changed, TELLING)
        if before.due == after.due:
            assert facts == [], "it concerns nobody else"
            continue
        [moved, told] = facts
        assert moved == like(DeadlineRecomputed, old_due=before.due, new_due=after.due)
        assert isinstance(moved, DeadlineRecomputed)
        assert moved.day == (after.due if moved.working else before.due), "the act that it names is the one that moved it"
        assert days[moved.day] is moved.working
        assert told == like(RequestStatusChanged, visible=True, due_on=after.due)
        again = request._replace(due_on=moved.new_due, last_on=moved.last_on)
        assert passed(again, "site", begins, changed, TELLING) == [], "once is enough"


@pytest.mark.requirement("R-10", "N-9.1", "N-1.3")
@given(on=beginnings, near=near, passed_days=st.integers(0, 31))
def test_a_recomputed_term_ends_on_a_working_day_that_is_not_over_and_only_then_later_than_the_law_has_it(
    on: date, near: dict[int, bool], passed_days: int
) -> None:
    before, today = answer_term(on, RULES.terms, RULES.is_working), on + timedelta(days=passed_days)
    request = Request(
        status=Status.REGISTERED, registered_at=datetime.combine(on, time(12), NOVOSIBIRSK), due_on=before.due, last_on=before.last
    )
    days = {on + timedelta(days=30 + offset): working for offset, working in near.items()}
    changed = rules_with(*as_facts({day: working for day, working in days.items() if day >= today}))
    for fact in passed(request, "site", today, changed, TELLING):
        if isinstance(fact, DeadlineRecomputed):
            assert changed.is_working(fact.new_due)
            assert fact.new_due >= today
            left = [today + timedelta(days=number) for number in range((before.last - today).days + 1)]
            assert fact.new_due <= before.last or not any(map(changed.is_working, left))


@pytest.mark.requirement("R-10")
def test_without_an_act_no_term_moves_whatever_else_was_changed() -> None:
    sunday = date(2026, 12, 20)
    request = Request(status=Status.REGISTERED, due_on=date(2026, 12, 18), last_on=sunday)
    assert passed(request, "site", TODAY, replace(RULES, terms=TermRules(roll="next")), TELLING) == []


@pytest.mark.requirement("R-10", "N-9.1")
def test_a_term_may_move_to_today_and_starts_no_search_in_the_past() -> None:
    a_day_on(OFF).given(*PAST).when(date(2026, 12, 15)).then(
        like(DeadlineRecomputed, new_due=date(2026, 12, 15)), RequestStatusChanged, like(DeadlineApproaching, days_left=0)
    )
    saturday, sunday, monday = (date(2026, 12, day) for day in (19, 20, 21))
    worked = with_declared({saturday: DayDeclared(day=saturday, working=True, decree=DECREE)})
    assert moved_due(saturday, sunday, TermRules(roll="next"), worked) == monday


@pytest.mark.requirement("N-9.1")
def test_a_short_term_inside_long_holidays_goes_on_to_the_day_after_them() -> None:
    assert answer_term(date(2026, 1, 2), TermRules(answer_days=3), RULES.is_working).due == date(2026, 1, 12)


@pytest.mark.requirement("R-10")
def test_of_two_days_that_work_by_an_act_the_one_that_the_term_moves_to_is_named() -> None:
    friday, saturday = date(2026, 12, 18), date(2026, 12, 19)
    by_act = [DayDeclared(day=day, working=True, decree=f"Акт {day}") for day in (friday, saturday)]
    request = Request(status=Status.REGISTERED, due_on=friday, last_on=saturday)
    assert passed(request, "site", TODAY, rules_with(*by_act), TELLING)[0] == like(DeadlineRecomputed, new_due=saturday, day=saturday)
