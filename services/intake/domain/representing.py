"""Who asks for somebody else: by what powers, whether these still hold, and what is known of the paper that gives them (E-11)."""

from datetime import date
from typing import ClassVar, Final
from uuid import UUID, uuid5

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_clients import ClientIdentified, RepresentativeDismissed, RepresentativeEmpowered
from libs.events.contracts.intake_requests import PowersChecked
from libs.events.fact import Event
from libs.events.vocabulary import ClientKind, Flag, Powers, PowersOutcome, Represented
from services.intake import tracking
from services.intake.domain.client import Client, powers_named
from services.intake.domain.commands import CheckPowers

OF_POWERS: Final = frozenset({Flag.POWERS_UNCHECKED, Flag.POWERS_EXPIRED, Flag.POWERS_WITHDRAWN})


class NobodyRepresented(Refusal):
    """Who is represented is not said: neither the message nor the registrar names anybody."""

    code: ClassVar[str] = "nobody-represented"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Укажите, чьи интересы представляет тот, кто обратился."


class PowersOver(Refusal):
    """The last day of the paper has passed."""

    code: ClassVar[str] = "powers-over"
    says: ClassVar[str] = "Срок действия документа истёк, подтвердить полномочия нельзя. Попросите новый документ."


class WhyMissing(Refusal):
    """Powers that are refused or taken back need a reason."""

    code: ClassVar[str] = "powers-reason-missing"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Укажите, почему полномочия не подтверждены или когда и как их отозвали."


def powers_identity(key: bytes, represented: Represented) -> bytes | None:
    """By which the same paper is known again; None where it has no number or no date, and so could be another one."""
    told = powers_named(represented.powers)
    return tracking.fingerprint(key, "powers", " ".join(represented.name.lower().split()), *told) if told else None


def represented_id(request_id: UUID) -> UUID:
    """Of the client of whom nothing else is known than that somebody asked for them in this request."""
    return uuid5(request_id, "represented")


def flags_of(represented: Represented | None, known: Client | None, today: date) -> tuple[Flag, ...]:
    """Of a message that has just come: whatever is wrong with the powers, it is kept, and the registrar looks at it."""
    if represented is None:
        return ()
    powers, found = represented.powers, [Flag.POWERS_UNCHECKED]
    last = [day for day in (powers.valid_until, known.valid_until(powers) if known else None) if day is not None]
    if any(day < today for day in last):
        found.append(Flag.POWERS_EXPIRED)
    if known is not None and known.has_dismissed(powers):
        found.append(Flag.POWERS_WITHDRAWN)
    return tuple(found)


def flags_after(flags: frozenset[Flag], outcome: PowersOutcome) -> frozenset[Flag]:
    """The registrar's word takes the place of what was flagged when the message came."""
    left = flags - OF_POWERS
    return left | {Flag.POWERS_WITHDRAWN} if outcome is PowersOutcome.WITHDRAWN else left


def checked(told: Represented | None, command: CheckPowers, today: date) -> PowersChecked:
    """What the registrar writes over what was told. Raises the refusals of this module."""
    name = command.name or (told.name if told else None)
    if name is None:
        raise NobodyRepresented
    powers = Powers(paper=command.paper, number=command.number, issued_on=command.issued_on, valid_until=command.valid_until)
    if command.outcome is PowersOutcome.CONFIRMED and powers.valid_until is not None and powers.valid_until < today:
        raise PowersOver
    if command.outcome is not PowersOutcome.CONFIRMED and command.reason is None:
        raise WhyMissing
    represented = Represented(name=name, kind=told.kind if told else None, powers=powers)
    return PowersChecked(outcome=command.outcome, represented=represented, reason=command.reason)


def of_represented(client: Client, fact: PowersChecked, request_id: UUID, representative: UUID | None) -> list[Event]:
    """What the file of who is represented is told; nothing where the powers were refused."""
    powers, told = fact.represented.powers, list[Event]()
    if not client.version:
        told.append(ClientIdentified(kind=fact.represented.kind or ClientKind.UNKNOWN, name=fact.represented.name))
    match fact.outcome:
        case PowersOutcome.CONFIRMED:
            told.append(RepresentativeEmpowered(representative=representative, request_id=request_id, powers=powers))
        case PowersOutcome.WITHDRAWN:
            told.append(
                RepresentativeDismissed(representative=representative, request_id=request_id, powers=powers, reason=fact.reason or "")
            )
        case PowersOutcome.REFUSED:
            return []
    return told
