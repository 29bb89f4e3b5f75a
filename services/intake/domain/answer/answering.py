"""How an answer comes about: written in the unit, checked by another, approved by the head, and sent as it was approved (A-3.6, N-9)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, Final, assert_never

from libs.chassis.access.roles import NotAllowed, Staff
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_answers import (
    AnswerSent,
    DraftApproved,
    DraftChecked,
    DraftPrepared,
    DraftReturned,
    DraftSubmitted,
    LetterPosted,
    RefusalIssued,
)
from libs.events.vocabulary import AnswerScope, RefusalGround, Status
from services.intake import statuses
from services.intake.domain.acceptance import Rules
from services.intake.domain.answer.commands import (
    ApproveDraft,
    CheckDraft,
    DraftCommand,
    PrepareDraft,
    RecordPosting,
    ReturnDraft,
    SubmitDraft,
)
from services.intake.domain.answer.draft import Content, Draft, DraftEvent
from services.intake.domain.answer.grounds import APPEAL_ORDER
from services.intake.domain.answer.paper import sections
from services.intake.domain.authority.texts import gaps_in
from services.intake.domain.register import Register, written
from services.intake.domain.request import Request

FACT_OF: Final[Mapping[type[DraftCommand], type[DraftEvent]]] = {
    PrepareDraft: DraftPrepared,
    CheckDraft: DraftChecked,
    SubmitDraft: DraftSubmitted,
    ReturnDraft: DraftReturned,
    ApproveDraft: DraftApproved,
}
STATUS_OF: Final = {
    AnswerScope.FULL: Status.ANSWERED,
    AnswerScope.PARTIAL: Status.ANSWERED_PARTIALLY,
    AnswerScope.REFUSAL: Status.REFUSED,
}
Letter = AnswerSent | RefusalIssued


class NotYourUnit(NotAllowed):
    """Only the unit that has the request writes its answer (A-3.6.1)."""

    code = "not-your-unit"
    says = "Ответ готовит подразделение, которому передан запрос. Если отвечать должно ваше, попросите регистратора передать запрос вам."


class DraftIncomplete(Refusal):
    """An answer of this scope or form needs this field."""

    code = "draft-incomplete"
    status = 400
    says = "В проекте ответа не хватает обязательного поля."
    field: ClassVar[str] = ""

    def extras(self) -> Mapping[str, object]:
        return {"field": self.field}


class TextMissing(DraftIncomplete):
    """What is given is not written."""

    code = "answer-text-missing"
    says = "Напишите текст ответа."
    field = "text"


class WithheldMissing(DraftIncomplete):
    """A partial answer says what it leaves out (N-9.2)."""

    code = "withheld-missing"
    says = "Напишите, какие сведения не предоставляются."
    field = "withheld"


class GroundMissing(DraftIncomplete):
    """A refusal has a ground of the closed list (N-9.3)."""

    code = "ground-missing"
    says = "Выберите основание отказа."
    field = "refusal_ground"


class MotiveMissing(DraftIncomplete):
    """A refusal says why (N-9.3)."""

    code = "motive-missing"
    says = "Объясните, почему в сведениях отказано: отказ без мотива незаконен."
    field = "motive"


class GapLeft(DraftIncomplete):
    """A gap of a ready-made text was not filled: the person would read {name}."""

    code = "placeholder-left"
    says = "В тексте осталась вставка в фигурных скобках. Замените её словами."
    field = "text"


class ActMissing(DraftIncomplete):
    """Whoever cites restricted access names the act that restricts it (8-FZ art. 19)."""

    code = "restricting-act-missing"
    says = "Укажите вид, название, номер и дату акта, которым ограничен доступ."
    field = "restricting_act"


class FormReasonMissing(DraftIncomplete):
    """The person asked for another form and must be told why they get this one (N-6.2)."""

    code = "form-reason-missing"
    says = "Клиент просил ответить в другой форме. Напишите, почему это невозможно."
    field = "form_reason"


class NothingRefused(Refusal):
    """A full answer has no ground of a refusal."""

    code = "nothing-refused"
    status = 400
    says = "Полный ответ ни в чём не отказывает. Уберите основание отказа или выберите частичный ответ."


class RefusalGivesNothing(Refusal):
    """Where a text is given it is an answer in part."""

    code = "refusal-gives-nothing"
    status = 400
    says = "В отказе нет ни текста ответа, ни файлов. Перенесите текст в мотив или выберите частичный ответ."


class RestrictedNeedsAct(Refusal):
    """Where a file does not leave, something is refused: for restricted access, by an act (N-6.3)."""

    code = "restricted-needs-act"
    status = 400
    says = "Файл ограниченного доступа не уходит, поэтому ответ не полный. Выберите частичный ответ или отказ и укажите основание и акт."


class FileTwice(Refusal):
    """One file stands in the answer once."""

    code = "file-twice"
    status = 400
    says = "Один и тот же файл приложен дважды. Оставьте его один раз."


class AuthorChecks(Refusal):
    """Who wrote a draft does not check it (A-2.1.3)."""

    code = "author-checks"
    says = "Проект проверяет не тот, кто его написал. Попросите коллегу."


class NotChecked(Refusal):
    """Nobody has checked this version yet."""

    code = "draft-not-checked"
    says = "Этот проект ещё никто не проверил. Отправить его руководителю можно после проверки."


class AlreadyChecked(Refusal):
    """This version has been checked."""

    code = "draft-already-checked"
    says = "Этот проект уже проверен."


class DraftChanged(Refusal):
    """The version that was read is not the last one."""

    code = "draft-changed"
    says = "Проект изменился, пока вы его читали. Прочитайте новый и повторите."


class DraftDamaged(Refusal):
    """What is kept is not what was approved: nothing is sent."""

    code = "draft-damaged"
    says = "Текст отличается от согласованного, поэтому не отправлен. Сообщите администратору и подготовьте проект заново."


class NothingToPost(Refusal):
    """The answer is an electronic one, or its letter was posted already."""

    code = "nothing-to-post"
    says = "По этому запросу отмечать нечего: ответ дан не на бумаге или письмо уже отмечено."


class PostingDayWrong(Refusal):
    """A letter is posted between the day of the answer and today."""

    code = "posting-day-wrong"
    status = 400
    says = "Письмо не могли отправить раньше дня ответа или позже сегодняшнего дня. Проверьте день."


def posted(request: Request, command: RecordPosting, today: date) -> LetterPosted:
    """The letter that left last is with the post. Raises `NothingToPost`, `PostingDayWrong`."""
    if not request.awaits_post or request.letter is None:
        raise NothingToPost
    if not request.letter.sent_on <= command.posted_on <= today:
        raise PostingDayWrong
    return LetterPosted(out_no=request.letter.out_no, posted_on=command.posted_on, tracking_no=command.tracking_no)


def drafted(request: Request, command: DraftCommand, by: Staff) -> DraftEvent:
    """What a command makes of the draft, where role and status allow it. Raises the refusals of this module."""
    match command:
        case PrepareDraft():
            return _prepared(request, command, by)
        case CheckDraft():
            return _checked(_read(request, command.sha256), by)
        case SubmitDraft():
            return _submitted(_last(request))
        case ReturnDraft():
            return DraftReturned(number=_last(request).number, remarks=command.remarks)
        case ApproveDraft():
            draft = _read(request, command.sha256)
            return DraftApproved(number=draft.number, sha256=draft.sha256, head=by.id, bound_to=draft.content.sha256)
        case _:
            assert_never(command)


def letters(request: Request, register: Register, rules: Rules, on: date) -> Sequence[Letter]:
    """The answer as it leaves, under the next outgoing number: what is given, what is refused, or both in one letter (N-9.2)."""
    draft = _last(request)
    if not draft.as_approved:
        raise DraftDamaged
    content, number = draft.content, register.next_number
    outgoing = {
        "out_no": written(rules.out_index, number, register.year),
        "journal": register.journal,
        "year": register.year,
        "out_number": number,
        "sent_on": on,
        "draft": draft.number,
        "sha256": draft.sha256,
        "form": content.form,
        "signatory": rules.signatory,
        "body": rules.body,
        "postal_address": rules.postal_address,
        "scope": content.scope,
    }
    given = [] if content.scope is AnswerScope.REFUSAL else [AnswerSent.model_validate(outgoing)]
    if content.scope is AnswerScope.FULL:
        return given
    why = {
        "ground": content.refusal_ground,
        "motive": content.motive,
        "restricting_act": content.restricting_act,
        "appeal_order": APPEAL_ORDER,
    }
    return [*given, RefusalIssued.model_validate(outgoing | why)]


def explanation(content: Content, letter: Letter) -> str:
    """What the person is told beside the text of the answer."""
    reasons = [part.text for part in sections(content) if part.title]
    files = [statuses.enclosed([file.name for file in content.given])] if content.given else []
    return "\n\n".join([statuses.sent(letter.out_no, letter.sent_on), *files, *reasons])


def _prepared(request: Request, command: PrepareDraft, by: Staff) -> DraftPrepared:
    if by.unit is None or by.unit != request.unit:
        raise NotYourUnit
    content = Content._make(getattr(command, name) for name in Content._fields)
    _check_complete(content, request)
    return DraftPrepared(number=len(request.drafts) + 1, author=by.id, unit=by.unit, sha256=content.sha256, **content._asdict())


def _check_complete(content: Content, request: Request) -> None:
    refuses = content.scope is not AnswerScope.FULL
    if not refuses and (content.refusal_ground or content.withheld or content.motive):
        raise NothingRefused
    if content.scope is AnswerScope.REFUSAL and (content.text or content.given):
        raise RefusalGivesNothing
    if len({file.upload_id for file in content.files}) < len(content.files):
        raise FileTwice
    if len(content.given) < len(content.files) and not (refuses and content.refusal_ground is RefusalGround.RESTRICTED):
        raise RestrictedNeedsAct
    wanted: list[tuple[bool, type[DraftIncomplete]]] = [
        (content.scope is not AnswerScope.REFUSAL and not content.text, TextMissing),
        (bool(gaps_in(content.text)), GapLeft),
        (content.scope is AnswerScope.PARTIAL and not content.withheld, WithheldMissing),
        (refuses and content.refusal_ground is None, GroundMissing),
        (refuses and not content.motive, MotiveMissing),
        (content.refusal_ground is RefusalGround.RESTRICTED and not content.restricting_act, ActMissing),
        (request.wanted_form not in (None, content.form) and not content.form_reason, FormReasonMissing),
    ]
    for lacking, refusal in wanted:
        if lacking:
            raise refusal


def _checked(draft: Draft, by: Staff) -> DraftChecked:
    if draft.author in (by.id, by.works_as):
        raise AuthorChecks
    if draft.checker is not None:
        raise AlreadyChecked
    return DraftChecked(number=draft.number, sha256=draft.sha256, checker=by.id)


def _submitted(draft: Draft) -> DraftSubmitted:
    if draft.checker is None:
        raise NotChecked
    return DraftSubmitted(number=draft.number)


def _read(request: Request, sha256: str) -> Draft:
    """The last version, which must be the one that was read."""
    draft = _last(request)
    if draft.sha256 != sha256:
        raise DraftChanged
    return draft


def _last(request: Request) -> Draft:
    if not request.drafts:
        raise DraftChanged
    return request.drafts[-1]
