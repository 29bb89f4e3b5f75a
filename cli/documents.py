"""`otklik documents`: what is generated from the code: JSON Schemas, AsyncAPI, OpenAPI, the paragraphs of the orders with their tests."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from fastapi import FastAPI, Request

from cli import deployment, orders
from libs.events.contracts import CONTRACTS
from libs.events.envelope import Envelope
from libs.events.fact import Event, open_fields, secret_paths
from libs.events.topics import TOPICS, Topic
from services.intake import answer_api, api, person_api, saved_form_api, upload_api
from services.intake.authority import api as authority_api
from services.intake.authority import office_api

ROOT = Path(__file__).parent.parent
SCHEMAS = Path("docs/events/schemas")
ASYNCAPI = Path("docs/events/asyncapi.json")
OPENAPI = Path("docs/frontends/openapi.json")


def command(
    check: Annotated[bool, typer.Option("--check", help="change nothing; fail when a file is not what the code says")] = False,
    root: Path = ROOT,
) -> None:
    """Write docs/events/*, docs/frontends/openapi.json, docs/orders.md and what deploy/ repeats, or check that they are up to date."""
    stale = [path for path, text in generated().items() if not _same(root / path, text)]
    stale += _orphans(root)
    if check:
        stale += [] if orders.is_current(root) else [Path("docs/orders.md")]
        for path in stale:
            typer.echo(f"{path} is not what the code says: run `python -m cli documents`", err=True)
        raise typer.Exit(1 if stale else 0)
    for path, text in generated().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    for path in _orphans(root):
        (root / path).unlink()
    orders.write(root)


def generated() -> dict[Path, str]:
    """Every generated file of docs/events, docs/frontends and deploy with its text."""
    files = {SCHEMAS / "envelope.json": _text(Envelope.model_json_schema())}
    for events in CONTRACTS.values():
        files |= {SCHEMAS / f"{event.type_name()}.v{event.version}.json": _text(_schema(event)) for event in events}
    return files | {ASYNCAPI: _text(asyncapi()), OPENAPI: _text(openapi())} | deployment.generated()


def openapi() -> dict[str, Any]:
    """OpenAPI 3.1 of intake's HTTP door for frontends (D-6); its routes are only described, so they need no parts."""

    def frontend(request: Request) -> str:
        raise NotImplementedError

    parts: dict[str, Any] = dict.fromkeys(("put", "key", "clock", "telemetry")) | {"frontends": frontend}
    app = FastAPI(
        title="Otklik: the door for frontends",
        version="1",
        description="Generated from the doors of services/intake; errors: errors.md.",
    )
    app.include_router(api.routes(**parts))
    app.include_router(person_api.routes(**dict.fromkeys(("person", "remind", "telemetry")), frontends=frontend))  # type: ignore[arg-type]  # only described
    app.include_router(answer_api.routes(**dict.fromkeys(("person", "answers", "files", "verification")), frontends=frontend))  # type: ignore[arg-type]
    app.include_router(saved_form_api.routes(saved_forms=parts["put"], frontends=frontend))  # type: ignore[arg-type]  # only described
    office: dict[str, Any] = {"book": None, "clock": None, "frontends": frontend}
    app.include_router(office_api.routes(**office))
    app.include_router(authority_api.routes(**dict.fromkeys(("book", "pool", "clock")), frontends=frontend))  # type: ignore[arg-type]  # only described
    app.include_router(upload_api.routes(uploads=parts["put"], frontends=parts["frontends"], key=parts["key"]))
    return app.openapi()


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0: every topic of the table with its messages and who sends and hears it (D-4)."""
    channels = {topic.contract: _channel(topic) for topic in TOPICS} | {"dlq": _dead_letters()}
    operations: dict[str, Any] = {}
    for topic in TOPICS:
        reference = {"$ref": f"#/channels/{topic.contract}"}
        operations |= {f"{name}.sends.{topic.contract}": {"action": "send", "channel": reference} for name in topic.producers}
        operations |= {f"{name}.hears.{topic.contract}": {"action": "receive", "channel": reference} for name in topic.consumers}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Otklik: events", "version": "1", "description": "Generated from libs/events by `python -m cli documents`."},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": {event.type_name(): _message(event) for events in CONTRACTS.values() for event in events}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    messages = {event.type_name(): {"$ref": f"#/components/messages/{event.type_name()}"} for event in CONTRACTS[topic.contract]}
    channel: dict[str, Any] = {
        "address": topic.name.replace("<frontend>", "{frontend}"),
        "description": f"Kafka key: {topic.key}. Partitions: {topic.partitions}. Kept {topic.retention_days} days.",
        "messages": messages,
    }
    return channel | ({"parameters": {"frontend": {"description": "name of the frontend"}}} if topic.per_frontend else {})


def _dead_letters() -> dict[str, Any]:
    """Every topic that a service consumes has one beside it."""
    return {
        "address": "{topic}.dlq.v1",
        "description": "Kafka key: topic, partition and offset of what was set aside; the record itself stays sealed with the consumer.",
        "parameters": {"topic": {"description": "name of the topic without its .v1"}},
        "messages": {event.type_name(): {"$ref": f"#/components/messages/{event.type_name()}"} for event in CONTRACTS["dlq"]},
    }


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.type_name(),
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "payload": {
            "allOf": [
                {"$ref": "schemas/envelope.json"},
                {"properties": {"payload": {"$ref": f"schemas/{event.type_name()}.v{event.version}.json"}}},
            ]
        },
    }


def _schema(event: type[Event]) -> dict[str, Any]:
    schema = event.model_json_schema()
    schema["x-open"] = sorted(open_fields(event))
    schema["x-secret"] = [".".join(path) for path in secret_paths(event)]
    return schema


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def _orphans(root: Path) -> list[Path]:
    return [path.relative_to(root) for path in sorted((root / SCHEMAS).glob("*.json")) if path.relative_to(root) not in generated()]
