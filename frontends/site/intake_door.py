"""The client of intake's HTTP door: all that this frontend knows of the inside (docs/frontends).

Every call may be repeated: a message by its external id, the others by their nature. So a connection that broke is tried once more.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import structlog
from pydantic import ValidationError

from frontends.site.intake_words import (
    Accepted,
    Attached,
    Channels,
    KeptForm,
    Message,
    Office,
    OpenedForm,
    Problem,
    RequestStatus,
    TheAuthority,
    Told,
    Uploaded,
    Verified,
)

# Below intake's own keep-alive, so that a kept connection is seldom found closed.
KEEP_SECONDS = 4
CONNECT_SECONDS = 2
CONNECTIONS = 50
OFFICE_SECONDS = 0.5  # a page waits for it
UPLOAD_SECONDS = 60.0  # without a byte, or for the word of the virus scanner
REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


T = TypeVar("T", bound=Told)


class MessageRefusedError(Exception):
    """Intake reads the message and will not have it; `problem` says why, in Russian."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem

    @property
    def is_conflict(self) -> bool:
        """What was asked for is not open any more."""
        return self.problem.status == HTTPStatus.CONFLICT


class IntakeUnavailableError(Exception):
    """Nobody answered. `undecided`: the message may have been stored all the same; sent again it is still one."""

    def __init__(self, *, undecided: bool) -> None:
        super().__init__("undecided" if undecided else "not accepted")
        self.undecided = undecided


_NEVER_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_BROKE = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


