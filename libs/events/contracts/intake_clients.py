"""intake.clients.v1: who the clients are. Key: the client's id."""

from typing import Annotated
from uuid import UUID

from libs.events.fact import Event, Open, Personal
from libs.events.vocabulary import ClientKind, Contacts, Powers


class ClientIdentified(Event):
    """A client is known by an account of a platform or by what they said of themselves (N-2.1, R-20)."""

    kind: Annotated[ClientKind, Open]
    name: Annotated[str | None, Personal] = None
    contacts: Contacts = Contacts()
    platform: Annotated[str | None, Open] = None
    account: Annotated[str | None, Personal] = None


class ContactConfirmed(Event):
    """A contact is proved to be the client's own; `how` is a code such as link (N-3.4)."""

    channel: Annotated[str, Open]
    how: Annotated[str, Open]
    address: Annotated[str, Personal]
    name: Annotated[str | None, Personal] = None


class ClientIdentitiesLinked(Event):
    """Two records are one person; `basis` says why, because a wrong link hands one person's file to another (N-4.6)."""

    other: Annotated[UUID, Open]
    basis: Annotated[str, Personal]


class ClientIdentitiesUnlinked(Event):
    """The link was wrong (N-4.6)."""

    other: Annotated[UUID, Open]
    basis: Annotated[str, Personal]


class RepresentativeEmpowered(Event):
    """`representative`, another client, may ask in the name of this one by these powers: a registrar has seen the paper (E-11)."""

    representative: Annotated[UUID | None, Open]
    request_id: Annotated[UUID, Open]
    powers: Powers


class RepresentativeDismissed(Event):
    """These powers were taken back; what is asked by them afterwards is flagged (E-11)."""

    representative: Annotated[UUID | None, Open]
    request_id: Annotated[UUID, Open]
    powers: Powers
    reason: str


EVENTS = (
    ClientIdentified,
    ContactConfirmed,
    ClientIdentitiesLinked,
    ClientIdentitiesUnlinked,
    RepresentativeEmpowered,
    RepresentativeDismissed,
)
