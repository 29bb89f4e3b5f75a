"""`otklik frontends check` and `watch`: does an installation do what docs/frontends says, and does a frontend's program?"""

import asyncio
import json
import os
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from cli import this_machine
from cli.frontend_cases import ACCEPTED, Put, key_of, posted, put
from cli.frontend_judge import Judge
from libs.chassis.bus.credentials import MECHANISM
from libs.chassis.bus.entry import reach, told
from libs.events.topics import INBOUND, RECEIPTS

PATIENCE_SECONDS = 60.0
NEEDED = ("OTKLIK_HTTP", "OTKLIK_FRONTEND", "OTKLIK_KEY")
NEEDED_FOR_KAFKA = ("OTKLIK_KAFKA", "OTKLIK_KAFKA_USER", "OTKLIK_AUTHORITY")
Seconds = Annotated[float, typer.Option(help="how long to look")]


@dataclass(frozen=True)
class Outcome:
    door: str
    what: str
    wanted: str
    got: str

    @property
    def right(self) -> bool:
        return self.wanted == self.got


def check() -> None:
    """Ask an installation from outside whether it does what docs/frontends says. Told by the variables of docs/frontends/README.md.

    What is sent has neither name nor contact: it is kept as incomplete messages and uses up no number.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        typer.echo(f"not set: {', '.join(missing)} (docs/frontends/README.md)", err=True)
        raise typer.Exit(2)
    run = uuid4().hex[:12]
    outcomes = list(by_http(run))
    if all(os.environ.get(name) for name in NEEDED_FOR_KAFKA):
        outcomes += asyncio.run(by_kafka(run))
    else:
        typer.echo(f"the Kafka door is left out: not all of {', '.join(NEEDED_FOR_KAFKA)} are set", err=True)
    for outcome in outcomes:
        said = "ok   " if outcome.right else "WRONG"
        more = "" if outcome.right else f", got {outcome.got or 'nothing'}"
        typer.echo(f"{said} {outcome.door:5} {outcome.what}: {outcome.wanted or 'no answer'}{more}")
    wrong = sum(not outcome.right for outcome in outcomes)
    typer.echo(f"{len(outcomes) - wrong} of {len(outcomes)} as docs/frontends says")
    raise typer.Exit(1 if wrong else 0)


def by_http(run: str) -> Iterable[Outcome]:
    key = {"Authorization": f"Bearer {os.environ['OTKLIK_KEY']}"}
    with httpx.Client(base_url=os.environ["OTKLIK_HTTP"], timeout=PATIENCE_SECONDS, trust_env=False) as http:
        for each in posted(run, datetime.now(UTC)):
            headers = {"Content-Type": each.content_type} | (key if each.with_key else {})
            answer = http.post("/v1/messages", content=each.body, headers=headers)
            code = "" if answer.is_success else f" {answer.json().get('code')}"
            yield Outcome("http", each.what, each.wanted, f"{answer.status_code}{code}")


async def by_kafka(run: str) -> list[Outcome]:
    """Receipts come in the order of the records, because all are of one dialogue."""
    frontend = os.environ["OTKLIK_FRONTEND"]
    records = put(run, frontend, os.environ["OTKLIK_AUTHORITY"], datetime.now(UTC))
    async with reading(RECEIPTS.of(frontend), **entry()) as reader:
        async with AIOKafkaProducer(**entry(), acks="all", enable_idempotence=True, max_request_size=1_048_576) as writer:
            for each in records:
                await writer.send_and_wait(INBOUND.of(frontend), each.value, key_of(run))
        receipts = await receipts_for(records, reader)
    return [Outcome("kafka", each.what, each.wanted, next(receipts[each.external_id], "")) for each in records]


async def receipts_for(records: list[Put], reader: AIOKafkaConsumer) -> dict[str, Any]:
    wanted = {each.external_id for each in records}
    found: dict[str, list[str]] = defaultdict(list)
    missing = sum(bool(each.wanted) for each in records)
    async for record in until(reader, time.monotonic() + PATIENCE_SECONDS):
        receipt = json.loads(record.value)
        external_id = receipt["payload"]["external_id"]
        if external_id in wanted:
            found[external_id].append(ACCEPTED if receipt["type"] == ACCEPTED else receipt["payload"]["code"])
            missing -= 1
        if not missing:
            break
    return defaultdict(lambda: iter(()), {name: iter(kinds) for name, kinds in found.items()})


def watch(name: str, seconds: Seconds = 60.0) -> None:
    """Judge what a program puts on its frontend's inbound topic from now on; it takes the operator's entry to Kafka."""
    this_machine.lend_administration()
    if not os.environ.get("OTKLIK_KAFKA_BOOTSTRAP"):
        typer.echo("not set: OTKLIK_KAFKA_BOOTSTRAP", err=True)
        raise typer.Exit(2)
    seen, wrong = asyncio.run(watched(name, told(os.environ), seconds))
    typer.echo(f"{seen} records, {wrong} of them with something to mend")
    raise typer.Exit(1 if wrong or not seen else 0)


async def watched(name: str, bootstrap: str, seconds: float) -> tuple[int, int]:
    judge, seen, wrong = Judge(), 0, 0
    async with reading(INBOUND.of(name), **reach(bootstrap)) as reader:
        typer.echo(f"watching {INBOUND.of(name)} for {seconds:g} s")
        async for record in until(reader, time.monotonic() + seconds):
            complaints = judge.complaints(record.key, record.value, datetime.fromtimestamp(record.timestamp / 1000, UTC))
            seen, wrong = seen + 1, wrong + bool(complaints)
            typer.echo(
                "\n".join(f"partition {record.partition}, offset {record.offset}: {each}" for each in complaints or ["as it should be"])
            )
    return seen, wrong


@asynccontextmanager
async def reading(topic: str, **way: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """What comes from now on, of all partitions and without a group."""
    async with AIOKafkaConsumer(topic, **way) as reader:
        for place, end in (await reader.end_offsets(reader.assignment())).items():
            reader.seek(place, end)
        yield reader


async def until(reader: AIOKafkaConsumer, end: float) -> AsyncIterator[ConsumerRecord]:
    while (left := end - time.monotonic()) > 0:
        for records in (await reader.getmany(timeout_ms=min(500, int(left * 1000) + 1))).values():
            for record in records:
                yield record


def entry() -> dict[str, Any]:
    """As a foreign frontend enters."""
    tls = os.environ.get("OTKLIK_KAFKA_TLS") != "no"
    return {
        "bootstrap_servers": os.environ["OTKLIK_KAFKA"],
        "security_protocol": "SASL_SSL" if tls else "SASL_PLAINTEXT",
        "ssl_context": ssl.create_default_context() if tls else None,
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": os.environ["OTKLIK_KAFKA_USER"],
        "sasl_plain_password": os.environ["OTKLIK_KEY"],
    }
