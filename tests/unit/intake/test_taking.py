"""What the rules make of what staff took down: its flags, its term, an answer given at once, and where notices go."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from libs.chassis.access.roles import NotAllowed, Role, Staff
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.intake_answers import OralConsultationGiven, PhoneEnquiryAnswered
from libs.events.contracts.intake_clients import ClientIdentified
from libs.events.contracts.intake_requests import DisclosureProvided, RequestReceived, RequestRegistered, RequestStatusChanged
from libs.events.topics import DESK
from libs.events.vocabulary import Card, Contacts, Flag, OralOutcome, Status, TakenDown
from services.intake.domain.inbound import Inbound
from services.intake.domain.register import NumberAssigned
from services.intake.domain.taking import AnsweredAtOnce, AtDesk, CardTaken, role_of, within_competence
from services.intake.domain.term import why_due
from tests.examples import ASTRAKHAN, NOVOSIBIRSK, NOW, anna, message
from tests.unit.intake.desk import LISTS, RULES, desk_after, inbound, intake, intake_with

OPERATOR = Staff(id="account-7", roles=frozenset((Role.OPERATOR,)), unit="land")
BOTH = Contacts(phone="+79130000001", postal=anna.postal)


def taken(card: Card, said: MessageReceived | None = None, *, told: tuple[str, ...] = (), answer: bool = False, **changed: Any) -> Inbound:
    """A card of the desk."""
    noted = TakenDown(card=card, number="+7 (383) 000-18-00" if card is Card.PHONE else None, office="каб. 12", topic="land")
    given = AnsweredAtOnce(gist="Двенадцать.", outcome=OralOutcome.INFORMED, within_competence=True) if answer else None
    at_desk = AtDesk(by=OPERATOR, role=Role.OPERATOR, noted=noted, told=told, answer=given)
    return inbound(said or message(contacts=BOTH), DESK, point="phone", at_desk=at_desk, **changed)


@pytest.mark.requirement("N-4.5", "S-17", "N-5.1")
def test_a_call_answered_at_once_leaves_its_facts_and_takes_no_number() -> None:
    told = intake.given().when(taken(Card.PHONE, told=("speaker",), answer=True))
    enquiry = told.then(ClientIdentified, RequestReceived, DisclosureProvided, PhoneEnquiryAnswered, RequestStatusChanged).fact(
        PhoneEnquiryAnswered
    )
    assert (enquiry.staff, enquiry.gist, enquiry.started_at, enquiry.topic) == ("account-7", "Двенадцать.", NOW, "land")
    assert told.fact(RequestStatusChanged).to_status is Status.ANSWERED
    assert told.fact(RequestStatusChanged).visible is False


@pytest.mark.requirement("A-3.5.2", "S-18")
def test_a_visit_answered_at_once_says_where_it_was() -> None:
    given = intake.given().when(taken(Card.RECEPTION, answer=True)).fact(OralConsultationGiven)
    assert (given.point, given.office, given.within_competence) == ("phone", "каб. 12", True)


@pytest.mark.requirement("N-7.7", "N-8.2")
def test_what_was_not_answered_is_registered_by_itself() -> None:
    intake.given().when(taken(Card.RECEPTION)).then(
        ClientIdentified, RequestReceived, NumberAssigned, RequestRegistered, RequestStatusChanged
    )


@pytest.mark.requirement("N-7.5")
@pytest.mark.parametrize("zone", [NOVOSIBIRSK, ASTRAKHAN])
@pytest.mark.parametrize("card", Card)
def test_what_came_on_an_earlier_day_of_the_authority_is_flagged_as_entered_late(card: Card, zone: ZoneInfo) -> None:
    midnight = datetime(2026, 11, 16, tzinfo=zone)
    for received, late in ((midnight, ()), (midnight - timedelta(seconds=1), (Flag.ENTERED_LATE,))):
        said = message(contacts=BOTH, received_at=received)
        entered = taken(card, said, arrived_at=midnight + timedelta(hours=1))
        told = intake_with(time_zone=zone).given().when(entered)
        assert told.fact(RequestReceived).flags == late
        assert told.fact(RequestReceived).received_at == received


@pytest.mark.requirement("N-7.5", "N-9.1", "R-10")
@pytest.mark.parametrize(
    ("card", "due"), [(Card.POST, date(2026, 12, 9)), (Card.PHONE, date(2026, 12, 16)), (Card.RECEPTION, date(2026, 12, 16))]
)
def test_the_term_of_a_paper_runs_from_its_receipt_and_is_explained_so(card: Card, due: date) -> None:
    """Nine days late: a call is due thirty days after its registration, a paper after the day it came."""
    desk = desk_after([taken(card, message(contacts=BOTH, received_at=datetime(2026, 11, 9, 5, tzinfo=UTC)))])
    [request] = desk.known.requests.values()
    assert request.due_on == due
    first = "10 ноября" if card is Card.POST else "17 ноября"
    assert f"Первый день — {first}" in str(why_due(request, RULES))


@pytest.mark.requirement("N-7.5")
def test_a_paper_of_five_years_ago_is_no_clock_that_is_off() -> None:
    said = message(contacts=BOTH, received_at=NOW - timedelta(days=1800))
    told = intake.given().when(replace(taken(Card.POST, said), point="internal"))
    assert Flag.CLOCK_OFF not in told.fact(RequestReceived).flags


@pytest.mark.requirement("N-3.5", "A-2.1.2", "N-3.3")
@pytest.mark.parametrize(
    ("card", "contacts", "channel", "address"),
    [
        (Card.PHONE, BOTH, "phone", BOTH.phone),
        (Card.PHONE, Contacts(email=anna.email), "site", None),
        (Card.POST, BOTH, "post", BOTH.postal),
        (Card.POST, Contacts(phone=BOTH.phone), "site", None),
        (Card.RECEPTION, BOTH, "site", None),
    ],
)
def test_who_called_is_called_and_who_wrote_on_paper_is_written_to(
    card: Card, contacts: Contacts, channel: str, address: str | None
) -> None:
    change = intake.given().when(taken(card, message(contacts=contacts))).fact(RequestStatusChanged)
    original = change.targets[0]
    assert (original.role, original.channel, original.address) == ("original", channel, address)
    assert [target.channel for target in change.targets[1:]] == (["email"] if contacts.email else [])


@pytest.mark.requirement("N-8.2")
def test_nobody_is_reached_by_the_desk_itself() -> None:
    """A messenger can reply in its dialogue, the desk can't: without a contact there is no number."""
    told = intake.given().when(taken(Card.POST, message(contacts=Contacts()))).then(ClientIdentified, RequestReceived, RequestStatusChanged)
    assert told.fact(RequestReceived).flags == (Flag.NO_CONTACT,)


