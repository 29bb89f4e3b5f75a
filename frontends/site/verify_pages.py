"""Whether the authority sent an answer that somebody holds on paper: its number and its mark say so to everybody, and nothing else of it.

What is typed comes by POST and stands in no address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site.attempts import Attempts, too_many_attempts
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError
from frontends.site.marks import legible, mark_of
from frontends.site.request_form import LINE_LIMIT
from libs.web.pages import Pages
from libs.web.posted import posted
from libs.web.sealed_cookies import SealedCookie

VERIFY: Final = "/verify"
SAID: Final = "/verify/said"

NO_NUMBER: Final = "Укажите номер ответа"
NO_MARK: Final = "Укажите отпечаток"
BAD_MARK: Final = "Проверьте отпечаток: в нём цифры и латинские буквы от a до f. Хватит первых шестнадцати знаков"
ASKED_OFTEN: Final = (
    "С этого компьютера или из этой сети много раз ввели номер и отпечаток, которых нет. Подождите десять минут и попробуйте снова.",
    "Если ответ нужно проверить сейчас, позвоните нам.",
)


@dataclass(frozen=True, kw_only=True)
class VerifyPages:
    """One method per address."""

    pages: Pages
    door: IntakeDoor
    asked: SealedCookie
    attempts: Attempts

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route(VERIFY, self.question, methods=["GET"])
        router.add_api_route(VERIFY, self.ask, methods=["POST"])
        router.add_api_route(SAID, self.said, methods=["GET"])
        return router

    async def question(self, request: Request) -> Response:
        kept = self.asked.read(request) or {}
        trouble = kept.get("trouble", False)
        answer = self.pages.show(
            request,
            "page/verify.html",
            status=503 if trouble else 200,
            headers={"retry-after": "60"} if trouble else None,
            values=kept.get("typed", {"number": "", "mark": ""}),
            errors=kept.get("errors", {}),
            trouble=trouble,
        )
        self.asked.clear(answer)
        return answer

    async def ask(self, request: Request) -> Response:
        fields = await posted(request)
        typed = {name: fields.get(name, "")[:LINE_LIMIT] for name in ("number", "mark")}
        mark = mark_of(typed["mark"])
        if errors := _wrong_typing(typed, mark):
            return self._to(request, VERIFY, typed, errors=errors)
        if await self.attempts.exhausted(request):
            return too_many_attempts(self.pages, request, self.attempts, ASKED_OFTEN)
        try:
            found = await self.door.verify(typed["number"].strip(), mark or "")
        except IntakeUnavailableError:
            return self._to(request, VERIFY, typed, trouble=True)
        if found is None:
            await self.attempts.count(request)
        return self._to(request, SAID, typed, mark=mark, sent_on=found.sent_on.isoformat() if found else None)

    async def said(self, request: Request) -> Response:
        kept = self.asked.read(request)
        if kept is None or "mark" not in kept:
            return RedirectResponse(VERIFY, status_code=303)
        sent_on = date.fromisoformat(kept["sent_on"]) if kept["sent_on"] else None
        return self.pages.show(
            request, "page/verified.html", number=kept["typed"]["number"].strip(), mark=legible(kept["mark"]), sent_on=sent_on
        )

    def _to(self, request: Request, address: str, typed: Mapping[str, str], **more: Any) -> Response:
        answer = RedirectResponse(address, status_code=303)
        self.asked.write(request, answer, {"typed": typed, **more})
        return answer


def _wrong_typing(typed: Mapping[str, str], mark: str | None) -> dict[str, str]:
    found = {}
    if not typed["number"].strip() or "\0" in typed["number"]:
        found["number"] = NO_NUMBER
    if not typed["mark"].strip():
        found["mark"] = NO_MARK
    elif mark is None:
        found["mark"] = BAD_MARK
    return found
