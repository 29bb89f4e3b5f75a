"""authority.events.v1: what the authority decided about itself. Key: the code of the authority.

Nothing is taken back: a later event stands in place of an earlier one. What somebody typed is sealed as everywhere.
"""

from datetime import date
from typing import Annotated

from libs.events.fact import Event, Open, Personal


class DayDeclared(Event):
    """A day is a working one or a day off by an act, whatever the calendar says.

    `decree`: its name, date and number; `in_force_on`: the day from which the act itself is in force.
    """

    day: Annotated[date, Open]
    working: Annotated[bool, Open]
    decree: Annotated[str, Personal]
    in_force_on: Annotated[date | None, Open] = None


EVENTS = (DayDeclared,)
