"""Identifiers as an argument: `Ids` makes time-ordered ones, its twin makes known ones for tests."""

from typing import Protocol
from uuid import UUID

from uuid_utils.compat import uuid7


class Ids(Protocol):
    def new(self) -> UUID:
        """An id that nobody had before."""
        ...


class TimeOrderedIds:
    """UUIDv7: new rows land at the end of an index."""

    def new(self) -> UUID:
        return uuid7()


class NumberedIds:
    """The twin: 1, 2, 3… in the shape of a UUIDv7."""

    def __init__(self, first: int = 1) -> None:
        self._next = first

    def new(self) -> UUID:
        number, self._next = self._next, self._next + 1
        return UUID(int=(7 << 76) | (0b10 << 62) | number)
