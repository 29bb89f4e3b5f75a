"""What staff do with a request, from its receipt to its answer: decided by the transitions, the terms and the lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from libs.chassis.access.roles import NotAllowed, Staff
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_answers import AnswerSent, LetterPosted
from libs.events.contracts.intake_requests import (
    AppealRouteExplained,
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
    RequestStatusChanged,
    RequestWithdrawn,
)
from libs.events.fact import Event
from libs.events.vocabulary import Classification, ClientKind, Flag, Mark, Status
from services.intake import statuses
from services.intake.deadlines import reckon, wait_until
from services.intake.domain import channels, representing
from services.intake.domain.acceptance import Rules, counted_from
from services.intake.domain.answer import answering
from services.intake.domain.answer.commands import (
    AnswerCommand,
    ApproveDraft,
    CheckDraft,
    PrepareDraft,
    RecordPosting,
    ReturnDraft,
    SubmitDraft,
)
from services.intake.domain.authority.lists import APPEAL, Lists
from services.intake.domain.commands import (
    AskClarification,
    Assign,
    CheckPowers,
    Classify,
    Decided,
    ExplainRoute,
    ExtendDeadline,
    LeaveUnconsidered,
    Merge,
    OverrideChannel,
    Redirect,
    SetAside,
    TakeUp,
    Withdraw,
)
from services.intake.domain.last_days import TransitionForbidden, in_time, latest_due
from services.intake.domain.register import Register
from services.intake.domain.request import Request, RequestEvent, evolve
from services.intake.domain.telling import Telling, status_changed
from services.intake.domain.term import answer_days
from services.intake.transitions import AT_ONCE, REGISTERED_AND_OPEN, TRANSITIONS, becomes

UNTOLD = (MessageSetAside, MessageTakenUp)  # who sent spam learns nothing from it
MARKS = {  # what is told though the status stays
    DeadlineExtended: Mark.EXTENDED,
    RequestChannelsChanged: Mark.CHANNEL,
    RequestAdditionalChannelChanged: Mark.CHANNEL,
    LetterPosted: Mark.POSTED,
}
LACKS = {"no-name": Flag.NO_NAME, "no-contact": Flag.NO_CONTACT}


class StillLacking(Refusal):
    """What the law needs is not there yet; `flags` name it."""

    code = "still-lacking"
    says = "Номер присвоить рано: в запросе не хватает имени, контакта для ответа или самого вопроса."

    def __init__(self, flags: tuple[Flag, ...]) -> None:
        super().__init__()
        self._flags = flags

    def extras(self) -> Mapping[str, object]:
        return {"flags": [flag.value for flag in self._flags]}


class GroundNotTrue(Refusal):
    """The request holds what it is said to lack."""

    code = "ground-not-true"
    says = "Это основание не подходит: в запросе есть то, чего, по этому основанию, не хватает."


class ClientKindMissing(Refusal):
    """A classification says who asks; «not established» was good until now only (N-2.1)."""

    code = "client-kind-missing"
    status = 400
    says = "Укажите вид клиента: физическое лицо, организация или другой."


class NotAnAppeal(Refusal):
    """Only an appeal of 59-FZ has another route; the request is classified as something else."""

    code = "not-an-appeal"
    says = "Порядок подачи разъясняют только по обращениям граждан (59-ФЗ). Сначала измените тип."


class ReasonMissing(Refusal):
    """Who takes a request from one hand into another says why (N-6.1)."""

    code = "reason-missing"
    status = 400
    says = "Укажите причину передачи запроса другому исполнителю."


class AlreadyExtended(Refusal):
    """A term is extended once."""

    code = "already-extended"
    says = "Срок по этому запросу уже продлевали, второй раз продлить его нельзя."


class ExtensionWrong(Refusal):
    """The new day is no working day after the old one, or too long after it; `latest` is the last that is possible."""

    code = "extension-wrong"
    status = 400
    says = "Новый срок должен быть рабочим днём позже прежнего срока, но не позже дня, который показан рядом."

    def __init__(self, latest: date) -> None:
        super().__init__()
        self._latest = latest

    def extras(self) -> Mapping[str, object]:
        return {"latest": self._latest.isoformat()}


class MergeWrong(Refusal):
    """It can only be merged into another registered, open request of the same person."""

    code = "merge-wrong"
    says = "Объединить можно только с другим открытым зарегистрированным запросом того же клиента."


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request as staff have it before them; `into` is the one that a merge names, with its client."""

    request_id: UUID
    client_id: UUID | None
    request: Request
    into: "Case | None" = None


def decide(case: Case, command: Decided | AnswerCommand, by: Staff, at: datetime, rules: Rules, how: Telling) -> list[Event]:
    """The fact and the status that follows from it. Raises `NotAllowed`, `TransitionForbidden` and the refusals of this module."""
    today = rules.day_of(at)
    return _with_status(case.request, _fact(case, command, today, rules, by, how), today, how)


