"""Who may ask what, and how the question is written down."""

from datetime import timedelta
from uuid import uuid4

import pytest

from libs.chassis.access.roles import NotAllowed, Role, Staff
from services.history.domain.questions import (
    AUDIT,
    NothingAsked,
    PeriodReversed,
    Question,
    Sight,
    role_of,
    sight_of,
    viewed,
)
from tests.unit.history.told import AT


def staff(*roles: Role) -> Staff:
    return Staff(id="account-7", roles=frozenset(roles))


@pytest.mark.requirement("D-25", "R-25")
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REGISTRAR, Role.EXECUTOR, Role.CHECKER, Role.HEAD])
def test_readers_see_history_and_no_audits(role: Role) -> None:
    assert sight_of(staff(role)) is Sight.HISTORY
    with pytest.raises(NotAllowed):
        Question(sight=Sight.HISTORY, type=AUDIT).check()


@pytest.mark.requirement("D-25", "R-25")
def test_an_auditor_sees_audits_alone() -> None:
    assert sight_of(staff(Role.AUDITOR)) is Sight.AUDITS
    Question(sight=Sight.AUDITS, type=AUDIT).check()
    with pytest.raises(NotAllowed):
        Question(sight=Sight.AUDITS, type="RequestReceived").check()


@pytest.mark.requirement("R-25")
def test_who_holds_both_roles_sees_both() -> None:
    assert sight_of(staff(Role.AUDITOR, Role.HEAD)) is Sight.ALL


@pytest.mark.requirement("R-25")
@pytest.mark.parametrize("role", [Role.SRE, Role.ADMINISTRATOR, Role.EDITOR, Role.MAILER, Role.SURVEYOR])
def test_all_others_see_nothing(role: Role) -> None:
    with pytest.raises(NotAllowed):
        sight_of(staff(role))


@pytest.mark.requirement("D-25")
def test_a_question_needs_a_filter_or_a_period() -> None:
    with pytest.raises(NothingAsked):
        Question(sight=Sight.HISTORY).check()
    Question(sight=Sight.HISTORY, since=AT).check()
    Question(sight=Sight.HISTORY, channel="site").check()


@pytest.mark.requirement("D-25")
@pytest.mark.parametrize("seconds", [0, -1])
def test_a_period_ends_after_it_begins(seconds: int) -> None:
    with pytest.raises(PeriodReversed):
        Question(sight=Sight.HISTORY, since=AT, until=AT + timedelta(seconds=seconds)).check()
    Question(sight=Sight.HISTORY, since=AT, until=AT + timedelta(microseconds=1)).check()


@pytest.mark.requirement("D-25")
def test_the_audit_names_who_looked_in_which_role_and_by_which_filters() -> None:
    client = uuid4()
    question = Question(sight=Sight.HISTORY, client=client, since=AT, channel="site")
    fact = viewed(staff(Role.SRE, Role.OPERATOR), question.filters(), 3)
    assert (fact.operator, fact.role, fact.count) == ("account-7", "operator", 3)
    assert fact.filter == {"client": str(client), "from": AT.isoformat(), "channel": "site"}
    assert role_of(staff(Role.AUDITOR)) is Role.AUDITOR


@pytest.mark.requirement("D-25")
def test_every_filter_is_written_down_under_the_name_that_the_door_gives_it() -> None:
    filled = {"client": uuid4(), "request": "r-1", "thread": uuid4(), "number": "ЗИ-1/2026"}
    coded = {"channel": "site", "point": "phone", "type": "RequestReceived", "staff": "account-7"}
    question = Question(sight=Sight.HISTORY, since=AT, until=AT, **filled, **coded)  # type: ignore[arg-type]  # fields by name
    assert question.filters() == {name: str(value) for name, value in (filled | coded).items()} | {
        "from": AT.isoformat(),
        "to": AT.isoformat(),
    }


@pytest.mark.requirement("D-25")
def test_the_same_question_has_one_digest_and_another_one_another() -> None:
    def digest(sight: Sight, channel: str) -> bytes:
        return Question(sight=sight, channel=channel).digest()

    assert digest(Sight.HISTORY, "site") == digest(Sight.HISTORY, "site")
    assert len({digest(sight, channel) for sight in Sight for channel in ("site", "vk")}) == 6
