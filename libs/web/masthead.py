"""Whose pages these are. Everything here is the authority's data and comes from its settings, never from a literal (N-0.1)."""

from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Masthead:
    """What the head and the foot of a page say about the authority; what it does not have stays empty."""

    name: str = ""
    short_name: str = ""
    postal_address: str = ""
    phones: tuple[str, ...] = ()
    hours: str = ""
    act: str = ""

    @property
    def called(self) -> str:
        """As a title of a page has room for."""
        return self.short_name or self.name

    @classmethod
    def of(cls, authority: object) -> Self:
        """From a description that calls these facts by the same names."""
        return cls(**{field.name: getattr(authority, field.name) for field in fields(cls)})
