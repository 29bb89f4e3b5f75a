"""What became of a request, by its number and code; the address of its notices; the link that confirms that address.

Number and code come by POST and then live half an hour in an encrypted cookie: no address holds them, and a reload asks nothing twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site import tracking
from frontends.site.attempts import Attempts
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError, MessageRefusedError, RequestStatus
from frontends.site.request_form import BAD_EMAIL, LINE_LIMIT, is_email
from libs.chassis.ops.clock import Clock
from libs.events.vocabulary import Status
from libs.web.languages import Language
from libs.web.pages import Pages
from libs.web.posted import posted
from libs.web.sealed_cookies import SealedCookie

ENDED = "/status/ended"

NO_NUMBER = "Укажите номер"
NO_CODE = "Укажите код проверки"
BAD_CODE = "Проверьте код: в нём 12 латинских букв и цифр, без нуля, единицы и букв O и I"
WRONG_PAIR = "Такой пары номера и кода нет. Проверьте оба"
NO_NEW_EMAIL = "Укажите адрес электронной почты"

NOTICES = {
    "changed": "Адрес изменён. Мы отправим на него письмо со ссылкой: откройте её, чтобы подтвердить адрес.",
    "dropped": "Больше не будем присылать уведомления на электронную почту.",
}

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
    zone: tzinfo
    lookups: SealedCookie
    confirmed: SealedCookie
    attempts: Attempts

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/status", self.ask, methods=["GET"])
        router.add_api_route("/status", self.look_up, methods=["POST"])
        router.add_api_route("/status/ended", self.ended, methods=["GET"])
        router.add_api_route("/status/view", self.view, methods=["GET"])
        router.add_api_route("/status/email", self.change_email, methods=["POST"])
        router.add_api_route("/status/leave", self.leave, methods=["POST"])
        router.add_api_route("/confirm", self.confirmation, methods=["GET"])
        router.add_api_route("/confirm/{token}", self.ask_to_confirm, methods=["GET"])
        router.add_api_route("/confirm/{token}", self.confirm, methods=["POST"])
        return router

    async def ask(self, request: Request) -> Response:
        return self._question(request, {"number": "", "code": ""})

    async def look_up(self, request: Request) -> Response:
        fields = await posted(request)
        typed = {name: fields.get(name, "")[:LINE_LIMIT] for name in ("number", "code")}
        code = tracking.code_of(typed["code"])
        if errors := _wrong_typing(typed, code):
            return self._question(request, typed, errors, status=422)
        if await self.attempts.exhausted(request):
            return self._too_many_attempts(request)
        number = tracking.number_of(typed["number"])
        try:
            found = await self.door.status(number, code or "")
        except IntakeUnavailableError:
            return self._question(request, typed, trouble=True, status=503)
        if found is None:
            await self.attempts.count(request)
            return self._question(request, typed, {"number": WRONG_PAIR}, status=422)
        return self._to_view(request, {"number": number, "code": code or ""})

    async def ended(self, request: Request) -> Response:
        return self._question(request, {"number": "", "code": ""}, ended=True)

    async def view(self, request: Request) -> Response:
        return await self._view(request)

    async def change_email(self, request: Request) -> Response:
        kept = self.lookups.read(request)
        fields = await posted(request)
        if kept is None or fields.get("reference") != kept.get("reference"):
            return RedirectResponse(ENDED, status_code=303)  # or a page of another request is open in another tab
        email = fields.get("email", "").strip()[:LINE_LIMIT]
        drops = "drop" in fields
        if not drops and not is_email(email):
            return await self._view(request, {"email": BAD_EMAIL if email else NO_NEW_EMAIL}, email=email, status=422)
        try:
            changed = await self.door.change_email(kept["number"], kept["code"], None if drops else email)
        except MessageRefusedError as refused:
            return await self._view(request, {"email": refused.problem.detail}, email=email, status=422)
        except IntakeUnavailableError:
            return await self._view(request, email=email, trouble=True, status=503)
        if changed is None:
            return self._closed(RedirectResponse(ENDED, status_code=303))
        return self._to_view(request, {**kept, "notice": "dropped" if drops else "changed"})

    async def leave(self, request: Request) -> Response:  # noqa: ARG002 - a route takes it
        return self._closed(RedirectResponse("/status", status_code=303))

    async def ask_to_confirm(self, request: Request, token: str) -> Response:
        return self.pages.show(request, "page/confirm.html", token=token, trouble=False)

    async def confirm(self, request: Request, token: str) -> Response:
        if await self.attempts.exhausted(request):
            return self._too_many_attempts(request)
        try:
            confirmed = await self.door.confirm(token)
        except IntakeUnavailableError:
            return self.pages.show(request, "page/confirm.html", token=token, trouble=True, status=503)
        if confirmed is None:
            await self.attempts.count(request)
            return self._invalid_link(request)
        answer = RedirectResponse("/confirm", status_code=303)
        self.confirmed.write(request, answer, {"email_masked": confirmed.email_masked})
        return answer

    async def confirmation(self, request: Request) -> Response:
        kept = self.confirmed.read(request)
        if kept is None:
            return RedirectResponse("/status", status_code=303)
        return self.pages.show(request, "page/confirmed.html", email_masked=kept["email_masked"])

    async def _view(
        self, request: Request, errors: Mapping[str, str] | None = None, *, email: str = "", trouble: bool = False, status: int = 200
    ) -> Response:
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
        answer = self.pages.show(
            request,
            "page/status_view.html",
            status=status,
            path="/status/view",
            found=found,
            steps=tuple(reversed(found.steps)),
            zone=self.zone,
            term_said=self._term_said(found, language),
            notice=language.text(NOTICES[kept["notice"]]) if "notice" in kept else None,
            values={"email": email},
            errors=errors or {},
            trouble=trouble,
        )
        shown = {"number": kept["number"], "code": kept["code"], "reference": found.reference}  # the notice is said once
        self.lookups.write(request, answer, shown)
        return answer

    def _term_said(self, found: RequestStatus, language: Language) -> str | None:
        if found.due_on is None or found.status in FINISHED:
            return None
        left = (found.due_on - self.clock.now().astimezone(self.zone).date()).days
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

    def _to_view(self, request: Request, kept: dict[str, str]) -> Response:
        answer = RedirectResponse("/status/view", status_code=303)
        self.lookups.write(request, answer, kept)
        return answer

    def _closed(self, answer: Response) -> Response:
        self.lookups.clear(answer)
        return answer

    def _too_many_attempts(self, request: Request) -> Response:
        return self.pages.show_message(
            request,
            "Слишком много попыток",
            "С этого компьютера или из этой сети много раз ввели неверный код. Подождите десять минут и попробуйте снова.",
            "Если вы потеряли код, позвоните нам: мы расскажем, что с запросом.",
            status=429,
            headers={"retry-after": str(self.attempts.window_seconds)},
            path="/status",
        )

    def _invalid_link(self, request: Request) -> Response:
        return self.pages.show_message(
            request,
            "Ссылка не действует",
            "Возможно, адрес с тех пор изменили или ссылка скопирована не полностью.",
            "Сменить адрес или получить новую ссылку можно на странице запроса.",
            status=404,
            onward={"href": "/status", "text": "Узнать, что с запросом"},
            path="/status",
        )


def _wrong_typing(typed: Mapping[str, str], code: str | None) -> dict[str, str]:
    found = {}
    if not typed["number"].strip():
        found["number"] = NO_NUMBER
    if not typed["code"].strip():
        found["code"] = NO_CODE
    elif code is None:
        found["code"] = BAD_CODE
    return found
