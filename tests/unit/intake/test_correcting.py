"""A person corrects what their request says of them; what it said before stays in history (E-11)."""

import pytest

from libs.events.contracts.intake_requests import PersonalDataCorrected
from libs.events.vocabulary import Contacts
from services.intake.domain import timeline
from services.intake.domain.correcting import Correction, DataNotValid, corrected
from services.intake.domain.request import Request, replayed
from tests.examples import NOW, anna, boris, received, supplemented

pytestmark = pytest.mark.requirement("E-11")
KNOWN = received.model_copy(update={"contacts": anna.contacts})


def after(*facts: PersonalDataCorrected) -> Request:
    return replayed([(fact, NOW) for fact in (KNOWN, *facts)])


def test_what_is_corrected_stands_beside_what_was_said_before_and_the_rest_stays() -> None:
    [fact] = corrected(after(), Correction(name=boris.name, phone=boris.phone))
    assert (fact.name, fact.previous_name) == (boris.name, anna.name)
    assert (fact.contacts, fact.previous_contacts) == (Contacts(phone=boris.phone), Contacts(phone=anna.phone))
    now = after(fact)
    assert (now.name, now.contacts, now.email) == (boris.name, anna.contacts.model_copy(update={"phone": boris.phone}), anna.email)
    assert replayed([(one, NOW) for one in (KNOWN, fact, supplemented)]).name == boris.name, "a message that gives no name changes none"
    said = [f"Имя: {boris.name} (было: {anna.name})", f"Телефон: {boris.phone} (было: {anna.phone})"]
    assert timeline.said(fact).split("\n") == said


def test_where_nothing_stood_the_timeline_names_no_former() -> None:
    [fact] = corrected(replayed([(received, NOW)]), Correction(postal=boris.postal))
    assert timeline.said(fact) == f"Почтовый адрес: {boris.postal}"


def test_the_same_again_is_no_correction() -> None:
    assert corrected(after(), Correction(name=anna.name, phone=anna.phone, postal=anna.postal)) == []


@pytest.mark.parametrize("wanted", [Correction(name="123"), Correction(phone="нет"), Correction(name=boris.name, postal="1 2 3")])
def test_what_nobody_could_be_reached_by_is_refused(wanted: Correction) -> None:
    with pytest.raises(DataNotValid):
        corrected(after(), wanted)
