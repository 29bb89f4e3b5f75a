"""Where the facts of a message go, and what the person is told of them (R-2, R-19)."""

from datetime import UTC, date, datetime
from typing import Literal

import pytest

from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.intake_clients import ClientIdentified
from libs.events.contracts.intake_requests import RequestReceived, RequestRegistered, RequestStatusChanged, RequestSupplemented
from libs.events.vocabulary import AdditionalChannel, Attachment, Contacts, Flag, Sender, WantedForm
from services.intake import statuses
from tests.examples import GREETING, NOW, QUESTION, anna, boris, message
from tests.unit.intake.desk import desk_after, inbound, intake, later


def of_anna(external_id: str, text: str = QUESTION, dialogue: str = "d") -> MessageReceived:
    return message(external_id, dialogue=dialogue, text=text, sender=anna.sender, contacts=Contacts(email=anna.email))


@pytest.mark.requirement("R-2", "R-17", "N-4.4")
def test_each_fact_goes_to_its_own_stream_after_its_version_and_under_its_own_thread() -> None:
    desk = desk_after([inbound()])
    [request] = desk.requests
    client = desk.known.client_of[request]
    assert [(facts.kind, facts.aggregate_id, facts.expected_version, facts.thread_id, facts.client_id) for facts in desk.known.facts] == [
        ("client", str(client), 0, client, client),
        ("request", str(request), 0, request, client),
        ("register", "main-2026", 0, request, None),
        ("request", str(request), 1, request, client),
        ("request", str(request), 2, request, client),
    ]
    assert all((facts.message, facts.point) == (inbound(), "site") for facts in desk.known.facts)


@pytest.mark.requirement("N-8.2", "N-3.3", "E-10")
def test_the_receipt_and_the_first_status_say_number_and_date() -> None:
    outcome = intake.given().when(inbound())
    registered, told = outcome.fact(RequestRegistered), outcome.fact(RequestStatusChanged)
    receipt = outcome.state.last
    assert (receipt.request_id, receipt.due_on) == (outcome.state.requests[0], registered.due_on)
    assert (told.due_on, told.explanation) == (
        registered.due_on,
        statuses.registered(registered.reg_no, date(2026, 11, 16), registered.due_on),
    )
    assert [step.at for step in outcome.state.known.requests[receipt.request_id].steps] == [NOW]


@pytest.mark.requirement("N-8.2")
def test_the_year_of_a_number_is_that_of_the_authoritys_own_clock() -> None:
    new_year = datetime(2026, 12, 31, 18, 0, tzinfo=UTC)  # one o'clock at night in Novosibirsk
    said = message().model_copy(update={"received_at": new_year})
    assert intake.given().when(inbound(said, arrived_at=new_year)).fact(RequestRegistered).reg_no == "ЗИ-1/2027"


@pytest.mark.requirement("R-20", "N-2.1")
def test_a_client_is_kept_with_platform_account_and_contacts_where_there_are_any() -> None:
    by_account = intake.given().when(inbound(of_anna("m-1"), "vk")).fact(ClientIdentified)
    assert (by_account.platform, by_account.account, by_account.contacts.email) == ("vk", anna.account, anna.email)
    by_form = intake.given().when(inbound(message(sender=Sender(name="-")))).fact(ClientIdentified)
    assert (by_form.platform, by_form.account, by_form.name) == (None, None, None)


@pytest.mark.requirement("N-3.4", "R-9", "R-20")
def test_an_address_that_this_very_client_proved_before_needs_no_proof_again() -> None:
    desk = desk_after([inbound(of_anna("m-1"), "vk")])
    client = desk.known.client_of[desk.requests[0]]
    desk.known.clients[client] = desk.known.clients[client]._replace(confirmed=frozenset({anna.email}))
    facts = desk.take(inbound(of_anna("m-2", dialogue="another"), "vk"))
    [told] = [fact for fact in facts if isinstance(fact, RequestStatusChanged)]
    assert [target.confirmed for target in told.targets if target.role == "email"] == [True]
    facts = desk.take(inbound(message("m-3", boris, contacts=Contacts(email=anna.email)), "vk"))
    [told] = [fact for fact in facts if isinstance(fact, RequestStatusChanged)]
    assert [target.confirmed for target in told.targets if target.role == "email"] == [False], "another client"


FORM = AdditionalChannel(channel="email", address="second@example.ru")
FILE = Attachment(upload_id="u-1", name="plan.pdf", type="application/pdf", size=10, sha256="0" * 64)


@pytest.mark.requirement("N-2.2", "N-3.2")
def test_whatever_a_message_says_stands_in_its_fact() -> None:
    said = of_anna("m-1").model_copy(update={"additional_channel": FORM, "attachments": (FILE,), "wanted_form": WantedForm.WRITTEN})
    received = intake.given().when(inbound(said, "vk")).fact(RequestReceived)
    assert (received.additional_channel, received.attachments, received.wanted_form) == (FORM, (FILE,), WantedForm.WRITTEN)
    more = of_anna("m-2").model_copy(update={"additional_channel": FORM, "attachments": (FILE,)})
    added = intake.given(inbound(of_anna("m-1", GREETING), "vk")).when(later(1, more, "vk")).fact(RequestSupplemented)
    assert (added.additional_channel, added.attachments) == (FORM, (FILE,))


@pytest.mark.requirement("R-19", "R-21")
@pytest.mark.parametrize(
    ("channel", "address", "odd"), [("email", "nowhere", True), ("email", "a@example.ru", False), ("post", "-", False)]
)
def test_an_additional_address_that_is_none_is_kept_and_flagged(channel: Literal["email", "post"], address: str, odd: bool) -> None:
    said = of_anna("m-1").model_copy(update={"additional_channel": AdditionalChannel(channel=channel, address=address)})
    assert (Flag.BAD_EMAIL in intake.given().when(inbound(said, "vk")).fact(RequestReceived).flags) is odd


@pytest.mark.requirement("R-19", "D-23")
def test_each_dialogue_completes_its_own_request() -> None:
    past = (inbound(of_anna("m-1", GREETING, "one"), "vk"), inbound(of_anna("m-2", GREETING, "two"), "vk"))
    for dialogue, place in (("one", 0), ("two", 1)):
        outcome = intake.given(*past).when(later(1, of_anna("m-3", QUESTION, dialogue), "vk"))
        assert outcome.fact(RequestSupplemented).text == QUESTION
        assert outcome.state.last.request_id == outcome.state.requests[place]
