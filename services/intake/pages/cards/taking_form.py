"""The form of a call, a visit or a paper: what was typed, what is wrong with it, the message it becomes. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.chassis.ops.settings import Authority
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.vocabulary import (
    AdditionalChannel,
    Attachment,
    Card,
    ClientKind,
    Contacts,
    OralOutcome,
    Represented,
    Sender,
    TakenDown,
    WantedForm,
)
from libs.web import represented
from libs.web.contacts import is_email, phone_of
from libs.web.days import day_of
from services.intake.oddities import FAR_BACK_BY_HAND

TEXT_LIMIT = 50_000  # letters of the site's form, too: four bytes each stay under the 200 KiB of a message
LINE_LIMIT = 300
GIST_LIMIT = 4_000
LATER = "request"  # no answer yet: it becomes a request
NOON = time(12)
ADDRESS_FOR_CHANNEL = {"email": "email", "phone": "phone", "post": "postal"}
ADDRESS_FOR_FORM: dict[str, str] = {WantedForm.ELECTRONIC: "email", WantedForm.WRITTEN: "postal", WantedForm.ORAL: "phone"}

NO_TEXT = {
    Card.PHONE: "Запишите, о чём спрашивает клиент, его словами",
    Card.RECEPTION: "Запишите, о чём спрашивает клиент, его словами",
    Card.POST: "Перепишите текст письма",
}
TOO_LONG = "Сократите запись: она слишком длинная"
NO_NAME = "Укажите фамилию, имя и отчество или название организации. Если их не назвали, отметьте это внизу"
NO_CONTACT = "Укажите электронную почту, телефон или почтовый адрес. Если их не назвали, отметьте это внизу"
BAD_EMAIL = "Проверьте адрес электронной почты. Правильный адрес выглядит так: ivanova@example.ru"
BAD_PHONE = "Проверьте номер телефона. Правильный номер выглядит так: +7 912 345-67-89"
NO_ADDRESS = "Без этого адреса не получится сообщать так, как выбрал клиент. Укажите адрес или другой выбор"
NO_SUCH_CHOICE = "Выберите один из вариантов"
NO_OFFER = "Спросите, как ещё сообщать о ходе рассмотрения, и отметьте ответ"
NO_NUMBER = "Выберите номер, по которому позвонили"
NO_OFFICE = "Укажите, где прошёл приём: кабинет или адрес"
NO_GIST = "Запишите, что вы ответили"
NO_DAY = "Укажите день поступления, например 16.11.2026"
NO_TIME = "Укажите время, например 09:05"
BAD_DAY = "Укажите день числами, например 16.11.2026"
NOT_YET = "Этот день ещё не наступил. Укажите сегодняшний или более ранний"
NOT_YET_TIME = "Это время ещё не наступило"
LONG_AGO = "Это было больше пяти лет назад. Такие записи переносят вместе с прежним реестром"
UNREADABLE_SIGN = "Уберите знак с кодом 0: он невидим и попадает в текст при копировании из некоторых программ"
WRONG_COLLEAGUE = "Выберите сотрудника из списка"

_OWN_ID = re.compile(r"card-[0-9a-f-]{36}")


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a card is checked against: the authority's lists, its clock, the names of colleagues by account."""

    authority: Authority
    now: datetime
    colleagues: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return self.authority.time_zone

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def points(self, card: Card) -> list[tuple[str, str]]:
        return [(point.code, point.title) for point in self.authority.points if point.card == card]