def withdrawn(request: Request, reason: str | None, at: datetime, rules: Rules, how: Telling) -> list[Event]:
    """By the person themselves, as long as it is open. Raises `TransitionForbidden`."""
    _may_become(RequestWithdrawn, request)
    return _with_status(request, RequestWithdrawn(reason=reason), rules.day_of(at), how)


def may_register(request: Request, by: Staff) -> None:
    """Whether the registrar may give the number now (S-1)."""
    _may(RequestRegistered, request, by)
    if request.lacks:
        raise StillLacking(request.lacks)


def told_registered(request: Request, registered: RequestRegistered, on: date, how: Telling) -> RequestStatusChanged:
    said = statuses.registered(registered.reg_no, on, registered.due_on)
    return status_changed(evolve(request, registered), Status.REGISTERED, said, how)


def sent(request: Request, by: Staff, register: Register, rules: Rules, at: datetime, how: Telling) -> list[Event]:
    """The approved answer leaves under the next outgoing number, and the person is told its text (S-26, S-27). Raises `DraftDamaged`."""
    _may(AnswerSent, request, by)
    on = rules.day_of(at)
    letters = answering.letters(request, register, rules, on)
    content = request.drafts[-1].content
    said = answering.explanation(content, letters[0])
    told = status_changed(request, answering.STATUS_OF[content.scope], said, how, answer=content.text or None)
    return [*letters, told]


def possible(request: Request, by: Staff) -> list[str]:
    """Ids of the transitions that are open to this person now; guards may still refuse one of them."""
    later = (one for fact, one in TRANSITIONS.items() if fact not in AT_ONCE)
    return [one.id for one in later if request.status in one.sources and by.may(one.roles)]


def _fact(  # noqa: C901 - one case for each command
    case: Case, command: Decided | AnswerCommand, today: date, rules: Rules, by: Staff, how: Telling
) -> RequestEvent:
    request = case.request
    match command:
        case LeaveUnconsidered():
            _may(RequestNotConsidered, request, by)
            if LACKS[command.ground] not in request.lacks:
                raise GroundNotTrue
            return RequestNotConsidered(ground=command.ground)
        case SetAside():
            _may(MessageSetAside, request, by)
            return MessageSetAside(reason=command.reason)
        case TakeUp():
            _may(MessageTakenUp, request, by)
            return MessageTakenUp(reason=command.reason)
        case Classify():
            _may(RequestClassified, request, by)
            return _classified(request, command, rules)
        case ExplainRoute():
            _may(AppealRouteExplained, request, by)
            return _explained(request, command, rules.lists)
        case Assign():
            return _assigned(request, command, today, rules, by)
        case Redirect():
            return _redirected(request, command, today, rules, by)
        case AskClarification():
            _may(ClarificationRequested, request, by)
            until = wait_until(today, rules.terms, rules.is_working)
            return ClarificationRequested(question=command.question, wait_until=until)
        case ExtendDeadline():
            _may(DeadlineExtended, request, by)
            return _extended(request, command, today, rules)
        case Merge():
            _may(RequestMerged, request, by)
            return _merged(case, command)
        case Withdraw():
            _may(RequestWithdrawn, request, by)
            return RequestWithdrawn(reason=command.reason)
        case CheckPowers():
            _may(PowersChecked, request, by)
            return representing.checked(request.represented, command, today)
        case OverrideChannel():
            _may(channels.kind_of(command), request, by)
            return channels.overridden(request, command, confirmed=how.confirmed)
        case PrepareDraft() | CheckDraft() | SubmitDraft() | ReturnDraft() | ApproveDraft():
            _may(answering.FACT_OF[type(command)], request, by)
            return answering.drafted(request, command, by)
        case RecordPosting():
            _may(LetterPosted, request, by)
            return answering.posted(request, command, today)
        case _:
            assert_never(command)


def _may(fact: type[Event], request: Request, by: Staff) -> None:
    if not by.may(TRANSITIONS[fact].roles):
        raise NotAllowed
    _may_become(fact, request)


def _may_become(fact: type[Event], request: Request) -> None:
    if request.status not in TRANSITIONS[fact].sources:
        raise TransitionForbidden(request.status)


def _classified(request: Request, command: Classify, rules: Rules) -> RequestClassified:
    if command.client_kind is ClientKind.UNKNOWN:
        raise ClientKindMissing
    new = Classification(type=command.type, topic=command.topic, urgency=command.urgency, unit=command.unit)
    rules.lists.check(new)
    fact = RequestClassified(classification=new, client_kind=command.client_kind, previous=request.classification)
    days = rules.lists.answer_days.get(new.type, rules.terms.answer_days)
    if request.registered_at is None or request.extended or days == answer_days(request, rules):
        return fact
    term = reckon(counted_from(request, rules.day_of(request.registered_at), rules), days, rules.terms, rules.is_working)
    return fact.model_copy(update={"answer_days": days, "due_on": term.due, "last_on": term.last})


