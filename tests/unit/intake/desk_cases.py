"""Requests at every status, a command for every transition, and who decides them: for the tests of the desk's rules."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from libs.chassis.access.roles import Role, Staff
from libs.events.contracts.intake_answers import (
    AnswerSent,
    DraftApproved,
    DraftChecked,
    DraftPrepared,
    DraftReturned,
    DraftSubmitted,
    LetterPosted,
)
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
    RequestStatusChanged,
    RequestWithdrawn,
)
from libs.events.fact import Event
from libs.events.vocabulary import (
    AnswerScope,
    AskedBy,
    Classification,
    ClientKind,
    Contacts,
    PowersOutcome,
    PowersPaper,
    Sender,
    Status,
    Urgency,
    WantedForm,
)
from services.intake.domain.answer.commands import (
    AnswerCommand,
    ApproveDraft,
    CheckDraft,
    PrepareDraft,
    RecordPosting,
    ReturnDraft,
    SubmitDraft,
)
from services.intake.domain.answer.draft import Content
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
from services.intake.domain.desk import Case, decide
from services.intake.domain.request import Request, replayed
from services.intake.domain.telling import Telling
from services.intake.transitions import IN_HANDS, SENT
from tests.examples import NOW, REQUEST_ID, received, registered, some_id, told_registered
from tests.spec import Spec
from tests.unit.intake.desk import RULES

TELLING = Telling(confirmed=False, confirm_token="token")
CLIENT = some_id("client")
OTHER = some_id("the other request")
ABOUT_LAND = Classification(type="information", topic="land", urgency=Urgency.ORDINARY, unit="land")
APPEAL = ABOUT_LAND.model_copy(update={"type": "appeal"})
NEW_DUE = date(2026, 12, 30)
registrar, executor, checker, head, operator = (
    Staff(id=f"{role}-1", roles=frozenset((role,)), unit="office")
    for role in (Role.REGISTRAR, Role.EXECUTOR, Role.CHECKER, Role.HEAD, Role.OPERATOR)
)
everybody = Staff(id="everybody", roles=frozenset(Role), unit="office")

set_aside = SetAside(command="set-aside", reason="Реклама.")
take_up = TakeUp(command="take-up", reason="Это вопрос о лесе.")
no_contact = LeaveUnconsidered(command="leave-unconsidered", ground="no-contact")
classify = Classify(
    command="classify", type="information", topic="land", urgency=Urgency.ORDINARY, unit="land", client_kind=ClientKind.CITIZEN
)
explain = ExplainRoute(command="explain-route", how="Подайте обращение через портал Госуслуг.")
assign = Assign(command="assign", unit="land", executor="account-9", reason="Отпуск исполнителя.")
redirect = Redirect(command="redirect", to_body="Кадастровая палата", explanation="Сведениями располагает она.")
nobody_knows = Redirect(command="redirect", to_body=None, explanation="Такими сведениями мы не располагаем.")
ask = AskClarification(command="ask-clarification", question="О каком участке идёт речь?")
extend = ExtendDeadline(command="extend-deadline", new_due=NEW_DUE, reason="Нужны сведения архива.")
merge = Merge(command="merge", into=OTHER, reason="Тот же вопрос.")
withdraw = Withdraw(command="withdraw")
call_me = OverrideChannel(
    command="override-channel", channel="phone", address="+7 913 000-00-09", asked=AskedBy.PHONE, reason="Сменила номер."
)
write_me = OverrideChannel(
    command="override-channel", channel="email", address="new@example.ru", asked=AskedBy.RECEPTION, reason="Почту читает чаще."
)
check_powers = CheckPowers(
    command="check-powers", outcome=PowersOutcome.CONFIRMED, name="ООО «Лес»", paper=PowersPaper.POWER_OF_ATTORNEY, number="17"
)
ANSWER = Content(scope=AnswerScope.FULL, form=WantedForm.ELECTRONIC, text="Участок сдают по итогам торгов.")
prepare = PrepareDraft(command="prepare-draft", **{**ANSWER._asdict(), "text": "Участок сдают по итогам торгов, порядок — на сайте."})
check = CheckDraft(command="check-draft", sha256=ANSWER.sha256)
submit = SubmitDraft(command="submit-draft")
give_back = ReturnDraft(command="return-draft", remarks="Сошлитесь на закон.")
post = RecordPosting(command="record-posting", posted_on=NOW.date(), tracking_no="80080012345678")
approve = ApproveDraft(command="approve-draft", sha256=ANSWER.sha256)

COMMANDS: dict[str, tuple[Decided | AnswerCommand, type[Event]]] = {
    "leave-unconsidered": (no_contact, RequestNotConsidered),
    "set-aside": (set_aside, MessageSetAside),
    "take-up": (take_up, MessageTakenUp),
    "classify": (classify, RequestClassified),
    "explain-route": (explain, AppealRouteExplained),
    "assign": (assign, RequestAssigned),
    "assign-again": (assign, RequestReassigned),
    "redirect": (redirect, RequestRedirected),
    "redirect-nobody-knows": (nobody_knows, CompetentBodyUnknownReported),
    "ask-clarification": (ask, ClarificationRequested),
    "extend-deadline": (extend, DeadlineExtended),
    "merge": (merge, RequestMerged),
    "withdraw": (withdraw, RequestWithdrawn),
    "override-channel": (call_me, RequestAdditionalChannelChanged),
    "override-email": (write_me, RequestChannelsChanged),
    "check-powers": (check_powers, PowersChecked),
    "prepare-draft": (prepare, DraftPrepared),
    "check-draft": (check, DraftChecked),
    "submit-draft": (submit, DraftSubmitted),
    "return-draft": (give_back, DraftReturned),
    "approve-draft": (approve, DraftApproved),
    "record-posting": (post, LetterPosted),
}
WRITTEN = frozenset((Status.DRAFTING, Status.ON_APPROVAL, Status.APPROVED))
NAMELESS = received.model_copy(update={"sender": Sender(), "contacts": Contacts()})


def status(to: Status) -> RequestStatusChanged:
    return told_registered.model_copy(update={"to_status": to, "visible": False})


def approved(content: Content) -> DraftApproved:
    return DraftApproved(number=1, sha256=content.sha256, head=head.id, bound_to=content.sha256)


def sorted_as(classification: Classification) -> RequestClassified:
    return RequestClassified(classification=classification, client_kind=ClientKind.CITIZEN)


def facts_before(now: Status, *, reassigned: bool = False, checked: bool = True) -> list[Event]:
    """How a request may have come to this status, ready for every command of it; a draft is `checked` or waits for that."""
    if now in (Status.RECEIVED, Status.NOT_A_REQUEST, Status.NOT_CONSIDERED):
        return [NAMELESS, status(now)]
    past: list[Event] = [received, registered, told_registered]
    if now is not Status.REGISTERED:
        past.append(sorted_as(APPEAL))
    if now in IN_HANDS | WRITTEN or reassigned:
        past.append(RequestAssigned(unit="office"))
    if now in WRITTEN:
        past += drafted(checked=checked)
    if now is Status.APPROVED:
        past.append(approved(ANSWER))
    if now in SENT:
        past += on_paper()
    return [*past, status(now)]


def on_paper() -> list[Event]:
    """An answer that left on paper, and that nobody has taken to the post yet."""
    content = ANSWER._replace(form=WantedForm.WRITTEN)
    told = {
        "out_no": "ИСХ-1/2026",
        "journal": "outgoing",
        "year": 2026,
        "out_number": 1,
        "sent_on": NOW.date(),
        "signatory": "И. И. Пробный",
    }
    letter = AnswerSent.model_validate(told | {"draft": 1, "sha256": content.sha256, "form": content.form, "scope": content.scope})
    return [*drafted(content), letter]


def drafted(content: Content = ANSWER, *, author: str = "executor-1", checked: bool = True) -> list[Event]:
    """The first version of an answer."""
    prepared = DraftPrepared(number=1, author=author, unit="office", sha256=content.sha256, **content._asdict())
    return [prepared, DraftChecked(number=1, sha256=content.sha256, checker="checker-1")] if checked else [prepared]


def case_of(request: Request) -> Case:
    """With another open request of the same client beside it."""
    other = replayed([(fact, NOW) for fact in (received, registered, told_registered)])
    into = Case(request_id=OTHER, client_id=CLIENT, request=other._replace(reg_no="ЗИ-2/2026"))
    return Case(request_id=REQUEST_ID, client_id=CLIENT, request=request, into=into)


def case(now: Status, **changed: Any) -> Case:
    made = case_of(replayed([(fact, NOW) for fact in facts_before(now)]))
    return replace(made, **changed)


def by(who: Staff = registrar, *, days: int = 0) -> Spec[Event, Case, Decided | AnswerCommand]:
    """The desk so many days after the registration."""
    at = NOW + timedelta(days=days)

    def replay(past: Any) -> Case:
        return case_of(replayed([(fact, NOW) for fact in past]))

    return Spec(replay, lambda before, command: decide(before, command, who, at, RULES, TELLING))
