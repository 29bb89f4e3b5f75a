"""Whose tokens are worth nothing any more, as entries that history keeps anyway say it (R-25). Pure."""

from collections.abc import Iterable
from datetime import datetime

import orjson

from libs.events.contracts.staff_events import DeputyEnded, RoleChanged, SessionRevoked, StaffDisabled
from libs.events.topics import STAFF
from services.history.domain.entries import Entry

OF_ITS_OWN = frozenset(kind.type_name() for kind in (SessionRevoked, StaffDisabled, RoleChanged))


def revoked(entries: Iterable[Entry]) -> list[tuple[str, datetime]]:
    """Accounts with the time from which only newer tokens count."""
    told = [(_account(entry), entry.occurred_at) for entry in entries if entry.topic == STAFF.name]
    return [(account, at) for account, at in told if account is not None]


def _account(entry: Entry) -> str | None:
    if entry.type in OF_ITS_OWN:
        return entry.aggregate_id
    if entry.type == DeputyEnded.type_name():
        deputy: str | None = orjson.loads(entry.open).get("deputy")
        return deputy
    return None
