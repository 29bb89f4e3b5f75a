"""Save and come back: half a form is put by under a code, and goes on on any computer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site import saved_forms, tracking
from frontends.site.attempts import Attempts, too_many_attempts
from frontends.site.intake_door import IntakeUnavailableError
from frontends.site.intake_words import Attached
from frontends.site.pages import RequestPages, UnsentForm
from frontends.site.request_form import LINE_LIMIT, RequestForm
from libs.web.posted import posted
from libs.web.sealed_cookies import SealedCookie

SAVE: Final = "/request/save"
SAVED: Final = "/request/saved"
CONTINUE: Final = "/request/continue"

SAVED_OFTEN: Final = (
    "С этого компьютера или из этой сети много раз сохраняли запросы. Подождите десять минут и попробуйте снова.",
    "Вернитесь на предыдущую страницу: то, что вы ввели, осталось в форме.",
)
NO_CODE: Final = "Укажите код сохранённого запроса"
BAD_CODE: Final = "Проверьте код: в нём 16 латинских букв и цифр, без нуля, единицы и букв O и I"
NOTHING_SAVED: Final = "По этому коду ничего нет: запрос уже отправлен, срок хранения прошёл или код введён неверно"


@dataclass(frozen=True, kw_only=True)
class SavedPages:
    """One method per address."""

    form: RequestPages
    saved: SealedCookie
    saving: Attempts
    guessing: Attempts

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route(SAVE, self.save, methods=["POST"])
        router.add_api_route(SAVED, self.receipt, methods=["GET"])
        router.add_api_route(CONTINUE, self.question, methods=["GET"])
        router.add_api_route(CONTINUE, self.go_on, methods=["POST"])
        return router

    async def save(self, request: Request) -> Response:
        _, form, unsent = await self.form.posted(request)
        if unsent.errors:
            return self.form.to_unsent(request, unsent)
        if await self.saving.exhausted(request):
            return too_many_attempts(self.form.pages, request, self.saving, SAVED_OFTEN)
        await self.saving.count(request)
        try:
            code, until = await self.form.saved.keep(unsent.saved or None, form.values(), unsent.files)
        except IntakeUnavailableError:
            return self.form.to_unsent(request, unsent.model_copy(update={"trouble": "not-saved"}))
        answer = RedirectResponse(SAVED, status_code=303)
        self.saved.write(request, answer, {"code": code, "until": until.isoformat()})
        return answer

    async def receipt(self, request: Request) -> Response:
        kept = self.saved.read(request)
        if kept is None:
            return RedirectResponse(CONTINUE, status_code=303)
        groups, until = tracking.in_groups(kept["code"]), datetime.fromisoformat(kept["until"])
        return self.form.pages.show(request, "page/saved.html", code_groups=groups, until=until, zone=self.form.zone)

    async def question(self, request: Request) -> Response:
        return self._question(request)

    async def go_on(self, request: Request) -> Response:
        typed = (await posted(request)).get("code", "")[:LINE_LIMIT]
        code = saved_forms.code_of(typed)
        if code is None:
            return self._question(request, typed, {"code": BAD_CODE if typed.strip() else NO_CODE}, status=422)
        if await self.guessing.exhausted(request):
            return too_many_attempts(self.form.pages, request, self.guessing)
        try:
            kept = await self.form.saved.open(code)
        except IntakeUnavailableError:
            return self._question(request, typed, trouble=True, status=503)
        if kept is None:
            await self.guessing.count(request)
            return self._question(request, typed, {"code": NOTHING_SAVED}, status=404)
        values = RequestForm.posted(kept["values"], self.form.new_id).values()
        return self.form.to_unsent(request, UnsentForm(values=values, files=tuple(map(Attached.model_validate, kept["files"])), saved=code))

    def _question(
        self, request: Request, typed: str = "", errors: dict[str, str] | None = None, *, trouble: bool = False, status: int = 200
    ) -> Response:
        headers = {"retry-after": "60"} if trouble else None
        facts = {"values": {"code": typed}, "errors": errors or {}, "trouble": trouble, "path": CONTINUE}
        return self.form.pages.show(request, "page/continue.html", status=status, headers=headers, **facts)
