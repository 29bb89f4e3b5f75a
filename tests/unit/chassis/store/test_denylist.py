"""Which facts of an account take the worth of its tokens; history reads the same from what it keeps."""

from datetime import date
from uuid import UUID

import pytest

from libs.chassis.store.denylist import HEARS, denied_by
from libs.events.contracts import staff_events
from libs.events.contracts.staff_events import (
    AccountOpened,
    ChangedBy,
    Credential,
    CredentialsChanged,
    DeputyAppointed,
    DeputyEnded,
    Ending,
    ExternalIdentityLinked,
    ExternalIdentityUnlinked,
    RoleChanged,
    SessionRevoked,
    StaffDisabled,
    StaffEnabled,
)
from libs.events.fact import Event
from libs.events.topics import REQUESTS, STAFF
from services.history.domain.entries import entry_of
from services.history.domain.revocations import revoked
from tests.unit.history.told import AT, came, envelope

ACCOUNT = "0199a3f0-0000-7000-8000-000000000001"
DEPUTY = UUID("0199a3f0-0000-7000-8000-000000000002")
DAY = date(2026, 11, 30)
APPOINTMENT = UUID(int=7)

FACTS: list[tuple[Event, str | None]] = [
    (AccountOpened(login="a", name="b", roles=("head",)), None),
    (RoleChanged(roles=("head",), previous_roles=("registrar",)), ACCOUNT),
    (StaffDisabled(reason="увольнение"), ACCOUNT),
    (StaffEnabled(reason="возвращение"), None),
    (CredentialsChanged(what=Credential.PASSWORD, how=ChangedBy.SELF), None),
    (SessionRevoked(why=Ending.SIGNED_OUT), ACCOUNT),
    (ExternalIdentityLinked(issuer="https://id.example.org", subject="u-1"), None),
    (ExternalIdentityUnlinked(issuer="https://id.example.org"), None),
    (DeputyAppointed(appointment_id=APPOINTMENT, deputy=DEPUTY, first_day=DAY, last_day=DAY, reason="отпуск"), None),
    (DeputyEnded(appointment_id=APPOINTMENT, deputy=DEPUTY, reason="вернулся"), str(DEPUTY)),
]


def test_every_fact_of_an_account_was_thought_of() -> None:
    assert {type(fact) for fact, _ in FACTS} == set(staff_events.EVENTS)
    assert {type(fact) for fact, account in FACTS if account} == set(HEARS)


@pytest.mark.requirement("R-25", "E-1")
@pytest.mark.parametrize(("fact", "account"), FACTS, ids=lambda value: getattr(type(value), "__name__", ""))
def test_what_ends_rights_or_sessions_takes_the_worth_of_tokens(fact: Event, account: str | None) -> None:
    assert denied_by(ACCOUNT, fact) == account
    kept = entry_of(envelope(fact, aggregate_id=ACCOUNT), came(STAFF.name))
    assert revoked([kept]) == ([(account, AT)] if account else [])


@pytest.mark.requirement("R-25")
def test_only_the_topic_of_staff_takes_anything() -> None:
    strange = envelope(RoleChanged(roles=("head",), previous_roles=()), aggregate_id=ACCOUNT)
    assert revoked([entry_of(strange, None), entry_of(strange, came(STAFF.name))._replace(topic=REQUESTS.name)]) == []
