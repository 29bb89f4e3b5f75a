"""What the tests of intake's rules share: the authority's rules, messages at a door, and a desk that takes them one after another."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import holidays

from libs.chassis.ops.identifiers import NumberedIds
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.fact import Event
from libs.events.topics import dialogue_thread
from services.intake import tracking
from services.intake.deadlines import TermRules
from services.intake.domain.acceptance import Accepted, FreshIds, Known, Rules, accept
from services.intake.domain.authority.lists import Lists
from services.intake.domain.inbound import Door, Inbound
from services.intake.domain.register import Register
from services.intake.oddities import PointRule
from tests.examples import NOVOSIBIRSK, NOW, message
from tests.spec import Spec

KEY = b"k" * 32
POINTS = (
    PointRule("site", "external"),
    PointRule("vk", "external"),
    PointRule("phone", "external"),
    PointRule("post", "both"),
    PointRule("internal", "internal"),
)
LISTS = Lists(
    regime_of={"information": "8-fz", "appeal": "59-fz"},
    topics=("land", "forest"),
    topics_of={"land": frozenset(("land",)), "forest": frozenset(("forest",)), "office": frozenset(("land", "forest"))},
)
CALENDAR = holidays.country_holidays("RU")


def is_working(day: date) -> bool:
    return bool(CALENDAR.is_working_day(day))


RULES = Rules(
    points=POINTS,
    journal="main",
    index="ЗИ",
    time_zone=NOVOSIBIRSK,
    terms=TermRules(),
    is_working=is_working,
    key=KEY,
    lists=LISTS,
)


def inbound(said: MessageReceived | None = None, frontend: str = "site", **changed: Any) -> Inbound:
    """A message at a door; by default at the site's."""
    said = said or message()
    key = tracking.dialogue_mark(KEY, frontend, said.dialogue).hex()
    facts: dict[str, Any] = {
        "frontend": frontend,
        "message": said,
        "point": frontend,
        "dialogue_thread": dialogue_thread(frontend, key),
        "dialogue_key": key,
        "arrived_at": NOW,
        "door": Door.HTTP if frontend == "site" else Door.KAFKA,
    }
    return Inbound(**facts | changed)


def later(hours: int, said: MessageReceived, frontend: str = "site", **changed: Any) -> Inbound:
    at = NOW + timedelta(hours=hours)
    return inbound(said.model_copy(update={"received_at": at}), frontend, arrived_at=at, **changed)


@dataclass
class Desk:
    """What is known so far, and what the frontend was told last."""

    rules: Rules = RULES
    known: Known = field(default_factory=Known)
    ids: NumberedIds = field(default_factory=NumberedIds)
    told: list[Accepted] = field(default_factory=list)

    def take(self, said: Inbound) -> list[Event]:
        """As the handler does for a batch; references are what people hold in their hands by now."""
        year = said.arrived_at.astimezone(self.rules.time_zone).year
        self.known.registers.setdefault((self.rules.journal, year), Register(self.rules.journal, year, 0))
        self.known.references = {tracking.typed(request.reference): id_ for id_, request in self.known.requests.items()} | {
            tracking.typed(request.reg_no): id_ for id_, request in self.known.requests.items() if request.reg_no
        }
        before = len(self.known.facts)
        ids = FreshIds(request_id=self.ids.new(), client_id=self.ids.new())
        self.told.append(accept(said, self.known, self.rules, ids))
        return [event for facts in self.known.facts[before:] for event in facts.events]

    @property
    def last(self) -> Accepted:
        return self.told[-1]

    @property
    def requests(self) -> list[UUID]:
        return list(self.known.requests)


def desk_after(past: Sequence[Inbound], rules: Rules = RULES) -> Desk:
    desk = Desk(rules)
    for said in past:
        desk.take(said)
    return desk


intake = Spec(desk_after, Desk.take)


def intake_with(**changed: Any) -> Spec[Inbound, Desk, Inbound]:
    """The same desk of an authority with other rules."""
    return Spec(lambda past: desk_after(past, replace(RULES, **changed)), Desk.take)
