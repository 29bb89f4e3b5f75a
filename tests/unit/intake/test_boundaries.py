"""Every limit of article 18 at its boundary: on the last day, to its last second, it is in time; with the next day it is late (N-9.1).

The days are those of the production calendars of 2024 to 2026, with their working Saturdays and moved days off.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_requests import (
    ClarificationNotReceived,
    ClarificationRequested,
    DeadlineExtended,
    DeadlineMissed,
    RequestRegistered,
)
from libs.events.vocabulary import Status
from services.intake.deadlines import TermRules
from services.intake.domain.acceptance import Rules, number_given
from services.intake.domain.commands import AskClarification, ExtendDeadline, Redirect
from services.intake.domain.desk import Case, ExtensionWrong, decide
from services.intake.domain.last_days import TooLate
from services.intake.domain.overdue import passed
from services.intake.domain.register import Register
from services.intake.domain.request import Request, evolve, replayed
from services.intake.oddities import PointRule
from tests.examples import REQUEST_ID, received, told_registered
from tests.unit.intake.desk import RULES
from tests.unit.intake.desk_cases import ABOUT_LAND, TELLING, registrar, sorted_as, status

ZONES = [ZoneInfo("Europe/Moscow"), ZoneInfo("Asia/Novosibirsk")]
ORAL = (*RULES.points, PointRule("in_person", "external", oral=True))
MORNING, EVENING = time(0, 0, 1), time(23, 59, 59)
IsLate = Callable[[datetime, datetime, Rules], bool]


def arrived(at: datetime) -> Request:
    return evolve(Request(), received.model_copy(update={"received_at": at}))


def registered(at: datetime, rules: Rules) -> Request:
    _, fact = number_given(REQUEST_ID, arrived(at), Register("main", rules.day_of(at).year, 0), rules, at)
    past = [(one, at) for one in (received.model_copy(update={"received_at": at}), fact, told_registered)]
    return replayed([*past, (sorted_as(ABOUT_LAND), at), (status(Status.CLASSIFIED), at)])


def misses(request: Request, point: str, now: datetime, rules: Rules) -> bool:
    return any(isinstance(fact, DeadlineMissed) for fact in passed(request, point, rules.day_of(now), rules, TELLING))


def is_refused(request: Request, command: Any, now: datetime, rules: Rules, why: type[Refusal]) -> bool:
    try:
        decide(Case(request_id=REQUEST_ID, client_id=None, request=request), command, registrar, now, rules, TELLING)
    except why:
        return True
    return False


def registration(since: datetime, now: datetime, rules: Rules) -> bool:
    return misses(arrived(since), "site", now, rules)


def oral_registration(since: datetime, now: datetime, rules: Rules) -> bool:
    return misses(arrived(since), "in_person", now, rules)


def answer(since: datetime, now: datetime, rules: Rules) -> bool:
    return misses(registered(since, rules), "site", now, rules)


def redirect(since: datetime, now: datetime, rules: Rules) -> bool:
    to = Redirect(command="redirect", to_body="Кадастровая палата", explanation="Сведениями располагает она.")
    return is_refused(registered(since, rules), to, now, rules, TooLate)


def notice_of_extension(since: datetime, now: datetime, rules: Rules) -> bool:
    request = registered(since, rules)
    assert request.due_on is not None
    later = next(day for n in range(1, 16) if rules.is_working(day := request.due_on + timedelta(days=n)))
    return is_refused(request, ExtendDeadline(command="extend-deadline", new_due=later, reason="Архив."), now, rules, TooLate)


def clarification(since: datetime, now: datetime, rules: Rules) -> bool:
    request = registered(since, rules)
    asked = AskClarification(command="ask-clarification", question="О каком участке?")
    case = Case(request_id=REQUEST_ID, client_id=None, request=request)
    for fact in decide(case, asked, registrar, since, rules, TELLING):
        request = evolve(request, fact, since)  # type: ignore[arg-type]  # facts of a request
    facts = passed(request, "site", rules.day_of(now), rules, TELLING)
    return any(isinstance(fact, ClarificationNotReceived) for fact in facts)


BOUNDARIES: list[tuple[IsLate, date, date, str]] = [
    (registration, date(2024, 12, 28), date(2024, 12, 31), "three days from a working Saturday end on a day off, and are not moved"),
    (registration, date(2025, 11, 1), date(2025, 11, 4), "three days from a working Saturday end on a holiday"),
    (registration, date(2026, 11, 16), date(2026, 11, 19), "three days from a Monday"),
    (oral_registration, date(2025, 11, 1), date(2025, 11, 1), "what is spoken on a working Saturday is registered that day"),
    (oral_registration, date(2026, 12, 30), date(2026, 12, 30), "what is spoken on the last working day of the year"),
    (answer, date(2024, 3, 28), date(2024, 4, 27), "thirty days end on a working Saturday"),
    (answer, date(2024, 3, 31), date(2024, 4, 27), "thirty days end on a Tuesday off by decree, the Saturday before it works"),
    (answer, date(2024, 10, 5), date(2024, 11, 2), "thirty days end on Unity day, the Saturday before it works"),
    (answer, date(2024, 11, 30), date(2024, 12, 28), "thirty days end on a Monday off by decree, the Saturday before it works"),
    (answer, date(2025, 4, 8), date(2025, 5, 7), "thirty days end on 8 May, off by decree"),
    (answer, date(2025, 10, 4), date(2025, 11, 1), "thirty days end on a Monday off by decree, the Saturday before it works"),
    (answer, date(2025, 12, 9), date(2025, 12, 30), "thirty days end in the New Year's holidays"),
    (answer, date(2026, 4, 11), date(2026, 5, 8), "thirty days end on a Monday off in place of 9 May"),
    (answer, date(2026, 11, 16), date(2026, 12, 16), "thirty days end on an ordinary day"),
    (answer, date(2026, 12, 1), date(2026, 12, 30), "thirty days end on 31 December, off by decree"),
    (redirect, date(2024, 4, 20), date(2024, 4, 27), "seven days end on a working Saturday"),
    (redirect, date(2025, 10, 27), date(2025, 11, 3), "seven days end on a day off, and are not moved"),
    (redirect, date(2026, 12, 24), date(2026, 12, 31), "seven days end on the last day of the year"),
    (notice_of_extension, date(2024, 10, 26), date(2024, 11, 2), "seven days end on a working Saturday"),
    (notice_of_extension, date(2025, 10, 27), date(2025, 11, 3), "seven days end on a day off, and are not moved"),
    (notice_of_extension, date(2026, 5, 4), date(2026, 5, 11), "seven days end on a holiday's day off"),
    (clarification, date(2024, 4, 22), date(2024, 5, 2), "the person's seven days end in a row of days off, and last until it is over"),
    (clarification, date(2025, 10, 25), date(2025, 11, 1), "the person's seven days end on a working Saturday"),
    (clarification, date(2026, 12, 24), date(2027, 1, 11), "the person's seven days end before the holidays, and last until they are over"),
]  # fmt: skip


def named(value: object) -> str | None:
    return getattr(value, "__name__", None) or (value if isinstance(value, str) else None) or str(value)


@pytest.mark.requirement("N-9.1", "S-9", "S-15", "S-16", "N-8.2")
@pytest.mark.parametrize("zone", ZONES, ids=named)
@pytest.mark.parametrize("begins", [MORNING, EVENING], ids=["in the first second of its day", "in the last second of its day"])
@pytest.mark.parametrize(("is_late", "since", "last", "case"), BOUNDARIES, ids=named)
def test_on_the_last_day_it_is_in_time_and_with_the_next_one_it_is_late(
    is_late: IsLate, since: date, last: date, case: str, begins: time, zone: ZoneInfo
) -> None:
    rules = replace(RULES, time_zone=zone, points=ORAL)
    start = datetime.combine(since, begins, tzinfo=zone)
    assert not is_late(start, datetime.combine(last, EVENING, tzinfo=zone), rules), f"in time: {case}"
    assert is_late(start, datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone), rules), f"late: {case}"


NEXT: list[tuple[date, date]] = [
    (date(2024, 3, 31), date(2024, 5, 2)),
    (date(2025, 10, 4), date(2025, 11, 5)),
    (date(2025, 12, 9), date(2026, 1, 12)),
    (date(2026, 12, 1), date(2027, 1, 11)),
]


@pytest.mark.requirement("N-9.1")
@pytest.mark.parametrize("zone", ZONES, ids=named)
@pytest.mark.parametrize(("since", "last"), NEXT)
def test_an_authority_that_follows_the_civil_code_answers_by_the_next_working_day(since: date, last: date, zone: ZoneInfo) -> None:
    rules = replace(RULES, time_zone=zone, terms=TermRules(roll="next"))
    start = datetime.combine(since, time(12), tzinfo=zone)
    assert not answer(start, datetime.combine(last, EVENING, tzinfo=zone), rules)
    assert answer(start, datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone), rules)


@pytest.mark.requirement("N-9.1", "S-15")
@pytest.mark.parametrize("zone", ZONES, ids=named)
def test_an_extended_answer_is_in_time_on_the_day_it_was_extended_to_and_late_the_day_after(zone: ZoneInfo) -> None:
    rules = replace(RULES, time_zone=zone)
    request = registered(datetime(2026, 11, 16, 12, tzinfo=zone), rules)
    to = date(2026, 12, 30)
    extended = DeadlineExtended(old_due=date(2026, 12, 16), new_due=to, reason="Архив.", rule_version="1")
    request = evolve(request, extended)
    assert not misses(request, "site", datetime.combine(to, EVENING, tzinfo=zone), rules)
    assert misses(request, "site", datetime.combine(to + timedelta(days=1), time.min, tzinfo=zone), rules)


@pytest.mark.requirement("N-9.1", "S-15")
@pytest.mark.parametrize("zone", ZONES, ids=named)
@pytest.mark.parametrize(("on", "taken", "case"), [
    (date(2024, 11, 2), True, "the fifteenth day, a working Saturday"),
    (date(2024, 11, 3), False, "the sixteenth day"),
    (date(2024, 10, 26), False, "an ordinary Saturday"),
    (date(2024, 10, 18), False, "the old day itself"),
    (date(2024, 10, 21), True, "the first working day after the old one"),
])  # fmt: skip
def test_an_extension_names_a_working_day_and_the_fifteenth_is_the_last(on: date, taken: bool, case: str, zone: ZoneInfo) -> None:
    rules = replace(RULES, time_zone=zone)
    start = datetime(2024, 9, 18, 12, tzinfo=zone)  # due on Friday, 18 October
    command = ExtendDeadline(command="extend-deadline", new_due=on, reason="Архив.")
    assert is_refused(registered(start, rules), command, start, rules, ExtensionWrong) is not taken, case


@pytest.mark.requirement("N-9.1", "S-11")
@pytest.mark.parametrize("zone", ZONES, ids=named)
def test_a_question_asked_in_the_holidays_never_waits_until_a_day_before_it_was_asked(zone: ZoneInfo) -> None:
    rules = replace(RULES, time_zone=zone)
    for number in range(366):
        asked_at = datetime(2025, 1, 1, 12, tzinfo=zone) + timedelta(days=number)
        request = registered(asked_at, rules)
        asked = AskClarification(command="ask-clarification", question="О каком участке?")
        [fact, _] = decide(Case(request_id=REQUEST_ID, client_id=None, request=request), asked, registrar, asked_at, rules, TELLING)
        assert isinstance(fact, ClarificationRequested)
        assert fact.wait_until >= rules.day_of(asked_at) + timedelta(days=7)
        assert rules.is_working(fact.wait_until)


@pytest.mark.requirement("N-9.1", "R-10")
def test_the_number_and_its_term_name_where_the_days_end_and_where_the_answer_is_due() -> None:
    at = datetime(2025, 12, 9, 12, tzinfo=ZONES[0])
    rules = replace(RULES, time_zone=ZONES[0])
    _, fact = number_given(REQUEST_ID, arrived(at), Register("main", 2025, 0), rules, at)
    assert isinstance(fact, RequestRegistered)
    assert (fact.due_on, fact.last_on) == (date(2025, 12, 30), date(2026, 1, 8))