def _explained(request: Request, command: ExplainRoute, lists: Lists) -> AppealRouteExplained:
    if request.classification is None or lists.regime_of.get(request.classification.type) != APPEAL:
        raise NotAnAppeal
    return AppealRouteExplained(act=statuses.APPEAL_ACT, how=command.how)


def _assigned(request: Request, command: Assign, today: date, rules: Rules, by: Staff) -> RequestAssigned | RequestReassigned:
    again = request.unit is not None
    _may(RequestReassigned if again else RequestAssigned, request, by)
    if request.classification is None:
        raise TransitionForbidden(request.status)
    rules.lists.check_unit(command.unit, request.classification.topic)
    target = reckon(today, rules.terms.target_in(request.classification.urgency), rules.terms, rules.is_working).due
    target_on = min(target, request.due_on) if request.due_on else target
    if not again:
        return RequestAssigned(unit=command.unit, executor=command.executor, target_on=target_on)
    if command.reason is None:
        raise ReasonMissing
    return RequestReassigned(unit=command.unit, executor=command.executor, target_on=target_on, reason=command.reason)


def _redirected(
    request: Request, command: Redirect, today: date, rules: Rules, by: Staff
) -> RequestRedirected | CompetentBodyUnknownReported:
    _may(fact := RequestRedirected if command.to_body else CompetentBodyUnknownReported, request, by)
    in_time(fact, request, today, rules)
    if command.to_body is None:
        return CompetentBodyUnknownReported(explanation=command.explanation)
    return RequestRedirected(to_body=command.to_body, forwarded_on=today, explanation=command.explanation)


def _extended(request: Request, command: ExtendDeadline, today: date, rules: Rules) -> DeadlineExtended:
    if request.extended:
        raise AlreadyExtended
    latest = latest_due(request, rules)
    if request.due_on is None or latest is None:
        raise TransitionForbidden(request.status)
    in_time(DeadlineExtended, request, today, rules)
    if not (request.due_on < command.new_due <= latest and rules.is_working(command.new_due)):
        raise ExtensionWrong(latest)
    return DeadlineExtended(old_due=request.due_on, new_due=command.new_due, reason=command.reason, rule_version=rules.terms.version)


def _merged(case: Case, command: Merge) -> RequestMerged:
    into = case.into
    if into is None or into.request_id == case.request_id or into.client_id is None or into.client_id != case.client_id:
        raise MergeWrong
    if into.request.reg_no is None or into.request.status not in REGISTERED_AND_OPEN:
        raise MergeWrong
    return RequestMerged(into=into.request_id, into_no=into.request.reg_no, reason=command.reason)


def _with_status(before: Request, fact: RequestEvent, on: date, how: Telling) -> list[Event]:
    """The person is told when what they see changes, and of a term that moves."""
    request = evolve(before, fact)
    to = becomes(type(fact), request.status)
    mark = MARKS.get(type(fact)) or (Mark.RECOMPUTED if request.due_on != before.due_on else None)
    explanation = _explanation(request, fact, on)
    visible = mark is not None or (not isinstance(fact, UNTOLD) and statuses.TITLES[to] != statuses.TITLES[request.status])
    return [fact, status_changed(request, to, explanation, how, visible=visible, template=mark or "")]


def _explanation(request: Request, fact: RequestEvent, on: date) -> str:  # noqa: C901 - one case for each fact
    due = request.due_on
    match fact:
        case RequestNotConsidered():
            return statuses.not_considered(fact.ground)
        case RequestClassified():
            return statuses.classified(due)
        case AppealRouteExplained():
            return statuses.explained(fact.act, fact.how)
        case RequestRedirected():
            return statuses.redirected(fact.to_body, on, fact.explanation)
        case CompetentBodyUnknownReported():
            return statuses.body_unknown(fact.explanation)
        case ClarificationRequested():
            return statuses.asked(fact.question, fact.wait_until, due)
        case DeadlineExtended():
            return statuses.extended(fact.old_due, fact.new_due, fact.reason)
        case LetterPosted():
            return statuses.posted(fact.out_no, fact.posted_on, fact.tracking_no)
        case RequestMerged():
            return statuses.merged(fact.into_no)
        case RequestWithdrawn():
            return statuses.withdrawn()
        case RequestChannelsChanged():
            return statuses.channel_changed(fact.override, used=fact.email is not None)
        case RequestAdditionalChannelChanged():
            return statuses.channel_changed(fact.override, used=fact.additional is not None)
        case _:
            return ""  # of our own affairs the person is told nothing
