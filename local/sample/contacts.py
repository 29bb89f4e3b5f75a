"""Invented contacts: a question at one of nine points, what the staff did about it, and when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from babel.dates import format_date

from libs.events.vocabulary import Status
from local.sample import COUNT, matters, number_of, people
from local.sample.clients import SampleClient, address
from local.sample.matters import MATTERS, Matter

YEARS = 5
TERM = timedelta(days=30)
ORAL = frozenset({"phone", "in_person"})
WORKING_HOURS = (9, 17)
AWAKE_HOURS = (7, 23)
NEW_YEAR_HOLIDAYS = 8  # the first days of January
ARRIVED = {
    "phone": "Звонок в справочную службу.",
    "in_person": "Личный приём.",
    "site": "Сообщение через форму на официальном сайте.",
    "email": "Письмо по электронной почте.",
    "post": "Письмо по почте, поступило на бумаге.",
    "vk": "Сообщение сообществу ВКонтакте.",
    "telegram": "Сообщение в Телеграм.",
    "ok": "Сообщение группе в Одноклассниках.",
    "internal": "Внутреннее обращение.",
}


@dataclass(frozen=True)
class SampleLine:
    at: datetime
    what: str
    by: str | None


@dataclass(frozen=True, kw_only=True)
class SampleContact:
    """A contact as an older register would tell it."""

    number: str
    client: SampleClient
    point: str
    subject: str
    unit: str
    state: Status
    received_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    lines: tuple[SampleLine, ...]


@dataclass(frozen=True)
class _Question:
    matter: Matter
    clause: str
    answer: str
    why: str


def contacts(random: Random, every: Sequence[SampleClient], until: date, zone: ZoneInfo) -> Iterator[SampleContact]:
    """In the order of their arrival; what would have happened after `until` has not happened yet."""
    start = until - timedelta(days=365 * YEARS)
    weights = [client.busy for client in every]
    asking = [*every, *random.choices(every, weights=weights, k=COUNT - len(every))]
    arrivals = []
    for client in asking:
        point = random.choice(client.points)
        arrivals.append((_arrival(random, start, until, point, zone), client, point))
    arrivals.sort(key=lambda arrival: (arrival[0], arrival[1].number))
    end = datetime.combine(until, time(23, 59), zone)
    for number, (at, client, point) in enumerate(arrivals, 1):
        yield _contact(random, number_of(number), client, point, at, end)


def _arrival(random: Random, start: date, until: date, point: str, zone: ZoneInfo) -> datetime:
    """More of them in later years; by phone and in person in working hours alone."""
    days = (until - start).days
    by_staff = point in ORAL or point in ("post", "internal")
    hours = WORKING_HOURS if by_staff else AWAKE_HOURS
    day = start + timedelta(days=int(days * random.random() ** 0.8))
    if by_staff:
        day = _working(day)
    at = datetime.combine(min(day, until), time(random.randint(hours[0], hours[1] - 1), random.randint(0, 59), random.randint(0, 59)))
    return at.replace(tzinfo=zone)


def _contact(random: Random, number: str, client: SampleClient, point: str, at: datetime, end: datetime) -> SampleContact:
    asked = _question(random, client, at)
    if point in ORAL:
        lines, state = _told_at_once(random, client, point, asked, at)
        due_at = None
    else:
        due_at = at + TERM
        lines, state = _worked_on(random, client, point, asked, at, due_at)
    happened = tuple(line for line in lines if line.at <= end)
    finished = len(happened) == len(lines)
    return SampleContact(
        number=number,
        client=client,
        point=point,
        subject=asked.matter.subject,
        unit=asked.matter.unit,
        state=state if finished else _open_state(len(happened)),
        received_at=at,
        due_at=due_at,
        closed_at=happened[-1].at if finished else None,
        lines=happened,
    )


def _question(random: Random, client: SampleClient, at: datetime) -> _Question:
    matter = matters.INTERNAL if client.points == ("internal",) else random.choice(MATTERS[:-1])
    clause, answer = random.choice(matter.asked)
    where = place(random, at)
    return _Question(matter, clause.format(**where), answer.format(**where), random.choice(matter.why).format(**where))


def place(random: Random, at: datetime) -> Mapping[str, object]:
    """What fills the places of a phrase (`local/sample/matters.py`) that somebody writes at this time."""
    return {
        "plot": f"99:{random.randint(10, 34)}:{random.randint(10101, 72999):06}:{random.randint(2, 1999)}",
        "address": address(random),
        "garden": random.choice(people.GARDENS),
        "forest": random.choice(matters.FORESTS),
        "area": f"{random.randint(4, 60) * 25} кв. м",
        "year": at.year - random.randint(1, 12),
        "last": at.year - 1,
        "now": at.year,
    }


def _told_at_once(random: Random, client: SampleClient, point: str, asked: _Question, at: datetime) -> tuple[list[SampleLine], Status]:
    operator = f"operator-{random.randint(1, 4)}"
    asks = "Спрашивают" if client.many else "Спрашивает"
    gist = f"{ARRIVED[point]} {asks}, {asked.clause}. {asked.why}"
    answer = matters.TOLD_IN_SHORT if "прилож" in asked.answer else asked.answer
    minutes = timedelta(minutes=random.randint(2, 14))
    return [SampleLine(at, gist, operator), SampleLine(at + minutes, f"Ответ дан сразу, устно. {answer}", operator)], Status.CLOSED


def _worked_on(
    random: Random, client: SampleClient, point: str, asked: _Question, at: datetime, due_at: datetime
) -> tuple[list[SampleLine], Status]:
    registrar, executor = f"registrar-{random.randint(1, 2)}", f"executor-{random.randint(1, 9)}"
    registered = _office(random, at, days=random.choice((0, 0, 1, 1, 2)))
    assigned = _office(random, registered, days=random.choice((0, 1, 1)))
    due = f"{format_date(due_at.date(), 'd MMMM y', locale='ru')} года"
    lines = [
        SampleLine(at, f"{ARRIVED[point]} {_letter(random, client, asked)}", None),
        SampleLine(registered, f"Запрос зарегистрирован. Срок ответа: {due}.", registrar),
        SampleLine(assigned, f"Передано исполнителю: {asked.matter.unit}.", registrar),
    ]
    if random.random() < 0.12:
        clarified = _office(random, assigned, days=random.randint(1, 3))
        lines.append(SampleLine(clarified, f"Запрошено уточнение: {random.choice(matters.CLARIFY)}", executor))
        answered = clarified + timedelta(days=random.randint(1, 4), minutes=random.randint(1, 300))
        lines.append(SampleLine(answered, f"Получено уточнение: {random.choice(matters.CLARIFIED)}", None))
    late = random.random() < 0.04
    days = random.randint(32, 41) if late else random.randint(2, 24)
    ended = max(_office(random, at, days=days), lines[-1].at + timedelta(hours=1))
    what, state = _outcome(random, asked)
    return [*lines, SampleLine(ended, what, executor)], state


def _outcome(random: Random, asked: _Question) -> tuple[str, Status]:
    fate = random.random()
    if fate < 0.03:
        return f"Отказано: {random.choice(matters.REFUSALS)}.", Status.REFUSED
    if fate < 0.07:
        return f"Переадресовано: {random.choice(matters.REDIRECTS)}. Вопрос относится к ведению этого органа.", Status.REDIRECTED
    return f"Ответ дан. {asked.answer}", Status.CLOSED


def _letter(random: Random, client: SampleClient, asked: _Question) -> str:
    question = random.choice(matters.ASKING[client.many]).format(asked.clause)
    thanks = random.choice(matters.THANKS_OF_MANY if client.many else matters.THANKS).format(name=client.name)
    parts = [random.choice(matters.GREETINGS), *random.sample([question, asked.why], 2), thanks]
    return " ".join(part for part in parts if part)


def _open_state(steps: int) -> Status:
    states = (Status.RECEIVED, Status.RECEIVED, Status.REGISTERED, Status.DRAFTING, Status.AWAITING_CLARIFICATION, Status.DRAFTING)
    return states[min(steps, len(states) - 1)]


def _office(random: Random, after: datetime, *, days: int) -> datetime:
    """A moment in working hours, `days` later or when the office opens again; never before."""
    day = _working(after.date() + timedelta(days=days))
    at = datetime.combine(day, time(random.randint(WORKING_HOURS[0], WORKING_HOURS[1] - 1), random.randint(0, 59)), after.tzinfo)
    return at if at > after else after + timedelta(minutes=random.randint(3, 25))


def _working(day: date) -> date:
    while day.weekday() > 4 or (day.month == 1 and day.day <= NEW_YEAR_HOLIDAYS):
        day += timedelta(days=1)
    return day
