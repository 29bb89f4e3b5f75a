"""Statuses in the person's words: a title and an explanation that says what happens next (A-2.1.4)."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

from babel import Locale
from babel.dates import format_date

from libs.events.vocabulary import AskedBy, FileState, Flag, Mark, Override, PowersOutcome, Status
from services.intake.deadlines import Reckoning, TermRules
from services.intake.production_calendar import Standing

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
GROUNDS = {  # 8-FZ art. 18 and 20(1)2
    "no-name": "в нём не указаны фамилия, имя или наименование организации, а анонимные запросы не рассматриваются",
    "no-contact": "в нём нет ни почтового адреса, ни адреса электронной почты, ни телефона, по которым можно ответить",
}
DAYS = {"one": "день", "few": "дня", "many": "дней", "other": "дня"}
WITHIN = ("в тот же день", "в течение одного дня", "в течение двух дней", "в течение трёх дней")  # the law has no longer term
APPEAL_ACT = "Федеральный закон от 02.05.2006 № 59-ФЗ"
LACKS = {
    Flag.NO_NAME: "фамилию, имя и отчество или название организации",
    Flag.NO_CONTACT: "адрес электронной почты, телефон или почтовый адрес для ответа",
    Flag.NO_QUESTION: "какую информацию вы хотите получить",
}
CHANNELS = {"email": "по электронной почте", "phone": "по телефону", "post": "бумажным письмом"}
ASKED = {
    AskedBy.PHONE: "Об этом попросили по телефону.",
    AskedBy.RECEPTION: "Об этом попросили на личном приёме.",
    AskedBy.POST: "Об этом попросили в письме.",
    AskedBy.MESSAGE: "Об этом попросили в сообщении.",
    AskedBy.REPRESENTATIVE: "Об этом попросил представитель.",
    AskedBy.NOBODY: "Прежним способом связаться не получилось.",
}


FILES = {  # of attachments, after the name of the file
    FileState.CLEAN: "проверен, вирусов нет",
    FileState.INFECTED: "найден вирус",
    FileState.UNSURE: "проверить на вирусы не удалось",
    FileState.UNCHECKED: "ещё не проверен на вирусы",
    FileState.MISSING: "не получен",
}
POWERS = {
    PowersOutcome.CONFIRMED: "Подтверждены",
    PowersOutcome.REFUSED: "Не подтверждены",
    PowersOutcome.WITHDRAWN: "Отозваны",
}
MARKS: dict[str, str] = {  # by template: what is told though the status stays
    Mark.EXTENDED: "срок продлён",
    Mark.RECOMPUTED: "срок перенесён",
    Mark.INFECTED: "в файле найден вирус",
    Mark.CHANNEL: "способ связи изменён",
    Mark.POSTED: "письмо отправлено",
}


@lru_cache(maxsize=128)
def day(on: date) -> str:
    """«14 декабря 2026 года»."""
    return f"{format_date(on, 'd MMMM y', locale='ru')} года"


def registered(reg_no: str, on: date, due: date) -> str:
    return f"Запрос зарегистрирован {day(on)} под номером {reg_no}. Ответ будет дан не позднее {day(due)}."


def received(lacks: tuple[Flag, ...], days: int) -> str:
    """What is still needed before the message gets a number, or in how many days the registrar gives it one; 0: on the day it came."""
    wanted = [LACKS[flag] for flag in lacks if flag in LACKS]
    if not wanted:
        return f"Сообщение принято. Регистрационный номер ему присвоит сотрудник {WITHIN[days]}."
    return f"Сообщение принято, но номер пока не присвоен. Чтобы мы могли ответить, укажите {'; '.join(wanted)}."


def why_due(term: Reckoning, rules: TermRules) -> str:
    """Why the answer is due on that day, as the days were counted (R-10)."""
    first = day(term.since + timedelta(days=1))
    told = f"Срок — {term.days} календарных дней ({rules.act}). Первый день — {first}, последний — {day(term.last)}."
    return f"{told} {moved(term.last, term.due)}".rstrip()


def moved(last: date, due: date) -> str:
    """Where a term went that ends on a day off; nothing when it stays."""
    if last == due:
        return ""
    where = "предыдущий" if due < last else "следующий"
    return f"Это нерабочий день, поэтому срок перенесён на {where} рабочий день: {day(due)}."


def clarified(due: date | None) -> str:
    return f"Уточнение получено, работа над запросом продолжается.{_by(due)}"


def not_clarified(until: date, due: date | None) -> str:
    told = f"Уточнение до {day(until)} не поступило, поэтому мы готовим ответ по тому, что вы уже сообщили."
    return f"{told}{_by(due)}"


def days_left(days: int) -> str:
    """«сегодня последний день», «остался 1 день», «осталось 3 дня»."""
    if days == 0:
        return "сегодня последний день"
    form = Locale("ru").plural_form(days)
    return f"{'остался' if form == 'one' else 'осталось'} {days} {DAYS[form]}"


def classified(due: date | None) -> str:
    return f"Запрос рассмотрен регистратором и передан в работу.{_by(due)}"


def answered_at_once() -> str:
    return "Ответ дан сразу, устно."


def asked(question: str, until: date, due: date | None) -> str:
    return f"Чтобы ответить, нам нужно уточнение: {_sentence(question)} Ответьте, пожалуйста, до {day(until)}.{_by(due)}"


def extended(old: date, new: date, reason: str) -> str:
    return f"Срок ответа продлён с {day(old)} до {day(new)}. Причина: {_sentence(reason)}"


def declared(on: date, decree: str, *, working: bool) -> str:
    return f"{day(on)} — {'рабочий' if working else 'нерабочий'} день: {_sentence(decree)}"


def recomputed(old: date, new: date, why: str) -> str:
    return f"Срок ответа перенесён с {day(old)} на {day(new)}. {why}"


def calendar_of(year: int, standing: Standing) -> str:
    """What can be said against a date of that year; nothing when its calendar is confirmed."""
    if standing is Standing.PRELIMINARY:
        return f"Производственный календарь на {year} год предварительный: дата может измениться."
    if standing is Standing.UNKNOWN:
        return f"Производственного календаря на {year} год ещё нет: дата посчитана по общему правилу и может измениться."
    return ""


def reminded(notices: int) -> str:
    """To staff: whether the code could go anywhere by itself."""
    return "Код отправлен туда, куда уходят уведомления." if notices else "Отправить код некуда: ни почты, ни диалога в запросе нет."


def infected(name: str) -> str:
    return f"В файле «{name}» найден вирус, поэтому мы его не открываем. Если файл важен, проверьте компьютер и пришлите файл заново."


def beside(status: Status, told_last: str) -> str:
    """What the status page says. What was set aside is told nobody, but who asks may know (A-2.1.4)."""
    if status is Status.NOT_A_REQUEST:
        return "В сообщении нет запроса информации, поэтому ответа на него не будет. Если вы хотите спросить, отправьте новый запрос."
    return told_last


def extended_to(due: date) -> str:
    return f"Срок продлён до {day(due)}."


def redirected(body: str, on: date, explanation: str) -> str:
    return f"Запрос {day(on)} переадресован по компетенции: {_sentence(body)} {_sentence(explanation)} Ответит эта организация."


def body_unknown(explanation: str) -> str:
    return f"Запрос не относится к нашей деятельности, а какая организация может ответить, установить не удалось. {_sentence(explanation)}"


def explained(act: str, how: str) -> str:
    return f"Ваше сообщение — обращение, которое рассматривается в другом порядке ({act}). {_sentence(how)}"


def powers(outcome: PowersOutcome, name: str, reason: str | None) -> str:
    """To staff, of who asks for somebody else."""
    return f"{POWERS[outcome]}, за: {name}. {_sentence(reason) if reason else ''}".strip()


def not_considered(ground: str) -> str:
    return f"Запрос оставлен без рассмотрения: {GROUNDS[ground]} (статьи 18 и 20 Федерального закона от 09.02.2009 № 8-ФЗ)."


def merged(into: str) -> str:
    return f"Вы уже спрашивали об этом, поэтому запрос объединён с запросом № {into}. Ответ придёт по нему."


def channel_changed(override: Override | None, *, used: bool) -> str:
    """In words without the address: the status page is opened with a code that may have been read aloud."""
    if override is None:
        return ""
    way = CHANNELS[override.channel]
    told = f"О ходе рассмотрения теперь сообщаем и {way}." if used else f"О ходе рассмотрения больше не сообщаем {way}."
    return f"{told} {ASKED[override.asked]} Причина: {_sentence(override.reason)}"


def withdrawn() -> str:
    return "Запрос отозван, ответа по нему не будет. Если информация снова понадобится, отправьте новый запрос."


def sent(out_no: str, on: date) -> str:
    return f"Ответ № {out_no} от {day(on)} подписан и отправлен."


def posted(out_no: str, on: date, tracking_no: str) -> str:
    told = f"Письмо с ответом № {out_no} сдано на почту {day(on)}."
    return f"{told} Номер для отслеживания: {tracking_no}." if tracking_no else told


def enclosed(names: Sequence[str]) -> str:
    return f"К ответу приложены файлы: {', '.join(names)}. Скачать их можно на странице запроса, по номеру и коду."


def not_enclosed(count: int) -> str:
    """Of files that must not leave."""
    return f"Не приложены файлы ограниченного доступа: {count}. Каким актом ограничен доступ, сказано ниже."


def other_form(reason: str) -> str:
    return f"Вы просили ответить в другой форме, но это невозможно. {_sentence(reason)}"


def withheld(what: str) -> str:
    return f"Не предоставлено: {_sentence(what)}"


def _by(due: date | None) -> str:
    return f" Ответ будет дан не позднее {day(due)}." if due else ""


def _sentence(text: str) -> str:
    """What staff typed, with a full stop."""
    typed = text.strip()
    return typed if typed.endswith((".", "!", "?", "…")) else f"{typed}."
