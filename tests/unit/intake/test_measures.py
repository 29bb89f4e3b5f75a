"""What is counted of a request is kept for each time at which it was so, and what happens later changes nothing of it (N-1.2)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from libs.events.contracts.intake_answers import PhoneEnquiryAnswered
from libs.events.contracts.intake_requests import (
    DeadlineExtended,
    MessageSetAside,
    MessageTakenUp,
    RequestClassified,
    RequestReassigned,
    RequestRegistered,
    RequestStatusChanged,
)
from libs.events.fact import Event
from libs.events.vocabulary import Card, Classification, ClientKind, OralOutcome, Status, TakenDown, Urgency
from services.intake.domain.measures import AT_ONCE, OTHER, Measured, Span, spans
from services.intake.domain.request import states
from tests.examples import NOW, imported, received, registered, told_registered
from tests.unit.intake.desk_cases import status

pytestmark = pytest.mark.requirement("N-1.2")

Told = tuple[Event, datetime]
LATER = [NOW + timedelta(days=days) for days in range(60)]
CLASSIFIED = RequestClassified(
    classification=Classification(type="information", topic="land", urgency=Urgency.ORDINARY, unit="land"), client_kind=ClientKind.CITIZEN
)
TO_FOREST = RequestReassigned(unit="forest", reason="Это о лесе.")
EXTENDED = DeadlineExtended(old_due=registered.due_on, new_due=date(2026, 12, 30), reason="Нужны сведения архива.", rule_version="1")
BEGUN: list[Told] = [(received, NOW), (registered, NOW), (told_registered, NOW)]
TALK = PhoneEnquiryAnswered(started_at=NOW, staff="operator-1", gist="Порядок аренды.", outcome=OralOutcome.INFORMED, number="+7 383 000")


def counted(told: Sequence[Told]) -> list[Span]:
    """Each fact was written down when it happened."""
    return spans([(state, at, at) for state, (_, at) in zip(states(told), told, strict=True)], "site")


def standing(found: Sequence[Span], when: datetime) -> Measured | None:
    """As the query chooses it."""
    chosen = [span.measured for span in found if span.since < when and (span.until is None or span.until >= when)]
    assert len(chosen) < 2
    return chosen[0] if chosen else None


def test_each_change_of_what_is_counted_begins_where_the_one_before_ends() -> None:
    told = [*BEGUN, (CLASSIFIED, LATER[1]), (EXTENDED, LATER[2]), (TO_FOREST, LATER[3]), (status(Status.ANSWERED), LATER[40])]
    found = counted(told)
    assert [(span.since, span.until) for span in found] == [
        (NOW, LATER[1]),
        (LATER[1], LATER[2]),
        (LATER[2], LATER[3]),
        (LATER[3], LATER[40]),
        (LATER[40], None),
    ]
    assert [span.measured.unit for span in found] == [None, "land", "land", "forest", "forest"]
    assert [span.measured.due_on for span in found] == [registered.due_on, registered.due_on, *[EXTENDED.new_due] * 3]
    assert found[-1].measured == Measured(
        unit="forest",
        type="information",
        point="site",
        register_days=3,
        received_at=NOW,
        registered_at=NOW,
        due_on=EXTENDED.new_due,
        closed_at=LATER[40],
        outcome="answered",
    )


def test_what_changes_nothing_that_is_counted_begins_nothing() -> None:
    assert len(counted([*BEGUN, (CLASSIFIED, LATER[1]), (status(Status.DRAFTING), LATER[2]), (status(Status.ON_APPROVAL), LATER[3])])) == 2


def test_an_answer_after_a_reopening_counts_from_its_own_day() -> None:
    told = [*BEGUN, (status(Status.ANSWERED), LATER[5]), (status(Status.DRAFTING), LATER[6]), (status(Status.REFUSED), LATER[9])]
    assert [(span.measured.closed_at, span.measured.outcome) for span in counted(told)] == [
        (None, None),
        (LATER[5], "answered"),
        (None, None),
        (LATER[9], "refused"),
    ]


def test_what_is_no_answer_and_what_was_answered_in_the_talk_are_told_apart() -> None:
    assert counted([*BEGUN, (status(Status.WITHDRAWN), LATER[1])])[-1].measured.outcome == OTHER
    assert counted([(received, NOW), (TALK, NOW), (status(Status.ANSWERED), NOW)])[-1].measured.outcome == AT_ONCE


def test_what_is_said_aloud_has_to_be_registered_on_its_day() -> None:
    spoken = received.model_copy(update={"taken_down": TakenDown(card=Card.RECEPTION)})
    on_paper = received.model_copy(update={"taken_down": TakenDown(card=Card.POST)})
    assert [counted([(fact, NOW)])[0].measured.register_days for fact in (spoken, on_paper, received)] == [0, 3, 3]


def test_what_is_no_request_counts_as_long_as_somebody_thought_it_one() -> None:
    told = [
        (received, NOW),
        (MessageSetAside(reason="Реклама."), LATER[1]),
        (status(Status.NOT_A_REQUEST), LATER[1]),
        (MessageTakenUp(reason="Это вопрос."), LATER[4]),
        (status(Status.RECEIVED), LATER[4]),
    ]
    assert [(span.since, span.until) for span in counted(told)] == [(NOW, LATER[1]), (LATER[4], None)]


def test_what_an_older_register_had_closed_is_not_ours_to_count() -> None:
    assert counted([(imported, NOW)]) == []
    assert counted([(imported.model_copy(update={"state": Status.ASSIGNED}), NOW)])[0].measured.registered_at is None


def test_a_clock_that_goes_back_leaves_no_span_that_ends_before_it_begins() -> None:
    told = [(received, LATER[3]), (registered, LATER[2]), (CLASSIFIED, LATER[1]), (status(Status.ANSWERED), LATER[4])]
    assert all(span.until is None or span.since < span.until for span in counted(told))


LIVES = some.lists(
    some.tuples(
        some.sampled_from(
            [
                CLASSIFIED,
                TO_FOREST,
                EXTENDED,
                *(status(one) for one in (Status.ASSIGNED, Status.ANSWERED, Status.REFUSED, Status.WITHDRAWN)),
            ]
        ),
        some.integers(0, 40),
    ),
    max_size=12,
)


@given(LIVES, some.integers(0, 41))
def test_whatever_happens_after_a_day_the_indicators_of_that_day_stay(life: list[tuple[RequestStatusChanged, int]], day: int) -> None:
    told = [*BEGUN, *((fact, LATER[days]) for fact, days in sorted(life, key=lambda one: one[1]))]
    ends = datetime.combine(LATER[day].date() + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    known_then = [(fact, at) for fact, at in told if at < ends]
    assert standing(counted(told), ends) == standing(counted(known_then), ends) is not None


def test_a_paper_that_is_entered_later_was_not_known_on_the_day_it_came() -> None:
    [span] = spans([(states([(received, NOW)])[0], NOW, LATER[2])], "post")
    assert (span.since, span.measured.received_at) == (LATER[2], NOW)


def test_a_registration_names_its_day() -> None:
    late: RequestRegistered = registered.model_copy(update={"reg_at": LATER[4]})
    assert counted([(received, NOW), (late, LATER[4])])[-1].measured.registered_at == LATER[4]
