"""The page of a request that somebody has opened by its number and code, and the cookie that keeps it open for half an hour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site.attached_files import AttachedFiles
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError
from frontends.site.intake_words import RequestStatus
from frontends.site.marks import legible
from libs.chassis.ops.clock import Clock
from libs.events.vocabulary import Status
from libs.web.languages import Language
from libs.web.pages import Pages
from libs.web.sealed_cookies import SealedCookie

ENDED: Final = "/status/ended"
VIEW: Final = "/status/view"
TYPED: Final = ("email", "address", "text", "name", "phone", "postal")

NOTICES = {
    "changed": "Адрес изменён. Мы отправим на него письмо со ссылкой: откройте её, чтобы подтвердить адрес.",
    "dropped": "Больше не будем присылать уведомления на электронную почту.",
    "additional-changed": "Сохранено. О регистрации, продлении срока и ответе сообщим и этим способом.",
    "additional-dropped": "Больше не будем звонить и присылать бумажные письма о ходе рассмотрения.",
    "corrected": "Исправлено. Прежние данные останутся в истории запроса.",
    "withdrawn": "Запрос отозван, ответа по нему не будет.",
    "clarified": "Ваш ответ получен, работа над запросом продолжается.",
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
class StatusView:
    """`typed` is the cookie of a number and code that did not fit: whoever ends the view ends that, too."""

    pages: Pages
    door: IntakeDoor
    clock: Clock
    new_id: Callable[[], UUID]
    zone: Callable[[], tzinfo]
    lookups: SealedCookie
    typed: SealedCookie
    files: AttachedFiles

    async def show(self, request: Request) -> Response:
        kept = self.lookups.read(request)
        if kept is None:
            return self.ended()
        try:
            found = await self.door.status(kept["number"], kept["code"])
        except IntakeUnavailableError:
            return self.question(request, {"number": kept["number"], "code": ""}, trouble=True, status=503)
        if found is None:
            return self.closed(self.ended())
        answer = self._drawn(request, found, kept.get("said", {}))
        shown = {"number": kept["number"], "code": kept["code"], "reference": found.reference}  # what was said is said once
        self.lookups.write(request, answer, shown)
        return answer

    def _drawn(self, request: Request, found: RequestStatus, said: Mapping[str, Any]) -> Response:
        language = self.pages.language(request)
        return self.pages.show(
            request,
            "page/status_view.html",
            path=VIEW,
            found=found,
            steps=tuple(reversed(found.steps)),
            zone=self.zone(),
            legible=legible,
            is_open=found.status not in FINISHED,
            term_said=self._term_said(found, language),
            ways=[(way, language.text(title), "") for way, title in WAYS.items()],
            notice=language.text(NOTICES[said["notice"]]) if "notice" in said else None,
            answer_id=f"answer-{self.new_id()}",
            values={
                "email": "",
                "channel": found.additional_channel,
                "address": "",
                "text": "",
                "name": "",
                "phone": "",
                "postal": "",
                **said.get("values", {}),
            },
            errors=said.get("errors", {}),
            trouble=said.get("trouble", False),
            **self.files.limits(),
        )

    def question(
        self,
        request: Request,
        typed: Mapping[str, str],
        errors: Mapping[str, str] | None = None,
        *,
        trouble: bool = False,
        ended: bool = False,
        status: int = 200,
    ) -> Response:
        """Which request is meant."""
        facts = {"values": typed, "errors": errors or {}, "trouble": trouble, "ended": ended, "path": ENDED if ended else "/status"}
        return self.pages.show(request, "page/status.html", status=status, headers={"retry-after": "60"} if trouble else None, **facts)

    def to(self, request: Request, kept: dict[str, Any]) -> Response:
        answer = RedirectResponse(VIEW, status_code=303)
        self.lookups.write(request, answer, kept)
        return answer

    def still_open(self, request: Request, fields: Mapping[str, str]) -> dict[str, Any] | None:
        """None after half an hour, and when another tab has meanwhile opened another request."""
        kept = self.lookups.read(request)
        return kept if kept is not None and fields.get("reference") == kept.get("reference") else None

    def ended(self) -> Response:
        return RedirectResponse(ENDED, status_code=303)

    def closed(self, answer: Response) -> Response:
        self.lookups.clear(answer)
        self.typed.clear(answer)
        return answer

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
