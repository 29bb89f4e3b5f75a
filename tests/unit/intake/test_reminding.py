"""The code of a request goes to the request's own addresses, and is no code where none of them is proved (E-10)."""

import pytest

from libs.events.contracts.intake_requests import TrackingCodeAsked
from libs.events.fact import Event
from libs.events.vocabulary import AdditionalChannel, Contacts, MessageRef
from services.intake import tracking
from services.intake.domain import reminding
from services.intake.domain.client import Client
from services.intake.domain.request import replayed
from services.intake.domain.telling import telling
from tests.examples import NOW, REQUEST_ID, anna, email_confirmed, received, registered, told_registered
from tests.unit.intake.desk import KEY

by_vk = received.model_copy(update={"message_ref": MessageRef(frontend="vk", external_id="m-1"), "channel": "vk"})
by_phone = received.model_copy(
    update={"contacts": Contacts(phone=anna.phone), "additional_channel": AdditionalChannel(channel="phone", address=anna.phone)}
)


def reminded(*facts: Event) -> TrackingCodeAsked:
    request = replayed([(fact, NOW) for fact in facts])
    return reminding.reminder(REQUEST_ID, request, telling(REQUEST_ID, request, Client(), KEY), KEY)


@pytest.mark.requirement("E-10")
@pytest.mark.parametrize(
    ("facts", "targets", "with_code"),
    [
        pytest.param((received, registered, told_registered, email_confirmed), [("email", True)], True, id="a proved address"),
        pytest.param((received,), [("email", False)], False, id="one that was only typed"),
        pytest.param((by_vk,), [("frontend", True), ("email", False)], True, id="the dialogue it came by"),
        pytest.param((by_phone,), [], False, id="a call would tell it to whoever answers"),
    ],
)
def test_the_code_goes_where_notices_go(facts: tuple[Event, ...], targets: list[tuple[str, bool]], with_code: bool) -> None:
    fact = reminded(*facts)
    assert [(notice.target.channel, notice.target.confirmed) for notice in fact.notices] == targets
    assert fact.tracking_code == (tracking.tracking_code(KEY, REQUEST_ID) if with_code else None)


def test_each_address_and_each_dialogue_has_a_mark_of_its_own_that_tells_nothing() -> None:
    email, dialogue = (reminded(*facts).notices[0].target for facts in ((received,), (by_vk,)))
    marks = {reminding.mark(KEY, one) for one in (email, dialogue, email.model_copy(update={"address": "b@example.ru"}))}
    assert len(marks) == 3
    assert reminding.mark(KEY, email) == reminding.mark(KEY, email.model_copy(update={"address": anna.email.upper()}))
    assert reminding.mark(b"x" * 32, email) not in marks
