"""What fills the gaps of a ready-made text for the request at hand. Pure."""

from collections.abc import Mapping
from datetime import date

from services.intake.domain.acceptance import Rules
from services.intake.domain.authority.texts import Gap
from services.intake.domain.request import Request
from services.intake.statuses import day


def known(request: Request, rules: Rules, names: Mapping[Gap, str], today: date) -> dict[Gap, str]:
    """`names`: what the authority and the unit are called, and who signs. What nobody knows yet is absent."""
    received, registered = (rules.day_of(at) if at else None for at in (request.received_at, request.registered_at))
    days = {Gap.RECEIVED: received, Gap.REGISTERED: registered, Gap.DUE: request.due_on, Gap.TODAY: today}
    said = {gap: day(on) for gap, on in days.items() if on}
    found = {Gap.NUMBER: request.reg_no, Gap.NAME: request.name, **names, **said}
    return {gap: text for gap, text in found.items() if text}
