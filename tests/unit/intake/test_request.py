"""What a request remembers of its facts, and where its notices go."""

from typing import get_args

import pytest

from libs.events.contracts import intake_clients, intake_requests
from libs.events.contracts.intake_requests import RequestAdditionalChannelChanged
from libs.events.fact import Event
from libs.events.vocabulary import AdditionalChannel, ClientKind, Contacts, Flag, MessageRef, Sender, Standing, Status, Target
from services.intake.domain import client, request
from services.intake.domain.request import Request, replayed
from services.intake.domain.telling import standing, targets
from tests.examples import (
    NOW,
    QUESTION,
    anna,
    answered,
    boris,
    edited,
    email_changed,
    email_confirmed,
    email_dropped,
    imported,
    imported_line,
    received,
    registered,
    supplemented,
    told_registered,
)


def after(*facts: Event) -> Request:
    return replayed([(fact, NOW) for fact in facts])


def test_every_published_fact_is_remembered_by_its_aggregate() -> None:
    assert set(get_args(request.RequestEvent)) == set(intake_requests.EVENTS)
    assert set(get_args(client.ClientEvent)) == set(intake_clients.EVENTS)


def test_each_fact_is_a_version() -> None:
    facts = (received, supplemented, edited, registered, told_registered, email_changed, email_confirmed, imported, imported_line)
    assert after(*facts).version == len(facts)


@pytest.mark.requirement("N-8.2", "E-10")
def test_a_request_goes_from_its_first_message_to_its_answer() -> None:
    now = after(received, registered, told_registered, answered)
    assert (now.reference, now.reg_no, now.due_on, now.status) == ("BAKAA-AAAAA", "ЗИ-1/2026", registered.due_on, Status.ANSWERED)
    assert [(step.at, step.status) for step in now.steps] == [(NOW, Status.REGISTERED), (NOW, Status.ANSWERED)]


@pytest.mark.requirement("N-3.3")
def test_a_step_that_the_person_does_not_see_changes_the_status_alone() -> None:
    hidden = answered.model_copy(update={"visible": False, "to_status": Status.DRAFTING})
    now = after(received, told_registered, hidden)
    assert (now.status, len(now.steps)) == (Status.DRAFTING, 1)


@pytest.mark.requirement("N-2.2")
def test_the_newest_text_of_each_message_counts() -> None:
    texts = [text for _, text in after(received, supplemented, edited).texts]
    assert texts == [edited.text, supplemented.text]


def test_silence_and_blanks_change_nothing_that_was_said() -> None:
    blank = supplemented.model_copy(
        update={
            "sender": Sender(name="  ", kind=ClientKind.UNKNOWN),
            "contacts": Contacts(email=" ", phone=" ", postal=" "),
            "additional_channel": AdditionalChannel(channel="phone", address="нет"),
        }
    )
    first = received.model_copy(update={"contacts": anna.contacts})
    before, now = after(first), after(first, blank)
    assert (now.name, now.kind, now.contacts, now.email, now.additional) == (anna.name, anna.kind, anna.contacts, anna.email, None)
    assert before.lacks == now.lacks == ()


def test_the_newest_word_goes_before_the_earlier() -> None:
    now = after(received, supplemented.model_copy(update={"sender": boris.sender, "contacts": boris.contacts}))
    assert (now.name, now.kind, now.email, now.contacts.phone) == (boris.name, boris.kind, boris.email, boris.phone)


@pytest.mark.requirement("N-3.2")
@pytest.mark.parametrize(("choice", "kept"), [(email_dropped, None), (email_changed, "other@example.ru")])
def test_a_changed_address_is_not_brought_back_by_a_message_that_gives_none(choice: Event, kept: str | None) -> None:
    assert after(received, choice, supplemented).email == kept


@pytest.mark.requirement("N-3.4")
def test_a_proof_belongs_to_one_address_alone() -> None:
    assert after(received, email_confirmed).email_confirmed
    assert after(received, email_confirmed, supplemented).email_confirmed
    assert not after(received, email_confirmed, email_changed).email_confirmed
    other = supplemented.model_copy(update={"contacts": Contacts(email=boris.email)})
    assert not after(received, email_confirmed, other).email_confirmed


@pytest.mark.requirement("N-3.1", "N-3.4")
def test_an_additional_channel_by_e_mail_is_the_address_of_the_duplicate() -> None:
    chosen = received.model_copy(update={"additional_channel": AdditionalChannel(channel="email", address=boris.email)})
    assert after(chosen).email == boris.email
    unusable = received.model_copy(update={"additional_channel": AdditionalChannel(channel="email", address="не адрес")})
    assert (after(unusable).email, after(unusable).additional) == (anna.email, None)


