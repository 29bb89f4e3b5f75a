"""Every look of staff at what people wrote is written down (D-25)."""

from collections.abc import Mapping
from typing import Protocol

from libs.chassis.access.roles import Staff


class Audit(Protocol):
    async def looked(self, staff: Staff, what: str, filter: Mapping[str, str]) -> None:  # noqa: A002 - the word of D-25
        """`what` was looked at (a route's name), chosen by `filter`; done before the answer goes out."""
        ...
