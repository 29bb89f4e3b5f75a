"""The link of a letter, by which a person says that the letters reach them."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site.attempts import Attempts, too_many_attempts
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError
from libs.web.pages import Pages
from libs.web.sealed_cookies import SealedCookie


@dataclass(frozen=True, kw_only=True)
class ConfirmPages:
    """One method per address."""

    pages: Pages
    door: IntakeDoor
    confirmed: SealedCookie
    attempts: Attempts

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/confirm", self.confirmation, methods=["GET"])
        router.add_api_route("/confirm/{token}", self.ask_to_confirm, methods=["GET"])
        router.add_api_route("/confirm/{token}", self.confirm, methods=["POST"])
        return router

    async def ask_to_confirm(self, request: Request, token: str) -> Response:
        return self.pages.show(request, "page/confirm.html", token=token, trouble=False)

    async def confirm(self, request: Request, token: str) -> Response:
        if await self.attempts.exhausted(request):
            return too_many_attempts(self.pages, request, self.attempts)
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
