"""Who acts in the place of somebody who is away, for how long, and that nothing else follows from it (E-1)."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.staff_events import DeputyAppointed, DeputyEnded
from libs.events.fact import Event
from services.intake.domain.commands import Command, Text
from services.intake.domain.staff.account import Account, Appointment

LONGEST: Final = timedelta(days=366)  # a longer absence is a change of rights


class DeputyWrong(Refusal):
    """Nobody stands in for themselves, and whose account is disabled stands in for nobody."""

    code = "deputy-wrong"
    status = 400
    says = "Замещать может другой сотрудник с действующей учётной записью."


class PeriodWrong(Refusal):
    """The last day is before the first or before today, or more than a year after the first."""

    code = "period-wrong"
    status = 400
    says = "Последний день замещения не раньше первого и не раньше сегодняшнего. Назначить его можно не дольше чем на год."


class AlreadyDeputy(Refusal):
    """The same colleague stands in on some of these days already."""

    code = "already-deputy"
    says = "На эти дни этот сотрудник уже назначен замещающим."


class AppointmentNotFound(Refusal):
    """No appointment of this account has this id, or it was ended."""

    code = "appointment-not-found"
    status = 404
    says = "Такого назначения нет, или его уже отменили."


class NotDeputy(Refusal):
    """Nobody appointed who asks as a deputy of this account for today."""

    code = "not-deputy"
    status = 403
    says = "Сегодня вы не замещаете этого сотрудника. Назначить замещение может администратор."


class AppointDeputy(Command):
    """`deputy` acts for the account on these days, both included."""

    deputy: UUID
    first_day: date
    last_day: date
    reason: Text


class EndDeputy(Command):
    appointment_id: UUID
    reason: Text


def appoint(account_id: UUID, account: Account, command: AppointDeputy, deputy: Account, today: date, appointment_id: UUID) -> list[Event]:
    """Raises `DeputyWrong`, `PeriodWrong`, `AlreadyDeputy`. An appointment may begin in the past: papers follow an illness."""
    if command.deputy == account_id or not deputy.enabled or not account.enabled:
        raise DeputyWrong
    if not command.first_day <= command.last_day < command.first_day + LONGEST or command.last_day < today:
        raise PeriodWrong
    if any(one.deputy == command.deputy and _overlap(one, command) for one in account.deputies):
        raise AlreadyDeputy
    return [
        DeputyAppointed(
            appointment_id=appointment_id,
            deputy=command.deputy,
            first_day=command.first_day,
            last_day=command.last_day,
            reason=command.reason,
        )
    ]


def end(account: Account, command: EndDeputy) -> list[Event]:
    """Raises `AppointmentNotFound`."""
    found = next((one for one in account.deputies if one.appointment_id == command.appointment_id), None)
    if found is None:
        raise AppointmentNotFound
    return [DeputyEnded(appointment_id=found.appointment_id, deputy=found.deputy, reason=command.reason)]


def stands_in(account: Account, deputy: UUID, on: date) -> bool:
    """Whether this deputy acts for the account that day; for one that is disabled nobody does."""
    return account.enabled and any(one.deputy == deputy and one.first_day <= on <= one.last_day for one in account.deputies)


def _overlap(one: Appointment, other: AppointDeputy) -> bool:
    return one.first_day <= other.last_day and other.first_day <= one.last_day
