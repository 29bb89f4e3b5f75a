"""Who stands in for whom: from the first day to the last, for accounts that work here, and each colleague once a day."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.chassis.access.roles import Role
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.staff_events import DeputyAppointed, DeputyEnded
from services.intake.domain.staff.account import Account, evolve
from services.intake.domain.staff.deputies import (
    LONGEST,
    AlreadyDeputy,
    AppointDeputy,
    AppointmentNotFound,
    DeputyWrong,
    EndDeputy,
    PeriodWrong,
    appoint,
    end,
    stands_in,
)

pytestmark = [pytest.mark.requirement("E-1")]

ABSENT, DEPUTY, APPOINTMENT = UUID(int=1), UUID(int=2), UUID(int=3)
TODAY = date(2026, 11, 30)
DAY = timedelta(days=1)
head = Account(version=1, login="head", name="Руководитель", roles=frozenset((Role.HEAD,)), enabled=True)
colleague = Account(version=1, login="deputy", name="Заместитель", roles=frozenset((Role.EXECUTOR,)), enabled=True)
left = Account(version=2, login="left", name="Уволен", enabled=False)


def period(first: date, last: date, deputy: UUID = DEPUTY) -> AppointDeputy:
    return AppointDeputy(deputy=deputy, first_day=first, last_day=last, reason="отпуск")


def appointed(first: date, last: date, account: Account = head) -> Account:
    [fact] = appoint(ABSENT, account, period(first, last), colleague, TODAY, APPOINTMENT)
    assert isinstance(fact, DeputyAppointed)
    return evolve(account, fact)


@pytest.mark.parametrize(
    ("on", "stands"),
    [(TODAY - DAY, False), (TODAY, True), (TODAY + DAY, True), (TODAY + 2 * DAY, True), (TODAY + 3 * DAY, False)],
)
def test_a_deputy_stands_in_from_the_first_day_to_the_last_both_included(on: date, stands: bool) -> None:
    account = appointed(TODAY, TODAY + 2 * DAY)
    assert stands_in(account, DEPUTY, on) is stands
    assert not stands_in(account, ABSENT, on)
    assert not stands_in(account, APPOINTMENT, on)


def test_nobody_stands_in_for_an_account_that_was_disabled_or_after_the_end_was_written_down() -> None:
    account = appointed(TODAY, TODAY)
    assert not stands_in(Account(version=9, deputies=account.deputies, enabled=False), DEPUTY, TODAY)
    [fact] = end(account, EndDeputy(appointment_id=APPOINTMENT, reason="вернулся"))
    assert fact == DeputyEnded(appointment_id=APPOINTMENT, deputy=DEPUTY, reason="вернулся")
    ended = evolve(account, fact)
    assert not stands_in(ended, DEPUTY, TODAY)
    with pytest.raises(AppointmentNotFound):
        end(ended, EndDeputy(appointment_id=APPOINTMENT, reason="ещё раз"))


@pytest.mark.parametrize(
    ("first", "last", "refusal"),
    [
        (TODAY, TODAY, None),
        (TODAY - 30 * DAY, TODAY, None),
        (TODAY - DAY, TODAY - DAY, PeriodWrong),
        (TODAY + DAY, TODAY, PeriodWrong),
        (TODAY, TODAY + LONGEST - DAY, None),
        (TODAY, TODAY + LONGEST, PeriodWrong),
    ],
)
def test_a_period_ends_no_earlier_than_it_begins_or_than_today_and_within_a_year(
    first: date, last: date, refusal: type[Refusal] | None
) -> None:
    if refusal is None:
        assert stands_in(appointed(first, last), DEPUTY, last)
        return
    with pytest.raises(refusal):
        appointed(first, last)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"deputy": left}, DeputyWrong),
        ({"account": left}, DeputyWrong),
        ({"command": period(TODAY, TODAY, ABSENT)}, DeputyWrong),
    ],
)
def test_deputies_and_those_they_stand_in_for_work_here_and_are_two(changed: dict[str, Any], refusal: type[Refusal]) -> None:
    told: dict[str, Any] = {"account": head, "command": period(TODAY, TODAY), "deputy": colleague, **changed}
    with pytest.raises(refusal):
        appoint(ABSENT, told["account"], told["command"], told["deputy"], TODAY, APPOINTMENT)


@pytest.mark.parametrize(
    ("first", "last", "overlaps"),
    [
        (TODAY, TODAY, False),
        (TODAY, TODAY + DAY, True),
        (TODAY + 3 * DAY, TODAY + 9 * DAY, True),
        (TODAY + 4 * DAY, TODAY + 9 * DAY, False),
        (TODAY, TODAY + 9 * DAY, True),
        (TODAY + 2 * DAY, TODAY + 2 * DAY, True),
    ],
)
def test_the_same_colleague_is_appointed_once_for_a_day(first: date, last: date, overlaps: bool) -> None:
    account = appointed(TODAY + DAY, TODAY + 3 * DAY)
    if overlaps:
        with pytest.raises(AlreadyDeputy):
            appoint(ABSENT, account, period(first, last), colleague, TODAY, UUID(int=9))
        return
    assert appoint(ABSENT, account, period(first, last), colleague, TODAY, UUID(int=9))
    assert appoint(ABSENT, account, period(first, last, UUID(int=7)), colleague, TODAY, UUID(int=9)), "another may share the days"
