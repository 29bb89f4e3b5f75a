"""Invented messages of an ordinary size, the same for the same number: at the HTTP door, at the Kafka door, and as events of intake."""

from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from libs.chassis.ops.identifiers import Ids
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.intake_requests import RequestReceived, RequestRegistered, RequestStatusChanged
from libs.events.envelope import Actor, Envelope
from libs.events.fact import Event
from libs.events.topics import dialogue_thread
from libs.events.vocabulary import ClientKind, Contacts, MessageRef, Sender, Status, Target, WantedForm

CONTACTS = 1_000  # accounts that write at the Kafka door
MAIL = "letters.example.org"
SURNAMES = ("Ветров", "Гордеев", "Зимин", "Истомин", "Лавров", "Мельников", "Пахомов", "Родионов", "Уваров", "Харитонов", "Шубин")
NAMES = ("Алексей", "Борис", "Вадим", "Денис", "Егор", "Максим", "Николай", "Олег", "Павел", "Роман", "Степан", "Тимофей", "Юрий")
FATHERS = ("Андреевич", "Борисович", "Викторович", "Дмитриевич", "Иванович", "Николаевич", "Петрович", "Сергеевич", "Юрьевич")
QUESTIONS = (
    "Прошу сообщить порядок предоставления земельного участка под огород и перечень документов, которые нужно приложить к заявлению.",
    "Прошу разъяснить, кто отвечает за содержание лесополосы вдоль дороги и когда в ней будут убраны упавшие деревья.",
    "Прошу предоставить сведения о границах водоохранной зоны озера и о разрешённых в ней постройках.",
    "Прошу сообщить, на каком этапе рассмотрение моего заявления о перераспределении земель и кто им занимается.",
)
DETAILS = (
    "Участок находится рядом с садовым товариществом, подъезд к нему есть круглый год. ",
    "В прошлом году я уже обращался по этому вопросу по телефону, но ответа в письменном виде не получил. ",
    "Если часть сведений имеется в открытом доступе, прошу указать точный адрес страницы. ",
    "Ответ прошу направить в электронном виде на указанный адрес. ",
)


def name(number: int) -> str:
    return f"{SURNAMES[number % len(SURNAMES)]} {NAMES[number % len(NAMES)]} {FATHERS[number % len(FATHERS)]}"


def email(prefix: str, number: int) -> str:
    """An address of this message alone: its letter is recognised by it."""
    return f"{prefix}-{number}@{MAIL}"


def text(number: int) -> str:
    """Some 500 characters."""
    return "".join((QUESTIONS[number % len(QUESTIONS)], " ", *DETAILS, f"Номер моего участка {number}."))


def received(prefix: str, number: int, at: datetime, *, account: bool) -> MessageReceived:
    """From a form, or with an account of a platform."""
    who = f"id{number % CONTACTS}"
    return MessageReceived(
        external_id=f"{prefix}-{number}",
        received_at=at,
        dialogue=who if account else f"{prefix}-{number}",
        sender=Sender(name=name(number), kind=ClientKind.CITIZEN, account=who if account else None),
        contacts=Contacts(email=email(prefix, number)),
        text=text(number),
        wanted_form=WantedForm.ELECTRONIC,
    )


def body(prefix: str, number: int, at: datetime) -> dict[str, Any]:
    """For the HTTP door."""
    return {**received(prefix, number, at, account=False).payload(), "point": "site"}


def inbound(frontend: str, prefix: str, number: int, at: datetime, authority: str, ids: Ids) -> Envelope:
    """For the Kafka door of a frontend."""
    return brought(frontend, received(prefix, number, at, account=True), at, authority, ids)


def brought(frontend: str, message: MessageReceived, at: datetime, authority: str, ids: Ids) -> Envelope:
    """A message as its frontend writes it; its aggregate is the record's key."""
    key = sha256(message.dialogue.encode()).hexdigest()
    return Envelope(
        event_id=ids.new(),
        type=message.type_name(),
        version=message.version,
        authority=authority,
        aggregate_id=key,
        thread_id=dialogue_thread(frontend, key),
        occurred_at=at,
        recorded_at=at,
        producer=frontend,
        actor=Actor(role="frontend", id=frontend),
        point=frontend,
        payload=message.payload(),
    )


def request_events(number: int, at: datetime, authority: str, ids: Ids, client: UUID | None = None) -> Iterator[Envelope]:
    """What intake publishes of one request that is complete, of a new client or of this one: received, registered, status changed."""
    request_id, client_id = ids.new(), client or ids.new()
    for seq, fact in enumerate(_facts(number, at, request_id), 1):
        yield Envelope(
            event_id=ids.new(),
            type=fact.type_name(),
            version=fact.version,
            authority=authority,
            aggregate_id=str(request_id),
            seq=seq,
            thread_id=request_id,
            occurred_at=at,
            recorded_at=at,
            producer="intake",
            actor=Actor(role="frontend", id="site"),
            client_id=client_id,
            point="site",
            payload=fact.payload(),
        )


def _facts(number: int, at: datetime, request_id: UUID) -> tuple[Event, ...]:
    message = received("event", number, at, account=False)
    key = sha256(message.dialogue.encode()).hexdigest()
    due = date(2030, 12, 1)
    reg_no = f"ЗИ-{number}/2030"
    reference = sha256(request_id.bytes).hexdigest()[:10].upper()
    return (
        RequestReceived(
            reference=reference,
            message_ref=MessageRef(frontend="site", external_id=message.external_id),
            channel="site",
            dialogue_thread=dialogue_thread("site", key),
            dialogue_key=key,
            dialogue=message.dialogue,
            received_at=at,
            sender=message.sender,
            contacts=message.contacts,
            text=message.text,
            wanted_form=message.wanted_form,
        ),
        RequestRegistered(
            reg_no=reg_no,
            journal="main",
            year=2030,
            number=number,
            reg_at=at,
            client_kind=ClientKind.CITIZEN,
            due_on=due,
            rule_version="1",
        ),
        RequestStatusChanged(
            from_status=None,
            to_status=Status.REGISTERED,
            visible=True,
            template=Status.REGISTERED.value,
            explanation=f"Запрос зарегистрирован под номером {reg_no}. Ответ будет дан не позднее 1 декабря 2030 года.",
            reference=reference,
            reg_no=reg_no,
            due_on=due,
            addressee=message.sender.name,
            targets=(
                Target(role="original", channel="site"),
                Target(role="email", channel="email", address=message.contacts.email, confirmed=False, confirm_token="t" * 43),
            ),
        ),
    )