@pytest.mark.requirement("R-19")
@pytest.mark.parametrize(
    ("contacts", "also", "reachable"),
    [
        (Contacts(email=anna.email), None, True),
        (Contacts(phone=anna.phone), None, True),
        (Contacts(postal=anna.postal), None, True),
        (Contacts(), AdditionalChannel(channel="phone", address=anna.phone), True),
        (Contacts(), AdditionalChannel(channel="post", address=anna.postal), True),
        (Contacts(email="не адрес"), None, False),
        (Contacts(phone=" ", postal="-"), None, False),
        (Contacts(), AdditionalChannel(channel="email", address="не адрес"), False),
        (Contacts(), None, False),
    ],
)
def test_from_the_site_a_person_is_reachable_by_a_contact_that_can_be_used(
    contacts: Contacts, also: AdditionalChannel | None, reachable: bool
) -> None:
    now = after(received.model_copy(update={"contacts": contacts, "additional_channel": also}))
    assert now.reachable is reachable
    assert now.lacks == (() if reachable else (Flag.NO_CONTACT,))


@pytest.mark.requirement("R-19")
def test_in_a_dialogue_the_person_is_reachable_there() -> None:
    in_vk = received.model_copy(update={"contacts": Contacts(), "message_ref": MessageRef(frontend="vk", external_id="m-1")})
    assert after(in_vk).reachable


@pytest.mark.requirement("R-21")
def test_what_was_odd_about_any_message_stays_and_what_lacked_does_not() -> None:
    first = received.model_copy(update={"flags": (Flag.UNKNOWN_POINT, Flag.NO_QUESTION)})
    assert after(first, edited.model_copy(update={"flags": (Flag.TEXT_CHANGED,)})).flags == {Flag.UNKNOWN_POINT, Flag.TEXT_CHANGED}


@pytest.mark.requirement("R-22")
def test_an_imported_request_has_its_own_state_and_is_nobodys_dialogue() -> None:
    now = after(imported, imported_line)
    assert (now.imported, now.status, now.received_at, now.dialogue) == (True, Status.CLOSED, imported.received_at, "")


@pytest.mark.requirement("N-3.5", "N-7.4")
def test_notices_go_to_the_original_channel_then_the_additional_then_by_e_mail() -> None:
    by_post = AdditionalChannel(channel="post", address=anna.postal)
    from_vk = received.model_copy(
        update={"message_ref": MessageRef(frontend="vk", external_id="m-1"), "channel": "vk", "additional_channel": by_post}
    )
    assert targets(after(from_vk), confirmed=False, confirm_token="token") == (
        Target(role="original", channel="frontend", frontend="vk", dialogue_key=received.dialogue_key, dialogue=received.dialogue),
        Target(role="additional", channel="post", address=anna.postal),
        Target(role="email", channel="email", address=anna.email, confirmed=False, confirm_token="token"),
    )


@pytest.mark.requirement("N-3.4", "N-7.3")
def test_the_site_is_told_by_its_status_page_and_a_proved_address_gets_no_link() -> None:
    assert targets(after(received), confirmed=True, confirm_token="token") == (
        Target(role="original", channel="site"),
        Target(role="email", channel="email", address=anna.email, confirmed=True),
    )
    assert targets(after(received, email_dropped), confirmed=False, confirm_token=None) == (Target(role="original", channel="site"),)


@pytest.mark.requirement("N-3.1", "N-3.2")
def test_an_additional_channel_chosen_later_counts_from_then_on() -> None:
    by_post = AdditionalChannel(channel="post", address=anna.postal)
    now = after(received, RequestAdditionalChannelChanged(additional=by_post))
    assert (now.additional, now.version) == (by_post, 2)
    assert after(received, RequestAdditionalChannelChanged(additional=by_post), RequestAdditionalChannelChanged()).additional is None
    by_email = received.model_copy(update={"additional_channel": AdditionalChannel(channel="email", address=boris.email)})
    assert [target.role for target in targets(after(by_email), confirmed=False, confirm_token=None)] == ["original", "email"]


@pytest.mark.requirement("N-3.3", "N-3.4")
def test_where_a_request_stands_is_told_as_the_person_saw_it_last() -> None:
    target = Target(role="original", channel="site")
    now = after(received, registered, told_registered)
    assert standing(now, target) == Standing(
        target=target,
        status=Status.REGISTERED,
        explanation=told_registered.explanation,
        reference=received.reference,
        reg_no=registered.reg_no,
        due_on=registered.due_on,
        addressee=anna.name,
    )
    assert standing(after(received), target).explanation == ""


def test_when_it_came_and_what_it_was_told_is_remembered_and_a_change_of_address_says_whether_it_is_proved() -> None:
    now = after(received, told_registered)
    assert (now.received_at, now.steps[0].explanation) == (received.received_at, told_registered.explanation)
    assert after(received, email_changed).email_confirmed is False
    assert after(received, email_changed.model_copy(update={"email_confirmed": True})).email_confirmed is True


def test_a_question_alone_lacks_nothing_else() -> None:
    assert after(received).texts == ((received.message_ref, QUESTION),)
    assert after(received).lacks == ()
