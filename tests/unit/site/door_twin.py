"""A twin of intake's HTTP door: what the site is told it may expect of it, on a real socket, with faults on demand."""

import asyncio
import hashlib
import socket
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import ASGIApp

from services.intake.domain.correcting import DataNotValid
from services.intake.domain.uploads.file_kinds import FileTypeNotAllowed
from services.intake.papers.answers import NothingSent
from services.intake.verification import LetterUnknown

KEY = "site-key-for-tests-0123456789"
CODE = "7K3MQ9TXA2BC"
WHY_DUE = "Срок — 30 календарных дней. Первый день — 17 ноября 2026 года, последний — 16 декабря 2026 года."
REFERENCE = "HJ4KM-7PQRS"
NUMBER = "ЗИ-123/2026"
TOKEN = "c29tZS10b2tlbg"
SILENCE_SECONDS = 1.0  # longer than the site under test waits

STEPS = [
    {
        "at": "2026-11-20T03:05:00+00:00",
        "status": "received",
        "status_title": "принят",
        "explanation": "Сообщение принято. Регистрационный номер ему присвоит сотрудник в течение трёх дней.",
    },
    {
        "at": "2026-11-20T03:05:01+00:00",
        "status": "registered",
        "status_title": "зарегистрирован",
        "explanation": f"Запрос зарегистрирован 20 ноября 2026 года под номером {NUMBER}. Ответ будет дан не позднее 20 декабря 2026 года.",
    },
]

AUTHORITY = {
    "code": "other",
    "name": "Служба лесного надзора Заречного края",
    "short_name": "Служба",
    "act": "приказ от 01.02.2026 № 7",
    "postal_address": "100000, г. Заречный, ул. Лесная, д. 1",
    "phones": ["112"],
    "hours": "с 9:00 до 18:00",
    "time_zone": "Asia/Omsk",
    "points": [
        {"code": "site", "title": "Сайт", "kind": "external", "where": ""},
        {"code": "vk", "title": "ВКонтакте", "kind": "both", "where": "https://vk.com/les"},
        {"code": "email", "title": "Электронная почта", "kind": "external", "where": "les@example.org"},
        {"code": "internal", "title": "Внутреннее обращение", "kind": "internal", "where": "каб. 5"},
    ],
    "terms": {
        "act": "статья 18 Федерального закона от 09.02.2009 № 8-ФЗ",
        "register_days": 3,
        "answer_days": 20,
        "extension_days": 15,
        "extension_notice_days": 7,
        "redirect_days": 7,
    },
}


PROBLEMS = {
    "busy": (503, "busy", "Сейчас слишком много сообщений."),
    "broken": (500, "internal-error", "Произошла внутренняя ошибка."),
    "too-large": (413, "too-large", "Сообщение слишком большое. Сократите его или отправьте по частям."),
    "file-type-not-allowed": (415, "file-type-not-allowed", FileTypeNotAllowed.says),
}


