"""Intake's HTTP door for frontends: messages in, status out. Every error is a problem with a stable code (docs/frontends)."""

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
from libs.chassis.ops.concurrency import ConcurrencyLimit
from libs.chassis.ops.problems import RESPONSES, field_errors
from libs.chassis.ops.refusals import ContainsNul, NotJson, Refusal, WrongSchema
from libs.chassis.ops.telemetry import Telemetry
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.envelope import contains_nul
from libs.events.vocabulary import AdditionalChannel
from services.intake import statuses
from services.intake.bodies import (
    AdditionalBody,
    ChannelsAnswer,
    ChannelsBody,
    ConfirmationBody,
    EmailAnswer,
    MessageBody,
    ReceiptAnswer,
    StatusAnswer,
    StatusBody,
    WithdrawalBody,
)
from services.intake.domain.acceptance import Accepted
from services.intake.domain.inbound import Inbound, by_http
from services.intake.handlers import Mine, Person

Model = TypeVar("Model", bound=BaseModel)
NEVER_STORED = {"Cache-Control": "no-store"}
MOST_AT_ONCE = 30  # three for each connection to the database
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
    person: Person,
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
    _for_people(router, frontends, person, telemetry)
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


def _for_people(router: APIRouter, frontends: FrontendKeys, person: Person, telemetry: Telemetry) -> None:
    Frontend = Annotated[str, Depends(frontends)]  # noqa: N806 - a type
    few = [Depends(ConcurrencyLimit(MOST_AT_ONCE))]  # messages have a queue of their own

    @router.post("/status", response_model=StatusAnswer, dependencies=few, openapi_extra=takes(StatusBody))
    async def status(request: Request, _: Frontend) -> dict[str, Any]:
        """Where a request stands, for who has its number (or reference) and tracking code."""
        body = checked(StatusBody, await read(request))
        return shown(await person.status(body.number, body.tracking_code))

    @router.post(
        "/channels",
        response_model=ChannelsAnswer,
        response_model_exclude_unset=True,
        dependencies=few,
        openapi_extra=takes(ChannelsBody),
    )
    async def channels(request: Request, _: Frontend) -> dict[str, Any]:
        """Another address for notices: what is absent stays, what is null is dropped."""
        body = checked(ChannelsBody, await read(request))
        if not body.model_fields_set & {"email", "additional"}:
            raise WrongSchema([{"field": "email", "says": "Укажите email или additional: то, что меняется."}])
        asked, trace = (body.number, body.tracking_code), telemetry.current_traceparent()
        changed: dict[str, Any] = {}
        if "additional" in body.model_fields_set:
            changed |= also(await person.change_additional(*asked, plain(body.additional), trace))
        if "email" in body.model_fields_set:
            changed["email_masked"] = masked(await person.change_email(*asked, body.email, trace))
        return changed

    @router.post("/withdrawals", response_model=StatusAnswer, dependencies=few, openapi_extra=takes(WithdrawalBody))
    async def withdrawals(request: Request, _: Frontend) -> dict[str, Any]:
        """The person wants no answer any more; repeated, it changes nothing."""
        body = checked(WithdrawalBody, await read(request))
        await person.withdraw(body.number, body.tracking_code, body.reason, telemetry.current_traceparent())
        return shown(await person.status(body.number, body.tracking_code))

    @router.post("/confirmations", response_model=EmailAnswer, dependencies=few, openapi_extra=takes(ConfirmationBody))
    async def confirmations(request: Request, _: Frontend) -> dict[str, Any]:
        """The token of a letter's link proves the address."""
        body = checked(ConfirmationBody, await read(request))
        return {"email_masked": masked(await person.confirm(body.token, telemetry.current_traceparent()))}


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


def shown(mine: Mine) -> dict[str, Any]:
    """What the status page shows; the address is masked, because the code may have been read aloud."""
    request = mine.request
    steps = [
        {"at": step.at, "status": step.status.value, "status_title": statuses.TITLES[step.status], "explanation": step.explanation}
        for step in request.steps
    ]
    return {
        "reference": request.reference,
        "register_number": request.reg_no,
        "status": request.status.value,
        "status_title": statuses.TITLES[request.status],
        "explanation": statuses.now(request.status, request.steps[-1].explanation if request.steps else ""),
        "received_at": request.received_at,
        "due_on": request.due_on,
        "why_due": mine.why_due,
        "email_masked": masked(request.email),
        "email_confirmed": request.email_confirmed,
        **also(request.additional),
        "steps": steps,
        "attachments": [
            {
                "name": kept.attachment.name,
                "size": kept.attachment.size,
                "state": kept.state.value,
                "state_title": statuses.FILES[kept.state],
            }
            for kept in request.files
        ],
    }


def also(additional: AdditionalChannel | None) -> dict[str, str | None]:
    """The additional channel, its address masked."""
    if additional is None:
        return {"additional_channel": None, "additional_masked": None}
    hidden = masked(additional.address) if additional.channel == "email" else f"{additional.address[:6]}***{additional.address[-2:]}"
    return {"additional_channel": additional.channel, "additional_masked": hidden}


def plain(body: AdditionalBody | None) -> AdditionalChannel | None:
    return AdditionalChannel.model_validate(body.model_dump()) if body else None


def masked(email: str | None) -> str | None:
    """«i***@example.ru»: enough to recognise one's own address."""
    if not email:
        return None
    local, _, domain = email.partition("@")
    return f"{local[:1]}***@{domain}"
