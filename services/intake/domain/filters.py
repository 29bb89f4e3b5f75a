"""Which rows of the register somebody wants to see, and how that is written in an address: codes and dates alone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import ClassVar, Self
from uuid import UUID

from libs.chassis.ops.refusals import Refusal
from libs.events.vocabulary import Status, Urgency
from services.intake.domain.authority.listings import Listing
from services.intake.transitions import OPEN

MINE = "mine"
OVERDUE, SOON = "overdue", "soon"
QUEUE, NEWEST = "queue", "newest"
RANKS = ("0", "1")  # urgent, ordinary


class WrongFilter(Refusal):
    """An address asks for rows by something that does not exist; `filter` names it."""

    code: ClassVar[str] = "wrong-filter"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Такого отбора нет: адрес страницы введён с ошибкой или устарел. Откройте реестр и выберите отбор заново."

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def extras(self) -> Mapping[str, object]:
        return {"filter": self._name}


@dataclass(frozen=True, kw_only=True)
class After:
    """The last row that was seen."""

    rank: int
    act_on: date
    request_id: UUID

    @classmethod
    def read(cls, written: str) -> Self:
        """Raises `WrongFilter`."""
        try:
            rank, act_on, request_id = written.split("_")
            return cls(rank=RANKS.index(rank), act_on=date.fromisoformat(act_on), request_id=UUID(request_id))
        except ValueError:
            raise WrongFilter("after") from None

    def written(self) -> str:
        return f"{self.rank}_{self.act_on.isoformat()}_{self.request_id}"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Empty: no matter. `who` is mine or nobody's; `due` overdue or soon; `order` queue (open ones by urgency and day) or newest;
    `same` is the id of a request whose text all of them have."""

    status: str = ""
    type: str = ""
    topic: str = ""
    urgency: str = ""
    unit: str = ""
    who: str = ""
    due: str = ""
    order: str = QUEUE
    same: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str], titles: Mapping[Listing, Mapping[str, str]]) -> Self:
        """From an address; `titles` are those of the lists by code. Raises `WrongFilter`; names that are no filter are passed over."""
        known: dict[str, tuple[str, ...]] = {
            "status": tuple(Status),
            "type": tuple(titles[Listing.TYPES]),
            "topic": tuple(titles[Listing.TOPICS]),
            "urgency": tuple(Urgency),
            "unit": tuple(titles[Listing.UNITS]),
            "who": (MINE,),
            "due": (OVERDUE, SOON),
            "order": (QUEUE, NEWEST),
        }
        chosen = {name: asked[name] for name in known if asked.get(name)}
        for name, value in chosen.items():
            if value not in known[name]:
                raise WrongFilter(name)
        return cls(**chosen, same=_id(asked.get("same", "")))

    def written(self) -> dict[str, str]:
        """What an address says of them: all that is not as it is by itself."""
        return {field.name: getattr(self, field.name) for field in fields(self) if getattr(self, field.name) != field.default}

    def but(self, **changed: str) -> Self:
        return replace(self, **changed)

    def is_queue(self) -> bool:
        """Only open requests, by urgency and day. Who asks for a status that is not open wants to see those, newest first."""
        return self.order == QUEUE and (not self.status or Status(self.status) in OPEN)

    def same_as(self) -> UUID | None:
        return UUID(self.same) if self.same else None

    def due_days(self, today: date, warn_days: int) -> tuple[date | None, date | None]:
        """The first and the last due day that is asked for; soon is when the authority's warning of a term goes out."""
        if self.due == OVERDUE:
            return None, today - timedelta(days=1)
        if self.due == SOON:
            return today, today + timedelta(days=warn_days)
        return None, None


def _id(written: str) -> str:
    """Raises `WrongFilter`."""
    try:
        return str(UUID(written)) if written else ""
    except ValueError:
        raise WrongFilter("same") from None
