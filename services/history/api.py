"""The internal HTTP door: staff ask what happened, page by page; each look is written down before its answer goes out (D-25)."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from libs.chassis.access.roles import Staff
from libs.chassis.access.staff import StaffDoor
from libs.chassis.ops.concurrency import ConcurrencyLimit
from libs.chassis.ops.problems import RESPONSES
from libs.events.fact import Moment
from libs.web.saving import to_save
from services.history.attachments import Attachments
from services.history.domain.cursors import Cursors
from services.history.domain.entries import ON_BEHALF_OF
from services.history.domain.questions import AUDITORS, READERS, Question, sight_of
from services.history.handlers import Looks
from services.history.store import Stored

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", min_length=1, max_length=100)]
MAX_LIMIT = 500
MOST_LOOKS = 30  # at once: some three for each connection to the database


class Page(BaseModel):
    """Which part of the answer, and of which time; `from` is included, `to` is not."""

    model_config = ConfigDict(extra="forbid")
    since: Moment | None = Field(None, alias="from")
    until: Moment | None = Field(None, alias="to")
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 100


class Filters(Page):
    """What is asked for; at least one filter or a period. `number` is a reference or a register number as typed."""

    client: UUID | None = None
    request: Id | None = None
    thread: UUID | None = None
    number: Number | None = None
    channel: Code | None = None
    point: Code | None = None
    type: Code | None = None
    staff: Id | None = None


class EntryView(BaseModel):
    """An entry: its place in the log, the event, its payload opened. `destroyed`: its sealed fields can't be opened any more."""

    shard: int
    position: int
    stored_at: datetime
    event_id: UUID
    type: str
    version: int
    producer: str
    aggregate_id: str
    seq: int | None
    thread_id: UUID
    client_id: UUID | None
    request_id: str | None
    point: str | None
    channel: str | None
    actor: dict[str, str] | None
    correlation_id: UUID | None
    causation_id: UUID | None
    occurred_at: datetime
    recorded_at: datetime
    payload: dict[str, Any]
    destroyed: bool


class Entries(BaseModel):
    """One page, oldest first; `next` is the cursor of the page that follows."""

    entries: list[EntryView]
    next: str | None


class ClientHistory(Entries):
    """The history of a client and of those that are the same person."""

    client: UUID
    same_person: list[UUID]


def routes(looks: Looks, attachments: Attachments, staff: StaffDoor, cursors: Cursors) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=RESPONSES, dependencies=[Depends(ConcurrencyLimit(MOST_LOOKS))])
    may_read, may_look = Depends(staff(*READERS)), Depends(staff(*READERS, *AUDITORS))

    async def answered(who: Staff, question: Question, cursor: str | None) -> Entries:
        asked = question.digest()
        question = replace(question, after=cursors.read(cursor, asked)) if cursor else question
        found = await looks.look(who, question)
        page, more = found[: question.limit], len(found) > question.limit
        return Entries(entries=[view(one) for one in page], next=cursors.written(page[-1].place, asked) if more else None)

    @router.get("/entries")
    async def entries(response: Response, filters: Annotated[Filters, Query()], who: Annotated[Staff, may_look]) -> Entries:
        _private(response)
        return await answered(who, Question(sight=sight_of(who), **filters.model_dump(exclude={"cursor"})), filters.cursor)

    @router.get("/entries/{event_id}")
    async def entry(response: Response, event_id: UUID, who: Annotated[Staff, may_look]) -> EntryView:
        _private(response)
        return view(await looks.look_at_one(who, event_id))

    @router.get("/attachments/{upload_id}", response_class=Response)
    async def attachment(upload_id: UUID, who: Annotated[Staff, may_read]) -> Response:
        """The file that an `AttachmentKept` names, for saving."""
        opened = await attachments.open(who, upload_id)
        return to_save(opened.pieces, name=opened.attachment.name, media_type=opened.attachment.type, size=opened.attachment.size)

    @router.get("/clients/{client_id}/history")
    async def client_history(
        response: Response, client_id: UUID, page: Annotated[Page, Query()], who: Annotated[Staff, may_read]
    ) -> ClientHistory:
        _private(response)
        question = Question(sight=sight_of(who), client=client_id, **page.model_dump(exclude={"cursor"}))
        found = await answered(who, question, page.cursor)
        return ClientHistory(client=client_id, same_person=await looks.same_person(client_id), entries=found.entries, next=found.next)

    return router


def view(stored: Stored) -> EntryView:
    entry, payload = stored.entry, dict(stored.payload)
    actor = {"role": entry.actor_role, "id": entry.actor_id, ON_BEHALF_OF.rpartition(".")[2]: payload.pop(ON_BEHALF_OF, None)}
    return EntryView(
        **{name: getattr(entry, name) for name in EntryView.model_fields if hasattr(entry, name)},
        shard=stored.shard,
        position=stored.position,
        stored_at=stored.stored_at,
        actor={name: value for name, value in actor.items() if value is not None} if entry.actor_role else None,
        payload=payload,
        destroyed=stored.destroyed,
    )


def _private(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"