@dataclass
class DoorTwin:
    """`fault` is what the next calls meet: busy, broken, refused, too-large, silent, foreign."""

    url: str = ""
    key: str = KEY
    fault: str | None = None
    complete: bool = True
    messages: list[dict[str, Any]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    traceparents: list[str | None] = field(default_factory=list)
    email_masked: str | None = "i***@example.ru"
    email_confirmed: bool = False
    emails: list[str | None] = field(default_factory=list)
    withdraws: bool = True
    corrections: list[dict[str, str]] = field(default_factory=list)
    question: str | None = None
    clarified: list[dict[str, Any]] = field(default_factory=list)
    additional: dict[str, str] | None = None
    additionals: list[dict[str, str] | None] = field(default_factory=list)
    refuses_addresses: bool = False
    reminded: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    status: str = "registered"
    status_title: str = "зарегистрирован"
    due_on: str | None = "2026-12-20"
    answer: str | None = None
    letter: dict[str, Any] | None = None
    enclosed: list[bytes] = field(default_factory=list)
    verified: list[dict[str, str]] = field(default_factory=list)
    open_until: str | None = None
    opens_at: str = "2026-11-23T09:00:00+07:00"
    authority: dict[str, Any] = field(default_factory=lambda: dict(AUTHORITY))
    unchanged: int = 0
    saved_forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)

    def reset(self) -> None:
        fresh = DoorTwin(url=self.url)
        self.__dict__.update(fresh.__dict__)

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/v1/messages", self.take, methods=["POST"])
        app.add_api_route("/v1/uploads", self.keep, methods=["POST"])
        app.add_api_route("/v1/status", self.tell, methods=["POST"])
        app.add_api_route("/v1/channels", self.change, methods=["POST"])
        app.add_api_route("/v1/corrections", self.correct, methods=["POST"])
        app.add_api_route("/v1/clarifications", self.clarify, methods=["POST"])
        app.add_api_route("/v1/withdrawals", self.withdraw, methods=["POST"])
        app.add_api_route("/v1/answers", self.give_paper, methods=["POST"])
        app.add_api_route("/v1/answers/files", self.give_file, methods=["POST"])
        app.add_api_route("/v1/verifications", self.verify, methods=["POST"])
        app.add_api_route("/v1/code-reminders", self.remind, methods=["POST"])
        app.add_api_route("/v1/confirmations", self.confirm, methods=["POST"])
        app.add_api_route("/v1/saved-forms", self.keep_form, methods=["POST"])
        app.add_api_route("/v1/saved-forms/open", self.open_form, methods=["POST"])
        app.add_api_route("/v1/saved-forms/forget", self.forget_form, methods=["POST"])
        app.add_api_route("/v1/office", self.tell_office, methods=["GET"])
        app.add_api_route("/v1/authority", self.name_itself, methods=["GET"])
        app.add_api_route("/health/live", self.live, methods=["GET"])
        return app

    async def keep_form(self, request: Request) -> JSONResponse:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        self.saved_forms[body["name"]] = body
        return JSONResponse({"kept_until": "2026-11-29T05:30:00+00:00"}, status_code=201)

    async def open_form(self, request: Request) -> JSONResponse:
        if answer := await self._faulty(request):
            return answer
        kept = self.saved_forms.get((await request.json())["name"])
        if kept is None:
            return problem(404, "saved-form-not-found", "По этому коду ничего нет.")
        return JSONResponse({"sealed": kept["sealed"], "kept_until": "2026-11-29T05:30:00+00:00"})

    async def forget_form(self, request: Request) -> Response:
        self.saved_forms.pop((await request.json())["name"], None)
        return Response(status_code=204)

    def live(self) -> dict[str, bool]:
        return {"alive": True}

    async def tell_office(self, request: Request) -> JSONResponse:
        return await self._faulty(request) or JSONResponse({"known": True, "open": bool(self.open_until), **self._hours()})

    def _hours(self) -> dict[str, str]:
        return {"open_until": self.open_until} if self.open_until else {"opens_at": self.opens_at}

    async def name_itself(self, request: Request) -> Response:
        if answer := await self._faulty(request):
            return answer
        tag = f'"{zlib.crc32(repr(self.authority).encode())}"'
        if request.headers.get("if-none-match") == tag:
            self.unchanged += 1
            return Response(status_code=304, headers={"etag": tag})
        return JSONResponse(self.authority, headers={"etag": tag})

    async def take(self, request: Request) -> JSONResponse:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        self.received.append(body)
        self.traceparents.append(request.headers.get("traceparent"))
        is_new = all(message["external_id"] != body["external_id"] for message in self.messages)
        if is_new:
            self.messages.append(body)
        told = {
            "external_id": body["external_id"],
            "reference": REFERENCE,
            "tracking_code": CODE,
            "register_number": NUMBER if self.complete else None,
            "status": "registered" if self.complete else "received",
            "status_title": "зарегистрирован" if self.complete else "принят",
            "due_on": self.due_on if self.complete else None,
        }
        return JSONResponse(told, status_code=201 if is_new else 200)

    async def keep(self, request: Request) -> JSONResponse:
        """A file; whatever is in it, the headers say what it is."""
        if answer := await self._faulty(request):
            return answer
        raw = await request.body()
        headers = {name: unquote(request.headers[f"otklik-{name}"], errors="strict") for name in ("external-id", "dialogue", "file-name")}
        self.uploads.append((headers, raw))
        told = {"upload_id": f"u-{len(self.uploads)}", "name": headers["file-name"], "type": "application/pdf", "size": len(raw)}
        state = "infected" if b"EICAR" in raw else "clean"
        return JSONResponse(told | {"sha256": hashlib.sha256(raw).hexdigest(), "state": state}, status_code=201)

    async def tell(self, request: Request) -> JSONResponse:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        if not self._fits(body):
            return problem(404, "request-not-found", "Такой пары номера и кода нет.")
        return JSONResponse(
            {
                "reference": REFERENCE,
                "register_number": NUMBER if self.complete else None,
                "status": self.status,
                "status_title": self.status_title,
                "explanation": STEPS[-1]["explanation"],
                "question": self.question,
                "answer_by": "2026-12-01" if self.question else None,
                "received_at": STEPS[0]["at"],
                "due_on": self.due_on,
                "answer": self.answer,
                "letter": self.letter,
                "why_due": WHY_DUE if self.due_on else None,
                "email_masked": self.email_masked,
                "email_confirmed": self.email_confirmed,
                "name_masked": "П*** А***",
                "phone_masked": None,
                "postal_masked": None,
                **self._additional_told(),
                "steps": STEPS,
                "attachments": self.attachments,
            }
        )

    async def correct(self, request: Request) -> JSONResponse:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        if not self._fits(body):
            return problem(404, "request-not-found", "Такой пары номера и кода нет.")
        if self.refuses_addresses:
            return problem(400, "data-not-valid", DataNotValid.says)
        self.corrections.append({name: body[name] for name in ("name", "phone", "postal") if name in body})
        return await self.tell(request)

    async def clarify(self, request: Request) -> JSONResponse:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        if self._fits(body) and all(body["external_id"] != known["external_id"] for known in self.clarified):
            if self.question is None:
                return problem(409, "transition-forbidden", "Сейчас с запросом так поступить нельзя.")
            self.clarified.append(body)
            self.status, self.status_title, self.question = "assigned", "в работе", None
        return await self.tell(request)

    async def withdraw(self, request: Request) -> JSONResponse:
        body = await request.json()
        if self._fits(body):
            if self.withdraws:
                self.status, self.status_title = "withdrawn", "отозван"
            else:
                return problem(409, "transition-forbidden", "Сейчас с запросом так поступить нельзя.")
        return await self.tell(request)

    async def change(self, request: Request) -> JSONResponse:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        if not self._fits(body):
            return problem(404, "request-not-found", "Такой пары номера и кода нет.")
        if not body.keys() & {"email", "additional"}:
            return problem(400, "wrong-schema", "Поля заполнены неверно. Исправьте их и отправьте снова.")
        if self.refuses_addresses:
            return problem(400, "address-not-valid", "По этому адресу сообщить не получится.")
        told: dict[str, str | None] = {}
        if "additional" in body:
            self.additional = body["additional"]
            self.additionals.append(self.additional)
            told |= self._additional_told()
        if "email" in body:
            self.emails.append(body["email"])
            self.email_masked = None if body["email"] is None else "n***@example.ru"
            told["email_masked"] = self.email_masked
        return JSONResponse(told)

    async def give_paper(self, request: Request) -> Response:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        if not self._fits(body):
            return problem(404, "request-not-found", "Такой пары номера и кода нет.")
        if self.letter is None:
            return problem(409, "nothing-sent", NothingSent.says)
        return Response(b"%PDF-large" if body["large"] else b"%PDF-usual", media_type="application/pdf")

    async def give_file(self, request: Request) -> Response:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        if not self._fits(body) or body["file"] > len(self.enclosed):
            return problem(404, "attachment-not-found", "Такого файла нет.")
        return Response(self.enclosed[body["file"] - 1], media_type="application/octet-stream")

    async def verify(self, request: Request) -> JSONResponse:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        self.verified.append(body)
        if self.letter is None or body["number"] != self.letter["out_no"] or not self.letter["sha256"].startswith(body["mark"]):
            return problem(404, "letter-unknown", LetterUnknown.says)
        return JSONResponse({"sent_on": self.letter["sent_on"]})

    async def remind(self, request: Request) -> Response:
        if answer := await self._faulty(request):
            return answer
        self.reminded.append((await request.json())["known_by"])
        return Response(status_code=202)

    async def confirm(self, request: Request) -> JSONResponse:
        if answer := await self._faulty(request):
            return answer
        body = await request.json()
        if body["token"] != TOKEN:
            return problem(404, "link-not-valid", "Ссылка не действует.")
        self.confirmed.append(body["token"])
        return JSONResponse({"email_masked": self.email_masked})

    def _additional_told(self) -> dict[str, str | None]:
        if self.additional is None:
            return {"additional_channel": None, "additional_masked": None}
        address = self.additional["address"]
        return {"additional_channel": self.additional["channel"], "additional_masked": f"{address[:6]}***{address[-2:]}"}

    def _fits(self, body: dict[str, Any]) -> bool:
        return body["number"] in (NUMBER, REFERENCE) and body["tracking_code"] == CODE

    async def _faulty(self, request: Request) -> JSONResponse | None:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return problem(401, "bad-credentials", "Ключ не подходит.")
        match self.fault:
            case "refused":
                errors = [{"field": "contacts.phone", "says": "Такого номера нет."}]
                return problem(400, "wrong-schema", "Поля заполнены неверно. Исправьте их и отправьте снова.", errors=errors)
            case "busy" | "broken" | "too-large" | "file-type-not-allowed":
                return problem(*PROBLEMS[self.fault])
            case "silent":
                await asyncio.sleep(SILENCE_SECONDS)
            case "foreign":
                return JSONResponse({"hello": "world"})
        return None


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    body = {"type": f"urn:otklik:problem:{code}", "title": code, "status": status, "detail": detail, "code": code, **more}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


async def nothing() -> None:
    pass


class ClosingServer(uvicorn.Server):
    """Closes what the app was handed, in the app's own loop, after the last answer."""

    def __init__(self, config: uvicorn.Config, closing: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._closing()


@contextmanager
def served(app: ASGIApp, closing: Callable[[], Awaitable[None]] = nothing) -> Iterator[str]:
    """The app on a free port of this machine, and its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
    server = ClosingServer(config, closing)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)
        listening.close()


@contextmanager
def door_twin() -> Iterator[DoorTwin]:
    twin = DoorTwin()
    with served(twin.app()) as url:
        twin.url = url
        yield twin