def client(url: str, key: str, timeout_seconds: float) -> httpx.AsyncClient:
    """A client with kept connections; whoever makes it closes it."""
    return httpx.AsyncClient(
        base_url=url,
        headers={"authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=KEEP_SECONDS),
    )


class IntakeDoor:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, message: Message) -> Accepted:
        """Returns only when intake has stored the message."""
        answer = await self._post("/v1/messages", message.model_dump(mode="json"))
        if answer.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
            raise MessageRefusedError(_told(Problem, answer))
        return _told(Accepted, _successful(answer))

    async def upload(self, external_id: str, dialogue: str, name: str, kind: str, pieces: AsyncIterator[bytes]) -> Uploaded:
        """Returns when intake has the whole file; what `pieces` raises goes through. It can't be tried again: its bytes are gone."""
        told = {"otklik-external-id": external_id, "otklik-dialogue": dialogue, "otklik-file-name": name}
        headers = {header: quote(text, safe="") for header, text in told.items()} | {"content-type": _plain(kind)}
        try:
            answer = await self._http.post("/v1/uploads", content=pieces, headers=headers, timeout=UPLOAD_SECONDS)
        except httpx.TransportError as error:
            _log().warning("intake does not take a file", error=error)
            raise IntakeUnavailableError(undecided=False) from error
        if answer.status_code in REFUSED:
            raise MessageRefusedError(_told(Problem, answer))
        return _told(Uploaded, _successful(answer))

    async def status(self, number: str, code: str) -> RequestStatus | None:
        """None for a number and a code that do not go together; which of them is wrong nobody learns."""
        answer = await self._post("/v1/status", {"number": number, "tracking_code": code})
        return None if _finds_nothing(answer) else _told(RequestStatus, _successful(answer))

    async def change_channels(self, number: str, code: str, change: Mapping[str, Any]) -> Channels | None:
        """`change` names email, additional or both; null drops, what is absent stays. None as in `status`."""
        answer = await self._post("/v1/channels", {"number": number, "tracking_code": code, **change})
        if answer.status_code == HTTPStatus.BAD_REQUEST:
            raise MessageRefusedError(_told(Problem, answer))
        return None if _finds_nothing(answer) else _told(Channels, _successful(answer))

    async def withdraw(self, number: str, code: str) -> RequestStatus | None:
        """None as in `status`; a request that is no longer open stays as it is."""
        answer = await self._post("/v1/withdrawals", {"number": number, "tracking_code": code})
        if answer.status_code == HTTPStatus.CONFLICT:
            return await self.status(number, code)
        return None if _finds_nothing(answer) else _told(RequestStatus, _successful(answer))

    async def correct(self, number: str, code: str, correction: Mapping[str, str]) -> RequestStatus | None:
        """What the request says of the person: name, phone, postal; what is absent stays. None as in `status`."""
        answer = await self._post("/v1/corrections", {"number": number, "tracking_code": code, **correction})
        if answer.status_code == HTTPStatus.BAD_REQUEST:
            raise MessageRefusedError(_told(Problem, answer))
        return None if _finds_nothing(answer) else _told(RequestStatus, _successful(answer))

    async def clarify(self, number: str, code: str, external_id: str, text: str, files: Sequence[Attached]) -> RequestStatus | None:
        """The answer to the authority's question. None as in `status`."""
        attached = [file.model_dump() for file in files]
        body = {"number": number, "tracking_code": code, "external_id": external_id, "text": text, "attachments": attached}
        answer = await self._post("/v1/clarifications", body)
        if answer.status_code in REFUSED:
            raise MessageRefusedError(_told(Problem, answer))
        return None if _finds_nothing(answer) else _told(RequestStatus, _successful(answer))

    async def paper(self, number: str, code: str, *, large: bool) -> bytes | None:
        """The answer as a PDF. None as in `status`, and as long as none has left."""
        answer = await self._post("/v1/answers", {"number": number, "tracking_code": code, "large": large})
        if _finds_nothing(answer) or answer.status_code == HTTPStatus.CONFLICT:
            return None
        return _successful(answer).content

    async def enclosed(self, number: str, code: str, file: int) -> AsyncGenerator[bytes, None] | None:
        """One file of the answer, from 1. None as in `status`, and for one that there is not or that is damaged. Read it to its end."""
        body = {"number": number, "tracking_code": code, "file": file}
        try:
            answer = await self._http.send(
                self._http.build_request("POST", "/v1/answers/files", json=body, timeout=UPLOAD_SECONDS), stream=True
            )
        except httpx.TransportError as error:
            _log().warning("intake does not give a file", error=error)
            raise IntakeUnavailableError(undecided=False) from error
        if answer.is_success:
            return _pieces(answer)
        await answer.aclose()
        if _finds_nothing(answer) or answer.status_code == HTTPStatus.GONE:
            return None
        raise IntakeUnavailableError(undecided=False)

    async def verify(self, number: str, mark: str) -> Verified | None:
        """When the answer with this number and this mark left; None: the authority sent no such answer."""
        answer = await self._post("/v1/verifications", {"number": number, "mark": mark})
        return None if _finds_nothing(answer) else _told(Verified, _successful(answer))

    async def remind(self, known_by: str) -> None:
        """The code goes to the request's own addresses, if there is such a request; which of the two nobody learns."""
        _successful(await self._post("/v1/code-reminders", {"known_by": known_by}))

    async def confirm(self, token: str) -> Channels | None:
        """None for a link that is not valid."""
        answer = await self._post("/v1/confirmations", {"token": token})
        return None if _finds_nothing(answer) else _told(Channels, _successful(answer))

    async def keep_form(self, name: str, sealed: str, uploads: Sequence[str]) -> datetime:
        """Until when a half-written form is kept."""
        answer = await self._post("/v1/saved-forms", {"name": name, "sealed": sealed, "uploads": list(uploads)})
        return _told(KeptForm, _successful(answer)).kept_until

    async def open_form(self, name: str) -> str | None:
        answer = await self._post("/v1/saved-forms/open", {"name": name})
        return None if answer.status_code == HTTPStatus.NOT_FOUND else _told(OpenedForm, _successful(answer)).sealed

    async def forget_form(self, name: str) -> None:
        _successful(await self._post("/v1/saved-forms/forget", {"name": name}))

    async def office(self) -> Office:
        """Whether somebody answers the phones now."""
        try:
            return _told(Office, _successful(await self._http.get("/v1/office", timeout=OFFICE_SECONDS)))
        except httpx.TransportError as error:
            _log().warning("intake does not say whether it is open", error=error)
            raise IntakeUnavailableError(undecided=False) from error

    async def authority(self, tag: str | None) -> tuple[TheAuthority, str | None] | None:
        """As it is now, with the tag of that; None when it still is what the tag was of."""
        try:
            answer = await self._http.get("/v1/authority", headers={"if-none-match": tag} if tag else {})
        except httpx.TransportError as error:
            raise IntakeUnavailableError(undecided=False) from error
        if answer.status_code == HTTPStatus.NOT_MODIFIED:
            return None
        return _told(TheAuthority, _successful(answer)), answer.headers.get("etag")

    async def check(self) -> None:
        """Raises when intake does not say that it lives."""
        (await self._http.get("/health/live")).raise_for_status()

    async def _post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        undecided = False
        for may_try_again in (True, False):
            try:
                return await self._http.post(path, json=body)
            except httpx.TransportError as error:
                undecided = undecided or not isinstance(error, _NEVER_ARRIVED)
                if not (may_try_again and isinstance(error, _BROKE)):
                    _log().warning("intake does not answer", error=error)
                    raise IntakeUnavailableError(undecided=undecided) from error
        raise AssertionError("the second try returns or raises")


async def _pieces(answer: httpx.Response) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in answer.aiter_bytes():
            yield piece
    finally:
        await answer.aclose()


def _plain(kind: str) -> str:
    """A type that a header may hold; what a browser says beyond that is no type."""
    return kind if kind.isascii() and kind.isprintable() else ""


def _finds_nothing(answer: httpx.Response) -> bool:
    return answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST)


def _successful(answer: httpx.Response) -> httpx.Response:
    """Anything else than a success here is no word to the person, but a fault between us and intake."""
    if answer.is_success:
        return answer
    _log().warning("intake does not do what the door promises", status=answer.status_code)
    is_sure = answer.is_client_error or answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    raise IntakeUnavailableError(undecided=not is_sure)


def _told(kind: type[T], answer: httpx.Response) -> T:
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError as error:
        _log().error("intake's answer is not what the door promises", error=error)
        raise IntakeUnavailableError(undecided=True) from error


def _log() -> structlog.stdlib.BoundLogger:
    return structlog.stdlib.get_logger("intake-door")
