"""Cards that staff fill in while somebody calls, comes in or has written on paper, and what they hand over afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.telemetry import Telemetry
from libs.events.contracts.intake_answers import OralAnswer
from libs.events.vocabulary import Attachment, Card, ClientKind, OralOutcome, WantedForm
from libs.web.preferences import Preferences
from libs.web.represented import PAPERS
from libs.web.sealed_cookies import SealedCookie
from services.intake.domain.acceptance import Accepted
from services.intake.domain.taking import CardTaken
from services.intake.pages import titles
from services.intake.pages.cards.taking_files import KEPT, NOT_ALL, SENT_BEFORE, Posted, TakenFiles
from services.intake.pages.cards.taking_form import LATER, TEXT_LIMIT, Around, TakingForm
from services.intake.pages.people import People, to
from services.intake.pages.register.register_pages import DeskParts
from services.intake.staff.accounts import Accounts
from services.intake.taking import Oral, Taking
from services.intake.transitions import TAKING

TAKEN = "/desk/new/taken"
SHOWN_SECONDS = 1800
MEGABYTE = 1024 * 1024
CHANNELS = {"none": "Больше никак", "email": "По электронной почте", "phone": "По телефону", "post": "Бумажным письмом"}
ITS_OWN = {Card.PHONE: "phone", Card.POST: "post"}  # the channel that it came by is no additional one
FORMS = {"": "Любая", WantedForm.ELECTRONIC: "Электронная", WantedForm.WRITTEN: "На бумаге", WantedForm.ORAL: "Устная"}
WHERE = {"too-large": "text"}  # fields that refusals are about


@dataclass(frozen=True, kw_only=True)
class TakingParts:
    """What the cards stand on beside the other pages about requests."""

    desk: DeskParts
    taking: Taking
    accounts: Accounts
    people: People
    telemetry: Telemetry
    new_id: Callable[[], UUID]
    status_address: str | None
    files: TakenFiles

    def shown_once(self, path: str) -> SealedCookie:
        """The code of a request that was just taken down, for its own page."""
        return SealedCookie(
            name="desk-taken", secret=self.people.secret, lifetime_seconds=SHOWN_SECONDS, path=path, clock=self.people.clock
        )


def routes(parts: TakingParts) -> APIRouter:
    router = APIRouter(prefix="/new", include_in_schema=False)
    may_take = Depends(parts.desk.door(*sorted(TAKING)))
    cards = Cards(parts)

    @router.get("/{card}")
    async def blank(request: Request, card: str, who: Annotated[SignedIn, may_take]) -> Response:
        around = await cards.around()
        return await cards.show(request, who, TakingForm.blank(_card(card), around, parts.new_id), around)

    @router.post("/{card}")
    async def save(request: Request, card: str, who: Annotated[SignedIn, may_take]) -> Response:
        """What was typed stays on the page when it is refused."""
        around, posted = await cards.around(), await parts.files.posted(request)
        form = TakingForm.posted(_card(card), posted.typed, around, parts.new_id)
        if choice := posted.typed.get("preference"):
            return await cards.redrawn(request, who, form, around, posted, choice)
        if errors := form.errors(around) | ({KEPT: NOT_ALL} if posted.wrong else {}):
            return await cards.show(request, who, form, around, errors, 422, posted=posted)
        try:
            return cards.handed_over(request, form, await cards.take(who, form, around, posted.files))
        except CardTaken as refusal:
            again, errors = form.renewed(parts.new_id), {"form": refusal.says} | ({KEPT: SENT_BEFORE} if posted.files else {})
            return await cards.show(request, who, again, around, errors, refusal.status, before=refusal.number)
        except Refusal as refusal:
            errors = {WHERE.get(refusal.code, "form"): refusal.says}
            return await cards.show(request, who, form, around, errors, refusal.status, posted=posted)

    @router.get("/taken/{request_id:uuid}")
    async def taken(request: Request, request_id: UUID, who: Annotated[SignedIn, may_take]) -> Response:
        seen = await parts.desk.desk.look(who.staff, request_id)
        kept = parts.shown_once(f"{TAKEN}/{request_id}").read(request) or {}
        answer = next((event.fact for event in seen.events if isinstance(event.fact, OralAnswer)), None)
        return parts.desk.pages.show(
            request,
            "page/taken.html",
            who=who,
            seen=seen,
            case=seen.case.request,
            code=in_groups(kept.get("code", "")),
            beyond=answer is not None and answer.within_competence is False,
        )

    return router


class Cards:
    """Draws a card and saves it."""

    def __init__(self, parts: TakingParts) -> None:
        self._parts = parts

    async def around(self) -> Around:
        listed = await self._parts.accounts.listed()
        colleagues = {str(one.account_id): one.account.name for one in listed if one.account.enabled}
        return Around(authority=self._parts.desk.authority, now=self._parts.people.clock.now(), colleagues=colleagues)

    async def take(self, who: SignedIn, form: TakingForm, around: Around, files: tuple[Attachment, ...]) -> Accepted:
        taking = self._parts.taking
        words = [*form.words(), *(file.sha256 for file in files)]
        return await taking.take(
            who.staff,
            form.message(taking.dialogue(form.card_id, words), around, files),
            form.point,
            form.noted(),
            told=form.told,
            oral=Oral(gist=form.gist.strip(), outcome=OralOutcome(form.outcome)) if form.is_answered else None,
            traceparent=self._parts.telemetry.current_traceparent(),
        )

    def handed_over(self, request: Request, form: TakingForm, accepted: Accepted) -> Response:
        """To the page with number and code, which a reload shows again for half an hour."""
        path = f"{TAKEN}/{accepted.request_id}"
        answer = to(path)
        if not form.is_answered:
            self._parts.shown_once(path).write(request, answer, {"code": accepted.tracking_code})
        return answer

    async def redrawn(self, request: Request, who: SignedIn, form: TakingForm, around: Around, posted: Posted, choice: str) -> Response:
        """A button of the panel was pressed over a half-filled card: the new look, and everything typed still there."""
        preferences, errors = Preferences.of(request).with_choice(choice), {KEPT: NOT_ALL} if posted.wrong else {}
        answer = await self.show(request, who, form, around, errors, preferences=preferences, posted=posted)
        preferences.keep(request, answer)
        return answer

    async def show(
        self,
        request: Request,
        who: SignedIn,
        form: TakingForm,
        around: Around,
        errors: dict[str, str] | None = None,
        status: int = 200,
        before: str | None = None,
        preferences: Preferences | None = None,
        posted: Posted | None = None,
    ) -> Response:
        """`before`: the number of the request that this card became earlier; `posted`: with the files that are here already."""
        if not around.points(form.card):
            raise HTTPException(404)
        preferences = preferences or Preferences.of(request)
        pages = self._parts.desk.pages
        return pages.show_as(
            preferences,
            request,
            "page/taking.html",
            who=who,
            card=form.card,
            values=form.values(),
            ticked=[f"told-{code}" for code in form.told],
            files=posted.files if posted else (),
            wrong_files=posted.wrong if posted else (),
            sealed_files=self._parts.files.sealed(form.card_id, posted.files) if posted else "",
            most_files=self._parts.files.most,
            largest_mb=self._parts.files.limit_bytes // MEGABYTE,
            errors=errors or {},
            status=status,
            before=before,
            text_limit=TEXT_LIMIT,
            unsent={"form": "form", "action": f"/desk/new/{form.card}"},
            papers=list(PAPERS.items()),
            **_choices(form.card, around, pages.speaking(preferences).text),
        )


def _choices(card: Card, around: Around, say: Callable[[str], str]) -> dict[str, Any]:
    """What the lists of the card offer; the authority's own words stay as they are."""
    authority = around.authority
    kinds = [(one.value, say(titles.KINDS[one])) for one in ClientKind if one is not ClientKind.UNKNOWN]
    outcomes = [(one.value, say(titles.OUTCOMES[one]), "") for one in OralOutcome]
    return {
        "points": around.points(card),
        "numbers": [("", say("Выберите номер")), *((phone, phone) for phone in authority.phones)],
        "topics": [("", say("Не указана")), *((topic.code, topic.title) for topic in authority.topics)],
        "kinds": [("", say("Не указан")), *kinds],
        "forms": [(str(value), say(text), "") for value, text in FORMS.items()],
        "channels": [(value, say(text), "") for value, text in CHANNELS.items() if value != ITS_OWN.get(card)],
        "outcomes": [(LATER, say("Не дан: записать как запрос"), ""), *outcomes],
        "colleagues": [("", say("Тот, кто заполняет карточку")), *around.colleagues.items()],
        "disclosures": [(f"told-{one.code}", one.title) for one in authority.disclosures],
    }


def in_groups(code: str) -> list[str]:
    """By four letters, as it is read aloud."""
    return [code[at : at + 4] for at in range(0, len(code), 4)]


def _card(name: str) -> Card:
    if name not in set(Card):
        raise HTTPException(404)
    return Card(name)
