"""A client: who asked, and what they are known by (R-20)."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, assert_never
from uuid import UUID

from libs.events.contracts.intake_clients import (
    ClientIdentified,
    ClientIdentitiesLinked,
    ClientIdentitiesUnlinked,
    ContactConfirmed,
    RepresentativeDismissed,
    RepresentativeEmpowered,
)
from libs.events.fact import Event
from libs.events.vocabulary import ClientKind, Powers
from services.intake import tracking

ClientEvent = (
    ClientIdentified
    | ContactConfirmed
    | ClientIdentitiesLinked
    | ClientIdentitiesUnlinked
    | RepresentativeEmpowered
    | RepresentativeDismissed
)
Paper = tuple[str, ...]
"""A paper of powers as it is known again."""


class Client(NamedTuple):
    """What is known of a client; `confirmed` holds addresses that were proved to be theirs.

    `papers`: those by which somebody may ask in their name, with the last day of each; `dismissed`: those that were taken back.
    """

    version: int = 0
    kind: ClientKind = ClientKind.UNKNOWN
    confirmed: frozenset[str] = frozenset()
    linked: frozenset[UUID] = frozenset()
    papers: frozenset[tuple[Paper, date | None]] = frozenset()
    dismissed: frozenset[Paper] = frozenset()

    def valid_until(self, powers: Powers) -> date | None:
        """As a registrar saw it on the paper."""
        named = powers_named(powers)
        return next((day for paper, day in self.papers if paper == named), None)

    def has_dismissed(self, powers: Powers) -> bool:
        return powers_named(powers) in self.dismissed


def evolve(client: Client, event: ClientEvent) -> Client:
    client = client._replace(version=client.version + 1)
    match event:
        case ClientIdentified():
            return client._replace(kind=event.kind)
        case ContactConfirmed():
            return client._replace(confirmed=client.confirmed | {event.address})
        case ClientIdentitiesLinked():
            return client._replace(linked=client.linked | {event.other})
        case ClientIdentitiesUnlinked():
            return client._replace(linked=client.linked - {event.other})
        case RepresentativeEmpowered():
            named = powers_named(event.powers)
            kept = {one for one in client.papers if one[0] != named}
            papers = kept | {(named, event.powers.valid_until)} if named else kept
            return client._replace(papers=frozenset(papers), dismissed=client.dismissed - {named})
        case RepresentativeDismissed():
            named = powers_named(event.powers)
            return client._replace(dismissed=client.dismissed | ({named} if named else set()))
        case _:
            assert_never(event)


def replayed(events: Sequence[Event]) -> Client:
    client = Client()
    for event in events:
        client = evolve(client, event)  # type: ignore[arg-type]  # the category's registry holds no other type
    return client


def powers_named(powers: Powers) -> Paper | None:
    """Kind, number and date, however the number is typed; None where one of the two lacks: another paper could look the same."""
    number = "".join(letter for letter in (powers.number or "").casefold() if letter.isalnum())
    return (powers.paper.value, number, powers.issued_on.isoformat()) if number and powers.issued_on else None


def account_identity(key: bytes, frontend: str, account: str) -> bytes:
    """An account of a platform is verified by the platform: the same account is the same client."""
    return tracking.fingerprint(key, "account", frontend, account)


def contact_identity(key: bytes, address: str, name: str) -> bytes:
    """A confirmed contact with the same full name is the same client."""
    return tracking.fingerprint(key, "contact", address.lower(), " ".join(name.lower().split()))
