"""The card has words for every fact and a form for every step of the desk; what is wrong with a form stands at its field."""

from typing import get_args

import pytest

from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.vocabulary import AskedBy, ClientKind, Flag, Status, Urgency
from services.intake import statuses
from services.intake.domain import timeline
from services.intake.domain.answer.commands import AnyCommand
from services.intake.domain.commands import Classify, Redirect
from services.intake.domain.desk import AlreadyExtended, MergeWrong, ReasonMissing
from services.intake.domain.request import RequestEvent
from services.intake.pages import commands, titles
from services.intake.pages.cards import forms
from services.intake.transitions import AT_ONCE, NOBODY, TRANSITIONS
from tests.examples import told_registered

COMMANDS = {command.model_fields["command"].annotation.__args__[0] for command in get_args(get_args(AnyCommand)[0])}


@pytest.mark.requirement("N-8.3")
def test_every_fact_of_a_request_has_a_title() -> None:
    assert set(get_args(RequestEvent)) == timeline.TITLES.keys()


@pytest.mark.requirement("N-8.3")
def test_every_step_that_staff_take_has_a_form_and_every_form_leads_to_a_command() -> None:
    by_hand = {transition.id for fact, transition in TRANSITIONS.items() if transition.roles != NOBODY and fact not in AT_ONCE}
    # The form of S-9, left empty, tells that no body is competent; that of S-19 changes the e-mail address, too, and that of S-26 refuses.
    assert by_hand - forms.FORMS.keys() == {"S-10", "S-20", "S-27"}
    assert {command for command, _, _ in forms.FORMS.values()} == COMMANDS


@pytest.mark.requirement("N-8.3")
def test_a_status_that_the_person_is_not_told_is_not_a_line_of_its_own() -> None:
    assert timeline.is_shown(told_registered)
    assert not timeline.is_shown(told_registered.model_copy(update={"visible": False}))
    assert isinstance(told_registered, RequestStatusChanged)
    assert timeline.said(told_registered) == told_registered.explanation


@pytest.mark.requirement("N-8.4")
def test_a_form_becomes_its_command_without_the_spaces_around_what_was_typed() -> None:
    typed = {"classify-type": " information ", "classify-topic": "land", "classify-urgency": "urgent", "classify-unit": "land"}
    command, wrong = forms.command_of("classify", {**typed, "classify-client_kind": "citizen", "version": "3", "foreign": "x"})
    assert wrong == {}
    assert isinstance(command, Classify)
    assert (command.type, command.urgency.value) == ("information", "urgent")


@pytest.mark.requirement("N-8.4")
def test_what_is_left_empty_is_told_at_its_field() -> None:
    command, wrong = forms.command_of("classify", {"classify-type": "", "classify-urgency": "at once"})
    assert command is None
    assert wrong.keys() == {f"classify-{field}" for field in ("type", "topic", "urgency", "unit", "client_kind")}
    assert wrong["classify-type"] == commands.EMPTY
    assert wrong["classify-urgency"] != commands.EMPTY


@pytest.mark.requirement("S-9", "S-10")
def test_a_redirection_to_nobody_says_that_no_body_is_known_to_be_competent() -> None:
    command, wrong = forms.command_of("redirect", {"redirect-to_body": " ", "redirect-explanation": "Такого органа мы не знаем"})
    assert (wrong, isinstance(command, Redirect) and command.to_body) == ({}, None)


@pytest.mark.requirement("S-13")
def test_a_refusal_stands_at_the_field_it_is_about_or_at_the_form() -> None:
    assert forms.errors_of("merge", MergeWrong()).keys() == {"merge-into"}
    assert forms.errors_of("merge", ReasonMissing()).keys() == {"merge-reason"}
    assert forms.errors_of("merge", AlreadyExtended()).keys() == {"form-merge"}


@pytest.mark.requirement("N-8.3")
def test_every_status_urgency_and_kind_has_words_for_staff() -> None:
    staff = ((titles.STATUSES, Status), (titles.URGENCIES, Urgency), (titles.KINDS, ClientKind), (titles.FLAGS, Flag))
    for words, codes in (*staff, (titles.ASKED, AskedBy), (statuses.ASKED, AskedBy)):
        assert set(codes) - set(words) == set(), codes
