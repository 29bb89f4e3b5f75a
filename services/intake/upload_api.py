"""Intake's upload door for frontends: the body is the file, headers say what it is. A message names it afterwards (docs/frontends)."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import unquote

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.ops.concurrency import ConcurrencyLimit
from libs.chassis.ops.problems import RESPONSES
from libs.chassis.ops.refusals import ContainsNul, Refusal, TooSlow
from libs.events.topics import dialogue_thread
from libs.events.vocabulary import ExternalId, FileState
from services.intake import tracking
from services.intake.api import NEVER_STORED, never_stored
from services.intake.domain.uploads.attachments import Upload
from services.intake.domain.uploads.file_kinds import LONGEST_NAME
from services.intake.uploads.handlers import Announced, Uploads

PATH: Final = "/v1/uploads"
MOST_AT_ONCE: Final = 100  # half a megabyte of memory each, and no connection to the database while bytes come
PIECE_SECONDS: Final = 30.0  # a connection that brings nothing for so long is gone
WHOLE_SECONDS: Final = 600.0
EXTERNAL_ID: Final = "Otklik-External-Id"
DIALOGUE: Final = "Otklik-Dialogue"
NAME: Final = "Otklik-File-Name"
LINE: Final[TypeAdapter[str]] = TypeAdapter(Annotated[str, StringConstraints(min_length=1, max_length=200)])
ID: Final[TypeAdapter[str]] = TypeAdapter(ExternalId)
FILE_NAME: Final[TypeAdapter[str]] = TypeAdapter(Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)])
ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
LENGTH: Final = re.compile(r"[0-9]{1,15}")


class HeaderMissing(Refusal):
    """A header that the upload door needs is missing, empty, too long or not percent-encoded UTF-8; `header` names it."""

    code: ClassVar[str] = "header-missing"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Не указано или указано неверно, что это за файл. Сообщите об этом владельцу программы, через которую вы пишете."

    def __init__(self, header: str) -> None:
        super().__init__()
        self._header = header

    def extras(self) -> dict[str, object]:
        return {"header": self._header}


class UploadAnswer(BaseModel):
    """What a message names in `attachments`; `state` is what the virus scanner said."""

    upload_id: str
    name: str
    type: str
    size: int
    sha256: str
    state: FileState


def routes(*, uploads: Uploads, frontends: FrontendKeys, key: bytes) -> APIRouter:
    bearer = HTTPBearer(auto_error=False, description="the key of the frontend")
    few = ConcurrencyLimit(MOST_AT_ONCE)
    router = APIRouter(dependencies=[Depends(never_stored), Depends(bearer), Depends(few)], responses=RESPONSES)

    @router.post(
        PATH,
        status_code=201,
        response_model=UploadAnswer,
        responses={200: {"model": UploadAnswer, "description": "It came before: the same answer again"}},
        openapi_extra=described(),
    )
    async def upload(request: Request, frontend: Annotated[str, Depends(frontends)]) -> Response:
        """The bytes of one file; sending the same again (`Otklik-External-Id`) is safe and answers 200."""
        received = await uploads.receive(announced(request, frontend, key), pieces(request))
        return Response(orjson.dumps(shown(received.upload)), 200 if received.again else 201, NEVER_STORED, "application/json")

    return router


def described() -> dict[str, Any]:
    """For OpenAPI: headers and a body that the route reads by itself."""
    told = {EXTERNAL_ID: "your id of this file", DIALOGUE: "the conversation of the message that will name it", NAME: "name of the file"}
    headers = [
        {"name": name, "in": "header", "required": True, "description": f"{text}, percent-encoded UTF-8", "schema": {"type": "string"}}
        for name, text in told.items()
    ]
    body = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    return {"parameters": headers, "requestBody": body}


def announced(request: Request, frontend: str, key: bytes) -> Announced:
    """Raises `HeaderMissing`, `ContainsNul`."""
    dialogue = _told(request, DIALOGUE, LINE)
    length = request.headers.get("content-length", "")
    mark = tracking.dialogue_mark(key, frontend, dialogue).hex()
    return Announced(
        frontend=frontend,
        external_id=_told(request, EXTERNAL_ID, ID),
        thread_id=dialogue_thread(frontend, mark),
        name=_told(request, NAME, FILE_NAME),
        type=request.headers.get("content-type", ""),
        length=int(length) if LENGTH.fullmatch(length) else None,
    )


def _told(request: Request, header: str, kind: TypeAdapter[str]) -> str:
    raw = request.headers.get(header, "")
    try:
        told = unquote(raw, errors="strict") if raw.isascii() and not ESCAPE.search(raw) else ""
        if "\0" in told:
            raise ContainsNul
        return kind.validate_python(told)
    except (UnicodeDecodeError, ValidationError):
        raise HeaderMissing(header) from None


async def pieces(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes; raises `TooSlow`."""
    stream, now = aiter(request.stream()), asyncio.get_running_loop().time
    until = now() + WHOLE_SECONDS
    while True:
        try:
            async with asyncio.timeout_at(min(until, now() + PIECE_SECONDS)):
                piece = await anext(stream, None)
        except TimeoutError:
            raise TooSlow from None
        if piece is None:
            return
        if piece:
            yield piece


def shown(upload: Upload) -> dict[str, Any]:
    return UploadAnswer(
        upload_id=upload.upload_id, name=upload.name, type=upload.type, size=upload.size, sha256=upload.sha256, state=upload.state
    ).model_dump(mode="json")
