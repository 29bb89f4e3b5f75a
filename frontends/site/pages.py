"""The start page, the form of a request and its receipt.

Everything a person types goes by POST; the receipt holds a secret, so it crosses the redirect in an encrypted cookie, not in the address.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontends.site import tracking
from frontends.site.figures import Figures
from frontends.site.intake_door import Accepted, IntakeDoor, IntakeUnavailableError, MessageRefusedError, Problem
from frontends.site.request_form import TEXT_LIMIT, RequestForm
from libs.chassis.ops.clock import Clock
from libs.web.pages import Pages
from libs.web.posted import posted
from libs.web.preferences import Preferences
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
    "phone": ("По телефону", ""),
    "post": ("Бумажным письмом", "Только о главном: о регистрации, продлении срока и ответе"),
    "none": ("Больше никак", ""),
}
FORM_TITLES = {
    "any": ("Любая", ""),
    "electronic": ("Электронная", "Письмом на электронную почту"),
    "written": ("На бумаге", "Письмом на почтовый адрес"),
    "oral": ("Устная", "По телефону"),
}


@dataclass(frozen=True, kw_only=True)
class RequestPages:
    """One method per address."""

    pages: Pages
    door: IntakeDoor
    clock: Clock
    new_id: Callable[[], UUID]
    receipts: SealedCookie
    figures: Figures
    point: str
    status_address: str

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/", self.start, methods=["GET"])
        router.add_api_route("/request", self.blank, methods=["GET"])
        router.add_api_route("/request", self.send, methods=["POST"])
        router.add_api_route("/request/draft", self.back_to_form, methods=["GET"])
        router.add_api_route("/request/draft", self.redraw, methods=["POST"])
        router.add_api_route("/request/sent", self.receipt, methods=["GET"])
        return router

    async def start(self, request: Request) -> Response:
        return self.pages.show(request, "page/start.html")

    async def blank(self, request: Request) -> Response:
        return self._form(request, RequestForm.blank(self.new_id))

    async def send(self, request: Request) -> Response:
        form = RequestForm.posted(await posted(request), self.new_id)
        if errors := form.errors():
            return self._form(request, form, errors, status=422)
        try:
            accepted = await self.door.send(form.message(self.point, self.clock.now()))
        except MessageRefusedError as refused:
            self.figures.message("refused")
            return self._form(request, form, _on_our_form(refused.problem), status=422)
        except IntakeUnavailableError as trouble:
            self.figures.message("undecided" if trouble.undecided else "not-accepted")
            return self._form(request, form, trouble=trouble, status=503)
        self.figures.message("accepted")
        answer = RedirectResponse("/request/sent", status_code=303)
        self.receipts.write(request, answer, {"receipt": accepted.model_dump(mode="json"), "wrote_email": bool(form.email.strip())})
        return answer

    async def redraw(self, request: Request) -> Response:
        """A button of the panel was pressed over a half-filled form: the new look, and everything typed still there."""
        typed = await posted(request)
        preferences = Preferences.of(request).with_choice(typed.get("preference", ""))
        answer = self._form(request, RequestForm.posted(typed, self.new_id), preferences=preferences)
        preferences.keep(request, answer)
        return answer

    async def back_to_form(self, request: Request) -> Response:  # noqa: ARG002 - a route takes it
        return RedirectResponse("/request", status_code=303)

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

    def _form(
        self,
        request: Request,
        form: RequestForm,
        errors: Mapping[str, str] | None = None,
        *,
        trouble: IntakeUnavailableError | None = None,
        preferences: Preferences | None = None,
        status: int = 200,
    ) -> Response:
        preferences = preferences or Preferences.of(request)
        say = self.pages.speaking(preferences).text
        return self.pages.show_as(
            preferences,
            request,
            "page/request.html",
            status=status,
            headers=RETRY_AFTER if trouble else None,
            path="/request",
            values=form.values(),
            errors=errors or {},
            trouble=trouble,
            text_limit=TEXT_LIMIT,
            kinds=[(value, say(title)) for value, title in KIND_TITLES.items()],
            channels=_options(CHANNEL_TITLES, say),
            forms=_options(FORM_TITLES, say),
            draft={"form": "request", "action": "/request/draft"},
        )


def _options(titles: Mapping[str, tuple[str, str]], say: Callable[[str], str]) -> list[tuple[str, str, str]]:
    return [(value, say(title), say(note)) for value, (title, note) in titles.items()]


def _on_our_form(problem: Problem) -> dict[str, str]:
    """Intake's complaints at the fields they are about; what has no field of ours stands at the text."""
    told = {_FIELDS.get(error.field, "text"): error.says for error in problem.errors}
    return told or {"text": problem.detail}
