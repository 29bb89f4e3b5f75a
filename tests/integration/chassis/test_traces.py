"""One trace from a commit through Kafka to each record's own work (R-13)."""

from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.chassis.bus.effect_once import Received
from libs.chassis.ops.tracing import Tracing
from libs.chassis.store.database import Connection
from tests.integration.chassis.chassis import Chassis, about, note, running
from tests.integration.chassis.notes import Noted, published
from tests.integration.chassis.test_subscriber import done
from tests.stack import eventually

FORM = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
CALL = ("1bf7651916cd43dd8448eb211c80319d", "c8ad6b7169203332")


def traceparent(trace: str, span: str) -> str:
    return f"00-{trace}-{span}-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(chassis: Chassis, exporter: InMemorySpanExporter) -> Iterator[Chassis]:
    tracing = Tracing("test", exporter)
    yield Chassis(pool=chassis.pool, kafka=chassis.kafka, telemetry=tracing)
    tracing.shutdown()


def ids(span: ReadableSpan) -> tuple[str, str, str]:
    """Its trace, its own id, its parent's."""
    assert span.context is not None
    parent = f"{span.parent.span_id:016x}" if span.parent else ""
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}", parent


@pytest.mark.requirement("R-13", "D-9")
async def test_each_record_of_a_batch_goes_on_with_the_trace_of_its_own_commit(traced: Chassis, exporter: InMemorySpanExporter) -> None:
    topic = await traced.topic()
    contexts = {1: about(traceparent=traceparent(*FORM)), 2: about(traceparent=traceparent(*CALL)), 3: about()}
    await traced.append(
        *(note(str(n), Noted(number=n), category=published(topic), context=context, key="k") for n, context in contexts.items())
    )
    heard: dict[int, str | None] = {}

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        heard.update({item.event.number: item.traceparent for item in batch if isinstance(item.event, Noted)})
        await traced.count(db, batch)

    async with traced.relaying(), traced.tap(topic) as tap:
        records = await tap.until(3)
    async with running(traced.consumers(traced.subscription(topic, take=traced.effect_once(handle).take))):
        await eventually(lambda: done(traced, 1, 2, 3))
    assert isinstance(traced.telemetry, Tracing)
    traced.telemetry._provider.force_flush()
    spans = exporter.get_finished_spans()
    for number, (trace, root) in {1: FORM, 2: CALL}.items():
        [sent] = [ids(span) for span in spans if span.name == f"{topic.name} send" and ids(span)[0] == trace]
        [worked] = [ids(span) for span in spans if span.name == f"{topic.name} process" and ids(span)[0] == trace]
        assert sent[2] == root, "the sending is a child of the commit's span"
        assert worked[2] == sent[1], "the work is a child of the sending"
        assert dict(records[number - 1].headers)["traceparent"].decode() == traceparent(trace, sent[1])
        assert heard[number] == traceparent(trace, worked[1]), "what the handler does next goes on from here"
    assert heard[3] is None
    assert "traceparent" not in dict(records[2].headers)


@pytest.mark.requirement("R-13", "D-9")
async def test_without_a_collector_the_trace_of_others_goes_through_unchanged(chassis: Chassis) -> None:
    topic = await chassis.topic()
    await chassis.append(note("1", Noted(number=1), category=published(topic), context=about(traceparent=traceparent(*FORM))))
    heard: list[str | None] = []

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        heard.extend(item.traceparent for item in batch)
        await chassis.count(db, batch)

    async with chassis.relaying(), running(chassis.consumers(chassis.subscription(topic, take=chassis.effect_once(handle).take))):
        await eventually(lambda: done(chassis, 1))
    assert heard == [traceparent(*FORM)]


@pytest.mark.requirement("R-13", "E-14")
async def test_spans_hold_no_key_and_nothing_of_a_person(traced: Chassis, exporter: InMemorySpanExporter) -> None:
    topic = await traced.topic()
    context = about(traceparent=traceparent(*FORM))
    await traced.append(note("1", Noted(number=1, text="Иванова"), category=published(topic), context=context, key="its-key"))

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        await traced.count(db, batch)
        await db.fetch("SELECT $1::text", "Иванова")

    async with traced.relaying(), running(traced.consumers(traced.subscription(topic, take=traced.effect_once(handle).take))):
        await eventually(lambda: done(traced, 1))
    assert isinstance(traced.telemetry, Tracing)
    traced.telemetry._provider.force_flush()
    told = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert f"{topic.name} process" in told
    assert "Иванова" not in told.encode().decode("unicode_escape", "ignore")
    assert "\\u0418" not in told
    assert "its-key" not in told
