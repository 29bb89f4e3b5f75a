"""Refusals and accidents at an HTTP door for programs: RFC 9457 problem details with a stable `code` and a Russian `detail`."""

import asyncio
import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.chassis.ops.refusals import (
    BadRequest,
    InternalError,
    MethodNotAllowed,
    NotFound,
    NotJson,
    Refusal,
    TooLarge,
    TooSlow,
    WrongSchema,
)

MEDIA_TYPE = "application/problem+json"
BODY_SECONDS = 30.0
MAX_ERRORS = 20
MAX_FIELD_NAME = 200


def install(app: FastAPI, *, body_limit_bytes: int, body_seconds: float = BODY_SECONDS, streams: Collection[str] = ()) -> None:
    """Makes every answer of this app that is no success a problem; called once, before the first request.

    `streams`: paths of routes that read their bodies piece by piece, with limits of their own.
    """
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(BodyLimit, max_bytes=body_limit_bytes, seconds=body_seconds, streams=streams)
    app.add_middleware(Accidents)


_TEXT = {"type": "string"}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Refused: RFC 9457 with a stable code; docs/frontends/errors.md lists them",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail", "code"],
                    "properties": {
                        **dict.fromkeys(("type", "title", "detail", "code"), _TEXT),
                        "status": {"type": "integer"},
                        "errors": {"type": "array", "items": {"type": "object", "properties": {"field": _TEXT, "says": _TEXT}}},
                    },
                }
            }
        },
    }
}
"""For OpenAPI: what every route may answer instead."""


