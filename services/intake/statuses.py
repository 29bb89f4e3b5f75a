"""Statuses in the person's words: a title and an explanation that says what happens next (A-2.1.4)."""

from datetime import date
from functools import lru_cache

from babel.dates import format_date

from libs.events.vocabulary import Flag, Status

TITLES = {
    Status.RECEIVED: "принят",
    Status.REGISTERED: "зарегистрирован",
    Status.NOT_CONSIDERED: "оставлен без рассмотрения",
    Status.NOT_A_REQUEST: "не запрос",
    Status.CLASSIFIED: "в работе",
    Status.EXPLAINED: "разъяснён порядок подачи",
    Status.ASSIGNED: "в работе",
    Status.REDIRECTED: "переадресован",
    Status.AWAITING_CLARIFICATION: "нужно уточнение",
    Status.DRAFTING: "в работе",
    Status.ON_APPROVAL: "в работе",
    Status.APPROVED: "в работе",
    Status.ANSWERED: "ответ дан",
    Status.ANSWERED_PARTIALLY: "ответ дан частично",
    Status.REFUSED: "отказано",
    Status.WITHDRAWN: "отозван",
    Status.MERGED: "объединён с другим запросом",
    Status.CLOSED: "завершён",
    Status.EXPIRED: "срок хранения истёк",
}
LACKS = {
    Flag.NO_NAME: "фамилию, имя и отчество или название организации",
    Flag.NO_CONTACT: "адрес электронной почты, телефон или почтовый адрес для ответа",
    Flag.NO_QUESTION: "какую информацию вы хотите получить",
}


@lru_cache(maxsize=128)
def day(on: date) -> str:
    """«14 декабря 2026 года»."""
    return f"{format_date(on, 'd MMMM y', locale='ru')} года"


def registered(reg_no: str, on: date, due: date) -> str:
    return f"Запрос зарегистрирован {day(on)} под номером {reg_no}. Ответ будет дан не позднее {day(due)}."


def received(lacks: tuple[Flag, ...]) -> str:
    """What is still needed before the message gets a number, or that the registrar will look at it."""
    wanted = [LACKS[flag] for flag in lacks if flag in LACKS]
    if not wanted:
        return "Сообщение принято. Регистрационный номер ему присвоит сотрудник в течение трёх дней."
    return f"Сообщение принято, но номер пока не присвоен. Чтобы мы могли ответить, укажите {'; '.join(wanted)}."
