"""What the person is told of a request, and where at that moment (N-3, R-9)."""

from typing import NamedTuple
from uuid import UUID

from libs.events.contracts.intake_requests import (
    RequestStatusChanged,
)
from libs.events.topics import DESK
from libs.events.vocabulary import (
    Card,
    Standing,
    Status,
    Target,
)
from services.intake import statuses, tracking
from services.intake.completeness import has_phone, has_postal
from services.intake.domain.client import Client
from services.intake.domain.request import SITE, Request


def targets(request: Request, confirmed: bool, confirm_token: str | None) -> tuple[Target, ...]:
    """Where a notice goes now: the original channel first, the chosen additional one, the e-mail duplicate (N-3, R-9).

    A request of an older register came by no channel of ours: there is nowhere to tell it until the person chooses a channel.
    """
    found = []
    if request.frontend == DESK:
        found.append(_as_they_came(request))
    elif request.frontend == SITE:
        found.append(Target(role="original", channel="site"))
    elif request.frontend:
        key, dialogue = request.dialogue_key, request.dialogue
        found.append(Target(role="original", channel="frontend", frontend=request.frontend, dialogue_key=key, dialogue=dialogue))
    if request.additional and request.additional.channel != "email":
        found.append(Target(role="additional", channel=request.additional.channel, address=request.additional.address))
    if request.email:
        found.append(by_email(request.email, confirmed, confirm_token))
    return tuple(found)


def _as_they_came(request: Request) -> Target:
    """Who called is called, who wrote on paper is written to; without that address, as for who came in, the status page tells it."""
    card = request.noted.card if request.noted else None
    if card is Card.PHONE and has_phone(request.contacts.phone):
        return Target(role="original", channel="phone", address=request.contacts.phone)
    if card is Card.POST and has_postal(request.contacts.postal):
        return Target(role="original", channel="post", address=request.contacts.postal)
    return Target(role="original", channel="site")


def by_email(address: str, confirmed: bool, confirm_token: str | None) -> Target:
    """An address that is not confirmed gets the link that confirms it, and nothing personal (N-3.4)."""
    return Target(role="email", channel="email", address=address, confirmed=confirmed, confirm_token=None if confirmed else confirm_token)


class Telling(NamedTuple):
    """What a notice needs beside the request: whether the e-mail address was proved, and the token of the link that proves it."""

    confirmed: bool
    confirm_token: str | None


def telling(request_id: UUID, request: Request, client: Client, key: bytes) -> Telling:
    """An address may have been proved with another request of the same client."""
    email = request.email
    confirmed = request.email_confirmed or (email is not None and email in client.confirmed)
    return Telling(confirmed=confirmed, confirm_token=tracking.confirm_token(key, request_id, email) if email else None)


def status_changed(
    request: Request, to: Status, explanation: str, how: Telling, *, visible: bool = True, template: str = "", answer: str | None = None
) -> RequestStatusChanged:
    """What the person is told, and where at this moment (R-9)."""
    return RequestStatusChanged(
        from_status=request.status if request.steps else None,
        to_status=to,
        visible=visible,
        template=template or to.value,
        explanation=explanation,
        reference=request.reference,
        reg_no=request.reg_no,
        due_on=request.due_on,
        addressee=request.name,
        targets=targets(request, how.confirmed, how.confirm_token),
        answer=answer,
    )


def explanation(request: Request) -> str:
    """What the person reads beside the status: what they were told last, but for a question, which stands until it is answered."""
    if request.question is not None and request.wait_until is not None:
        return statuses.asked(request.question, request.wait_until, request.due_on)
    return statuses.beside(request.status, request.steps[-1].explanation if request.steps else "")


def standing(request: Request, target: Target) -> Standing:
    """Where the request stands, for one target."""
    return Standing(
        target=target,
        status=request.status,
        explanation=explanation(request),
        reference=request.reference,
        reg_no=request.reg_no,
        due_on=request.due_on,
        addressee=request.name,
        answer=request.answer,
    )
