"""Staff change the way that a person had chosen to be told: with a reason, and never behind their back (A-3.4)."""

from typing import Any

import pytest
from pydantic import ValidationError

from libs.events.contracts.intake_requests import RequestAdditionalChannelChanged, RequestChannelsChanged, RequestStatusChanged
from libs.events.vocabulary import AdditionalChannel, AskedBy, Mark, Override, Status
from services.intake.domain import timeline
from services.intake.domain.channels import AddressNotValid, ChannelAsItWas, EmailNotValid, as_changed
from services.intake.domain.commands import OverrideChannel
from services.intake.domain.desk import decide
from services.intake.domain.telling import Telling
from tests.examples import NOW, anna
from tests.spec import like
from tests.unit.intake.desk import RULES
from tests.unit.intake.desk_cases import TELLING, by, call_me, case, classify, executor, facts_before, operator, write_me

PAST = facts_before(Status.REGISTERED)
PHONED = AdditionalChannel(channel="phone", address="+7 913 000-00-09")


@pytest.mark.requirement("A-3.4")
@pytest.mark.parametrize("left_out", ["reason", "asked"])
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_override_without_a_reason_or_without_a_word_of_who_asked_is_refused(left_out: str, empty: str | None) -> None:
    said: dict[str, Any] = call_me.model_dump(mode="json") | {left_out: empty}
    with pytest.raises(ValidationError):
        OverrideChannel.model_validate(said if empty is not None else {name: value for name, value in said.items() if name != left_out})


@pytest.mark.requirement("A-3.4", "A-2.1.2", "N-3.2", "S-19")
def test_later_statuses_go_where_the_person_asked_to_be_told_and_the_fact_says_at_whose_word() -> None:
    changed = by(operator).given(*PAST).when(call_me).then(RequestAdditionalChannelChanged, RequestStatusChanged)
    override = Override(channel="phone", asked=AskedBy.PHONE, reason="Сменила номер.")
    assert changed.facts[0] == RequestAdditionalChannelChanged(additional=PHONED, override=override)
    later = by().given(*PAST, *changed.facts).when(classify).fact(RequestStatusChanged)
    assert [(one.role, one.channel, one.address) for one in later.targets] == [
        ("original", "site", None),
        ("additional", "phone", PHONED.address),
        ("email", "email", anna.email),
    ]


@pytest.mark.requirement("A-3.4", "A-2.1.4", "S-19")
def test_the_person_is_told_at_once_by_the_new_way_too_without_the_address() -> None:
    told = by(executor).given(*PAST).when(call_me).fact(RequestStatusChanged)
    assert (told.to_status, told.visible, told.template) == (Status.REGISTERED, True, Mark.CHANNEL)
    assert told.explanation == ("О ходе рассмотрения теперь сообщаем и по телефону. Об этом попросили по телефону. Причина: Сменила номер.")
    assert "phone" in {target.channel for target in told.targets}


@pytest.mark.requirement("A-3.4", "N-3.4", "S-20")
def test_a_new_e_mail_address_gets_the_link_that_confirms_it_unless_it_was_proved_before() -> None:
    outcome = by().given(*PAST).when(write_me)
    assert outcome.facts[0] == like(RequestChannelsChanged, email="new@example.ru", email_confirmed=False, notice=None)
    [_, letter] = outcome.fact(RequestStatusChanged).targets
    assert (letter.address, letter.confirmed, letter.confirm_token) == ("new@example.ru", False, TELLING.confirm_token)
    [proved, _] = decide(case(Status.REGISTERED), write_me, operator, NOW, RULES, Telling(confirmed=True, confirm_token="token"))
    assert proved == like(RequestChannelsChanged, email="new@example.ru", email_confirmed=True)


@pytest.mark.requirement("A-3.4", "N-3.2", "S-19", "S-20")
def test_a_way_can_be_dropped_and_then_nothing_goes_there() -> None:
    phoned = by().given(*PAST).when(call_me)
    dropped = by().given(*PAST, *phoned.facts).when(call_me.model_copy(update={"address": None}))
    assert {target.channel for target in dropped.fact(RequestStatusChanged).targets} == {"site", "email"}
    assert dropped.fact(RequestStatusChanged).explanation.startswith("О ходе рассмотрения больше не сообщаем по телефону.")
    silent = by().given(*PAST).when(write_me.model_copy(update={"address": None}))
    assert {target.channel for target in silent.fact(RequestStatusChanged).targets} == {"site"}


@pytest.mark.requirement("A-3.4", "R-21")
@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"address": "ул."}, AddressNotValid),
        ({"channel": "email", "address": "anna"}, EmailNotValid),
        ({"channel": "email", "address": anna.email}, ChannelAsItWas),
        ({"address": None}, ChannelAsItWas),
        ({"channel": "post", "address": None}, ChannelAsItWas),
    ],
)
def test_where_nobody_could_be_reached_and_what_is_so_already_are_refused(changed: dict[str, Any], refusal: Any) -> None:
    by().given(*PAST).when(call_me.model_copy(update=changed)).then_refused(refusal)


@pytest.mark.requirement("A-3.4")
@pytest.mark.parametrize("command", [call_me, write_me])
def test_the_card_says_who_asked_and_why_and_of_the_persons_own_change_nothing_more(command: OverrideChannel) -> None:
    [fact, _] = decide(case(Status.REGISTERED), command, operator, NOW, RULES, TELLING)
    assert timeline.said(fact).endswith(command.reason)
    assert timeline.said(RequestAdditionalChannelChanged(additional=PHONED)) == ""


def test_the_new_address_is_looked_up_before_it_is_said_to_be_proved() -> None:
    after = as_changed(case(Status.REGISTERED).request, write_me)
    assert (after.email, after.email_confirmed) == ("new@example.ru", False)
