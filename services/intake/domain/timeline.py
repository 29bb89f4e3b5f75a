"""What happened to a request, in words for staff. Pure: facts in, lines out; codes stay codes, a page gives them their titles."""

from libs.events.contracts.intake_answers import (
    AnswerSent,
    DraftApproved,
    DraftChecked,
    DraftPrepared,
    DraftReturned,
    DraftSubmitted,
    LetterPosted,
    OralAnswer,
    OralConsultationGiven,
    PhoneEnquiryAnswered,
    RefusalIssued,
)
from libs.events.contracts.intake_requests import (
    AppealRouteExplained,
    AttachmentExamined,
    AttachmentReleased,
    ClarificationNotReceived,
    ClarificationReceived,
    ClarificationRequested,
    CompetentBodyUnknownReported,
    DeadlineApproaching,
    DeadlineExtended,
    DeadlineMissed,
    DeadlineRecomputed,
    DisclosureProvided,
    HistoricalEntryImported,
    HistoricalRequestImported,
    MessageSetAside,
    MessageTakenUp,
    PersonalDataCorrected,
    PowersChecked,
    RequestAdditionalChannelChanged,
    RequestAssigned,
    RequestChannelsChanged,
    RequestClassified,
    RequestEmailConfirmed,
    RequestMerged,
    RequestNotConsidered,
    RequestReassigned,
    RequestReceived,
    RequestRedirected,
    RequestRegistered,
    RequestRevised,
    RequestStatusChanged,
    RequestSupplemented,
    RequestWithdrawn,
    TrackingCodeAsked,
)
from libs.events.fact import Event
from libs.events.vocabulary import FileState, Term
from services.intake import statuses

TITLES: dict[type[Event], str] = {
    RequestReceived: "Поступило сообщение",
    RequestSupplemented: "Поступило дополнение",
    RequestRevised: "Текст прислан заново",
    RequestRegistered: "Запрос зарегистрирован",
    RequestStatusChanged: "Клиенту сообщено",
    RequestChannelsChanged: "Изменён адрес для уведомлений",
    RequestAdditionalChannelChanged: "Изменён дополнительный канал",
    RequestEmailConfirmed: "Клиент подтвердил адрес электронной почты",
    PersonalDataCorrected: "Клиент исправил свои данные",
    PowersChecked: "Полномочия представителя проверены",
    TrackingCodeAsked: "Попросили напомнить код проверки",
    RequestNotConsidered: "Оставлен без рассмотрения",
    MessageSetAside: "Отложено: не запрос",
    MessageTakenUp: "Возвращено из отложенных",
    RequestClassified: "Запрос классифицирован",
    AppealRouteExplained: "Разъяснён порядок подачи",
    RequestAssigned: "Передан исполнителю",
    RequestReassigned: "Передан другому исполнителю",
    RequestRedirected: "Переадресован",
    CompetentBodyUnknownReported: "Сообщено, что компетентный орган неизвестен",
    ClarificationRequested: "Запрошено уточнение",
    ClarificationReceived: "Уточнение получено",
    ClarificationNotReceived: "Уточнение не поступило",
    DeadlineApproaching: "Срок подходит",
    DeadlineMissed: "Срок пропущен",
    DeadlineExtended: "Срок продлён",
    DeadlineRecomputed: "Срок пересчитан",
    RequestMerged: "Объединён с другим запросом",
    RequestWithdrawn: "Отозван",
    DisclosureProvided: "Сообщены сведения, обязательные к раскрытию",
    PhoneEnquiryAnswered: "Ответ дан сразу, по телефону",
    OralConsultationGiven: "Ответ дан сразу, на приёме",
    AttachmentExamined: "Приложенный файл",
    AttachmentReleased: "Разрешено открыть файл без проверки",
    DraftPrepared: "Подготовлен проект ответа",
    DraftChecked: "Проект проверен",
    DraftSubmitted: "Проект отправлен на согласование",
    DraftReturned: "Проект возвращён на доработку",
    DraftApproved: "Проект согласован",
    AnswerSent: "Ответ отправлен",
    RefusalIssued: "В сведениях отказано",
    LetterPosted: "Письмо с ответом сдано на почту",
    HistoricalRequestImported: "Перенесён из прежнего реестра",
    HistoricalEntryImported: "Запись прежнего реестра",
}
WHAT_IS_DUE = {Term.REGISTRATION: "Зарегистрировать", Term.ANSWER: "Ответить"}
WHAT_WAS_DUE = {Term.REGISTRATION: "Запрос не зарегистрирован", Term.ANSWER: "Ответ не дан"}


