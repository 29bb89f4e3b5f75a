"""Ready-made texts for answers: written by who answers, approved and closed by the head, every version kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import BadRequest, Refusal
from libs.web.posted import posted
from services.intake.domain.authority.commands import ApproveText, CloseText, SetUpCommand, WriteText
from services.intake.domain.authority.texts import MAY_APPROVE, MAY_WRITE, Gap, TextTitleTaken, UnknownGap
from services.intake.pages.commands import command_of
from services.intake.pages.people import to
from services.intake.pages.settings.list_pages import code_named
from services.intake.pages.settings.settings_forms import NEW
from services.intake.pages.settings.settings_pages import NOT_WRONG, NOTHING, SettingsParts, Wrong

TEXTS = "/desk/texts"
WRONG = {"title": "Назовите заготовку, не длиннее 200 знаков", "text": "Напишите текст, не длиннее 20 000 знаков"}
GAPS = {
    Gap.NUMBER: "номер запроса",
    Gap.NAME: "имя клиента",
    Gap.RECEIVED: "день поступления",
    Gap.REGISTERED: "день регистрации",
    Gap.DUE: "последний день срока ответа",
    Gap.UNIT: "подразделение, которое отвечает",
    Gap.AUTHORITY: "наименование органа власти",
    Gap.SIGNATORY: "кто подписывает письма",
    Gap.TODAY: "сегодняшний день",
}
DONE = {
    "written": "Заготовка записана. Её будут предлагать, когда руководитель её одобрит.",
    "approved": "Заготовка одобрена. Её уже предлагают исполнителям.",
    "closed": "Заготовка закрыта.",
}


def routes(parts: SettingsParts) -> APIRouter:
    router = APIRouter(prefix="/texts", include_in_schema=False)
    may_write, may_approve = (Depends(parts.door(*sorted(roles))) for roles in (MAY_WRITE, MAY_APPROVE))
    page = TextsPage(parts)

    @router.get("")
    async def look(request: Request, who: Annotated[SignedIn, may_write]) -> Response:
        return await page.show(request, who, done=request.query_params.get("done", ""))

    @router.post("")
    async def write(request: Request, who: Annotated[SignedIn, may_write]) -> Response:
        return await page.write(request, who, NEW)

    @router.post("/{code}")
    async def change(request: Request, code: str, who: Annotated[SignedIn, may_write]) -> Response:
        return await page.write(request, who, code_named(code))

    @router.post("/{code}/approve")
    async def approve(request: Request, code: str, who: Annotated[SignedIn, may_approve]) -> Response:
        typed = await posted(request)
        command, _ = command_of(ApproveText, {"code": code_named(code), "number": typed.get("number", "")})
        if command is None:
            raise BadRequest
        return await page.act(request, who, code, command, typed, "approved")

    @router.post("/{code}/close")
    async def close(request: Request, code: str, who: Annotated[SignedIn, may_approve]) -> Response:
        return await page.act(request, who, code, CloseText(code=code_named(code)), await posted(request), "closed")

    return router


@dataclass(frozen=True)
class TextsPage:
    """Draws all texts, and does what its forms ask."""

    parts: SettingsParts

    async def write(self, request: Request, who: SignedIn, entry: str) -> Response:
        typed = await posted(request)
        filled = {name: typed.get(f"{entry}.{name}", "") for name in WRONG} | {"code": None if entry == NEW else entry}
        command, errors = command_of(WriteText, filled, WRONG)
        return await self.act(request, who, entry, command, typed, "written", {f"{entry}.{name}": said for name, said in errors.items()})

    async def act(
        self,
        request: Request,
        who: SignedIn,
        entry: str,
        command: SetUpCommand | None,
        typed: Mapping[str, str],
        done: str,
        errors: dict[str, str] | None = None,
    ) -> Response:
        gaps: list[str] = []

        def at(refusal: Refusal) -> str:
            """Which field it is about; gaps that nothing fills are named beside it."""
            if isinstance(refusal, UnknownGap):
                gaps.extend(refusal.gaps)
                return f"{entry}.text"
            return f"{entry}.{'title' if isinstance(refusal, TextTitleTaken) else 'form'}"

        wrong = await self.parts.act(who, (command, errors or {}), typed, at)
        return await self.show(request, who, typed, wrong, gaps=gaps) if wrong else to(f"{TEXTS}?done={done}")

    async def show(
        self,
        request: Request,
        who: SignedIn,
        typed: Mapping[str, str] = NOTHING,
        wrong: Wrong = NOT_WRONG,
        *,
        gaps: list[str] | None = None,
        done: str = "",
    ) -> Response:
        decided = await self.parts.set_up.look()
        texts = sorted(decided.texts.items(), key=lambda one: one[1].last.title.casefold())
        values: dict[str, Any] = {f"{NEW}.title": "", f"{NEW}.text": ""}
        for code, block in texts:
            values |= {f"{code}.title": block.last.title, f"{code}.text": block.last.text}
        return self.parts.pages.show(
            request,
            "page/texts.html",
            who=who,
            texts=[(code, block) for code, block in texts if not block.closed],
            closed=[(code, block) for code, block in texts if block.closed],
            gaps=GAPS,
            unknown=gaps or [],
            may_approve=who.staff.may(MAY_APPROVE),
            version=decided.version,
            values={**values, **typed},
            **vars(wrong),
            zone=self.parts.book.authority.time_zone,
            done=DONE.get(done, ""),
        )
