"""What a person does on the page of their request: other addresses, corrections, an answer to our question, a withdrawal."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from frontends.site.attached_files import KEPT, NOT_ALL, AttachedFiles, Naming, Posted
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError, MessageRefusedError
from frontends.site.intake_words import RequestStatus
from frontends.site.request_form import (
    BAD_EMAIL,
    BAD_PHONE,
    LINE_LIMIT,
    NO_NAME,
    NO_SUCH_CHOICE,
    TEXT_LIMIT,
    TEXT_TOO_LONG,
    UNREADABLE_SIGN,
    additional_address,
)
from frontends.site.status_view import WAYS, StatusView
from libs.events.vocabulary import Status
from libs.web.contacts import is_email, phone_of
from libs.web.posted import posted

ANSWER: Final = "/status/answer"
NO_NEW_EMAIL: Final = "Укажите адрес электронной почты"
NO_NEW_ADDRESS: Final = "Укажите телефон или почтовый адрес"
NOTHING_CORRECTED: Final = "Заполните то, что нужно исправить"
NO_ANSWER: Final = "Напишите ответ на вопрос"
NOT_OPEN: Final = "Запрос уже нельзя отозвать: работа над ним закончена"
NOT_AWAITED: Final = "Мы уже не ждём этого ответа, и он не отправлен. Скопируйте текст и позвоните нам или отправьте новый запрос"

_ANSWER_ID = re.compile(r"answer-[0-9a-f-]{36}")
Done = TypeVar("Done")


@dataclass(frozen=True, kw_only=True)
class ActPages:
    """One method per address. Each act is of the request whose page it was done on."""

    view: StatusView
    door: IntakeDoor
    files: AttachedFiles

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/status/email", self.change_email, methods=["POST"])
        router.add_api_route("/status/additional", self.change_additional, methods=["POST"])
        router.add_api_route("/status/correct", self.correct, methods=["POST"])
        router.add_api_route(ANSWER, self.answer, methods=["POST"])
        router.add_api_route("/status/withdraw", self.withdraw, methods=["POST"])
        return router

    async def change_email(self, request: Request) -> Response:
        fields = await posted(request)
        email = fields.get("email", "").strip()[:LINE_LIMIT]
        if "drop" in fields:
            return await self._change(request, fields, {"email": None}, "dropped")
        if not is_email(email):
            return self._again(request, fields, {"email": email}, {"email": BAD_EMAIL if email else NO_NEW_EMAIL})
        return await self._change(request, fields, {"email": email}, "changed", {"email": email})

    async def change_additional(self, request: Request) -> Response:
        fields = await posted(request)
        if "drop" in fields:
            return await self._change(request, fields, {"additional": None}, "additional-dropped")
        typed = {name: fields.get(name, "").strip()[:LINE_LIMIT] for name in ("channel", "address")}
        address = additional_address(typed["channel"], typed["address"])
        if address is None:
            return self._again(request, fields, typed, _wrong_additional(typed))
        chosen = {"channel": typed["channel"], "address": address}
        return await self._change(request, fields, {"additional": chosen}, "additional-changed", typed)

    async def correct(self, request: Request) -> Response:
        fields = await posted(request)
        typed = {name: fields.get(name, "").replace("\r\n", "\n").strip()[:LINE_LIMIT] for name in ("name", "phone", "postal")}
        correction = {name: value for name, value in typed.items() if value}
        if wrong := _wrong_correction(correction):
            return self._again(request, fields, typed, wrong)
        if "phone" in correction:
            correction["phone"] = phone_of(correction["phone"]) or ""
        return await self._act(
            request,
            fields,
            lambda number, code: self.door.correct(number, code, correction),
            lambda _: {"notice": "corrected"},
            typed=typed,
            at="name",
        )

    async def answer(self, request: Request) -> Response:
        """What was written is never lost: a text is too long for a cookie, so where it can't be sent it is shown at once."""
        sent = await self.files.posted(request, Naming(form="answer_id", dialogue="answer_id", ids=self._answer_id))
        text = sent.typed["text"] = sent.typed.get("text", "").replace("\r\n", "\n")
        kept = self.view.still_open(request, sent.typed)
        if kept is None:
            return self._unsent(request, sent, HTTPStatus.GONE)
        wrong = {"text": _wrong_text(text), KEPT: NOT_ALL if sent.wrong else ""}
        if any(wrong.values()):
            return self._unsent(request, sent, HTTPStatus.UNPROCESSABLE_ENTITY, wrong)
        try:
            found = await self.door.clarify(kept["number"], kept["code"], sent.typed["answer_id"], text, sent.files)
        except MessageRefusedError as refused:
            if refused.is_conflict:
                return self._unsent(request, sent, HTTPStatus.CONFLICT, {"text": NOT_AWAITED})
            return self._unsent(request, sent, HTTPStatus.UNPROCESSABLE_ENTITY, {"text": refused.problem.detail})
        except IntakeUnavailableError:
            return self._unsent(request, sent, HTTPStatus.SERVICE_UNAVAILABLE)
        if found is None:
            return self.view.closed(self._unsent(request, sent, HTTPStatus.GONE))
        return self.view.to(request, {**kept, "said": {"notice": "clarified"}})

    def _answer_id(self, typed: Mapping[str, str]) -> dict[str, str]:
        """Its files are of a conversation of their own: they come before anyone knows that of the request."""
        answer_id = typed.get("answer_id", "")
        return {"answer_id": answer_id if _ANSWER_ID.fullmatch(answer_id) else f"answer-{self.view.new_id()}"}

    async def withdraw(self, request: Request) -> Response:
        def said(found: RequestStatus) -> dict[str, Any]:
            return {"notice": "withdrawn"} if found.status == Status.WITHDRAWN else {"errors": {"state": NOT_OPEN}}

        return await self._act(request, await posted(request), self.door.withdraw, said)

    async def _change(
        self,
        request: Request,
        fields: Mapping[str, str],
        change: Mapping[str, Any],
        notice: str,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        field = "email" if "email" in change else "address"
        return await self._act(
            request,
            fields,
            lambda number, code: self.door.change_channels(number, code, change),
            lambda _: {"notice": notice},
            typed=typed or {},
            at=field,
        )

    async def _act(
        self,
        request: Request,
        fields: Mapping[str, str],
        act: Callable[[str, str], Awaitable[Done | None]],
        said: Callable[[Done], dict[str, Any]],
        *,
        typed: Mapping[str, str] | None = None,
        at: str = "state",
    ) -> Response:
        """Hands one act on to intake, if the page that it was done on is still the open one; `at` is where a refusal stands."""
        kept = self.view.still_open(request, fields)
        if kept is None:
            return self.view.ended()
        try:
            done = await act(kept["number"], kept["code"])
        except MessageRefusedError as refused:
            return self._again(request, fields, typed or {}, {at: refused.problem.detail})
        except IntakeUnavailableError:
            return self.view.to(request, {**kept, "said": {"values": typed or {}, "trouble": True}})
        if done is None:
            return self.view.closed(self.view.ended())
        return self.view.to(request, {**kept, "said": said(done)})

    def _again(self, request: Request, fields: Mapping[str, str], typed: Mapping[str, str], errors: Mapping[str, str]) -> Response:
        kept = self.view.still_open(request, fields)
        return self.view.ended() if kept is None else self.view.to(request, {**kept, "said": {"values": typed, "errors": errors}})

    def _unsent(self, request: Request, sent: Posted, status: HTTPStatus, wrong: Mapping[str, str] | None = None) -> Response:
        return self.view.pages.show(
            request,
            "page/answer.html",
            status=status,
            headers={"retry-after": "60"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None,
            path="/status",
            reference=sent.typed.get("reference", ""),
            answer_id=sent.typed["answer_id"],
            values={"text": sent.typed["text"]},
            errors={field: says for field, says in (wrong or {}).items() if says},
            files=sent.files,
            wrong_files=sent.wrong,
            sealed_files=self.files.sealed(sent.typed["answer_id"], sent.files),
            **self.files.limits(),
            trouble=status == HTTPStatus.SERVICE_UNAVAILABLE,
            ended=status == HTTPStatus.GONE,
            awaited=status not in (HTTPStatus.GONE, HTTPStatus.CONFLICT),
            text_limit=TEXT_LIMIT,
        )


def _wrong_text(text: str) -> str:
    if not text.strip():
        return NO_ANSWER
    if "\0" in text:
        return UNREADABLE_SIGN
    return TEXT_TOO_LONG if len(text) > TEXT_LIMIT else ""


def _wrong_correction(typed: Mapping[str, str]) -> dict[str, str]:
    if not typed:
        return {"name": NOTHING_CORRECTED}
    wrong = {name: UNREADABLE_SIGN for name, value in typed.items() if "\0" in value}
    if "name" in typed and not any(letter.isalpha() for letter in typed["name"]):
        wrong["name"] = NO_NAME
    if "phone" in typed and phone_of(typed["phone"]) is None:
        wrong["phone"] = BAD_PHONE
    return wrong


def _wrong_additional(typed: Mapping[str, str]) -> dict[str, str]:
    if typed["channel"] not in WAYS:
        return {"channel": NO_SUCH_CHOICE}
    return {"address": BAD_PHONE if typed["address"] else NO_NEW_ADDRESS}
