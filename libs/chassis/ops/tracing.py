"""Traces switched on: OpenTelemetry to an OTLP/HTTP collector, with nothing in a span that could be personal.

Instrumentations write addresses, statements and messages of exceptions into spans, so what leaves is built anew from an allow-list.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fastapi import FastAPI
from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes as OtelAttributes

from libs.chassis.ops.failures import type_name
from libs.chassis.ops.telemetry import NO_ATTRIBUTES, Attributes, Kind, Telemetry

SHUTDOWN_SECONDS = 5.0
EXPORT_SECONDS = 3.0
WITHOUT_SPANS = "/health/,/metrics$"
OWN_PREFIX = "otklik."

KEPT = frozenset(
    (
        *("http.method", "http.request.method", "http.route", "http.status_code", "http.response.status_code", "http.scheme"),
        *("db.system", "db.name", "db.user", "net.peer.name", "net.peer.port", "server.address", "server.port"),
        *("messaging.system", "messaging.operation.type", "messaging.operation.name", "messaging.destination.name"),
        *("messaging.destination.partition.id", "messaging.consumer.group.name", "messaging.batch.message_count"),
        *("messaging.kafka.offset", "error.type"),
    )
)
_STATEMENT_NAME = re.compile(r"\s*--\s*([a-z0-9_]+\.sql)\b")
_FIRST_WORD = re.compile(r"[A-Za-z]+")


class Tracing(Telemetry):
    def __init__(self, service_name: str, exporter: SpanExporter) -> None:
        self._provider = TracerProvider(
            sampler=ParentBased(root=Journeys()),
            resource=Resource.create({"service.name": service_name}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(Cleaned(exporter), schedule_delay_millis=1_000))
        self._tracer = self._provider.get_tracer("otklik")
        self._w3c = TraceContextTextMapPropagator()
        propagate.set_global_textmap(self._w3c)  # no baggage: it would carry whatever a stranger sends
        self._clients: tuple[AsyncPGInstrumentor, HTTPXClientInstrumentor] = (
            AsyncPGInstrumentor(),  # type: ignore[no-untyped-call]
            HTTPXClientInstrumentor(),
        )
        for clients in self._clients:
            clients.instrument(tracer_provider=self._provider)

    @classmethod
    def to_collector(cls, service_name: str, endpoint: str) -> "Tracing":
        url = endpoint if endpoint.endswith("/v1/traces") else f"{endpoint.rstrip('/')}/v1/traces"
        return cls(service_name, OTLPSpanExporter(endpoint=url, timeout=EXPORT_SECONDS))

    @contextmanager
    def span(
        self,
        name: str,
        parent: str | None = None,
        kind: Kind = Kind.INTERNAL,
        attributes: Attributes = NO_ATTRIBUTES,
    ) -> Iterator[None]:
        context = None if parent is None else self._w3c.extract({"traceparent": parent}, context=Context())
        with self._tracer.start_as_current_span(
            name,
            context=context,
            kind=SpanKind[kind.name],
            attributes=dict(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type_name(error))
                span.set_status(Status(StatusCode.ERROR))
                raise

    def current_traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        self._w3c.inject(carrier)
        return carrier.get("traceparent")

    def instrument(self, app: FastAPI) -> None:
        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=self._provider,
            excluded_urls=WITHOUT_SPANS,
            exclude_spans=["receive", "send"],
        )

    def shutdown(self) -> None:
        for clients in self._clients:
            if clients.is_instrumented_by_opentelemetry:
                clients.uninstrument()
        # The processor would wait 30 s for a collector that is gone.
        sending = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        sending.start()
        sending.join(SHUTDOWN_SECONDS)


class Journeys(Sampler):
    """No trace for a query or call that belongs to no journey: loops poll all day."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: OtelAttributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        decision = ALWAYS_OFF if kind is SpanKind.CLIENT else ALWAYS_ON
        return decision.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return "Journeys"


class Cleaned(SpanExporter):
    """Hands on spans that are built anew from what is allowed."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([clean(span) for span in spans if not _is_housekeeping(span)])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def clean(span: ReadableSpan) -> ReadableSpan:
    """The span without addresses, statements, client data and messages of exceptions."""
    attributes = span.attributes or {}
    return ReadableSpan(
        name=_name(span.name, attributes.get("db.statement", attributes.get("db.query.text"))),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={key: value for key, value in attributes.items() if key in KEPT or key.startswith(OWN_PREFIX)},
        events=[_clean_event(event) for event in span.events],
        links=[Link(link.context) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _is_housekeeping(span: ReadableSpan) -> bool:
    """asyncpg's pool resets a connection each time it comes back."""
    return str((span.attributes or {}).get("db.statement")).startswith("SELECT pg_advisory_unlock_all()")


def _name(name: str, statement: object) -> str:
    """A query is called by its file (style.md, rule 8), else by its first word."""
    if not isinstance(statement, str):
        return name
    if named := _STATEMENT_NAME.match(statement):
        return named[1]
    first = _FIRST_WORD.search(statement)
    return first[0].upper() if first else "SQL"


def _clean_event(event: Event) -> Event:
    kept = {key: value for key, value in (event.attributes or {}).items() if key == "exception.type"}
    return Event(event.name, kept, event.timestamp)
