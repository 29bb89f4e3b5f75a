"""The settings in words: sections, what is still to be done and where, what each decision says, why a trial letter was not sent."""

import re
from collections.abc import Mapping
from typing import Final, assert_never

from libs.events.contracts.authority_events import (
    Audience,
    DayDeclared,
    PointClosed,
    PointSet,
    ProfileSet,
    Regime,
    RequestTypeClosed,
    RequestTypeSet,
    TextBlockApproved,
    TextBlockClosed,
    TextBlockWritten,
    TopicClosed,
    TopicSet,
    TrialLetterAsked,
    TrialLetterEnded,
    UnitClosed,
    UnitSet,
)
from libs.events.vocabulary import Card
from services.intake.domain.authority.decided import AuthorityEvent
from services.intake.domain.authority.listings import Listing, listing_of
from services.intake.domain.authority.unfinished import Step

SETTINGS: Final = "/desk/settings"
PROFILE: Final = f"{SETTINGS}/profile"
MAIL: Final = f"{SETTINGS}/mail"
ACCOUNTS: Final = "/desk/accounts"

LISTS: Final = {
    Listing.TOPICS: "Темы запросов",
    Listing.UNITS: "Подразделения",
    Listing.TYPES: "Типы запросов",
    Listing.POINTS: "Точки взаимодействия",
}
ABOUT: Final = {
    Listing.TOPICS: "О чём спрашивают. По теме система предлагает подразделения, которые ею занимаются.",
    Listing.UNITS: "Кому передают запросы. Подразделение получает запросы только по отмеченным темам.",
    Listing.TYPES: "Чем запрос является и по какому закону его рассматривают. Срок можно только сократить.",
    Listing.POINTS: "Где обращаются: каждый телефон, приёмная, страница. Сообщение не из перечня сохраняется как «иное».",
}
CARDS = {
    Card.PHONE: "сотрудник записывает звонок",
    Card.RECEPTION: "сотрудник записывает приём",
    Card.POST: "сотрудник регистрирует письмо",
}
BY_ITSELF = "приходит само"
AUDIENCES: Final = {
    Audience.EXTERNAL: "для внешних клиентов",
    Audience.INTERNAL: "для внутренних клиентов",
    Audience.BOTH: "для всех клиентов",
}
REGIMES: Final = {
    Regime.INFORMATION: "8-ФЗ, доступ к информации",
    Regime.APPEAL: "59-ФЗ, обращения граждан",
    Regime.NONE: "не по этим законам",
}
STEPS: Final[Mapping[Step, tuple[str, str]]] = {
    Step.NAME: ("Указать полное наименование: без него письма клиентам ждут отправки", f"{PROFILE}#name"),
    Step.SHORT_NAME: ("Указать краткое наименование", f"{PROFILE}#short_name"),
    Step.ACT: ("Указать порядок, которым утверждены правила, с датой и номером", f"{PROFILE}#act"),
    Step.POSTAL_ADDRESS: ("Указать почтовый адрес", f"{PROFILE}#postal_address"),
    Step.PHONES: ("Указать телефоны для справок", f"{PROFILE}#phones"),
    Step.HOURS: ("Указать часы работы", f"{PROFILE}#hours"),
    Step.SIGNATORY: ("Указать, кто подписывает письма", f"{PROFILE}#signatory"),
    Step.TOPICS: ("Добавить темы запросов", f"{SETTINGS}/topics"),
    Step.UNITS: ("Добавить подразделения", f"{SETTINGS}/units"),
    Step.UNIT_WITHOUT_TOPIC: ("Отметить темы подразделению, у которого их нет", f"{SETTINGS}/units"),
    Step.TOPIC_WITHOUT_UNIT: ("Назначить подразделение теме, которой никто не занимается", f"{SETTINGS}/units"),
    Step.TYPES: ("Добавить типы запросов", f"{SETTINGS}/types"),
    Step.POINTS: ("Добавить точки взаимодействия", f"{SETTINGS}/points"),
    Step.REGISTRAR: ("Открыть учётную запись регистратора", ACCOUNTS),
    Step.EXECUTOR: ("Открыть учётную запись исполнителя", ACCOUNTS),
    Step.HEAD: ("Открыть учётную запись руководителя", ACCOUNTS),
    Step.MAIL: ("Проверить почтовый сервер пробным письмом", MAIL),
}
TITLES: Final = {
    DayDeclared: "День календаря",
    ProfileSet: "Сведения об органе власти",
    UnitSet: "Подразделение",
    UnitClosed: "Подразделение закрыто",
    TopicSet: "Тема",
    TopicClosed: "Тема закрыта",
    RequestTypeSet: "Тип запросов",
    RequestTypeClosed: "Тип запросов закрыт",
    PointSet: "Точка взаимодействия",
    PointClosed: "Точка взаимодействия закрыта",
    TextBlockWritten: "Заготовка ответа",
    TextBlockApproved: "Заготовка ответа одобрена",
    TextBlockClosed: "Заготовка ответа закрыта",
    TrialLetterAsked: "Пробное письмо запрошено",
    TrialLetterEnded: "Итог пробного письма",
}
_RELAY_ANSWERED: Final = re.compile(r"smtp-(\d{3})(?:-(\d\.\d{1,3}\.\d{1,3}))?")
_REASONS: Final = {
    "relay-gone": "почтовый сервер не отвечает или прервал связь: проверьте его адрес и порт",
    "relay-silent": "почтовый сервер слишком долго молчит: проверьте его адрес, порт и вид защиты",
    "bad-address": "по этому адресу письмо отправить нельзя: проверьте его",
    "unsafe-header": "наименование органа власти не помещается в письмо: сократите его",
    "no-answer": "почтовый сервер принял письмо, но не подтвердил этого: проверьте, пришло ли оно",
    "smtputf8-not-supported": "почтовый сервер не принимает адресов не из латинских букв",
}


