"""People with names, their messages, and ready-made facts. Whoever needs another shade of one changes a field by keyword."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from libs.events.contracts.channel_inbound import MessageReceived, MessageRevised
from libs.events.contracts.intake_clients import ClientIdentified, ContactConfirmed
from libs.events.contracts.intake_requests import (
    HistoricalEntryImported,
    HistoricalRequestImported,
    RequestChannelsChanged,
    RequestEmailConfirmed,
    RequestReceived,
    RequestRegistered,
    RequestRevised,
    RequestStatusChanged,
    RequestSupplemented,
)
from libs.events.vocabulary import ClientKind, Contacts, MessageRef, Sender, Status

NOVOSIBIRSK = ZoneInfo("Asia/Novosibirsk")
ASTRAKHAN = ZoneInfo("Europe/Astrakhan")
NOW = datetime(2026, 11, 16, 5, 0, tzinfo=UTC)  # a Monday, noon in Novosibirsk
NAMES = UUID("0b6f0f6e-52d5-4a0c-8f2e-6a2a3f1d9c11")
QUESTION = "Прошу сообщить порядок аренды земельного участка."
GREETING = "Здравствуйте!"


@dataclass(frozen=True)
class Somebody:
    """A person or an organisation that writes to the authority; nobody of them lives."""

    name: str
    kind: ClientKind
    email: str
    phone: str
    postal: str
    account: str

    @property
    def sender(self) -> Sender:
        return Sender(name=self.name, kind=self.kind, account=self.account)

    @property
    def contacts(self) -> Contacts:
        return Contacts(email=self.email, phone=self.phone, postal=self.postal)


anna = Somebody(
    name="Запланированная Анна Петровна",
    kind=ClientKind.CITIZEN,
    email="anna@example.ru",
    phone="+7 913 000-00-01",
    postal="630099, г. Обск, ул. Садовая, д. 1",
    account="vk-1001",
)
boris = Somebody(
    name="Выдуманный Борис Ильич",
    kind=ClientKind.SOLE_TRADER,
    email="boris@example.ru",
    phone="+7 913 000-00-02",
    postal="630099, г. Обск, а/я 2",
    account="vk-1002",
)
firm = Somebody(
    name="ООО «Небывалое дело»",
    kind=ClientKind.LEGAL_ENTITY,
    email="office@example.ru",
    phone="000-03",
    postal="630099, г. Обск, пр. Заречный, д. 3",
    account="vk-1003",
)
clerk = Somebody(
    name="Служебный Виктор Олегович",
    kind=ClientKind.INTERNAL,
    email="clerk@example.org",
    phone="12-34",
    postal="каб. 5",
    account="vk-1004",
)


def some_id(name: str) -> UUID:
    """The same name has the same id."""
    return uuid5(NAMES, name)


def message(external_id: str = "m-1", who: Somebody = anna, **changed: Any) -> MessageReceived:
    """A complete message with a typed e-mail, as a form brings it."""
    facts: dict[str, Any] = {
        "external_id": external_id,
        "received_at": NOW,
        "dialogue": f"dialogue of {who.account}",
        "sender": Sender(name=who.name, kind=who.kind),
        "contacts": Contacts(email=who.email),
        "text": QUESTION,
    }
    return MessageReceived.model_validate(facts | changed)


def revised(external_id: str = "m-1", who: Somebody = anna, **changed: Any) -> MessageRevised:
    """The same, called an edit by the frontend."""
    return MessageRevised.model_validate(message(external_id, who, **changed).model_dump())


REQUEST_ID = UUID("01930000-0000-7000-8000-00000000a001")
FIRST_MESSAGE = MessageRef(frontend="site", external_id="m-1")

received = RequestReceived(
    reference="BAKAA-AAAAA",
    message_ref=FIRST_MESSAGE,
    channel="site",
    dialogue_thread=some_id("dialogue"),
    dialogue_key="d" * 64,
    dialogue="dialogue of vk-1001",
    received_at=NOW,
    sender=Sender(name=anna.name, kind=anna.kind),
    contacts=Contacts(email=anna.email),
    text=QUESTION,
)
supplemented = RequestSupplemented(
    message_ref=MessageRef(frontend="site", external_id="m-2"),
    received_at=NOW + timedelta(hours=1),
    sender=Sender(),
    contacts=Contacts(),
    text="Участок стоит у реки.",
)
edited = RequestRevised(message_ref=FIRST_MESSAGE, received_at=NOW + timedelta(hours=2), text="Прошу сообщить порядок покупки участка.")
registered = RequestRegistered(
    reg_no="ЗИ-1/2026",
    journal="main",
    year=2026,
    number=1,
    reg_at=NOW,
    client_kind=ClientKind.CITIZEN,
    due_on=date(2026, 12, 16),
    rule_version="8-fz-2009.1",
)
told_registered = RequestStatusChanged(
    from_status=None,
    to_status=Status.REGISTERED,
    visible=True,
    template="registered",
    explanation="Запрос зарегистрирован.",
    reference=received.reference,
    reg_no=registered.reg_no,
    due_on=registered.due_on,
    addressee=anna.name,
)
answered = told_registered.model_copy(
    update={
        "from_status": Status.REGISTERED,
        "to_status": Status.ANSWERED,
        "template": "answered",
        "explanation": "Ответ направлен.",
    }
)
email_dropped = RequestChannelsChanged(email=None)
email_changed = RequestChannelsChanged(email="other@example.ru")
email_confirmed = RequestEmailConfirmed(confirmed_at=NOW)
imported = HistoricalRequestImported(
    foreign_no="case-1",
    old_register="receipt",
    state=Status.CLOSED,
    point="post",
    received_at=datetime(2011, 3, 1, 9, 0, tzinfo=UTC),
    imported_at=NOW,
)
imported_line = HistoricalEntryImported(foreign_no="case-1", line=1, happened_at=datetime(2011, 3, 2, 9, 0, tzinfo=UTC), what="Принято")
known_by_account = ClientIdentified(
    kind=anna.kind, name=anna.name, contacts=Contacts(email=anna.email), platform="vk", account=anna.account
)
address_proved = ContactConfirmed(channel="email", how="link", address=anna.email, name=anna.name)
