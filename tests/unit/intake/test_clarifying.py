"""A question stands on the status page until it is answered, and is answered there whatever channel the request came by (S-12)."""

from datetime import date

import pytest

from libs.events.contracts.intake_requests import ClarificationReceived, ClarificationRequested, RequestReceived
from libs.events.fact import Event
from libs.events.vocabulary import Mark, Status, Target
from services.intake import statuses
from services.intake.domain.request import evolve, replayed
from services.intake.domain.telling import explanation, standing
from tests.examples import NOW, message, received, registered, told_registered
from tests.unit.intake.desk import Desk, desk_after, inbound, later
from tests.unit.intake.desk_cases import APPEAL, NEW_DUE, by, extend, head, sorted_as, status

PAST = (received, registered, told_registered, sorted_as(APPEAL), status(Status.CLASSIFIED))
QUESTION = ClarificationRequested(question="О каком участке?", wait_until=date(2026, 11, 23))


def asked() -> list[Event]:
    told = status(Status.AWAITING_CLARIFICATION).model_copy(update={"visible": True, "template": "awaiting_clarification"})
    return [*PAST, QUESTION, told]


@pytest.mark.requirement("S-12", "S-15", "A-2.1.4")
def test_an_extension_that_comes_while_a_question_waits_hides_no_question_and_has_a_title_of_its_own() -> None:
    extended = by(head).given(*asked()).when(extend).facts
    request = replayed([(fact, NOW) for fact in (*asked(), *extended)])
    assert explanation(request) == statuses.asked(QUESTION.question, QUESTION.wait_until, NEW_DUE)
    assert [step.mark for step in request.steps] == ["", "", Mark.EXTENDED]
    assert request.steps[-1].explanation.startswith("Срок ответа продлён с ")
    assert standing(request, Target(role="email", channel="email")).explanation == explanation(request)


@pytest.mark.requirement("S-12")
def test_once_it_is_answered_the_newest_word_stands_there() -> None:
    answered = (ClarificationReceived(message_ref=received.message_ref), told_registered.model_copy(update={"explanation": "В работе."}))
    request = replayed([(fact, NOW) for fact in (*asked(), *answered)])
    assert (request.question, explanation(request)) == (None, "В работе.")


def waiting() -> Desk:
    desk = desk_after([inbound(message("m-1", dialogue="peer-7"), "vk")])
    [request_id] = desk.requests
    for fact in (QUESTION, status(Status.AWAITING_CLARIFICATION)):
        desk.known.requests[request_id] = evolve(desk.known.requests[request_id], fact)
    return desk


@pytest.mark.requirement("S-12")
@pytest.mark.parametrize("proved", [True, False])
def test_who_has_shown_the_code_answers_by_another_channel_and_nobody_else_joins_by_a_number(proved: bool) -> None:
    desk = waiting()
    [request_id] = desk.requests
    named = message("a-1", dialogue="page", thread_ref=desk.last.reference, text="У реки.")
    facts = desk.take(later(1, named, proved=proved))
    assert any(isinstance(fact, ClarificationReceived) for fact in facts) is proved
    assert any(isinstance(fact, RequestReceived) for fact in facts) is not proved
    assert (desk.known.requests[request_id].question is None) is proved
    again = desk.take(later(2, named, proved=proved))
    assert again == [], "sent twice it is one"
