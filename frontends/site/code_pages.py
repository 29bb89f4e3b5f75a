"""A code that was lost: it goes to where the notices of the request go. The page says the same whether there is such a request or not."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site.attempts import Attempts, too_many_attempts
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError
from frontends.site.request_form import LINE_LIMIT, UNREADABLE_SIGN
from libs.web.pages import Pages
from libs.web.posted import posted
from libs.web.sealed_cookies import SealedCookie

LOST: Final = "/status/code"
ASKED: Final = "/status/code/asked"

ASKED_OFTEN: Final = (
    "С этого компьютера или из этой сети много раз просили напомнить код. Подождите десять минут и попробуйте снова.",
    "Если код нужен сейчас, позвоните нам: мы расскажем, что с запросом.",
)
NOTHING_TYPED: Final = "Укажите номер запроса, электронную почту или телефон"


@dataclass(frozen=True, kw_only=True)
class CodePages:
    """One method per address."""

    pages: Pages
    door: IntakeDoor
    typed: SealedCookie
    attempts: Attempts

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route(LOST, self.question, methods=["GET"])
        router.add_api_route(LOST, self.ask, methods=["POST"])
        router.add_api_route(ASKED, self.asked, methods=["GET"])
        return router

    async def question(self, request: Request) -> Response:
        kept = self.typed.read(request) or {}
        trouble = kept.get("trouble", False)
        answer = self.pages.show(
            request,
            "page/code.html",
            status=503 if trouble else 200,
            headers={"retry-after": "60"} if trouble else None,
            values={"known_by": kept.get("known_by", "")},
            errors=kept.get("errors", {}),
            trouble=trouble,
        )
        self.typed.clear(answer)
        return answer

    async def ask(self, request: Request) -> Response:
        known_by = (await posted(request)).get("known_by", "").strip()[:LINE_LIMIT]
        if not known_by or "\0" in known_by:
            return self._again(request, {"known_by": known_by, "errors": {"known_by": UNREADABLE_SIGN if known_by else NOTHING_TYPED}})
        if await self.attempts.exhausted(request):
            return too_many_attempts(self.pages, request, self.attempts, ASKED_OFTEN)
        await self.attempts.count(request)
        try:
            await self.door.remind(known_by)
        except IntakeUnavailableError:
            return self._again(request, {"known_by": known_by, "trouble": True})
        return RedirectResponse(ASKED, status_code=303)

    async def asked(self, request: Request) -> Response:
        return self.pages.show(request, "page/code_asked.html")

    def _again(self, request: Request, kept: dict[str, object]) -> Response:
        answer = RedirectResponse(LOST, status_code=303)
        self.typed.write(request, answer, kept)
        return answer
