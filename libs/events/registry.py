"""From an envelope to its event: one class for each type, upcasters for older versions (D-16)."""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from libs.events.envelope import Envelope, Unreadable, where_wrong
from libs.events.fact import Event

Payload = dict[str, Any]
Upcaster = Callable[[Payload], Payload]


class UnknownType(LookupError):
    """No contract names this type: history keeps it, others skip and count it."""


class NewerVersion(LookupError):
    """A known type in a version that this release can't read yet: it is set aside and alarms (R-11)."""


class Registry:
    """The types that this release knows. `upcasters[type, n]` lifts a payload from version n to n + 1."""

    def __init__(self, events: Iterable[type[Event]], upcasters: dict[tuple[str, int], Upcaster] | None = None) -> None:
        known = tuple(events)
        self.events = {event.type_name(): event for event in known}
        self._upcasters = upcasters or {}
        if len(self.events) < len(known):
            raise ValueError("two events have one name: the name is the type on the wire, give each its own")
        older = [(event.type_name(), version) for event in known for version in range(1, event.version)]
        if missing := [f"{name} v{version}" for name, version in older if (name, version) not in self._upcasters]:
            raise ValueError(f"stored versions that could not be read: add an upcaster for {', '.join(missing)}")

    def read(self, envelope: Envelope) -> Event:
        """The event in today's shape; raises `UnknownType`, `NewerVersion` or `Unreadable("wrong-schema")`."""
        event = self.events.get(envelope.type)
        if event is None:
            raise UnknownType(envelope.type)
        if envelope.version > event.version:
            raise NewerVersion(f"{envelope.type} v{envelope.version}")
        payload = envelope.payload
        for version in range(envelope.version, event.version):
            payload = self._lifted(envelope.type, version, payload)
        try:
            return event.model_validate(payload)
        except ValidationError as error:
            raise Unreadable("wrong-schema", where_wrong(error)) from None

    def _lifted(self, type_name: str, version: int, payload: Payload) -> Payload:
        try:
            return self._upcasters[type_name, version](payload)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable("wrong-schema", f"{type_name} v{version}: {type(error).__name__}") from error
