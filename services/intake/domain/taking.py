"""What staff take down for somebody who calls, comes in or writes on paper, and the facts it leaves beside the message. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from libs.chassis.access.roles import NotAllowed, Role, Staff
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_answers import OralConsultationGiven, PhoneEnquiryAnswered
from libs.events.contracts.intake_requests import DisclosureProvided
from libs.events.vocabulary import Card, OralOutcome, TakenDown
from services.intake.domain.authority.lists import Lists
from services.intake.transitions import TAKING

SPOKEN = "spoken"


class CardTaken(Refusal):
    """This very card was saved before, with other words; `number` is that of the request it became."""

    code: ClassVar[str] = "card-taken"
    says: ClassVar[str] = "Эта карточка уже сохранена. Если это другой разговор или письмо, сохраните ещё раз: получится новая запись."

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number

    def extras(self) -> Mapping[str, object]:
        return {"number": self.number}


@dataclass(frozen=True, kw_only=True)
class AnsweredAtOnce:
    """The gist of what was answered in the talk, and what came of it."""

    gist: str
    outcome: OralOutcome
    within_competence: bool | None


@dataclass(frozen=True, kw_only=True)
class AtDesk:
    """Who took a message down, what they noted, which of the disclosures they told, and their answer if they gave one at once."""

    by: Staff
    role: Role
    noted: TakenDown
    told: tuple[str, ...] = ()
    answer: AnsweredAtOnce | None = None


def role_of(by: Staff) -> Role:
    """The role that lets them take something down; raises `NotAllowed`."""
    if not by.may(TAKING):
        raise NotAllowed
    return min(by.roles & TAKING)


def within_competence(by: Staff, topic: str | None, lists: Lists) -> bool | None:
    """Whether the unit of who answers deals with the topic (A-3.5.2); None where one of the two is not known."""
    if topic is None or by.unit is None:
        return None
    return topic in lists.topics_of.get(by.unit, frozenset())


def disclosed(at_desk: AtDesk) -> list[DisclosureProvided]:
    return [DisclosureProvided(material_ids=at_desk.told, how=SPOKEN)] if at_desk.told else []


def answered(at_desk: AtDesk, started_at: datetime, point: str) -> list[PhoneEnquiryAnswered | OralConsultationGiven]:
    """The answer within the talk, or nothing where none was given."""
    answer, noted = at_desk.answer, at_desk.noted
    if answer is None:
        return []
    kept = {**vars(answer), "started_at": started_at, "staff": at_desk.by.id, "topic": noted.topic}
    if noted.card is Card.PHONE:
        return [PhoneEnquiryAnswered(**kept, number=noted.number or "")]
    return [OralConsultationGiven(**kept, point=point, office=noted.office)]
