"""Intake's HTTP door for what a person does to a request of theirs, by its number and code; frontends only hand it on (docs/frontends)."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPBearer

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.ops.concurrency import ConcurrencyLimit
from libs.chassis.ops.problems import RESPONSES
from libs.chassis.ops.refusals import WrongSchema
from libs.chassis.ops.telemetry import Telemetry
from libs.events.vocabulary import AdditionalChannel, Attachment
from services.intake import statuses
from services.intake.api import NEVER_STORED, checked, never_stored, read, takes
from services.intake.bodies import (
    AdditionalBody,
    ChannelsAnswer,
    ChannelsBody,
    ClarificationBody,
    ConfirmationBody,
    CorrectionBody,
    EmailAnswer,
    ReminderBody,
    StatusAnswer,
    StatusBody,
    WithdrawalBody,
)
from services.intake.domain.answer.draft import enclosed
from services.intake.domain.correcting import Correction
from services.intake.domain.request import Request as State
from services.intake.domain.request import Step
from services.intake.domain.telling import explanation
from services.intake.person import Clarification, Mine, Person

MOST_AT_ONCE = 30  # three for each connection to the database
Remind = Callable[[str, str], Awaitable[None]]


def routes(*, person: Person, remind: Remind, frontends: FrontendKeys, telemetry: Telemetry) -> APIRouter:
    bearer = HTTPBearer(auto_error=False, description="the key of the frontend")
    few = Depends(ConcurrencyLimit(MOST_AT_ONCE))  # messages have a queue of their own
    router = APIRouter(prefix="/v1", dependencies=[Depends(never_stored), Depends(bearer), few], responses=RESPONSES)
    _for_addresses(router, frontends, person, telemetry)
    _for_acts(router, frontends, person, remind, telemetry)
    return router


def _for_addresses(router: APIRouter, frontends: FrontendKeys, person: Person, telemetry: Telemetry) -> None:
    Frontend = Annotated[str, Depends(frontends)]  # noqa: N806 - a type

    @router.post("/status", response_model=StatusAnswer, openapi_extra=takes(StatusBody))
    async def status(request: Request, _: Frontend) -> dict[str, Any]:
        """Where a request stands, for who has its number (or reference) and tracking code."""
        body = checked(StatusBody, await read(request))
        return shown(await person.status(body.number, body.tracking_code))

    @router.post(
        "/channels",
        response_model=ChannelsAnswer,
        response_model_exclude_unset=True,
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


def _for_acts(router: APIRouter, frontends: FrontendKeys, person: Person, remind: Remind, telemetry: Telemetry) -> None:
    Frontend = Annotated[str, Depends(frontends)]  # noqa: N806 - a type

    @router.post("/withdrawals", response_model=StatusAnswer, openapi_extra=takes(WithdrawalBody))
    async def withdrawals(request: Request, _: Frontend) -> dict[str, Any]:
        """The person wants no answer any more; repeated, it changes nothing."""
        body = checked(WithdrawalBody, await read(request))
        await person.withdraw(body.number, body.tracking_code, body.reason, telemetry.current_traceparent())
        return shown(await person.status(body.number, body.tracking_code))

    @router.post("/confirmations", response_model=EmailAnswer, openapi_extra=takes(ConfirmationBody))
    async def confirmations(request: Request, _: Frontend) -> dict[str, Any]:
        """The token of a letter's link proves the address."""
        body = checked(ConfirmationBody, await read(request))
        return {"email_masked": masked(await person.confirm(body.token, telemetry.current_traceparent()))}

    @router.post("/corrections", response_model=StatusAnswer, openapi_extra=takes(CorrectionBody))
    async def corrections(request: Request, _: Frontend) -> dict[str, Any]:
        """Another name, phone or postal address of the person; an e-mail address is changed by `/v1/channels`."""
        body = checked(CorrectionBody, await read(request))
        if not body.model_fields_set & {"name", "phone", "postal"}:
            raise WrongSchema([{"field": "name", "says": "Укажите name, phone или postal: то, что исправляется."}])
        wanted = Correction(body.name, body.phone, body.postal)
        await person.correct(body.number, body.tracking_code, wanted, telemetry.current_traceparent())
        return shown(await person.status(body.number, body.tracking_code))

    @router.post("/clarifications", response_model=StatusAnswer, openapi_extra=takes(ClarificationBody))
    async def clarifications(request: Request, frontend: Frontend) -> dict[str, Any]:
        """The answer to our question, as long as it waits; sending the same again (`external_id`) is safe."""
        body = checked(ClarificationBody, await read(request))
        files = tuple(Attachment.model_validate(file.model_dump()) for file in body.attachments)
        said = Clarification(body.external_id, body.text, files)
        await person.clarify(frontend, body.number, body.tracking_code, said, telemetry.current_traceparent())
        return shown(await person.status(body.number, body.tracking_code))

    @router.post("/code-reminders", status_code=202, openapi_extra=takes(ReminderBody))
    async def code_reminders(request: Request, frontend: Frontend) -> Response:
        """The tracking code goes to the request's own e-mail or dialogue, if there is such a request: which the answer does not tell."""
        body = checked(ReminderBody, await read(request))
        await remind(body.known_by, frontend)
        return Response(status_code=202, headers=NEVER_STORED)


