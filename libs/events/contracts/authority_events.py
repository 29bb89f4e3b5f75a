"""authority.events.v1: what the authority decided about itself. Key: the code of the authority.

Nothing is taken back: a later event stands in place of an earlier one. What somebody typed is sealed as everywhere. An entry of a list
keeps its code for ever; one that is closed is offered no more, and what was sorted by it keeps its code and its title (A-1.1).
"""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from libs.events.fact import Event, Open, Personal
from libs.events.vocabulary import Card


class Audience(StrEnum):
    """For whom a point of interaction is (A-3.3)."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    BOTH = "both"


class Regime(StrEnum):
    """The law that a type of requests goes by."""

    INFORMATION = "8-fz"
    APPEAL = "59-fz"
    NONE = "none"


class DayDeclared(Event):
    """A day is a working one or a day off by an act, whatever the calendar says.

    `decree`: its name, date and number; `in_force_on`: the day from which the act itself is in force.
    """

    day: Annotated[date, Open]
    working: Annotated[bool, Open]
    decree: Annotated[str, Personal]
    in_force_on: Annotated[date | None, Open] = None


class ProfileSet(Event):
    """Who the authority is and how it is reached; empty is what nobody said yet. `time_zone`: a name of the tz database."""

    name: Annotated[str, Personal]
    short_name: Annotated[str, Personal]
    act: Annotated[str, Personal]
    postal_address: Annotated[str, Personal]
    phones: Annotated[tuple[str, ...], Personal]
    hours: Annotated[str, Personal]
    time_zone: Annotated[str, Open]
    signatory: Annotated[str, Personal]


class UnitSet(Event):
    """A unit and the codes of the topics that it is competent for."""

    code: Annotated[str, Open]
    title: Annotated[str, Personal]
    topics: Annotated[tuple[str, ...], Open]


class UnitClosed(Event):
    """No request goes to this unit any more."""

    code: Annotated[str, Open]


class TopicSet(Event):
    """What requests are about."""

    code: Annotated[str, Open]
    title: Annotated[str, Personal]


class TopicClosed(Event):
    """No request is given this topic any more."""

    code: Annotated[str, Open]


class RequestTypeSet(Event):
    """A type of requests; `answer_days`: the term that the authority promises for it, never longer than the law's (N-1.3)."""

    code: Annotated[str, Open]
    title: Annotated[str, Personal]
    regime: Annotated[Regime, Open]
    answer_days: Annotated[int | None, Open] = None


class RequestTypeClosed(Event):
    """No request is given this type any more."""

    code: Annotated[str, Open]


class PointSet(Event):
    """A point of interaction, by which act it is on the list, and its first and last day there.

    `card`: on which card of the desk staff take down what comes there; None: it comes by itself. `where`: how people find it.
    """

    code: Annotated[str, Open]
    title: Annotated[str, Personal]
    kind: Annotated[Audience, Open]
    act: Annotated[str, Personal] = ""
    where: Annotated[str, Personal] = ""
    since: Annotated[date | None, Open] = None
    until: Annotated[date | None, Open] = None
    card: Annotated[Card | None, Open] = None


class PointClosed(Event):
    """What comes by this point is «иное» from now on."""

    code: Annotated[str, Open]


class TextBlockWritten(Event):
    """A version of a text for answers; nothing is taken from it before it is approved. `number` counts the versions from 1."""

    code: Annotated[str, Open]
    number: Annotated[int, Open]
    title: Annotated[str, Personal]
    text: Annotated[str, Personal]


class TextBlockApproved(Event):
    """The head lets this version stand in answers."""

    code: Annotated[str, Open]
    number: Annotated[int, Open]


class TextBlockClosed(Event):
    """This text is offered no more."""

    code: Annotated[str, Open]


class TrialLetterAsked(Event):
    """An administrator wants to see whether the mail server takes letters."""

    letter_id: Annotated[UUID, Open]
    address: Annotated[str, Personal]


class TrialLetterEnded(Event):
    """What became of it; `reason` is the code of why it was not sent."""

    letter_id: Annotated[UUID, Open]
    sent: Annotated[bool, Open]
    reason: Annotated[str | None, Open] = None


EVENTS = (
    DayDeclared,
    ProfileSet,
    UnitSet,
    UnitClosed,
    TopicSet,
    TopicClosed,
    RequestTypeSet,
    RequestTypeClosed,
    PointSet,
    PointClosed,
    TextBlockWritten,
    TextBlockApproved,
    TextBlockClosed,
    TrialLetterAsked,
    TrialLetterEnded,
)