def is_shown(fact: Event) -> bool:
    """A status that the person is not told follows from the fact before it, which says more; of a clean file nobody need read."""
    match fact:
        case RequestStatusChanged():
            return fact.visible
        case AttachmentExamined():
            return fact.state is not FileState.CLEAN
        case _:
            return True


def title(fact: Event) -> str:
    return TITLES[type(fact)]


def is_text(fact: Event) -> bool:
    """What the person themselves said."""
    return isinstance(fact, RequestReceived | RequestSupplemented | RequestRevised)


def said(fact: Event) -> str:  # noqa: C901 - one case for each fact that says something
    """Its text, or nothing where the title is all."""
    match fact:
        case RequestReceived() | RequestSupplemented() | RequestRevised():
            return fact.text
        case RequestRegistered():
            return f"№ {fact.reg_no}, ответить до {statuses.day(fact.due_on)}"
        case RequestStatusChanged():
            return fact.explanation
        case RequestRedirected() | CompetentBodyUnknownReported():
            return fact.explanation
        case ClarificationRequested():
            return fact.question
        case OralAnswer():
            return fact.gist
        case DraftPrepared() | DraftChecked() | DraftSubmitted() | DraftApproved():
            return f"Версия {fact.number}"
        case DraftReturned():
            return f"Версия {fact.number}. {fact.remarks}"
        case AnswerSent() | RefusalIssued():
            return f"№ {fact.out_no} от {statuses.day(fact.sent_on)}"
        case LetterPosted():
            return f"№ {fact.out_no}, {statuses.day(fact.posted_on)}{f', {fact.tracking_no}' if fact.tracking_no else ''}"
        case AppealRouteExplained():
            return fact.how
        case ClarificationNotReceived():
            return f"Ждали до {statuses.day(fact.wait_until)}. Запрос вернулся в работу."
        case DeadlineApproaching():
            return f"{WHAT_IS_DUE[fact.term]} до {statuses.day(fact.due_on)}: {statuses.days_left(fact.days_left)}"
        case DeadlineMissed():
            return f"{WHAT_WAS_DUE[fact.term]} до {statuses.day(fact.due_on)} включительно"
        case DeadlineRecomputed():
            return statuses.recomputed(fact.old_due, fact.new_due, statuses.declared(fact.day, fact.decree, working=fact.working))
        case DeadlineExtended():
            return f"До {statuses.day(fact.new_due)}. {fact.reason}"
        case RequestMerged():
            return f"№ {fact.into_no}. {fact.reason}"
        case MessageSetAside() | MessageTakenUp() | RequestReassigned() | RequestWithdrawn() | AttachmentReleased():
            return fact.reason or ""
        case RequestChannelsChanged() | RequestAdditionalChannelChanged():
            return f"{statuses.ASKED[fact.override.asked]} {fact.override.reason}" if fact.override else ""
        case AttachmentExamined():
            return f"{statuses.FILES[fact.state]}{f' ({fact.found})' if fact.found else ''}"
        case PersonalDataCorrected():
            return _corrected(fact)
        case PowersChecked():
            return statuses.powers(fact.outcome, fact.represented.name, fact.reason)
        case TrackingCodeAsked():
            return statuses.reminded(len(fact.notices))
        case HistoricalEntryImported():
            return fact.what
        case HistoricalRequestImported():
            return fact.subject or ""
        case _:
            return ""


def _corrected(fact: PersonalDataCorrected) -> str:
    """«Телефон: +7 913 000-00-02 (было: +7 913 000-00-01)», a line each."""
    new, old = fact.contacts, fact.previous_contacts
    lines = {
        "Имя": (fact.name, fact.previous_name),
        "Телефон": (new.phone, old.phone),
        "Почтовый адрес": (new.postal, old.postal),
    }
    return "\n".join(f"{what}: {now}{f' (было: {before})' if before else ''}" for what, (now, before) in lines.items() if now)
