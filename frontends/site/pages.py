"""The start page, the form of a request and its receipt.

Everything a person types goes by POST, and every POST ends in a redirect, so that Back and reload ask nothing. What the next page shows
crosses the redirect in an encrypted cookie of that page alone; its address holds a random id and nothing of the person.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site import tracking
from frontends.site.attached_files import KEPT, NOT_ALL, SENT_BEFORE, AttachedFiles, Naming, WrongFile
from frontends.site.figures import Figures
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError, MessageRefusedError
from frontends.site.intake_words import Accepted, Attached, Problem
from frontends.site.office import OfficeSign
from frontends.site.request_form import TEXT_LIMIT, RequestForm
from frontends.site.saved_forms import SavedForms, code_of
from frontends.site.sent_forms import SentForm, SentForms, is_changed, repeated
from libs.chassis.ops.clock import Clock
from libs.web.pages import Pages
from libs.web.preferences import PANEL, Preferences
from libs.web.represented import PAPERS
from libs.web.sealed_cookies import SealedCookie

RETRY_AFTER = {"retry-after": "60"}

# What intake calls a field, and where it stands on our form.
_FIELDS = {"sender.name": "name", "sender.kind": "kind", "additional_channel": "channel", "wanted_form": "wanted_form"} | {
    f"contacts.{name}": name for name in ("email", "phone", "postal")
}

KIND_TITLES = {
    "": "Не указано",
    "citizen": "Гражданин России",
    "foreigner": "Иностранный гражданин",
    "stateless": "Человек без гражданства",
    "dual_citizen": "Человек с двумя гражданствами",
    "self_employed": "Самозанятый",
    "sole_trader": "Индивидуальный предприниматель",
    "legal_entity": "Организация",
    "unregistered_association": "Объединение без регистрации юридического лица",
    "internal": "Сотрудник этого органа власти",
}
CHANNEL_TITLES = {
    "email": ("По электронной почте", ""),
    "phone": ("По телефону", "Позвоним, когда запрос зарегистрируют, если продлят срок и когда будет готов ответ"),
    "post": ("Бумажным письмом", "Только о главном: о регистрации, продлении срока и ответе"),
    "none": ("Больше никак", ""),
}
FORM_TITLES = {
    "any": ("Любая", ""),
    "electronic": ("Электронная", "Письмом на электронную почту"),
    "written": ("На бумаге", "Письмом на почтовый адрес"),
    "oral": ("Устная", "По телефону"),
}


class UnsentForm(BaseModel):
    """A form on its way back to the person, and what the page has to say about it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    values: dict[str, str]
    errors: dict[str, str] = {}
    files: tuple[Attached, ...] = ()
    wrong: tuple[WrongFile, ...] = ()
    trouble: Literal["not-accepted", "undecided", "not-saved"] | None = None
    saved: str = ""
    repeats: SentForm | None = None

    @property
    def status(self) -> int:
        """Of an answer that shows the form at once."""
        if self.trouble:
            return 503
        return 422 if self.errors else 200


