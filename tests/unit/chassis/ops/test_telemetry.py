"""Traces go from door to door as plain strings, cost nothing when off, and hold nothing personal when on (D-9, R-13)."""

import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.chassis.ops import health, problems
from libs.chassis.ops.health import Health, Readiness
from libs.chassis.ops.metrics import registry
from libs.chassis.ops.telemetry import Kind, Telemetry
from libs.chassis.ops.tracing import SHUTDOWN_SECONDS, Cleaned, Tracing, clean

SECRET = "sinitsyna@example.org"
OUTSIDE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Receiver:
    """A collector: takes OTLP over HTTP and keeps the spans."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.raw = b""
        self.headers: dict[str, str] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.headers = {name.lower(): value for name, value in self.headers.items()}
                if self.path == "/v1/traces":
                    receiver.take(body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def take(self, body: bytes) -> None:
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
            self.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def kept() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def tracing(kept: InMemorySpanExporter) -> AsyncIterator[Tracing]:
    made = Tracing("intake", kept)
    yield made
    made.shutdown()


def intake(telemetry: Telemetry) -> FastAPI:
    app = FastAPI()

    @app.get("/requests/{number}")
    async def request(number: str) -> str | None:
        with telemetry.span("append", attributes={"otklik.events": 2}):
            return telemetry.current_traceparent()

    @app.get("/broken/{number}")
    async def broken(number: str) -> None:
        raise ValueError(SECRET)

    app.include_router(health.routes(Health(registry=registry(), readiness=Readiness(doors={}))))
    problems.install(app, body_limit_bytes=1000)
    telemetry.instrument(app)
    return app


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://intake")


def finished(tracing: Tracing, kept: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    tracing.shutdown()
    return {span.name: span for span in kept.get_finished_spans()}


@pytest.mark.requirement("D-9")
async def test_off_means_no_span_no_traceparent_and_hardly_any_time() -> None:
    telemetry = Telemetry.from_settings("intake", None)
    assert type(telemetry) is Telemetry
    app = intake(telemetry)
    async with client(app) as door:
        assert (await door.get("/requests/1")).json() is None
    started = time.perf_counter()
    for _ in range(10_000):
        with telemetry.span("record", parent=OUTSIDE, kind=Kind.CONSUMER):
            telemetry.current_traceparent()
    assert time.perf_counter() - started < 0.5  # 50 us each would still be too much; it is below 1
    telemetry.shutdown()


@pytest.mark.requirement("D-9")
async def test_one_request_is_one_tree_over_http_and_kafka_at_a_real_collector(receiver: Receiver) -> None:
    telemetry = Telemetry.from_settings("intake", receiver.endpoint)
    async with client(intake(telemetry)) as door:
        stored = (await door.get("/requests/1?who=" + SECRET, headers={"user-agent": SECRET})).json()
    with telemetry.span("notifier handles", parent=stored, kind=Kind.CONSUMER), telemetry.span("send letter", kind=Kind.CLIENT):
        pass
    telemetry.shutdown()
    spans = {span.name: span for _, span in receiver.spans}
    assert set(spans) == {"GET /requests/{number}", "append", "notifier handles", "send letter"}
    assert {service for service, _ in receiver.spans} == {"intake"}
    assert len({span.trace_id for span in spans.values()}) == 1
    assert spans["append"].parent_span_id == spans["GET /requests/{number}"].span_id
    assert spans["notifier handles"].parent_span_id == spans["append"].span_id
    assert spans["send letter"].parent_span_id == spans["notifier handles"].span_id
    assert spans["notifier handles"].kind == Span.SPAN_KIND_CONSUMER
    assert SECRET.encode() not in receiver.raw


async def test_a_trace_from_outside_goes_on(tracing: Tracing, kept: InMemorySpanExporter) -> None:
    async with client(intake(tracing)) as door:
        inner = (await door.get("/requests/77", headers={"traceparent": OUTSIDE})).json()
    assert re.fullmatch(r"00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01", inner)
    parent = finished(tracing, kept)["GET /requests/{number}"].parent
    assert parent
    assert f"{parent.span_id:016x}" == "b7ad6b7169203331"


async def test_a_call_hands_its_trace_over_but_nobody_s_baggage(tracing: Tracing, kept: InMemorySpanExporter, receiver: Receiver) -> None:
    with tracing.span("form", parent=OUTSIDE, kind=Kind.SERVER):
        async with httpx.AsyncClient() as door:
            await door.post(f"{receiver.endpoint}/v1/status?number={SECRET}", content=b"")
    call = finished(tracing, kept)["POST"]
    assert call.context
    assert receiver.headers["traceparent"] == f"00-0af7651916cd43dd8448eb211c80319c-{call.context.span_id:016x}-01"
    assert "baggage" not in receiver.headers
    assert call.attributes == {"http.method": "POST", "http.status_code": 200}


@pytest.mark.requirement("E-14")
async def test_spans_hold_no_address_no_client_and_no_message_of_an_exception(tracing: Tracing, kept: InMemorySpanExporter) -> None:
    async with client(intake(tracing)) as door:
        with tracing.span("form"):
            await door.get(f"/requests/{SECRET}", params={"q": SECRET}, headers={"user-agent": SECRET})
            await door.get(f"/broken/{SECRET}")
            await door.get(f"/nowhere/{SECRET}")
    with (
        pytest.raises(ValueError, match=SECRET),
        tracing.span("handle", attributes={"email": SECRET, "otklik.topic": "channel.inbound.site.v1"}),
    ):
        raise ValueError(SECRET)
    tracing.shutdown()
    spans = kept.get_finished_spans()
    assert SECRET not in "".join(span.to_json() for span in spans)
    handled = next(span for span in spans if span.name == "handle")
    assert handled.attributes == {"otklik.topic": "channel.inbound.site.v1", "error.type": "ValueError"}
    assert handled.status.status_code.name == "ERROR"
    assert {span.attributes["http.route"] for span in spans if span.attributes and "http.route" in span.attributes} == {
        "/requests/{number}",
        "/broken/{number}",
    }


async def test_health_and_figures_are_not_traced(tracing: Tracing, kept: InMemorySpanExporter) -> None:
    async with client(intake(tracing)) as door:
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert (await door.get(path)).status_code == 200
    assert finished(tracing, kept) == {}


async def test_a_call_that_belongs_to_no_journey_starts_no_trace(tracing: Tracing, kept: InMemorySpanExporter) -> None:
    with tracing.span("poll", kind=Kind.CLIENT):
        pass
    with tracing.span("batch", kind=Kind.CONSUMER), tracing.span("query", kind=Kind.CLIENT):
        pass
    assert set(finished(tracing, kept)) == {"batch", "query"}


@pytest.mark.parametrize("wrong", ["", "nonsense", "00-0-0-01", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "й" * 55])
async def test_a_wrong_traceparent_is_no_parent(tracing: Tracing, kept: InMemorySpanExporter, wrong: str) -> None:
    with tracing.span("around"), tracing.span("record", parent=wrong):
        pass
    assert finished(tracing, kept)["record"].parent is None


async def test_there_is_no_traceparent_outside_of_a_span(tracing: Tracing) -> None:
    assert tracing.current_traceparent() is None


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("-- append_events.sql: append after version $2.\nINSERT INTO events", "append_events.sql"),
        (f"select '{SECRET}'", "SELECT"),
        ("\n  INSERT INTO x", "INSERT"),
        ("$$", "SQL"),
    ],
)
def test_a_query_is_called_by_its_file_or_first_word(statement: str, name: str) -> None:
    exception = Event("exception", {"exception.type": "X", "exception.message": SECRET, "exception.stacktrace": SECRET})
    attributes = {"db.statement": statement, "db.statement.parameters": SECRET, "db.system": "postgresql"}
    cleaned = clean(ReadableSpan(name=statement[:2], attributes=attributes, events=[exception]))
    assert cleaned.name == name
    assert cleaned.attributes == {"db.system": "postgresql"}
    assert [event.attributes for event in cleaned.events] == [{"exception.type": "X"}]


def test_the_pool_s_own_housekeeping_is_not_told(kept: InMemorySpanExporter) -> None:
    reset = ReadableSpan(name="SELECT", attributes={"db.statement": "SELECT pg_advisory_unlock_all();\nCLOSE ALL;"})
    Cleaned(kept).export([reset, ReadableSpan(name="handle")])
    assert [span.name for span in kept.get_finished_spans()] == ["handle"]


def test_a_collector_that_is_gone_does_not_hold_up_the_end(receiver: Receiver) -> None:
    telemetry = Telemetry.from_settings("intake", receiver.endpoint)
    receiver.close()
    with telemetry.span("last"):
        pass
    started = time.perf_counter()
    telemetry.shutdown()
    assert time.perf_counter() - started < SHUTDOWN_SECONDS + 1