@dataclass(frozen=True, kw_only=True)
class TakingForm:
    """What was typed, kept as it is. `card_id` is new for each form shown: saved twice, it is one request."""

    card: Card
    card_id: str
    point: str = ""
    number: str = ""
    office: str = ""
    received_on: str = ""
    received_time: str = ""
    own_no: str = ""
    own_on: str = ""
    received_by: str = ""
    name: str = ""
    kind: str = ""
    phone: str = ""
    email: str = ""
    postal: str = ""
    represented: str = ""
    paper: str = ""
    paper_number: str = ""
    paper_on: str = ""
    paper_until: str = ""
    text: str = ""
    topic: str = ""
    wanted_form: str = ""
    channel: str = ""
    incomplete: str = ""
    outcome: str = LATER
    gist: str = ""
    told: tuple[str, ...] = ()

    @classmethod
    def blank(cls, card: Card, around: Around, new_id: Callable[[], UUID]) -> Self:
        """With what is known before anybody speaks."""
        here, now = around.authority, around.now.astimezone(around.zone)
        points = around.points(card)
        return cls(
            card=card,
            card_id=f"card-{new_id()}",
            point=points[0][0] if points else "",
            number=here.phones[0] if card is Card.PHONE and len(here.phones) == 1 else "",
            office=here.postal_address if card is Card.RECEPTION else "",
            received_on=now.date().isoformat(),
            received_time="" if card is Card.POST else f"{now:%H:%M}",
            channel="none" if card is Card.POST else "",
        )

    @classmethod
    def posted(cls, card: Card, form: Mapping[str, str], around: Around, new_id: Callable[[], UUID]) -> Self:
        """From a browser's post; an id that we did not make is replaced by a new one."""
        typed = {one.name: form[one.name] for one in fields(cls) if one.name in form and one.name not in ("card", "told")}
        for area in ("text", "postal", "gist"):
            typed[area] = typed.get(area, "").replace("\r\n", "\n")  # a browser posts every line break as CR LF
        told = tuple(one.code for one in around.authority.disclosures if form.get(f"told-{one.code}"))
        made = cls(card=card, **{"card_id": "", **typed}, told=told if card is not Card.POST else ())
        return made if _OWN_ID.fullmatch(made.card_id) else made.renewed(new_id)

    def renewed(self, new_id: Callable[[], UUID]) -> Self:
        """The same words as a card of their own."""
        return replace(self, card_id=f"card-{new_id()}")

    def values(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if name not in ("card", "told")}

    def words(self) -> list[str]:
        """All that it says, but for its id."""
        return [*(value for name, value in self.values().items() if name != "card_id"), *self.told]

    @property
    def is_answered(self) -> bool:
        return self.card is not Card.POST and self.outcome in set(OralOutcome)

    def errors(self, around: Around) -> dict[str, str]:
        """A message per field, in the order of the page; empty when it may be saved."""
        found = {
            **self._wrong_choices(around),
            **self._wrong_addresses(),
            **self._wrong_person(),
            **represented.wrong(self.values()),
            **self._wrong_words(),
            **self._wrong_times(around),
            **self._wrong_lines(),
        }
        return {one.name: found[one.name] for one in fields(self) if one.name in found}

    def message(self, dialogue: str, around: Around, files: tuple[Attachment, ...] = ()) -> MessageReceived:
        """Call it only when there are no errors."""
        return MessageReceived(
            external_id=self.card_id,
            received_at=self._received_at(around),
            dialogue=dialogue,
            sender=Sender(name=self.name.strip() or None, kind=ClientKind(self.kind) if self.kind else None),
            contacts=Contacts(email=self.email.strip() or None, phone=phone_of(self.phone), postal=self.postal.strip() or None),
            text=self.text,
            wanted_form=WantedForm(self.wanted_form) if self.wanted_form else None,
            additional_channel=self._additional(),
            attachments=files,
            represented=Represented.model_validate(told) if (told := represented.told(self.values())) else None,
        )

    def noted(self) -> TakenDown:
        return TakenDown(
            card=self.card,
            number=self.number if self.card is Card.PHONE else None,
            office=self.office.strip() if self.card is Card.RECEPTION else None,
            own_no=self.own_no.strip() or None,
            own_on=day_of(self.own_on),
            received_by=self.received_by or None,
            topic=self.topic or None,
        )

    def _received_at(self, around: Around) -> datetime:
        """Of an earlier paper its day alone is known: noon is on that day in UTC too, wherever in Russia the authority is."""
        day, at = day_of(self.received_on) or around.today, time_of(self.received_time)
        if self.card is Card.POST:
            return around.now if day == around.today else datetime.combine(day, NOON, around.zone)
        return datetime.combine(day, at or NOON, around.zone)

    def _additional(self) -> AdditionalChannel | None:
        address = {"email": self.email.strip(), "phone": phone_of(self.phone), "post": self.postal.strip()}.get(self.channel)
        return AdditionalChannel(channel=self.channel, address=address) if address else None

    def _wrong_lines(self) -> dict[str, str]:
        limits = {"text": TEXT_LIMIT, "gist": GIST_LIMIT}
        typed = self.values()
        too_long = {name: TOO_LONG for name, value in typed.items() if len(value) > limits.get(name, LINE_LIMIT)}
        return too_long | {name: UNREADABLE_SIGN for name, value in typed.items() if "\0" in value}

    def _wrong_words(self) -> dict[str, str]:
        found = {}
        if not self.text.strip():
            found["text"] = NO_TEXT[self.card]
        if self.is_answered and not self.gist.strip():
            found["gist"] = NO_GIST
        if self.card is Card.RECEPTION and not self.office.strip():
            found["office"] = NO_OFFICE
        return found

    def _wrong_person(self) -> dict[str, str]:
        """Who is answered at once need not give a name; what came without one is kept, once staff say that it is so."""
        found = {}
        needed = not self.is_answered and not self.incomplete
        if needed and not any(letter.isalpha() for letter in self.name):
            found["name"] = NO_NAME
        if needed and not any(value.strip() for value in (self.phone, self.email, self.postal)):
            found["phone"] = NO_CONTACT
        return found

    def _wrong_addresses(self) -> dict[str, str]:
        typed = {"email": self.email.strip(), "phone": self.phone.strip(), "postal": self.postal.strip()}
        chosen = (ADDRESS_FOR_CHANNEL.get(self.channel), ADDRESS_FOR_FORM.get(self.wanted_form))
        found = {name: NO_ADDRESS for name in chosen if name and not typed[name] and not self.is_answered}
        if typed["email"] and not is_email(typed["email"]):
            found["email"] = BAD_EMAIL
        if typed["phone"] and phone_of(typed["phone"]) is None:
            found["phone"] = BAD_PHONE
        return found

    def _wrong_choices(self, around: Around) -> dict[str, str]:
        lists = {
            "point": [code for code, _ in around.points(self.card)],
            "topic": ["", *(topic.code for topic in around.authority.topics)],
            "kind": ["", *ClientKind],
            "wanted_form": ["", *WantedForm],
            "channel": ["", "none", *ADDRESS_FOR_CHANNEL],
            "outcome": [LATER, *OralOutcome],
        }
        found = {name: NO_SUCH_CHOICE for name, known in lists.items() if getattr(self, name) not in known}
        if self.card is Card.PHONE and self.number not in around.authority.phones:
            found["number"] = NO_NUMBER
        if self.received_by and self.received_by not in around.colleagues:
            found["received_by"] = WRONG_COLLEAGUE
        if not self.channel and not self.is_answered:
            found["channel"] = NO_OFFER
        return found

    def _wrong_times(self, around: Around) -> dict[str, str]:
        found = {}
        if self.own_on.strip() and day_of(self.own_on) is None:
            found["own_on"] = BAD_DAY
        day, at = day_of(self.received_on), time_of(self.received_time)
        if day is None:
            return found | {"received_on": NO_DAY if not self.received_on.strip() else BAD_DAY}
        if day > around.today:
            return found | {"received_on": NOT_YET}
        if day < around.today - FAR_BACK_BY_HAND + timedelta(days=1):
            return found | {"received_on": LONG_AGO}
        if self.card is Card.POST:
            return found
        if at is None:
            return found | {"received_time": NO_TIME}
        return found | ({"received_time": NOT_YET_TIME} if datetime.combine(day, at, around.zone) > around.now else {})


def time_of(typed: str) -> time | None:
    try:
        return datetime.strptime(typed.strip()[:5], "%H:%M").time()  # noqa: DTZ007 - the zone comes with the day
    except ValueError:
        return None
