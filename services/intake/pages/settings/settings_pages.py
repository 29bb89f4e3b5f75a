"""The settings of the authority for its administrators: what is still to be set up, the profile, the mail server, who changed what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SessionDoor, SignedIn
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import BadRequest, Refusal
from libs.chassis.ops.telemetry import Telemetry
from libs.chassis.store.events import Recorded
from libs.web.pages import Pages
from libs.web.posted import posted
from services.intake.authority.book import Book
from services.intake.authority.set_up import SettingsChangedMeanwhile, SetUp
from services.intake.domain.authority import set_up as rules
from services.intake.domain.authority.commands import ZONES, SetUpCommand
from services.intake.domain.authority.decided import subject_of
from services.intake.domain.authority.unfinished import unfinished
from services.intake.pages import titles
from services.intake.pages.people import to
from services.intake.pages.settings import settings_forms, settings_words
from services.intake.pages.settings.settings_words import MAIL, PROFILE, SETTINGS
from services.intake.staff.accounts import Accounts

UNPROCESSABLE = 422
MOST_CHANGES = 200


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """Why what a form asked was not done: what its fields are told, and what others changed since its author read it."""

    errors: Mapping[str, str]
    status: int
    changes: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, kw_only=True)
class SettingsParts:
    """What the pages of the settings stand on."""

    pages: Pages
    door: SessionDoor
    set_up: SetUp
    book: Book
    accounts: Accounts
    clock: Clock
    telemetry: Telemetry

    async def changes(self, since: int = 0, subject: str = "") -> list[dict[str, Any]]:
        """Decisions after a version, the newest first; `subject`: only those about it."""
        names = await self.accounts.names()
        rows = [row for row in await self.set_up.history(since) if not subject or subject_of(row.fact) == subject]
        return [self._line(row, names) for row in reversed(rows[-MOST_CHANGES:])]

    async def act(
        self, who: SignedIn, asked: tuple[SetUpCommand | None, dict[str, str]], typed: Mapping[str, str], at: Callable[[Refusal], str]
    ) -> Wrong | None:
        """What a form asked is done, or it is told why not; `at`: the field that a refusal is about. Raises `BadRequest`."""
        version, (command, errors) = version_in(typed), asked
        if command is None:
            return Wrong(errors=errors, status=UNPROCESSABLE)
        try:
            await self.set_up.act(who.staff, version, command, self.telemetry.current_traceparent())
        except SettingsChangedMeanwhile as refusal:
            changes = await self.changes(version, rules.subject_of(command))
            return Wrong(errors={at(refusal): refusal.says}, status=refusal.status, changes=changes)
        except Refusal as refusal:
            return Wrong(errors={at(refusal): refusal.says}, status=refusal.status)
        return None

    def _line(self, row: Recorded, names: Mapping[str, str]) -> dict[str, Any]:
        actor, fact = row.envelope.actor, row.fact
        who = (names.get(actor.id) or titles.ACTORS.get(actor.id, actor.id)) if actor else ""
        said = settings_words.said(fact, self.book.titles)  # type: ignore[arg-type]  # the category's registry holds no other type
        return {"at": row.envelope.occurred_at, "title": settings_words.TITLES[type(fact)], "said": said, "who": who}


NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
NOT_WRONG: Final = Wrong(errors=NOTHING, status=200)


def version_in(typed: Mapping[str, str]) -> int:
    """Raises `BadRequest`: no form of ours is without it."""
    version = typed.get("version", "")
    if not version.isdecimal() or len(version) > 9:
        raise BadRequest
    return int(version)


def routes(parts: SettingsParts) -> APIRouter:
    router = APIRouter(prefix="/settings", include_in_schema=False)
    may = Depends(parts.door(Role.ADMINISTRATOR))

    @router.get("")
    async def overview(request: Request, who: Annotated[SignedIn, may]) -> Response:
        decided = await parts.set_up.look()
        accounts = [one.account for one in await parts.accounts.listed()]
        steps = unfinished(parts.book.authority, accounts, mail_works=decided.mail_works)
        return parts.pages.show(
            request,
            "page/settings.html",
            who=who,
            steps=[settings_words.STEPS[step] for step in steps],
            about_lists=[(f"{SETTINGS}/{one.value}", title, settings_words.ABOUT[one]) for one, title in settings_words.LISTS.items()],
        )

    @router.get("/changes")
    async def changes(request: Request, who: Annotated[SignedIn, may]) -> Response:
        await parts.set_up.look()
        zone = parts.book.authority.time_zone
        return parts.pages.show(request, "page/settings_changes.html", who=who, lines=await parts.changes(), zone=zone, most=MOST_CHANGES)

    router.include_router(_profile(parts))
    router.include_router(_mail(parts))
    return router


def _profile(parts: SettingsParts) -> APIRouter:
    router = APIRouter(prefix="/profile")
    may = Depends(parts.door(Role.ADMINISTRATOR))

    async def shown(
        request: Request,
        who: SignedIn,
        typed: Mapping[str, str] = NOTHING,
        wrong: Wrong = NOT_WRONG,
        *,
        done: bool = False,
    ) -> Response:
        decided = await parts.set_up.look()
        return parts.pages.show(
            request,
            "page/settings_profile.html",
            who=who,
            values={**settings_forms.profile_values(parts.book.authority), **typed},
            zones=zones(parts.book.authority.time_zone.key),
            version=decided.version,
            **vars(wrong),
            zone=parts.book.authority.time_zone,
            done=done,
        )

    @router.get("")
    async def look(request: Request, who: Annotated[SignedIn, may]) -> Response:
        return await shown(request, who, done=request.query_params.get("done") == "profile")

    @router.post("")
    async def change(request: Request, who: Annotated[SignedIn, may]) -> Response:
        typed = await posted(request)
        wrong = await parts.act(who, settings_forms.profile_command(typed), typed, lambda _: "form")
        return await shown(request, who, typed, wrong) if wrong else to(f"{PROFILE}?done=profile")

    return router


def _mail(parts: SettingsParts) -> APIRouter:
    """A letter to a typed address, by the notifier's own way; its outcome comes by Kafka, so the page is loaded again to see it."""
    router = APIRouter(prefix="/mail")
    may = Depends(parts.door(Role.ADMINISTRATOR))

    async def shown(request: Request, who: SignedIn, typed: Mapping[str, str] = NOTHING, wrong: Wrong = NOT_WRONG) -> Response:
        decided = await parts.set_up.look()
        ended = decided.trial.ended if decided.trial else None
        return parts.pages.show(
            request,
            "page/settings_mail.html",
            who=who,
            trial=decided.trial,
            why=settings_words.why_not_sent(ended.reason) if ended and not ended.sent else "",
            has_name=bool(parts.book.authority.name),
            version=decided.version,
            values={"address": typed.get("address", "")},
            **vars(wrong),
        )

    @router.get("")
    async def look(request: Request, who: Annotated[SignedIn, may]) -> Response:
        return await shown(request, who)

    @router.post("")
    async def ask(request: Request, who: Annotated[SignedIn, may]) -> Response:
        typed = await posted(request)
        wrong = await parts.act(who, settings_forms.trial_command(typed), typed, lambda _: "address")
        return await shown(request, who, typed, wrong) if wrong else to(MAIL)

    return router


def zones(now: str) -> list[tuple[str, str]]:
    """Those of Russia, and the one that the file says where it is another."""
    return [*ZONES.items(), *(() if now in ZONES else ((now, now),))]