def shown(mine: Mine) -> dict[str, Any]:
    """What the status page shows; the address is masked, because the code may have been read aloud."""
    request = mine.request
    return {
        "reference": request.reference,
        "register_number": request.reg_no,
        "status": request.status.value,
        "status_title": statuses.TITLES[request.status],
        "explanation": explanation(request),
        "question": request.question,
        "answer_by": request.wait_until,
        "answer": request.answer,
        "letter": _letter(request),
        "received_at": request.received_at,
        "due_on": request.due_on,
        "why_due": mine.why_due,
        "email_masked": masked(request.email),
        "email_confirmed": request.email_confirmed,
        "name_masked": masked_name(request.name),
        "phone_masked": masked_line(request.contacts.phone),
        "postal_masked": masked_line(request.contacts.postal),
        **also(request.additional),
        "steps": [_step(step) for step in request.steps],
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


def _letter(request: State) -> dict[str, Any] | None:
    letter = request.letter
    if letter is None:
        return None
    files = [{name: getattr(file, name) for name in ("name", "type", "size", "sha256")} for file in enclosed(request.drafts, letter)]
    return {"out_no": letter.out_no, "sent_on": letter.sent_on, "sha256": letter.sha256, "files": files}


def _step(step: Step) -> dict[str, Any]:
    title = statuses.MARKS.get(step.mark) or statuses.TITLES[step.status]
    return {"at": step.at, "status": step.status.value, "status_title": title, "explanation": step.explanation}


def also(additional: AdditionalChannel | None) -> dict[str, str | None]:
    """The additional channel, its address masked."""
    if additional is None:
        return {"additional_channel": None, "additional_masked": None}
    hidden = masked(additional.address) if additional.channel == "email" else masked_line(additional.address)
    return {"additional_channel": additional.channel, "additional_masked": hidden}


def plain(body: AdditionalBody | None) -> AdditionalChannel | None:
    return AdditionalChannel.model_validate(body.model_dump()) if body else None


def masked(email: str | None) -> str | None:
    """«i***@example.ru»: enough to recognise one's own address."""
    if not email:
        return None
    local, _, domain = email.partition("@")
    return f"{local[:1]}***@{domain}"


def masked_name(name: str | None) -> str | None:
    """«З*** А*** П***»."""
    return " ".join(f"{word[:1]}***" for word in name.split()) if name and name.strip() else None


def masked_line(line: str | None) -> str | None:
    """Of a phone or a postal address its beginning and its end."""
    return f"{line[:6]}***{line[-2:]}" if line and line.strip() else None