def said(event: AuthorityEvent, titles: Mapping[Listing, Mapping[str, str]]) -> str:  # noqa: C901 - one case for each fact
    """What was decided, for the list of decisions."""
    match event:
        case DayDeclared():
            return f"{event.day:%d.%m.%Y}: {'рабочий' if event.working else 'выходной'} день. {event.decree}"
        case ProfileSet():
            return "; ".join(
                part for part in (event.name, event.act, event.postal_address, *event.phones, event.hours, event.signatory) if part
            )
        case UnitSet():
            topics = ", ".join(titles[Listing.TOPICS].get(code, code) for code in event.topics)
            return f"{event.title}. Темы: {topics}" if topics else f"{event.title}, без тем"
        case TopicSet():
            return event.title
        case RequestTypeSet():
            return f"{event.title}: {REGIMES[event.regime]}" + (f", срок {event.answer_days} дней" if event.answer_days else "")
        case PointSet():
            return "; ".join(
                part
                for part in (
                    f"{event.title}: {AUDIENCES[event.kind]}",
                    event.where,
                    CARDS[event.card] if event.card else "",
                    event.act,
                    standing(event),
                )
                if part
            )
        case UnitClosed() | TopicClosed() | RequestTypeClosed() | PointClosed():
            return titles[listing_of(event)].get(event.code, event.code)
        case TextBlockWritten():
            return event.title
        case TextBlockApproved() | TextBlockClosed():
            return event.code
        case TrialLetterAsked():
            return event.address
        case TrialLetterEnded():
            return "Письмо принято почтовым сервером" if event.sent else f"Не отправлено: {why_not_sent(event.reason)}"
        case _:
            assert_never(event)


def standing(point: PointSet) -> str:
    """From when until when a point is on the list."""
    since = f"с {point.since:%d.%m.%Y}" if point.since else ""
    until = f"по {point.until:%d.%m.%Y}" if point.until else ""
    return f"{since} {until}".strip()


def why_not_sent(reason: str | None) -> str:
    """The mail server's answer by its codes; its words may name a person, so they are not kept."""
    answered = _RELAY_ANSWERED.fullmatch(reason or "")
    if answered:
        return f"почтовый сервер отказал, код {' '.join(code for code in answered.groups() if code)}"
    return _REASONS.get(reason or "", reason or "причина неизвестна")
