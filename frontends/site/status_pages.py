"""What became of a request, by its number and code, and the addresses of its notices.

Number and code come by POST and then live half an hour in an encrypted cookie: no address holds them, and neither reload nor Back asks
for them twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site import tracking
from frontends.site.attempts import Attempts, too_many_attempts
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError, MessageRefusedError, RequestStatus
from frontends.site.request_form import BAD_EMAIL, BAD_PHONE, LINE_LIMIT, NO_SUCH_CHOICE, additional_address
from libs.chassis.ops.clock import Clock
from libs.events.vocabulary import Status
from libs.web.contacts import is_email
from libs.web.languages import Language
from libs.web.pages import Pages
from libs.web.posted import posted
from libs.web.sealed_cookies import SealedCookie

ENDED = "/status/ended"
AGAIN = "/status/again"

NO_NUMBER = "Укажите номер"
NO_CODE = "Укажите код проверки"
BAD_CODE = "Проверьте код: в нём 12 латинских букв и цифр, без нуля, единицы и букв O и I"
WRONG_PAIR = "Такой пары номера и кода нет. Проверьте оба"
NO_NEW_EMAIL = "Укажите адрес электронной почты"
NO_NEW_ADDRESS = "Укажите телефон или почтовый адрес"

NOT_OPEN = "Запрос уже нельзя отозвать: работа над ним закончена"

NOTICES = {
    "changed": "Адрес изменён. Мы отправим на него письмо со ссылкой: откройте её, чтобы подтвердить адрес.",
    "dropped": "Больше не будем присылать уведомления на электронную почту.",
    "additional-changed": "Сохранено. О регистрации, продлении срока и ответе сообщим и этим способом.",
    "withdrawn": "Запрос отозван, ответа по нему не будет.",
    "additional-dropped": "Больше не будем звонить и присылать бумажные письма о ходе рассмотрения.",
}
WAYS = {"phone": "По телефону", "post": "Бумажным письмом"}

# The term no longer runs: to count its days would only worry.
FINISHED = frozenset(
    (
        *(Status.ANSWERED, Status.ANSWERED_PARTIALLY, Status.REFUSED, Status.REDIRECTED, Status.EXPLAINED, Status.NOT_CONSIDERED),
        *(Status.NOT_A_REQUEST, Status.WITHDRAWN, Status.MERGED, Status.CLOSED, Status.EXPIRED),
    )
)


@dataclass(frozen=True, kw_only=True)
class StatusPages:
    """One method per address."""

    pages: Pages
    door: IntakeDoor
    clock: Clock
    zone: Callable[[], tzinfo]
    lookups: SealedCookie
    typed: SealedCookie
    attempts: Attempts

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/status", self.ask, methods=["GET"])
        router.add_api_route("/status", self.look_up, methods=["POST"])
        router.add_api_route(AGAIN, self.asked_again, methods=["GET"])
        router.add_api_route(ENDED, self.ended, methods=["GET"])
        router.add_api_route("/status/view", self.view, methods=["GET"])
        router.add_api_route("/status/email", self.change_email, methods=["POST"])
        router.add_api_route("/status/additional", self.change_additional, methods=["POST"])
        router.add_api_route("/status/withdraw", self.withdraw, methods=["POST"])
        router.add_api_route("/status/leave", self.leave, methods=["POST"])
        return router

    async def ask(self, request: Request) -> Response:
        return self._question(request, {"number": "", "code": ""})

    async def look_up(self, request: Request) -> Response:
        fields = await posted(request)
        typed = {name: fields.get(name, "")[:LINE_LIMIT] for name in ("number", "code")}
        code = tracking.code_of(typed["code"])
        if errors := _wrong_typing(typed, code):
            return self._ask_again(request, typed, errors)
        if await self.attempts.exhausted(request):
            return too_many_attempts(self.pages, request, self.attempts)
        number = tracking.number_of(typed["number"])
        try:
            found = await self.door.status(number, code or "")
        except IntakeUnavailableError:
            return self._ask_again(request, typed, trouble=True)
        if found is None:
            await self.attempts.count(request)
            return self._ask_again(request, typed, {"number": WRONG_PAIR})
        return self._to_view(request, {"number": number, "code": code or ""})

    async def asked_again(self, request: Request) -> Response:
        kept = self.typed.read(request)
        if kept is None:
            return RedirectResponse("/status", status_code=303)
        return self._question(request, kept["typed"], kept["errors"], trouble=kept["trouble"])

    async def ended(self, request: Request) -> Response:
        return self._question(request, {"number": "", "code": ""}, ended=True)

    async def change_email(self, request: Request) -> Response:
        fields = await posted(request)
        email = fields.get("email", "").strip()[:LINE_LIMIT]
        if "drop" in fields:
            return await self._change(request, fields, {"email": None}, "dropped")
        if not is_email(email):
            return self._to_same_view(
                request, fields, {"values": {"email": email}, "errors": {"email": BAD_EMAIL if email else NO_NEW_EMAIL}}
            )
        return await self._change(request, fields, {"email": email}, "changed")

    async def change_additional(self, request: Request) -> Response:
        fields = await posted(request)
        if "drop" in fields:
            return await self._change(request, fields, {"additional": None}, "additional-dropped")
        typed = {name: fields.get(name, "").strip()[:LINE_LIMIT] for name in ("channel", "address")}
        address = additional_address(typed["channel"], typed["address"])
        if address is None:
            return self._to_same_view(request, fields, {"values": typed, "errors": _wrong_additional(typed)})
        chosen = {"channel": typed["channel"], "address": address}
        return await self._change(request, fields, {"additional": chosen}, "additional-changed")

    async def withdraw(self, request: Request) -> Response:
        fields = await posted(request)
        kept = self._still_open(request, fields)
        if kept is None:
            return RedirectResponse(ENDED, status_code=303)
        try:
            found = await self.door.withdraw(kept["number"], kept["code"])
        except IntakeUnavailableError:
            return self._to_same_view(request, fields, {"trouble": True})
        if found is None:
            return self._closed(RedirectResponse(ENDED, status_code=303))
        said = {"notice": "withdrawn"} if found.status == Status.WITHDRAWN else {"errors": {"state": NOT_OPEN}}
        return self._to_view(request, {**kept, "said": said})

    async def leave(self, request: Request) -> Response:  # noqa: ARG002 - a route takes it
        return self._closed(RedirectResponse("/status", status_code=303))

    async def view(self, request: Request) -> Response:
        kept = self.lookups.read(request)
        if kept is None:
            return RedirectResponse(ENDED, status_code=303)
        try:
            found = await self.door.status(kept["number"], kept["code"])
        except IntakeUnavailableError:
            return self._question(request, {"number": kept["number"], "code": ""}, trouble=True, status=503)
        if found is None:
            return self._closed(RedirectResponse(ENDED, status_code=303))
        language = self.pages.language(request)
        said = kept.get("said", {})
        answer = self.pages.show(
            request,
            "page/status_view.html",
            path="/status/view",
            found=found,
            steps=tuple(reversed(found.steps)),
            zone=self.zone(),
            is_open=found.status not in FINISHED,
            term_said=self._term_said(found, language),
            ways=[(way, language.text(title), "") for way, title in WAYS.items()],
            notice=language.text(NOTICES[said["notice"]]) if "notice" in said else None,
            values={"email": "", "channel": found.additional_channel, "address": "", **said.get("values", {})},
            errors=said.get("errors", {}),
            trouble=said.get("trouble", False),
        )
        shown = {"number": kept["number"], "code": kept["code"], "reference": found.reference}  # what was said is said once
        self.lookups.write(request, answer, shown)
        return answer

    async def _change(self, request: Request, fields: Mapping[str, str], change: Mapping[str, Any], notice: str) -> Response:
        """Hands one change on to intake, if the page that it was asked on is still the open one."""
        kept = self._still_open(request, fields)
        if kept is None:
            return RedirectResponse(ENDED, status_code=303)
        typed = {name: fields.get(name, "")[:LINE_LIMIT] for name in ("email", "channel", "address") if name in fields}
        try:
            changed = await self.door.change_channels(kept["number"], kept["code"], change)
        except MessageRefusedError as refused:
            field = "email" if "email" in change else "address"
            return self._to_same_view(request, fields, {"values": typed, "errors": {field: refused.problem.detail}})
        except IntakeUnavailableError:
            return self._to_same_view(request, fields, {"values": typed, "trouble": True})
        if changed is None:
            return self._closed(RedirectResponse(ENDED, status_code=303))
        return self._to_view(request, {**kept, "said": {"notice": notice}})

    def _to_same_view(self, request: Request, fields: Mapping[str, str], said: Mapping[str, Any]) -> Response:
        kept = self._still_open(request, fields)
        return RedirectResponse(ENDED, status_code=303) if kept is None else self._to_view(request, {**kept, "said": said})

    def _still_open(self, request: Request, fields: Mapping[str, str]) -> dict[str, Any] | None:
        """None after half an hour, and when another tab has meanwhile opened another request."""
        kept = self.lookups.read(request)
        return kept if kept is not None and fields.get("reference") == kept.get("reference") else None

    def _ask_again(
        self, request: Request, typed: Mapping[str, str], errors: Mapping[str, str] | None = None, *, trouble: bool = False
    ) -> Response:
        answer = RedirectResponse(AGAIN, status_code=303)
        if self.typed.write(request, answer, {"typed": typed, "errors": errors or {}, "trouble": trouble}):
            return answer
        return self._question(request, typed, errors, trouble=trouble, status=503 if trouble else 422)

    def _term_said(self, found: RequestStatus, language: Language) -> str | None:
        if found.due_on is None or found.status in FINISHED:
            return None
        left = (found.due_on - self.clock.now().astimezone(self.zone()).date()).days
        if left == 0:
            return language.text("Сегодня последний день")
        if left > 0:
            return language.counted("Остался {days} день", "Осталось {days} дней", left).format(days=left)
        late = language.counted("Срок прошёл {days} день назад", "Срок прошёл {days} дней назад", -left).format(days=-left)
        return f"{late}. {language.text('Позвоните нам, и мы скажем, почему ответ задержан.')}"

    def _question(
        self,
        request: Request,
        typed: Mapping[str, str],
        errors: Mapping[str, str] | None = None,
        *,
        trouble: bool = False,
        ended: bool = False,
        status: int = 200,
    ) -> Response:
        facts = {"values": typed, "errors": errors or {}, "trouble": trouble, "ended": ended, "path": ENDED if ended else "/status"}
        return self.pages.show(request, "page/status.html", status=status, headers={"retry-after": "60"} if trouble else None, **facts)

    def _to_view(self, request: Request, kept: dict[str, Any]) -> Response:
        answer = RedirectResponse("/status/view", status_code=303)
        self.lookups.write(request, answer, kept)
        return answer

    def _closed(self, answer: Response) -> Response:
        self.lookups.clear(answer)
        self.typed.clear(answer)
        return answer


def _wrong_typing(typed: Mapping[str, str], code: str | None) -> dict[str, str]:
    found = {}
    if not typed["number"].strip():
        found["number"] = NO_NUMBER
    if not typed["code"].strip():
        found["code"] = NO_CODE
    elif code is None:
        found["code"] = BAD_CODE
    return found


def _wrong_additional(typed: Mapping[str, str]) -> dict[str, str]:
    if typed["channel"] not in WAYS:
        return {"channel": NO_SUCH_CHOICE}
    return {"address": BAD_PHONE if typed["address"] else NO_NEW_ADDRESS}
