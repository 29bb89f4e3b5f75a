"""Who asks for somebody else is kept whatever their paper is worth, told of in their own channel, and checked by the registrar (E-11)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.chassis.access.roles import NotAllowed
from libs.events.contracts.intake_clients import ClientIdentified, RepresentativeDismissed, RepresentativeEmpowered
from libs.events.contracts.intake_requests import PowersChecked, RequestReceived, RequestRegistered, RequestStatusChanged
from libs.events.vocabulary import ClientKind, Flag, Powers, PowersOutcome, PowersPaper, Represented, Status
from services.intake.domain.client import Client, powers_named, replayed
from services.intake.domain.commands import CheckPowers
from services.intake.domain.representing import (
    NobodyRepresented,
    PowersOver,
    WhyMissing,
    checked,
    flags_of,
    of_represented,
    powers_identity,
)
from services.intake.domain.request import evolve
from tests.examples import anna, message
from tests.unit.intake.desk import KEY, RULES, Desk, inbound, intake
from tests.unit.intake.desk_cases import by, case, check_powers, executor, facts_before, registrar

pytestmark = pytest.mark.requirement("E-11")

TODAY = date(2026, 11, 16)
REQUEST, CLERK = UUID(int=1), UUID(int=2)
PAPER = Powers(paper=PowersPaper.POWER_OF_ATTORNEY, number="77 АА 1234567", issued_on=date(2026, 1, 10), valid_until=date(2026, 12, 31))
FIRM = Represented(name="ООО «Лес»", kind=ClientKind.LEGAL_ENTITY, powers=PAPER)
ASKS_FOR_A_FIRM = message("m-1", represented=FIRM)


def command(**changed: Any) -> CheckPowers:
    told: dict[str, Any] = {"command": "check-powers", "outcome": PowersOutcome.CONFIRMED, **PAPER.model_dump()}
    return CheckPowers.model_validate(told | changed)


def known(*facts: RepresentativeEmpowered | RepresentativeDismissed) -> Client:
    """The file of who is represented."""
    return replayed([ClientIdentified(kind=ClientKind.LEGAL_ENTITY, name=FIRM.name), *facts])


EMPOWERED = RepresentativeEmpowered(representative=CLERK, request_id=REQUEST, powers=PAPER)
DISMISSED = RepresentativeDismissed(representative=CLERK, request_id=REQUEST, powers=PAPER, reason="Отозвана нотариально.")


def test_what_a_representative_asks_is_registered_as_any_request_and_the_registrar_is_told_to_look() -> None:
    outcome = intake.given().when(inbound(ASKS_FOR_A_FIRM))
    received = outcome.fact(RequestReceived)
    assert (received.represented, received.flags) == (FIRM, (Flag.POWERS_UNCHECKED,))
    assert outcome.fact(RequestRegistered).number == 1


def test_notices_go_to_the_representative() -> None:
    told = intake.given().when(inbound(ASKS_FOR_A_FIRM)).fact(RequestStatusChanged)
    assert told.addressee == anna.name
    assert {target.address for target in told.targets if target.address} == {anna.email}


@pytest.mark.parametrize(
    ("powers", "client", "flags"),
    [
        (PAPER, None, [Flag.POWERS_UNCHECKED]),
        (PAPER.model_copy(update={"valid_until": TODAY}), None, [Flag.POWERS_UNCHECKED]),
        (PAPER.model_copy(update={"valid_until": TODAY - timedelta(days=1)}), None, [Flag.POWERS_UNCHECKED, Flag.POWERS_EXPIRED]),
        (PAPER.model_copy(update={"valid_until": None}), None, [Flag.POWERS_UNCHECKED]),
        (PAPER, known(EMPOWERED), [Flag.POWERS_UNCHECKED]),
        (PAPER, known(EMPOWERED, DISMISSED), [Flag.POWERS_UNCHECKED, Flag.POWERS_WITHDRAWN]),
        (PAPER, known(DISMISSED, EMPOWERED), [Flag.POWERS_UNCHECKED]),
    ],
)
def test_powers_that_are_over_or_were_taken_back_are_flagged(powers: Powers, client: Client | None, flags: list[Flag]) -> None:
    assert list(flags_of(FIRM.model_copy(update={"powers": powers}), client, TODAY)) == flags


def test_the_last_day_that_the_registrar_saw_counts_though_the_message_says_another_one() -> None:
    seen = EMPOWERED.model_copy(update={"powers": PAPER.model_copy(update={"valid_until": TODAY - timedelta(days=1)})})
    assert Flag.POWERS_EXPIRED in flags_of(FIRM, known(seen), TODAY)


def test_who_asks_for_themselves_is_not_flagged() -> None:
    assert flags_of(None, None, TODAY) == ()


def test_a_paper_that_was_taken_back_is_known_again_by_its_number_and_date_and_the_message_is_kept() -> None:
    desk = Desk(RULES)
    mark = powers_identity(KEY, FIRM)
    assert mark is not None
    desk.known.identities[mark] = CLERK
    desk.known.clients[CLERK] = known(EMPOWERED, DISMISSED)
    desk.take(inbound(ASKS_FOR_A_FIRM))
    [request] = desk.known.requests.values()
    assert request.status is Status.REGISTERED
    assert request.flags == {Flag.POWERS_UNCHECKED, Flag.POWERS_WITHDRAWN}


def test_the_same_paper_is_known_however_its_number_is_typed_and_another_one_is_not() -> None:
    def mark(name: str = FIRM.name, **changed: Any) -> bytes | None:
        return powers_identity(KEY, Represented(name=name, powers=PAPER.model_copy(update=changed)))

    assert mark(number="77аа-1234567") == mark() == mark(name="ооо  «лес»")
    others = [mark(number="77 АА 1234568"), mark(issued_on=date(2026, 1, 11)), mark(name="ООО «Поле»"), mark(paper=PowersPaper.COURT)]
    assert len({mark(), *others}) == 5
    assert [mark(number=None), mark(number=" - "), mark(issued_on=None)] == [None] * 3, "nothing by which it could be told from another one"
    assert powers_named(PAPER) == ("power-of-attorney", "77аа1234567", "2026-01-10")


@pytest.mark.requirement("S-28")
def test_the_registrar_writes_what_the_paper_says_over_what_was_told_and_the_flags_go() -> None:
    fact = checked(FIRM, command(number="77 АА 7654321", name=None), TODAY)
    assert (fact.represented.name, fact.represented.kind, fact.represented.powers.number) == (FIRM.name, FIRM.kind, "77 АА 7654321")
    request = case(Status.REGISTERED).request._replace(flags=frozenset({Flag.POWERS_UNCHECKED, Flag.POWERS_EXPIRED, Flag.BAD_EMAIL}))
    after = evolve(request, fact)
    assert after.flags == {Flag.BAD_EMAIL}
    assert (after.powers, after.represented) == (PowersOutcome.CONFIRMED, fact.represented)
    withdrawn = evolve(request, checked(FIRM, command(outcome="withdrawn", reason="Отозвана."), TODAY))
    assert withdrawn.flags == {Flag.BAD_EMAIL, Flag.POWERS_WITHDRAWN}


@pytest.mark.requirement("S-28")
@pytest.mark.parametrize(
    ("told", "changed", "refusal"),
    [
        (None, {}, NobodyRepresented),
        (FIRM, {"valid_until": TODAY - timedelta(days=1)}, PowersOver),
        (FIRM, {"outcome": "refused"}, WhyMissing),
        (FIRM, {"outcome": "withdrawn"}, WhyMissing),
    ],
)
def test_what_can_not_be_written_down_so_is_refused(told: Represented | None, changed: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        checked(told, command(**changed), TODAY)


def test_a_paper_that_is_over_can_be_refused_and_on_its_last_day_it_is_good() -> None:
    assert checked(FIRM, command(valid_until=TODAY), TODAY).outcome is PowersOutcome.CONFIRMED
    over = command(valid_until=TODAY - timedelta(days=1), outcome="refused", reason="Срок истёк.")
    assert checked(FIRM, over, TODAY).outcome is PowersOutcome.REFUSED


@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        ({}, [ClientIdentified, RepresentativeEmpowered]),
        ({"outcome": "withdrawn", "reason": "Отозвана."}, [ClientIdentified, RepresentativeDismissed]),
        ({"outcome": "refused", "reason": "Нет печати."}, []),
    ],
)
def test_the_file_of_who_is_represented_is_told_of_powers_that_were_good_or_taken_back(changed: dict[str, Any], facts: list[type]) -> None:
    fact = checked(FIRM, command(**changed), TODAY)
    assert [type(one) for one in of_represented(Client(), fact, REQUEST, CLERK)] == facts
    assert [type(one) for one in of_represented(known(), fact, REQUEST, CLERK)] == facts[1:], "who is known is not identified again"


@pytest.mark.requirement("S-28")
def test_nobody_is_told_and_the_status_stays() -> None:
    outcome = by(registrar).given(*facts_before(Status.CLASSIFIED)).when(check_powers)
    told = outcome.fact(RequestStatusChanged)
    assert (type(outcome.facts[0]), told.to_status, told.visible) == (PowersChecked, Status.CLASSIFIED, False)


@pytest.mark.requirement("S-28", "N-8.1")
def test_nobody_but_the_registrar_checks_powers() -> None:
    by(executor).given(*facts_before(Status.CLASSIFIED)).when(check_powers).then_refused(NotAllowed)
