"""What may become of a request, from its receipt to its answer, and who may do it. Nothing else is allowed."""

from typing import NamedTuple

from libs.chassis.access.roles import Role
from libs.events.contracts.intake_answers import (
    AnswerSent,
    DraftApproved,
    DraftChecked,
    DraftPrepared,
    DraftReturned,
    DraftSubmitted,
    LetterPosted,
    OralConsultationGiven,
    PhoneEnquiryAnswered,
    RefusalIssued,
)
from libs.events.contracts.intake_requests import (
    AppealRouteExplained,
    ClarificationNotReceived,
    ClarificationReceived,
    ClarificationRequested,
    CompetentBodyUnknownReported,
    DeadlineExtended,
    MessageSetAside,
    MessageTakenUp,
    PowersChecked,
    RequestAdditionalChannelChanged,
    RequestAssigned,
    RequestChannelsChanged,
    RequestClassified,
    RequestMerged,
    RequestNotConsidered,
    RequestReassigned,
    RequestRedirected,
    RequestRegistered,
    RequestWithdrawn,
)
from libs.events.fact import Event
from libs.events.vocabulary import Status


class Transition(NamedTuple):
    """`to` None: the status stays, or becomes again what it was. No roles: it happens by itself."""

    id: str
    sources: frozenset[Status]
    to: Status | None
    roles: frozenset[Role]


UNREAD = frozenset((Status.RECEIVED,))
BEING_SORTED = frozenset((Status.REGISTERED, Status.CLASSIFIED))
CLASSIFIED = frozenset((Status.CLASSIFIED,))
IN_HANDS = frozenset((Status.ASSIGNED, Status.DRAFTING))
UNDER_WAY = frozenset((Status.DRAFTING,))
BEFORE_THE_HEAD = frozenset((Status.ON_APPROVAL,))
APPROVED = frozenset((Status.APPROVED,))
SENT = frozenset((Status.ANSWERED, Status.ANSWERED_PARTIALLY, Status.REFUSED))
WAITING = frozenset((Status.AWAITING_CLARIFICATION,))
REGISTERED_AND_OPEN = BEING_SORTED | IN_HANDS | WAITING | BEFORE_THE_HEAD | APPROVED
OPEN = UNREAD | REGISTERED_AND_OPEN

NOBODY = frozenset[Role]()
REGISTRAR = frozenset((Role.REGISTRAR,))
LEADING = frozenset((Role.REGISTRAR, Role.HEAD))
WRITING = frozenset((Role.EXECUTOR,))
CHECKING = frozenset((Role.CHECKER,))
APPROVING = frozenset((Role.HEAD,))
WORKING = frozenset((Role.REGISTRAR, Role.EXECUTOR))
TAKING = frozenset((Role.OPERATOR, Role.REGISTRAR))  # who may take down calls, visits and papers
TALKING = TAKING | WORKING  # who hears from people how they want to be told
DESK = frozenset((Role.REGISTRAR, Role.EXECUTOR, Role.CHECKER, Role.HEAD, Role.OPERATOR))  # who may see where a request stands

TRANSITIONS: dict[type[Event], Transition] = {
    RequestRegistered: Transition("S-1", UNREAD, Status.REGISTERED, REGISTRAR),
    RequestNotConsidered: Transition("S-2", UNREAD, Status.NOT_CONSIDERED, REGISTRAR),
    MessageSetAside: Transition("S-3", UNREAD, Status.NOT_A_REQUEST, REGISTRAR),
    MessageTakenUp: Transition("S-4", frozenset((Status.NOT_A_REQUEST,)), Status.RECEIVED, REGISTRAR),
    RequestClassified: Transition("S-5", BEING_SORTED, Status.CLASSIFIED, REGISTRAR),
    AppealRouteExplained: Transition("S-6", CLASSIFIED, Status.EXPLAINED, REGISTRAR),
    RequestAssigned: Transition("S-7", CLASSIFIED, Status.ASSIGNED, REGISTRAR),
    RequestReassigned: Transition("S-8", IN_HANDS | WAITING, Status.ASSIGNED, LEADING),
    RequestRedirected: Transition("S-9", CLASSIFIED | IN_HANDS, Status.REDIRECTED, REGISTRAR),
    CompetentBodyUnknownReported: Transition("S-10", CLASSIFIED | IN_HANDS, Status.REDIRECTED, REGISTRAR),
    ClarificationRequested: Transition("S-11", CLASSIFIED | IN_HANDS, Status.AWAITING_CLARIFICATION, WORKING),
    ClarificationReceived: Transition("S-12", WAITING, None, NOBODY),
    RequestMerged: Transition("S-13", REGISTERED_AND_OPEN, Status.MERGED, REGISTRAR),
    RequestWithdrawn: Transition("S-14", OPEN, Status.WITHDRAWN, REGISTRAR),
    DeadlineExtended: Transition("S-15", REGISTERED_AND_OPEN, None, LEADING),
    ClarificationNotReceived: Transition("S-16", WAITING, None, NOBODY),
    PhoneEnquiryAnswered: Transition("S-17", UNREAD, Status.ANSWERED, TAKING),
    OralConsultationGiven: Transition("S-18", UNREAD, Status.ANSWERED, TAKING),
    RequestAdditionalChannelChanged: Transition("S-19", OPEN, None, TALKING),
    RequestChannelsChanged: Transition("S-20", OPEN, None, TALKING),
    DraftPrepared: Transition("S-21", IN_HANDS | APPROVED, Status.DRAFTING, WRITING),
    DraftChecked: Transition("S-22", UNDER_WAY, None, CHECKING),
    DraftSubmitted: Transition("S-23", UNDER_WAY, Status.ON_APPROVAL, WRITING),
    DraftReturned: Transition("S-24", BEFORE_THE_HEAD, Status.DRAFTING, APPROVING),
    DraftApproved: Transition("S-25", BEFORE_THE_HEAD, Status.APPROVED, APPROVING),
    AnswerSent: Transition("S-26", APPROVED, Status.ANSWERED, WORKING),
    RefusalIssued: Transition("S-27", APPROVED, Status.REFUSED, WORKING),
    PowersChecked: Transition("S-28", OPEN, None, REGISTRAR),
    LetterPosted: Transition("S-29", SENT, None, WORKING),
}
AT_ONCE = (PhoneEnquiryAnswered, OralConsultationGiven)
"""Decided while the talk is taken down, never later: the card of a request has no form for them."""


def becomes(fact: type[Event], now: Status) -> Status:
    """The status after this fact. Who is waited for is waited for in other hands, too."""
    to = TRANSITIONS[fact].to
    return now if to is None or (fact is RequestReassigned and now in WAITING) else to
