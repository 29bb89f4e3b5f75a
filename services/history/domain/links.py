"""What belongs to whom: the read models that find a client's or a request's threads, as functions of the log's entries alone. Pure.

Each row says what one entry said, rows are never counted, and of two words about one pair of clients the later recorded one holds:
so the rows do not depend on the order in which entries came, and a rebuild makes the same ones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

import orjson

from libs.events.contracts.intake_clients import ClientIdentitiesLinked, ClientIdentitiesUnlinked
from libs.events.contracts.intake_requests import HistoricalRequestImported, RequestReceived, RequestRegistered
from services.history.domain.entries import FOREIGN, UNREADABLE, contract_of

NUMBERS: Final = ("reference", "reg_no", "foreign_no")
ARRIVALS: Final = (RequestReceived.type_name(), HistoricalRequestImported.type_name())
NUMBERED: Final = frozenset((*ARRIVALS, RequestRegistered.type_name()))
LINKED, UNLINKED = ClientIdentitiesLinked.type_name(), ClientIdentitiesUnlinked.type_name()


class Kept(Protocol):
    """The columns of an entry or of a row of the log that are read here."""

    @property
    def event_id(self) -> UUID: ...
    @property
    def type(self) -> str: ...
    @property
    def aggregate_id(self) -> str: ...
    @property
    def thread_id(self) -> UUID: ...
    @property
    def client_id(self) -> UUID | None: ...
    @property
    def request_id(self) -> str | None: ...
    @property
    def point(self) -> str | None: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def topic(self) -> str | None: ...
    @property
    def open(self) -> str: ...


class ThreadLink(NamedTuple):
    """This thread belongs to this client and this request; point and channel are where the request arrived."""

    thread_id: UUID
    client_id: UUID | None
    request_id: str | None
    point: str | None
    channel: str | None


class RequestNumber(NamedTuple):
    """A number by which staff ask for a request: reference, register number, number in an older register."""

    number: str
    request_id: str


class ClientLink(NamedTuple):
    """Whether two clients are one person, by the word recorded last."""

    recorded_at: datetime
    event_id: UUID
    linked: bool


Order = tuple[int, int, str, str, str]


@dataclass
class Links:
    """Rows of the three read models; those of threads under what orders them, as numbers and texts."""

    threads: dict[Order, ThreadLink] = field(default_factory=dict)
    numbers: set[RequestNumber] = field(default_factory=set)
    clients: dict[tuple[UUID, UUID], ClientLink] = field(default_factory=dict)


def number_key(number: str) -> str:
    """A number as it is compared: case and blanks do not matter."""
    return "".join(number.split()).upper()


def numbers_meant(typed: str) -> list[str]:
    """What a typed number may stand for: a reference is kept without the dash that it is shown with."""
    return sorted({number_key(typed), number_key(typed).replace("-", "")})


def links_of(entries: Iterable[Kept]) -> Links:
    """The rows that these entries make; what frontends write says nothing of whom a thread belongs to."""
    links = Links()
    for entry in entries:
        if entry.type != UNREADABLE and contract_of(entry.topic) != FOREIGN:
            _add(links, entry)
    return links


def _add(links: Links, entry: Kept) -> None:
    client = entry.client_id
    if client is None and contract_of(entry.topic) == "intake.clients":
        client = _uuid(entry.aggregate_id)
    if client is not None or entry.request_id is not None:
        _add_thread(links, entry.thread_id, client, entry.request_id)
    if entry.type in NUMBERED and entry.request_id is not None:
        _add_request(links, entry, client, entry.request_id, orjson.loads(entry.open))
    elif entry.type in (LINKED, UNLINKED) and client is not None:
        _add_pair(links, entry, client, _uuid(orjson.loads(entry.open).get("other")))


def _add_request(links: Links, entry: Kept, client: UUID | None, request_id: str, told: Mapping[str, Any]) -> None:
    links.numbers |= {RequestNumber(number_key(told[name]), request_id) for name in NUMBERS if told.get(name)}
    if entry.type in ARRIVALS:
        point, channel = entry.point or told.get("point"), told.get("channel")
        threads = {entry.thread_id, _uuid(told.get("dialogue_thread")) or entry.thread_id}
        for thread in threads:
            _add_thread(links, thread, client, request_id, point, channel)


def _add_thread(
    links: Links, thread: UUID, client: UUID | None, request_id: str | None, point: str | None = None, channel: str | None = None
) -> None:
    order = (thread.int, client.int if client else 0, request_id or "", point or "", channel or "")
    if order not in links.threads:
        links.threads[order] = ThreadLink(thread, client, request_id, point, channel)


def _add_pair(links: Links, entry: Kept, client: UUID, other: UUID | None) -> None:
    if other is None or other == client:
        return
    pair = (client, other) if client < other else (other, client)
    said = ClientLink(entry.recorded_at, entry.event_id, entry.type == LINKED)
    links.clients[pair] = max(said, links.clients.get(pair, said))


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
