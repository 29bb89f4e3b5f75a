"""Traces as the rest of the code sees them: W3C traceparents in and out as plain strings (R-13).

Without a collector this is all there is: no span, no import of OpenTelemetry, no cost. With one, `tracing.Tracing` takes its place.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum

from fastapi import FastAPI

Attributes = Mapping[str, str | int | float | bool]
Span = AbstractContextManager[None]

_NO_SPAN: Span = nullcontext()
NO_ATTRIBUTES: Attributes = {}


class Kind(StrEnum):
    """Which side of a conversation a span is."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Telemetry:
    """Off: every method does nothing."""

    @staticmethod
    def from_settings(service_name: str, otlp_endpoint: str | None) -> "Telemetry":
        """On when there is an endpoint; to be called before pools and clients are made."""
        if otlp_endpoint is None:
            return Telemetry()
        from libs.chassis.ops.tracing import Tracing  # off = not even imported

        return Tracing.to_collector(service_name, otlp_endpoint)

    def span(self, name: str, parent: str | None = None, kind: Kind = Kind.INTERNAL, attributes: Attributes = NO_ATTRIBUTES) -> Span:  # noqa: ARG002
        """A span around a piece of work, under the traceparent given, else under the span that is current.

        `name` and `attributes` hold names of code and topics, ids of events and counts: no key, no address, nothing of a person.
        """
        return _NO_SPAN

    def current_traceparent(self) -> str | None:
        """What an outbox row stores, so that the trace goes on behind Kafka."""
        return None

    def instrument(self, app: FastAPI) -> None:
        """A span per request of this app, but for its health and metrics."""

    def shutdown(self) -> None:
        """Sends what is left, for 5 seconds at most."""
