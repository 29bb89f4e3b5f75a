"""Where the code of a request goes when somebody asks for it: to the request's own addresses, whoever asks (E-10)."""

from uuid import UUID

from libs.events.contracts.intake_requests import TrackingCodeAsked
from libs.events.vocabulary import Target
from services.intake import tracking
from services.intake.domain.request import Request
from services.intake.domain.telling import Telling, standing, targets

CARRY_CODES = ("frontend", "email")  # a call or a paper letter would tell it to whoever is at home


def reminder(request_id: UUID, request: Request, how: Telling, key: bytes) -> TrackingCodeAsked:
    """An address that was only typed gets the link that confirms it; who has followed that may ask again (N-3.4)."""
    notices = [standing(request, target) for target in targets(request, how.confirmed, how.confirm_token) if target.channel in CARRY_CODES]
    proved = any(notice.target.confirmed for notice in notices)
    return TrackingCodeAsked(notices=tuple(notices), tracking_code=tracking.tracking_code(key, request_id) if proved else None)


def mark(key: bytes, target: Target) -> bytes:
    """Recognises an address or a dialogue again: none is written to without end."""
    where = (target.address or "").lower() if target.channel == "email" else f"{target.frontend} {target.dialogue_key}"
    return tracking.fingerprint(key, "reminder", target.channel, where)