@pytest.mark.requirement("D-24", "N-2.2")
def test_a_card_that_comes_again_with_other_words_is_refused_with_its_number() -> None:
    desk = desk_after([taken(Card.PHONE)])
    desk.take(taken(Card.PHONE))
    assert desk.last.again
    with pytest.raises(CardTaken) as refused:
        desk.take(taken(Card.PHONE, message(contacts=BOTH, dialogue="card-1 with other words")))
    assert refused.value.extras() == {"number": "ЗИ-1/2026"}


@pytest.mark.requirement("N-8.1", "E-1")
def test_only_operators_and_registrars_take_something_down() -> None:
    for role in Role:
        by = Staff(id="somebody", roles=frozenset((role,)))
        if role in (Role.OPERATOR, Role.REGISTRAR):
            assert role_of(by) is role
        else:
            with pytest.raises(NotAllowed):
                role_of(by)


@pytest.mark.requirement("A-3.5.2")
@pytest.mark.parametrize(
    ("unit", "topic", "within"),
    [("land", "land", True), ("land", "forest", False), ("gone", "land", False), (None, "land", None), ("land", None, None)],
)
def test_competence_is_that_of_ones_unit_and_unknown_without_a_topic(unit: str | None, topic: str | None, within: bool | None) -> None:
    assert within_competence(replace(OPERATOR, unit=unit), topic, LISTS) is within
