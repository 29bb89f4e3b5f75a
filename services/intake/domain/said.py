"""How somebody may be reached, as the newest of their messages says it: silence changes nothing."""

from collections.abc import Callable

from libs.events.vocabulary import AdditionalChannel, Contacts
from services.intake.completeness import has_phone, has_postal
from services.intake.oddities import usable_email


def usable(chosen: AdditionalChannel | None) -> AdditionalChannel | None:
    """The additional channel, unless nothing could ever be sent there."""
    return chosen if chosen and reaches(chosen) else None


def reaches(chosen: AdditionalChannel) -> bool:
    """Whether the address is one of its channel."""
    checks: dict[str, Callable[[str], object]] = {"email": usable_email, "phone": has_phone, "post": has_postal}
    return bool(checks[chosen.channel](chosen.address))


def joined(said: Contacts, before: Contacts) -> Contacts:
    told = (newer(said.email, before.email), newer(said.phone, before.phone), newer(said.postal, before.postal))
    return said if told == (said.email, said.phone, said.postal) else Contacts(email=told[0], phone=told[1], postal=told[2])


def newer(said: str | None, before: str | None) -> str | None:
    return said if said and said.strip() else before
