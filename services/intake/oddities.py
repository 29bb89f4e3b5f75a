"""What is odd about a message that is kept all the same (design.md 4.8): unknown points, clocks far off, addresses that can't be."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email

from libs.events.vocabulary import ClientKind, Flag

FAR_BACK = timedelta(days=30)
FAR_AHEAD = timedelta(minutes=5)
ENTERED_LATER = frozenset({"post", "phone"})  # entered by hand, days after they came


@dataclass(frozen=True)
class PointRule:
    """A point of the authority's list: its code and for whom it is (internal, external, both)."""

    code: str
    kind: str


def point_flags(point: str | None, kind: ClientKind | None, points: tuple[PointRule, ...]) -> tuple[Flag, ...]:
    """An unknown point becomes «иное», a person at a point for others is kept; both are flagged (A-1.2.3, A-3.3)."""
    rule = next((rule for rule in points if rule.code == point), None)
    if rule is None:
        return (Flag.UNKNOWN_POINT,)
    audience = "internal" if kind is ClientKind.INTERNAL else "external"
    return () if kind is None or rule.kind in ("both", audience) else (Flag.WRONG_AUDIENCE,)


def clock_is_off(said: datetime, arrived: datetime, point: str | None) -> bool:
    """More than 30 days back or 5 minutes ahead of the broker's time; what is entered by hand may be old."""
    if said > arrived + FAR_AHEAD:
        return True
    return point not in ENTERED_LATER and said < arrived - FAR_BACK


def usable_email(typed: str | None) -> str | None:
    """The address in its normal form, or None when it can't be one; nothing is asked of the network."""
    if not typed or not typed.strip():
        return None
    try:
        return validate_email(typed.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        return None
