"""What is odd about a message that is kept all the same (R-8): unknown points, clocks far off, addresses that can't be."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from libs.events.vocabulary import ClientKind, Flag

FAR_AHEAD = timedelta(minutes=5)
FAR_BACK = timedelta(days=30)
FAR_BACK_BY_HAND = timedelta(days=5 * 366)  # entered by hand days or months after it came, but not after five years
ENTERED_BY_HAND = frozenset({"post", "phone"})
MAX_EMAIL_CHARS = 320  # RFC 3696: longer ones only cost time
PLAIN_LOCAL = re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")  # a dot-atom that no rule of RFC 5321 speaks against, but for its length
MAX_PLAIN_CHARS = 64
OTHER_POINT = "other"  # «иное»: whatever is not on the authority's list


@dataclass(frozen=True)
class PointRule:
    """A point of the authority's list: its code, for whom it is (internal, external, both), whether people speak there, its days there."""

    code: str
    kind: str
    oral: bool = False
    since: date | None = None
    until: date | None = None

    def stands_on(self, day: date) -> bool:
        return (self.since or day) <= day <= (self.until or day)


def point_of(named: str | None, frontend: str, points: tuple[PointRule, ...]) -> str:
    """The point where it happened: the named one, else the one that the frontend is called after, else «иное»."""
    wanted = frontend if named is None else named
    return wanted if any(rule.code == wanted for rule in points) else OTHER_POINT


def point_flags(point: str, kind: ClientKind | None, points: tuple[PointRule, ...]) -> tuple[Flag, ...]:
    """An unknown point is flagged, and so is a person at a point for others (A-1.2.3, A-3.3)."""
    rule = next((rule for rule in points if rule.code == point), None)
    if rule is None:
        return (Flag.UNKNOWN_POINT,)
    if kind in (None, ClientKind.UNKNOWN) or rule.kind == "both":
        return ()
    audience = "internal" if kind is ClientKind.INTERNAL else "external"
    return () if rule.kind == audience else (Flag.WRONG_AUDIENCE,)


def clock_is_off(said: datetime, arrived: datetime, point: str, *, by_hand: bool = False) -> bool:
    """More than 5 minutes ahead of the broker's time, or more than 30 days back; what is entered by hand may be older."""
    back = FAR_BACK_BY_HAND if by_hand or point in ENTERED_BY_HAND else FAR_BACK
    return not arrived - back <= said <= arrived + FAR_AHEAD


def usable_email(typed: str | None) -> str | None:
    """The address in its normal form, or None when it can't be one; nothing is asked of the network."""
    address = (typed or "").strip()
    if not address or len(typed or "") > MAX_EMAIL_CHARS:
        return None
    local, _, domain = address.rpartition("@")
    if PLAIN_LOCAL.fullmatch(local) and len(address) <= MAX_PLAIN_CHARS:
        normal = _normalized(f"a@{domain}")  # whatever the local part, the domain is judged alike, and most people share a few
        return f"{local}@{normal.removeprefix('a@')}" if normal else None
    return _normalized(address)


@lru_cache(maxsize=10_000)  # each fact of a request asks again, and each costs a tenth of a millisecond
def _normalized(address: str) -> str | None:
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def is_bad_email(typed: str | None) -> bool:
    """Something was typed, and it can't be an address."""
    return bool(typed and typed.strip()) and usable_email(typed) is None