def problem(refusal: Refusal, *, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that tells a refusal."""
    status = status or refusal.status
    body = {
        "type": f"urn:otklik:problem:{refusal.code}",
        "title": refusal.title(),
        "status": status,
        "detail": refusal.says,
        "code": refusal.code,
        **refusal.extras(),
    }
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")  # field names may hold lone surrogates
    return Response(raw, status_code=status, media_type=MEDIA_TYPE, headers={**refusal.headers(), **(headers or {})})


async def _refused(_request: Request, error: Exception) -> Response:
    return problem(error) if isinstance(error, Refusal) else problem(InternalError())


async def _not_valid(_request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    if any(one["type"] == "json_invalid" for one in found):
        return problem(NotJson())
    return problem(WrongSchema(field_errors(found)))


_BY_STATUS: dict[int, type[Refusal]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge}


async def _http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    if status == 400 and isinstance(error.__cause__, ValueError | RecursionError):
        return problem(NotJson())  # FastAPI's word for a body that is not even UTF-8
    kind = _BY_STATUS.get(status, BadRequest if status < 500 else InternalError)
    return problem(kind(), status=status, headers=headers)


_SAYS = {
    "missing": "Обязательное поле не заполнено.",
    "extra_forbidden": "Такого поля нет.",
    "string_type": "Здесь должна быть строка.",
    "string_too_short": "Слишком короткое значение: нужно не меньше {min_length} знаков.",
    "string_too_long": "Слишком длинное значение: допустимо не больше {max_length} знаков.",
    "string_pattern_mismatch": "Значение записано не по образцу.",
    "string_unicode": "Текст содержит недопустимые знаки.",
    "too_short": "Слишком мало значений: нужно не меньше {min_length}.",
    "too_long": "Слишком много значений: допустимо не больше {max_length}.",
    "int_type": "Здесь должно быть целое число.",
    "int_parsing": "Здесь должно быть целое число.",
    "bool_type": "Здесь должно быть true или false.",
    "bool_parsing": "Здесь должно быть true или false.",
    "uuid_parsing": "Здесь должен быть идентификатор UUID.",
    "uuid_type": "Здесь должен быть идентификатор UUID.",
    "datetime_type": "Здесь должны быть дата и время по ISO 8601.",
    "datetime_parsing": "Здесь должны быть дата и время по ISO 8601.",
    "datetime_from_date_parsing": "Здесь должны быть дата и время по ISO 8601.",
    "timezone_aware": "Укажите время вместе с часовым поясом.",
    "literal_error": "Допустимые значения: {expected}.",
    "enum": "Допустимые значения: {expected}.",
    "model_type": "Здесь должен быть объект.",
    "model_attributes_type": "Здесь должен быть объект JSON с заголовком Content-Type: application/json.",
    "dict_type": "Здесь должен быть объект.",
    "list_type": "Здесь должен быть список.",
    "greater_than_equal": "Значение должно быть не меньше {ge}.",
    "less_than_equal": "Значение должно быть не больше {le}.",
}
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)


def field_errors(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What is wrong with each field, in Russian; never the value that was sent."""
    return [{"field": _field(one["loc"]), "says": _says(one)} for one, _ in zip(errors, range(MAX_ERRORS), strict=False)]


def _field(location: Iterable[object]) -> str:
    path = [str(part) for part in location]
    if path[:1] in (["body"], ["query"], ["path"], ["header"], ["cookie"]):
        path = path[1:]
    return ".".join(path)[:MAX_FIELD_NAME]


def _says(error: Mapping[str, Any]) -> str:
    own = str(error.get("msg", "")).removeprefix("Value error, ")
    if _CYRILLIC.search(own) and error["type"] not in _SAYS:
        return own
    template = _SAYS.get(error["type"], "Значение не подходит.")
    return template.format_map({key: str(value).replace(" or ", " или ") for key, value in (error.get("ctx") or {}).items()})


class Accidents:
    """An exception that nobody expected becomes a 500 without a word about it; the log gets its type and place.

    A client that hangs up is no accident: nobody is there to be answered.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            structlog.stdlib.get_logger("door").info("a client hung up", code="client-gone", route=_route(scope))
        except Exception as error:
            structlog.stdlib.get_logger("door").error("a request failed", error=error, route=_route(scope))
            if started:
                raise  # the answer is half sent: only breaking the connection tells so
            await problem(InternalError())(scope, receive, send)


def _route(scope: Scope) -> str | None:
    """The route's pattern; the address itself may be personal."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else None


class BodyLimit:
    """Refuses a body over the limit, by its announced length at once, else as soon as that many bytes came; and one that takes too long."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, seconds: float, streams: Collection[str] = ()) -> None:
        self.app = app
        self.streams = frozenset(streams)
        self.max_bytes = max_bytes
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self.streams:
            await self.app(scope, receive, send)
        elif self._announced(scope) > self.max_bytes:
            await _refuse(TooLarge(), scope, receive, send)
        else:
            await self._limited(scope, receive, send)

    @staticmethod
    def _announced(scope: Scope) -> int:
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        return int(length) if length.isdigit() else 0

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive, self.max_bytes, self.seconds)
        started = False

        async def unless_refused(message: Message) -> None:
            nonlocal started
            if body.refusal is not None and not started:
                return  # whatever the app made of the broken-off body
            started = True
            await send(message)

        try:
            await self.app(scope, body.receive, unless_refused)
        except Refusal as refusal:
            if started or refusal is not body.refusal:
                raise
        if body.refusal is not None and not started:
            await _refuse(body.refusal, scope, receive, send)


class _Body:
    """A body as it comes; `refusal` is why no more of it is taken."""

    def __init__(self, receive: Receive, max_bytes: int, seconds: float) -> None:
        self.refusal: Refusal | None = None
        self._receive = receive
        self._left = max_bytes
        self._until: float | None = asyncio.get_running_loop().time() + seconds

    async def receive(self) -> Message:
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self.refusal = TooSlow()
            raise self.refusal from None
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.refusal = TooLarge()
            raise self.refusal
        if not message.get("more_body", False):
            self._until = None  # whoever asks on waits for the client to hang up, however long that takes
        return message


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Without the rest of the body, which ends the connection."""
    await problem(refusal, headers={"Connection": "close"})(scope, receive, send)
