"""Refusals and accidents reach a program as RFC 9457 problem details."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from libs.chassis.ops import logs, problems
from libs.chassis.ops.refusals import Busy, ContainsNul, Refusal
from tests.stack import eventually

LIMIT = 2_000
SECRET = "Синицына Агафья, 8-900-000-00-00"


class AlreadyAnswered(Refusal):
    """The request is already answered."""

    code = "request-already-answered"
    says = "Ответ на этот запрос уже дан."


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Annotated[str, StringConstraints(pattern="^(a|b)$")] | None = None


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid")
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    received_at: AwareDatetime
    inner: Inner = Inner()


def app(body_seconds: float = 30.0) -> FastAPI:
    made = FastAPI()

    @made.post("/messages")
    async def take(message: Message) -> str:
        return message.external_id

    @made.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @made.post("/late")
    async def late(request: Request) -> str:
        await request.body()
        with suppress(TimeoutError):
            await asyncio.wait_for(request.receive(), 0.1)  # the client waits, it does not hang up
        return "late"

    @made.get("/refused/{what}")
    async def refused(what: str) -> None:
        raise {"answered": AlreadyAnswered(), "busy": Busy(7), "nul": ContainsNul()}[what]

    @made.get("/broken")
    async def broken() -> None:
        raise RuntimeError(SECRET)

    problems.install(made, body_limit_bytes=LIMIT, body_seconds=body_seconds)
    return made


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app()), base_url="http://door") as made:
        yield made


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:otklik:problem:{code}"
    assert any("а" <= letter.lower() <= "я" for letter in body["detail"])
    return dict(body)


async def test_a_refusal_tells_its_code_its_meaning_and_a_sentence_for_people(client: httpx.AsyncClient) -> None:
    body = problem_of(await client.get("/refused/answered"), 409, "request-already-answered")
    assert body["title"] == "The request is already answered."
    assert body["detail"] == "Ответ на этот запрос уже дан."


async def test_busy_says_when_to_come_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/refused/busy")
    problem_of(answer, 503, "busy")
    assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"[" * 1_900, b'{"a": ' + b"9" * 1_900 + b"e"])
async def test_a_body_that_is_no_json_is_refused_with_its_code(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/messages", content=body, headers={"content-type": "application/json"})
    problem_of(answer, 400, "wrong-schema" if not body else "not-json")


async def test_each_wrong_field_is_named_in_russian_without_its_value(client: httpx.AsyncClient) -> None:
    sent = {"received_at": "2026-03-02T12:00:00", "inner": {"kind": "c", "surplus": 1}}
    body = problem_of(await client.post("/messages", json=sent), 400, "wrong-schema")
    assert body["errors"] == [
        {"field": "external_id", "says": "Обязательное поле не заполнено."},
        {"field": "received_at", "says": "Укажите время вместе с часовым поясом."},
        {"field": "inner.kind", "says": "Значение записано не по образцу."},
        {"field": "inner.surplus", "says": "Такого поля нет."},
    ]


async def test_limits_are_told_in_the_message(client: httpx.AsyncClient) -> None:
    sent = {"external_id": "x" * 21, "received_at": "2026-03-02T12:00:00Z"}
    body = problem_of(await client.post("/messages", json=sent), 400, "wrong-schema")
    assert body["errors"] == [{"field": "external_id", "says": "Слишком длинное значение: допустимо не больше 20 знаков."}]


async def test_a_lone_surrogate_in_a_field_name_is_answered_too(client: httpx.AsyncClient) -> None:
    sent = b'{"external_id": "1", "received_at": "2026-03-02T12:00:00Z", "\\ud800": 1}'
    answer = await client.post("/messages", content=sent, headers={"content-type": "application/json"})
    problem_of(answer, 400, "wrong-schema")


async def test_json_without_its_content_type_is_told_so(client: httpx.AsyncClient) -> None:
    body = problem_of(await client.post("/messages", content=b"{}"), 400, "wrong-schema")
    assert "application/json" in json.dumps(body, ensure_ascii=False)


async def test_unknown_addresses_and_methods_are_problems_too(client: httpx.AsyncClient) -> None:
    problem_of(await client.get("/nowhere"), 404, "not-found")
    answer = await client.get("/messages")
    problem_of(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


async def test_an_accident_says_nothing_to_the_client_and_its_type_and_place_to_the_log(
    client: httpx.AsyncClient, log_lines: io.StringIO
) -> None:
    logs.configure(service="intake", stream=log_lines)
    answer = await client.get("/broken")
    problem_of(answer, 500, "internal-error")
    line = json.loads(log_lines.getvalue())
    assert line["error"]["type"] == "RuntimeError"
    assert line["error"]["frames"][-1].endswith(" broken")
    assert line["route"] == "/broken"
    assert SECRET not in answer.text + json.dumps(line, ensure_ascii=False)


async def chunks(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


@pytest.mark.parametrize("path", ["/messages", "/raw"])
async def test_an_announced_body_over_the_limit_is_refused_at_once(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, content=b"x" * (LIMIT + 1), headers={"content-type": "application/json"})
    problem_of(answer, 413, "too-large")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("path", ["/messages", "/raw"])
async def test_a_chunked_body_is_refused_as_soon_as_it_passes_the_limit(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, content=chunks(500, 5), headers={"content-type": "application/json"})
    problem_of(answer, 413, "too-large")


async def test_a_body_of_just_the_limit_passes(client: httpx.AsyncClient) -> None:
    assert (await client.post("/raw", content=chunks(500, 4))).json() == LIMIT
    assert (await client.post("/raw", content=b"x" * LIMIT)).json() == LIMIT


@asynccontextmanager
async def half_sent(body_seconds: float = 30.0) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a real server that was sent the first half of a body."""
    server = uvicorn.Server(uvicorn.Config(app(body_seconds), port=0, log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(b"POST /raw HTTP/1.1\r\nHost: door\r\nContent-Length: 20\r\n\r\nhalf of it")
        yield reader, writer
        writer.close()
        server.should_exit = True
        await serving


@pytest.mark.requirement("R-21")
async def test_a_body_that_never_ends_is_refused_and_its_connection_closed() -> None:
    async with half_sent(body_seconds=0.3) as (reader, _):
        answer = await asyncio.wait_for(reader.read(), 5)
    head, body = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert json.loads(body)["code"] == "too-slow"


async def test_a_client_that_hangs_up_is_told_of_as_what_it_is(log_lines: io.StringIO) -> None:
    logs.configure(service="intake", stream=log_lines)

    def lines() -> list[Any]:
        return [json.loads(line) for line in log_lines.getvalue().splitlines()]

    async def told() -> list[Any]:
        return [line for line in lines() if line["logger"] == "door"]

    async with half_sent() as (_, writer):
        writer.close()
        [line] = await eventually(told, what="a line of the log")
    assert (line["level"], line["event"], line["code"], line["route"]) == ("info", "a client hung up", "client-gone", "/raw")
    assert {line["level"] for line in lines()} == {"info"}


async def test_who_has_sent_all_may_be_answered_as_late_as_it_takes() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app(body_seconds=0.05)), base_url="http://door") as client:
        assert (await client.post("/late", content=b"x")).json() == "late"


@pytest.mark.parametrize(
    ("members", "missing"),
    [
        ({"says": "Нет."}, "code"),
        ({"code": "Not A Code", "says": "Нет."}, "code"),
        ({"code": "fine"}, "says"),
        ({"code": "fine", "says": "Нет.", "__doc__": None}, "docstring"),
    ],
)
def test_a_refusal_without_code_words_or_meaning_is_no_refusal(members: dict[str, object], missing: str) -> None:
    with pytest.raises(TypeError, match=missing):
        type("Half", (Refusal,), {"__doc__": "Half of one.", **members})
