"""What became of a request, by its number and code.

Number and code come by POST and then live half an hour in an encrypted cookie: no address holds them, and neither reload nor Back asks
for them twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site import tracking
from frontends.site.attempts import Attempts, too_many_attempts
from frontends.site.intake_door import IntakeUnavailableError
from frontends.site.request_form import LINE_LIMIT
from frontends.site.status_view import ENDED, VIEW, StatusView
from libs.web.posted import posted
from libs.web.saving import to_save

AGAIN: Final = "/status/again"
PAPER: Final = "/status/answer.pdf"

NO_NUMBER = "Укажите номер"
NO_CODE = "Укажите код проверки"
BAD_CODE = "Проверьте код: в нём 12 латинских букв и цифр, без нуля, единицы и букв O и I"
WRONG_PAIR = "Такой пары номера и кода нет. Проверьте оба"


@dataclass(frozen=True, kw_only=True)
class StatusPages:
    """One method per address."""

    view: StatusView
    attempts: Attempts

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/status", self.ask, methods=["GET"])
        router.add_api_route("/status", self.look_up, methods=["POST"])
        router.add_api_route(AGAIN, self.asked_again, methods=["GET"])
        router.add_api_route(ENDED, self.ended, methods=["GET"])
        router.add_api_route(VIEW, self.view.show, methods=["GET"])
        router.add_api_route(PAPER, self.paper, methods=["GET"])
        router.add_api_route("/status/files/{number:int}", self.enclosed, methods=["GET"])
        router.add_api_route("/status/leave", self.leave, methods=["POST"])
        return router

    async def ask(self, request: Request) -> Response:
        return self.view.question(request, {"number": "", "code": ""})

    async def look_up(self, request: Request) -> Response:
        fields = await posted(request)
        typed = {name: fields.get(name, "")[:LINE_LIMIT] for name in ("number", "code")}
        code = tracking.code_of(typed["code"])
        if errors := _wrong_typing(typed, code):
            return self._ask_again(request, typed, errors)
        if await self.attempts.exhausted(request):
            return too_many_attempts(self.view.pages, request, self.attempts)
        number = tracking.number_of(typed["number"])
        try:
            found = await self.view.door.status(number, code or "")
        except IntakeUnavailableError:
            return self._ask_again(request, typed, trouble=True)
        if found is None:
            await self.attempts.count(request)
            return self._ask_again(request, typed, {"number": WRONG_PAIR})
        return self.view.to(request, {"number": number, "code": code or ""})

    async def asked_again(self, request: Request) -> Response:
        kept = self.view.typed.read(request)
        if kept is None:
            return RedirectResponse("/status", status_code=303)
        return self.view.question(request, kept["typed"], kept["errors"], trouble=kept["trouble"])

    async def ended(self, request: Request) -> Response:
        return self.view.question(request, {"number": "", "code": ""}, ended=True)

    async def paper(self, request: Request) -> Response:
        """The answer of the request that is open, for saving or printing."""
        kept = self.view.lookups.read(request)
        if kept is None:
            return self.view.ended()
        try:
            drawn = await self.view.door.paper(kept["number"], kept["code"], large="large" in request.query_params)
        except IntakeUnavailableError:
            return self.view.to(request, {**kept, "said": {"trouble": True}})
        if drawn is None:
            return self.view.to(request, kept)
        return Response(drawn, media_type="application/pdf", headers={"content-disposition": 'attachment; filename="answer.pdf"'})

    async def enclosed(self, request: Request, number: int) -> Response:
        """A file that came with the answer; nothing of it is held here."""
        kept = self.view.lookups.read(request)
        if kept is None:
            return self.view.ended()
        try:
            found = await self.view.door.status(kept["number"], kept["code"])
            files = found.letter.files if found and found.letter else ()
            coming = await self.view.door.enclosed(kept["number"], kept["code"], number) if 1 <= number <= len(files) else None
        except IntakeUnavailableError:
            return self.view.to(request, {**kept, "said": {"trouble": True}})
        if coming is None:
            return self.view.to(request, kept)
        file = files[number - 1]
        return to_save(coming, name=file.name, media_type=file.type, size=file.size)

    async def leave(self, request: Request) -> Response:  # noqa: ARG002 - a route takes it
        return self.view.closed(RedirectResponse("/status", status_code=303))

    def _ask_again(
        self, request: Request, typed: Mapping[str, str], errors: Mapping[str, str] | None = None, *, trouble: bool = False
    ) -> Response:
        answer = RedirectResponse(AGAIN, status_code=303)
        if self.view.typed.write(request, answer, {"typed": typed, "errors": errors or {}, "trouble": trouble}):
            return answer
        return self.view.question(request, typed, errors, trouble=trouble, status=503 if trouble else 422)


def _wrong_typing(typed: Mapping[str, str], code: str | None) -> dict[str, str]:
    found = {}
    if not typed["number"].strip():
        found["number"] = NO_NUMBER
    if not typed["code"].strip():
        found["code"] = NO_CODE
    elif code is None:
        found["code"] = BAD_CODE
    return found
