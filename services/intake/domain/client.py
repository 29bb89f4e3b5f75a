"""A client: who asked, and what they are known by (R-20)."""

from collections.abc import Sequence
from typing import NamedTuple, assert_never
from uuid import UUID

from libs.events.contracts.intake_clients import (
    ClientIdentified,
    ClientIdentitiesLinked,
    ClientIdentitiesUnlinked,
    ContactConfirmed,
)
from libs.events.fact import Event
from libs.events.vocabulary import ClientKind
from services.intake import tracking

ClientEvent = ClientIdentified | ContactConfirmed | ClientIdentitiesLinked | ClientIdentitiesUnlinked


class Client(NamedTuple):
    """What is known of a client; `confirmed` holds addresses that were proved to be theirs."""

    version: int = 0
    kind: ClientKind = ClientKind.UNKNOWN
    confirmed: frozenset[str] = frozenset()
    linked: frozenset[UUID] = frozenset()


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
        case _:
            assert_never(event)


def replayed(events: Sequence[Event]) -> Client:
    client = Client()
    for event in events:
        client = evolve(client, event)  # type: ignore[arg-type]  # the category's registry holds no other type
    return client


def account_identity(key: bytes, frontend: str, account: str) -> bytes:
    """An account of a platform is verified by the platform: the same account is the same client."""
    return tracking.fingerprint(key, "account", frontend, account)


def contact_identity(key: bytes, address: str, name: str) -> bytes:
    """A confirmed contact with the same full name is the same client."""
    return tracking.fingerprint(key, "contact", address.lower(), " ".join(name.lower().split()))
