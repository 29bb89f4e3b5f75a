"""An entry in words for staff who read the history of a client. Pure: codes that have no words here stay unsaid."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from libs.events.contracts.history_events import AttachmentKept
from libs.events.vocabulary import FileState
from services.history.domain.entries import Entry

# What an event is called, and its fields that hold what somebody said. Words of a message stand there, not again at its request.
TOLD: Final[dict[str, tuple[str, ...]]] = {
    "MessageReceived": ("Сообщение клиента", "text"),
    "MessageRevised": ("Исправленное сообщение клиента", "text"),
    "DeliveryReported": ("Канал сообщил о доставке",),
    "MessageAccepted": ("Сообщение принято",),
    "MessageRefused": ("Сообщение не принято", "explanation"),
    "ReplyHandedOver": ("Ответ отправлен в диалог", "text"),
    "RequestReceived": ("Начато дело по сообщению",),
    "RequestSupplemented": ("Сообщение дополнило запрос",),
    "RequestRevised": ("Текст запроса исправлен",),
    "RequestRegistered": ("Запрос зарегистрирован",),
    "RequestStatusChanged": ("Изменился статус запроса", "explanation"),
    "RequestChannelsChanged": ("Изменён адрес для уведомлений",),
    "RequestAdditionalChannelChanged": ("Изменён дополнительный канал",),
    "RequestEmailConfirmed": ("Клиент подтвердил адрес электронной почты",),
    "RequestNotConsidered": ("Запрос оставлен без рассмотрения",),
    "MessageSetAside": ("Отложено: не запрос", "reason"),
    "MessageTakenUp": ("Возвращено из отложенных", "reason"),
    "RequestClassified": ("Запрос классифицирован",),
    "AppealRouteExplained": ("Разъяснён порядок подачи", "how"),
    "RequestAssigned": ("Запрос передан исполнителю",),
    "RequestReassigned": ("Запрос передан другому исполнителю", "reason"),
    "RequestRedirected": ("Запрос переадресован", "to_body", "explanation"),
    "CompetentBodyUnknownReported": ("Сообщено, что компетентный орган неизвестен", "explanation"),
    "ClarificationRequested": ("Запрошено уточнение", "question"),
    "ClarificationReceived": ("Уточнение получено",),
    "ClarificationNotReceived": ("Уточнение не поступило",),
    "DeadlineApproaching": ("Срок подходит",),
    "DeadlineMissed": ("Срок пропущен",),
    "LetterPosted": ("Письмо с ответом сдано на почту", "tracking_no"),
    "DeadlineExtended": ("Срок продлён", "reason"),
    "DeadlineRecomputed": ("Срок пересчитан", "decree"),
    "RequestMerged": ("Запрос объединён с другим", "reason"),
    "RequestWithdrawn": ("Запрос отозван", "reason"),
    "DisclosureProvided": ("Сообщены сведения, обязательные к раскрытию",),
    "PhoneEnquiryAnswered": ("Ответ дан сразу, по телефону", "gist"),
    "OralConsultationGiven": ("Ответ дан сразу, на приёме", "gist"),
    "PersonalDataCorrected": ("Клиент исправил сведения о себе",),
    "PowersChecked": ("Проверены полномочия представителя", "reason"),
    "TrackingCodeAsked": ("Клиент попросил напомнить код",),
    "DraftPrepared": ("Подготовлен проект ответа", "text", "withheld", "motive"),
    "DraftChecked": ("Проект ответа проверен",),
    "DraftSubmitted": ("Проект ответа отправлен на согласование",),
    "DraftReturned": ("Проект ответа возвращён на доработку", "remarks"),
    "DraftApproved": ("Проект ответа согласован",),
    "AnswerSent": ("Ответ отправлен",),
    "RefusalIssued": ("В сведениях отказано", "motive"),
    "AttachmentExamined": ("Приложенный файл проверен",),
    "AttachmentReleased": ("Разрешено открыть файл без проверки", "reason"),
    "AttachmentHandedOver": ("Файл передан в историю",),
    "AttachmentKept": ("Файл сохранён в истории",),
    "AttachmentNotKept": ("Файл не удалось сохранить в истории, его передадут снова",),
    "HistoricalRequestImported": ("Запрос перенесён из прежнего реестра", "subject"),
    "HistoricalEntryImported": ("Запись прежнего реестра", "what"),
    "ClientIdentified": ("Клиент записан", "name"),
    "ContactConfirmed": ("Контакт подтверждён", "address"),
    "ClientIdentitiesLinked": ("Записи одного человека объединены", "basis"),
    "ClientIdentitiesUnlinked": ("Записи разных людей разъединены", "basis"),
    "RepresentativeEmpowered": ("Полномочия представителя подтверждены",),
    "RepresentativeDismissed": ("Полномочия представителя отозваны", "reason"),
    "NotificationQueued": ("Уведомление подготовлено",),
    "NotificationSent": ("Уведомление отправлено",),
    "NotificationDelivered": ("Уведомление доставлено",),
    "NotificationFailed": ("Уведомление не отправлено",),
}
BEGUN: Final = "RequestReceived"
OTHER: Final = "Другое событие"
KEPT: Final = AttachmentKept.type_name()
ACTORS: Final = {
    "client": "клиент",
    "registrar": "регистратор",
    "executor": "исполнитель",
    "checker": "проверяющий",
    "head": "руководитель",
    "operator": "оператор приёма",
    "administrator": "администратор",
}
CHANNELS: Final = {
    "site": "сайт",
    "email": "электронная почта",
    "phone": "телефон",
    "post": "бумажное письмо",
    "desk": "приём сотрудниками",
}
NUMBERS: Final = ("reg_no", "reference", "foreign_no")


class Line(NamedTuple):
    """`files`: names of what was attached; `kept`: the file of that name that history gives, `unscanned`: nobody called it clean;
    `destroyed`: what was said can't be opened any more.
    """

    at: datetime
    title: str
    said: tuple[str, ...]
    files: tuple[str, ...]
    kept: str | None
    unscanned: bool
    who: str
    channel: str
    request_id: str | None
    destroyed: bool


def line_of(entry: Entry, payload: Mapping[str, Any], *, destroyed: bool, by_another: bool = False) -> Line:
    """`by_another`: a representative asked, whose messages are of their own history; then the request says their words."""
    title, *fields = TOLD.get(entry.type, (OTHER,))
    kept = _text(payload, "upload_id") if entry.type == KEPT and not destroyed else None
    if by_another and entry.type == BEGUN:
        fields = ["text"]
    return Line(
        at=entry.occurred_at,
        title=title,
        said=tuple(said for field in fields if isinstance(said := payload.get(field), str) and said.strip()),
        files=tuple(_files(payload)) if "text" in fields or kept else (),
        kept=kept,
        unscanned=kept is not None and payload.get("state") != FileState.CLEAN,
        who=ACTORS.get(entry.actor_role or "", ""),
        channel=CHANNELS.get(entry.channel or "", entry.channel or ""),
        request_id=entry.request_id,
        destroyed=destroyed and (bool(fields) or entry.type == KEPT),
    )


def numbers_of(entries: Sequence[tuple[Entry, Mapping[str, Any]]]) -> dict[str, str]:
    """What people call each request by, as far as these entries say: its register number, else its reference."""
    found: dict[str, dict[str, str]] = {}
    for entry, payload in entries:
        if entry.request_id is not None:
            said = {name: number for name in NUMBERS if isinstance(number := payload.get(name), str) and number}
            found.setdefault(entry.request_id, {}).update(said)
    return {request_id: next(said[name] for name in NUMBERS if name in said) for request_id, said in found.items() if said}


def _files(payload: Mapping[str, Any]) -> list[str]:
    attached = payload.get("attachments") or [payload.get("attachment")]
    named = [one for one in attached if isinstance(one, Mapping)] if isinstance(attached, list) else []
    return [name for one in named if (name := _text(one, "name")) is not None]


def _text(said: Mapping[str, Any], field: str) -> str | None:
    value = said.get(field)
    return value if isinstance(value, str) else None
