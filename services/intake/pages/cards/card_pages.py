"""The card of a request: what is asked, what happened, and a form for each step that is open to who looks."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import BadRequest, Refusal
from libs.chassis.ops.telemetry import Telemetry
from libs.chassis.store.events import Recorded
from libs.events.contracts.intake_requests import DisclosureProvided
from libs.events.envelope import Actor
from libs.events.vocabulary import AnswerFile, Urgency
from libs.web.posted import posted
from libs.web.represented import PAPERS
from services.intake import statuses
from services.intake.attachments import Attachments
from services.intake.desk import CaseNotFound, ChangedMeanwhile, Seen
from services.intake.domain import timeline
from services.intake.domain.answer.commands import AnyCommand
from services.intake.domain.authority.texts import offered
from services.intake.domain.request import Request as State
from services.intake.pages import titles
from services.intake.pages.cards import answer_pages, attachment_pages, forms
from services.intake.pages.cards.draft_files import Attached, DraftFiles
from services.intake.pages.people import to
from services.intake.pages.register.register_pages import REGISTER, DeskParts
from services.intake.staff.accounts import Accounts
from services.intake.transitions import DESK, REGISTERED_AND_OPEN
from services.intake.words.alike import CLIENT, Alike
from services.intake.words.suggestions import Suggestion, suggested

CLASSIFICATION = tuple(forms.field_id("classify", field) for field in forms.fields_of("classify"))
PREPARE = "prepare-draft"  # its form has files and a door of its own
DONE = frozenset(command for command, _, _ in forms.FORMS.values())


def routes(parts: DeskParts, card: "Card") -> APIRouter:
    router = APIRouter(prefix="/requests/{request_id:uuid}", include_in_schema=False)
    may_work = Depends(parts.door(*sorted(DESK)))

    @router.get("")
    async def look(request: Request, request_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        done = request.query_params.get("done", "")
        seen = await parts.desk.look(who.staff, request_id)
        return await card.show(request, who, seen, done=done if done in DONE else "")

    @router.post("/{command}")
    async def act(request: Request, request_id: UUID, command: str, who: Annotated[SignedIn, may_work]) -> Response:
        """One step; what was typed stays on the page when it is refused."""
        typed = await posted(request)
        if command not in DONE - {PREPARE} or not typed.get("version", "").isdecimal():
            raise BadRequest
        typed = await card.with_number(typed)
        wanted, errors = forms.command_of(command, typed)
        if wanted is None:
            return await card.again(request, who, request_id, typed, errors, 422)
        return await card.acted(request, who, request_id, int(typed["version"]), wanted, typed)

    return router


class Card:
    """Draws a request, and does what its forms ask for. `has_history`: there is a page with all that history knows of a client."""

    def __init__(
        self,
        parts: DeskParts,
        accounts: Accounts,
        attachments: Attachments,
        draft_files: DraftFiles,
        telemetry: Telemetry,
        has_history: bool,
    ) -> None:
        self._parts = parts
        self._draft_files = draft_files
        self._telemetry = telemetry
        self._has_history = has_history
        self._attachments = attachments
        self._accounts = accounts

    async def acted(
        self,
        request: Request,
        who: SignedIn,
        request_id: UUID,
        version: int,
        wanted: AnyCommand,
        typed: Mapping[str, str],
        attached: Attached | None = None,
    ) -> Response:
        """One step by who read that version, and then the card; or the card with what was typed, and why it was refused."""
        command = wanted.command
        try:
            await self._parts.desk.act(who.staff, request_id, version, wanted, self._telemetry.current_traceparent())
        except CaseNotFound:
            raise
        except ChangedMeanwhile as refusal:
            errors = {f"form-{command}": refusal.says}
            return await self.again(request, who, request_id, typed, errors, refusal.status, since=version, attached=attached)
        except Refusal as refusal:
            errors = forms.errors_of(command, refusal)
            return await self.again(request, who, request_id, typed, errors, refusal.status, attached=attached)
        return to(f"{REGISTER}/{request_id}?done={command}")

    async def again(
        self,
        request: Request,
        who: SignedIn,
        request_id: UUID,
        typed: Mapping[str, str],
        errors: dict[str, str],
        status: int,
        since: int | None = None,
        attached: Attached | None = None,
    ) -> Response:
        """The card as it is now, with what was typed and what was wrong; `since`: the version that its author had read."""
        seen = await self._parts.desk.look(who.staff, request_id)
        return await self.show(request, who, seen, typed=typed, errors=errors, status=status, since=since, attached=attached)

    async def show(
        self,
        request: Request,
        who: SignedIn,
        seen: Seen,
        *,
        typed: Mapping[str, str] | None = None,
        errors: dict[str, str] | None = None,
        status: int = 200,
        since: int | None = None,
        done: str = "",
        attached: Attached | None = None,
    ) -> Response:
        await self._parts.looks.looked(who.staff, "card", seen.case.request_id)
        people = await self._accounts.listed()
        names = {str(one.account_id): one.account.name for one in people}
        told = self._titles()
        lines = [line_of(event, names, told) for event in seen.events if timeline.is_shown(event.fact)]
        suggestions = await self._suggestions(seen)
        others = await self._parts.overview.of_client(seen.case.client_id, seen.case.request_id)
        alike = await self._parts.likeness.to(seen, others)
        values = _values(seen, {**_merged_into(alike), **(typed or {})}, suggestions)
        return self._parts.pages.show(
            request,
            "page/card.html",
            who=who,
            seen=seen,
            case=seen.case.request,
            files=attachment_pages.rows(seen.case.request.files, self._attachments),
            answer=await asyncio.to_thread(answer_pages.shown, seen.case.request, names),
            draft_files=self._draft_files.shown(seen.case.request_id, attached or Attached(_last_files(seen)))
            | {"now": attached is not None},
            overdue=self._parts.overview.is_overdue(seen.case.request),
            forms=_open_forms(seen),
            fields=forms.offered(self._parts.authority, people) | answer_pages.lists(),
            values=values,
            texts=offered(self._parts.book.decided.texts),
            suggestions=suggestions,
            confirm="classify" if suggestions and not errors and all(values[one] for one in CLASSIFICATION) else "",
            alike=alike,
            errors=errors or {},
            status=status,
            changes=[line for line in lines if since is not None and line["version"] > since],
            lines=lines,
            done=done,
            names=names,
            papers=PAPERS,
            titles=titles,
            grounds=statuses.GROUNDS,
            others=others,
            has_history=self._has_history and seen.case.client_id is not None,
            authority_titles=told,
            others_here=self._parts.live.others(seen.case.request_id, who.staff.id),
            point=seen.events[0].envelope.point or "",
            zone=self._parts.authority.time_zone,
        )

    async def _suggestions(self, seen: Seen) -> dict[str, Suggestion]:
        """By field of the form, as long as nobody has classified the request; computed each time, kept nowhere."""
        request = seen.case.request
        if request.classification is not None or "S-5" not in seen.possible:
            return {}
        texts = [text for _, text in request.texts]
        found = await asyncio.to_thread(suggested, texts, request.name, self._parts.hints, self._parts.book.rules.lists)
        if request.kind is not None:
            found.pop("client_kind", None)
        return {forms.field_id("classify", field): one for field, one in found.items()}

    async def with_number(self, typed: Mapping[str, str]) -> dict[str, str]:
        """People know numbers, not ids: the request to merge into is found by its number."""
        number = typed.get("merge-into", "").strip()
        found = await self._parts.desk.by_number(number) if number else None
        return {**typed, "merge-into": str(found)} if found else dict(typed)

    def _titles(self) -> dict[str, str]:
        disclosures = {f"disclosures-{one.code}": one.title for one in self._parts.authority.disclosures}
        listed = self._parts.book.titles.items()
        return {f"{listing.value}-{code}": title for listing, every in listed for code, title in every.items()} | disclosures


def _last_files(seen: Seen) -> tuple[AnswerFile, ...]:
    """What the next version goes on from."""
    drafts = seen.case.request.drafts
    return drafts[-1].content.files if drafts else ()


def _open_forms(seen: Seen) -> list[dict[str, Any]]:
    """What mostly comes next, then the others in the order of FORMS; of the two ways to redirect one form serves both."""
    first = next((one for one in forms.FIRST if one in seen.possible), "")
    open_now = set(seen.possible) - (set() if seen.case.request.awaits_post else {"S-29"})
    possible = sorted((one for one in forms.FORMS if one in open_now), key=lambda one: one != first)
    found = [(one, *forms.FORMS[one]) for one in possible]
    return [
        {"command": command, "text": text, "fields": fields, "first": one == first, "last": seen.last_days.get(one)}
        for one, command, text, fields in found
    ]


def _values(seen: Seen, typed: Mapping[str, str], suggestions: Mapping[str, Suggestion]) -> dict[str, str]:
    """What stands in the fields: what was typed, else what is known, else what is suggested."""
    request = seen.case.request
    known = {
        "client_kind": request.kind.value if request.kind else "",
        "executor": request.executor or "",
        "unit": request.unit or (request.classification.unit if request.classification else ""),
        "urgency": Urgency.ORDINARY.value,
        "topic": (request.noted.topic if request.noted else None) or "",
    }
    known |= answer_pages.known(request) | _powers(request)
    if request.classification:
        known |= {name: getattr(request.classification, name) for name in ("type", "topic", "urgency")}
    blank = {forms.field_id(command, field): known.get(field, "") for command, _, fields in forms.FORMS.values() for field in fields}
    return {**blank, **{field: one.value for field, one in suggestions.items()}, **typed}


def _powers(request: State) -> dict[str, str]:
    """What was said of the paper by which somebody asks for another one."""
    if (told := request.represented) is None:
        return {}
    powers = told.powers
    days = {name: day.isoformat() if day else "" for name, day in (("issued_on", powers.issued_on), ("valid_until", powers.valid_until))}
    return {"name": told.name, "paper": powers.paper.value, "number": powers.number or "", **days}


def _merged_into(alike: Alike) -> dict[str, str]:
    """The number of what may be answered together with this: nearly the same question of the same client, still open."""
    open_ones = (one.row.request for one in alike.repeated if one.by == CLIENT and one.row.request.status in REGISTERED_AND_OPEN)
    number = next((request.reg_no for request in open_ones if request.reg_no), None)
    return {forms.field_id("merge", "into"): number} if number else {}


def line_of(event: Recorded, names: Mapping[str, str], told: Mapping[str, str]) -> dict[str, Any]:
    """A line of what happened; `told`: titles of the authority's lists by list and code."""
    actor, fact = event.envelope.actor, event.fact
    disclosed = [told.get(f"disclosures-{code}", code) for code in fact.material_ids] if isinstance(fact, DisclosureProvided) else []
    point = told.get(f"points-{event.envelope.point}", "")
    return {
        "version": event.version,
        "at": event.envelope.occurred_at,
        "title": timeline.title(fact),
        "said": "; ".join(disclosed) or timeline.said(fact),
        "who": _who(actor, names, point) if actor else "",
        "is_text": timeline.is_text(fact),
    }


def _who(actor: Actor, names: Mapping[str, str], point: str) -> str:
    """A deputy with the one they stood in for; what no person of ours did is told by its point."""
    name = names.get(actor.id) or titles.ACTORS.get(actor.role, "") or point
    return f"{name} (за: {names.get(actor.on_behalf_of, actor.on_behalf_of)})" if actor.on_behalf_of else name