@dataclass(frozen=True, kw_only=True)
class RequestPages:
    """One method per address."""

    pages: Pages
    door: IntakeDoor
    clock: Clock
    new_id: Callable[[], UUID]
    receipts: SealedCookie
    unsent: SealedCookie
    sent: SentForms
    saved: SavedForms
    figures: Figures
    files: AttachedFiles
    point: str
    status_address: str
    office: OfficeSign
    zone: tzinfo

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/", self.start, methods=["GET"])
        router.add_api_route("/request", self.blank, methods=["GET"])
        router.add_api_route("/request", self.send, methods=["POST"])
        router.add_api_route("/request/unsent", self.redraw, methods=["POST"])
        router.add_api_route("/request/unsent/{unsent_id}", self.show_unsent, methods=["GET"])
        router.add_api_route("/request/sent/{receipt_id}", self.receipt, methods=["GET"])
        return router

    async def start(self, request: Request) -> Response:
        return self.pages.show(request, "page/start.html", office=await self.office.look(), zone=self.zone)

    async def blank(self, request: Request) -> Response:
        return self._form(request, UnsentForm(values=RequestForm.blank(self.new_id).values()))

    async def posted(self, request: Request) -> tuple[Mapping[str, str], RequestForm, UnsentForm]:
        """What was posted, once each of its files is with intake or refused."""
        posted = await self.files.posted(request, Naming(form="external_id", dialogue="dialogue", ids=self._own_ids))
        form = RequestForm.posted(posted.typed, self.new_id)
        return (
            posted.typed,
            form,
            UnsentForm(
                values=form.values(),
                errors={KEPT: NOT_ALL} if posted.wrong else {},
                files=posted.files,
                wrong=posted.wrong,
                saved=code_of(posted.typed.get("saved", "")) or "",
            ),
        )

    def _own_ids(self, typed: Mapping[str, str]) -> dict[str, str]:
        form = RequestForm.posted(typed, self.new_id)
        return {"external_id": form.external_id, "dialogue": form.dialogue}

    async def send(self, request: Request) -> Response:
        typed, form, unsent = await self.posted(request)
        if errors := form.errors() | unsent.errors:
            return self.to_unsent(request, unsent.model_copy(update={"errors": errors}))
        sent = self.sent.of(request)
        if "again" not in typed and (before := repeated(form, sent)):
            return self.to_unsent(request, unsent.model_copy(update={"repeats": before}))
        if is_changed(form, sent):
            form = form.renewed(self.new_id)
            if unsent.files:
                return self.to_unsent(request, UnsentForm(values=form.values(), errors={KEPT: SENT_BEFORE}))
        return await self._sent(request, form, unsent)

    async def _sent(self, request: Request, form: RequestForm, unsent: UnsentForm) -> Response:
        try:
            accepted = await self.door.send(form.message(self.point, self.clock.now(), unsent.files))
        except MessageRefusedError as refused:
            self.figures.message("refused")
            return self.to_unsent(request, unsent.model_copy(update={"errors": _on_our_form(refused.problem)}))
        except IntakeUnavailableError as unavailable:
            trouble: Literal["not-accepted", "undecided"] = "undecided" if unavailable.undecided else "not-accepted"
            self.figures.message(trouble)
            return self.to_unsent(request, unsent.model_copy(update={"trouble": trouble}))
        self.figures.message("accepted")
        await self._forget_saved(unsent.saved)
        return self._to_receipt(request, form, accepted)

    async def _forget_saved(self, code: str) -> None:
        """What was sent is kept by nobody any more; while intake is away the days of the saved form run out by themselves."""
        if code:
            with suppress(IntakeUnavailableError):
                await self.saved.forget(code)

    async def redraw(self, request: Request) -> Response:
        """A button of the panel was pressed over a half-filled form: the new look, and everything typed still there."""
        typed, _, unsent = await self.posted(request)
        choice = typed.get("preference", "")
        preferences = Preferences.of(request).with_choice(choice)
        answer = self.to_unsent(request, unsent, preferences, part="" if choice.startswith("language=") else PANEL)
        preferences.keep(request, answer)
        return answer

    async def show_unsent(self, request: Request) -> Response:
        kept = self.unsent.read(request)
        if kept is None:
            return RedirectResponse("/request", status_code=303)
        unsent = UnsentForm.model_validate(kept)
        return self._form(request, unsent.model_copy(update={"values": RequestForm.posted(unsent.values, self.new_id).values()}))

    async def receipt(self, request: Request) -> Response:
        kept = self.receipts.read(request)
        if kept is None:
            return self.pages.show_message(
                request,
                "Эта страница уже закрыта",
                "Номер и код мы показываем полчаса после отправки запроса. Если вы их записали, можно узнать, что с запросом.",
                onward={"href": "/status", "text": "Узнать, что с запросом"},
            )
        receipt = Accepted.model_validate(kept["receipt"])
        return self.pages.show(
            request,
            "page/sent.html",
            receipt=receipt,
            code_groups=tracking.in_groups(receipt.tracking_code),
            status_address=self.status_address,
            wrote_email=kept["wrote_email"],
        )

    def _to_receipt(self, request: Request, form: RequestForm, accepted: Accepted) -> Response:
        receipt_id = str(self.new_id())
        path = f"/request/sent/{receipt_id}"
        answer = RedirectResponse(path, status_code=303)
        kept = {"receipt": accepted.model_dump(mode="json"), "wrote_email": bool(form.email.strip())}
        self.receipts.at(path).write(request, answer, kept)
        number = accepted.register_number or accepted.reference
        self.sent.add(request, answer, SentForm(external_id=form.external_id, digest=form.digest(), receipt=receipt_id, number=number))
        return answer

    def to_unsent(self, request: Request, unsent: UnsentForm, preferences: Preferences | None = None, *, part: str = "") -> Response:
        """To an address of its own. A text of more than some two pages fits no cookie and is shown at once: only Back asks about it."""
        path = f"/request/unsent/{self.new_id()}"
        answer = RedirectResponse(f"{path}{part}", status_code=303)
        if self.unsent.at(path).write(request, answer, unsent.model_dump(exclude_none=True)):
            return answer
        return self._form(request, unsent, preferences, status=unsent.status)

    def _form(self, request: Request, unsent: UnsentForm, preferences: Preferences | None = None, *, status: int = 200) -> Response:
        preferences = preferences or Preferences.of(request)
        say = self.pages.speaking(preferences).text
        return self.pages.show_as(
            preferences,
            request,
            "page/request.html",
            status=status,
            headers=RETRY_AFTER if status == 503 else None,
            path="/request",
            values=unsent.values,
            errors=unsent.errors,
            trouble=unsent.trouble,
            repeats=unsent.repeats,
            text_limit=TEXT_LIMIT,
            saved=unsent.saved,
            files=unsent.files,
            wrong_files=unsent.wrong,
            sealed_files=self.files.sealed(unsent.values["external_id"], unsent.files),
            **self.files.limits(),
            papers=list(PAPERS.items()),
            kinds=[(value, say(title)) for value, title in KIND_TITLES.items()],
            channels=_options(CHANNEL_TITLES, say),
            forms=_options(FORM_TITLES, say),
            unsent={"form": "request", "action": "/request/unsent"},
        )


def _options(titles: Mapping[str, tuple[str, str]], say: Callable[[str], str]) -> list[tuple[str, str, str]]:
    return [(value, say(title), say(note)) for value, (title, note) in titles.items()]


def _on_our_form(problem: Problem) -> dict[str, str]:
    """Intake's complaints at the fields they are about; what has no field of ours stands at the text."""
    told = {_FIELDS.get(error.field, "text"): error.says for error in problem.errors}
    return told or {"text": problem.detail}
