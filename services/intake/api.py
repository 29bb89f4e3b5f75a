"""Intake's HTTP door for frontends: messages in, receipts out. Every error is a problem with a stable code (docs/frontends)."""

import json
import re
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ValidationError

from libs.chassis.access.frontends import FrontendKeys, FrontendRoute
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.problems import RESPONSES, field_errors
from libs.chassis.ops.refusals import ContainsNul, NotJson, Refusal, WrongSchema
from libs.chassis.ops.telemetry import Telemetry
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.envelope import contains_nul
from services.intake.bodies import (
    MessageBody,
    ReceiptAnswer,
)
from services.intake.domain.acceptance import Accepted
from services.intake.domain.inbound import Inbound, by_http

Model = TypeVar("Model", bound=BaseModel)
NEVER_STORED = {"Cache-Control": "no-store"}
NAME_ENDS = re.compile(rb'"\s*:')


class WrongContentType(Refusal):
    """The body is not announced as JSON."""

    code = "wrong-content-type"
    status = 415
    says = "Тело запроса должно быть в формате JSON, с заголовком Content-Type: application/json."


class FieldRepeated(Refusal):
    """A field stands twice in one object: which of the two is meant nobody can tell."""

    code = "field-repeated"
    status = 400
    says = "Одно и то же поле указано дважды. Оставьте одно и отправьте снова."


@cache
def takes(model: type[BaseModel]) -> dict[str, Any]:
    """For OpenAPI: the body of a route that reads it by itself (`read`)."""
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _whole(schema, schema.pop("$defs", {}))}}}}


def _whole(part: Any, parts: dict[str, Any]) -> Any:
    """A schema with its parts in their places: references into a file of its own would lead nowhere."""
    if isinstance(part, list):
        return [_whole(each, parts) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _whole(parts[part["$ref"].rpartition("/")[2]], parts)
    return {name: _whole(value, parts) for name, value in part.items()}


def routes(
    *,
    put: Callable[[Inbound], Awaitable[Accepted]],
    frontends: FrontendKeys,
    key: bytes,
    clock: Clock,
    telemetry: Telemetry,
) -> APIRouter:
    bearer = HTTPBearer(auto_error=False, description="the key of the frontend")
    router = APIRouter(prefix="/v1", dependencies=[Depends(never_stored), Depends(bearer)], responses=RESPONSES)

    def inbound(frontend: str, message: MessageReceived, point: str | None, size: int) -> Inbound:
        return by_http(frontend, message, point, key, clock.now(), telemetry.current_traceparent(), size)

    _for_messages(router, frontends, put, inbound)
    return router


def _for_messages(
    router: APIRouter,
    frontends: FrontendKeys,
    put: Callable[[Inbound], Awaitable[Accepted]],
    inbound: Callable[[str, MessageReceived, str | None, int], Inbound],
) -> None:
    async def messages(request: Request, frontend: Annotated[str, Depends(frontends)]) -> Response:
        """A message of a person; sending the same again (`external_id`) is safe and answers 200."""
        data = await read(request)
        body = checked(MessageBody, data)
        message = MessageReceived.model_validate(data)
        accepted = await put(inbound(frontend, message, body.point, len(await request.body())))
        raw = orjson.dumps(receipt(message.external_id, accepted))
        return Response(raw, 200 if accepted.again else 201, NEVER_STORED, "application/json")

    router.add_api_route(
        "/messages",
        messages,
        methods=["POST"],
        status_code=201,
        response_model=ReceiptAnswer,
        responses={200: {"model": ReceiptAnswer, "description": "It came before: the receipt again"}},
        openapi_extra=takes(MessageBody),
        route_class_override=FrontendRoute,
    )


async def never_stored(response: Response) -> None:
    """What is answered here is for one person."""
    response.headers.update(NEVER_STORED)


async def read(request: Request) -> Any:
    """The body as strict JSON, or the refusal that says what is wrong with it."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise WrongContentType
    return parsed(await request.body())


def checked(model: type[Model], data: Any) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise WrongSchema(field_errors(error.errors())) from None


def parsed(raw: bytes) -> Any:
    """Strict JSON: UTF-8 without lone surrogates, no NaN, no NUL, no field twice."""
    try:
        data = orjson.loads(raw)
        if len(NAME_ENDS.findall(raw)) != _names(data):  # a field stands twice, or a text looks as if it held one
            json.loads(raw, object_pairs_hook=_each_once)
    except orjson.JSONDecodeError:
        raise NotJson from None
    except RecursionError:  # of the second parser, far deeper than any message
        raise WrongSchema([]) from None
    if b"\\u0000" in raw and contains_nul(data):
        raise ContainsNul
    return data


def _names(data: Any) -> int:
    """How many fields all objects in a JSON value have."""
    count, left = 0, [data]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            count += len(node)
            left.extend(node.values())
        elif isinstance(node, list):
            left.extend(node)
    return count


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise FieldRepeated


def receipt(external_id: str, accepted: Accepted) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "reference": accepted.reference,
        "tracking_code": accepted.tracking_code,
        "register_number": accepted.reg_no,
        "status": accepted.status.value,
        "status_title": accepted.title,
        "due_on": accepted.due_on,
    }
