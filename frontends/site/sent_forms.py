"""What a browser sent lately: the same form sent again by Back is a question first, a changed one is a request of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from frontends.site.request_form import RequestForm
from libs.web.sealed_cookies import SealedCookie

REMEMBERED = 5


class SentForm(BaseModel):
    """One form that intake took. `receipt` is the id in its receipt's address, `number` what the person knows it by."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    external_id: str
    digest: str
    receipt: str
    number: str


@dataclass(frozen=True)
class SentForms:
    """The last ones of this browser, oldest first, in a sealed cookie."""

    cookie: SealedCookie

    def of(self, request: Request) -> list[SentForm]:
        kept = self.cookie.read(request) or {"forms": []}
        return [SentForm.model_validate(form) for form in kept["forms"]]

    def add(self, request: Request, answer: Response, sent: SentForm) -> None:
        others = [form for form in self.of(request) if form.external_id != sent.external_id]
        kept = [*others, sent][-REMEMBERED:]
        self.cookie.write(request, answer, {"forms": [form.model_dump() for form in kept]})


def repeated(form: RequestForm, sent: Sequence[SentForm]) -> SentForm | None:
    """The request that another form with the same words became; the same form sent again is one request anyway."""
    digest = form.digest()
    return next((before for before in sent if before.digest == digest and before.external_id != form.external_id), None)


def is_changed(form: RequestForm, sent: Sequence[SentForm]) -> bool:
    """True for a form that was sent, brought back and given other words: under its old id intake would pass them over."""
    return any(before.external_id == form.external_id and before.digest != form.digest() for before in sent)
