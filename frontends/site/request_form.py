"""The form of a request: what was typed, what is wrong with it, what intake is told. Pure."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from hashlib import blake2b
from typing import Self
from uuid import UUID

from frontends.site.intake_words import AdditionalChannel, Attached, Contacts, Message, Represented, Sender
from libs.web import represented
from libs.web.contacts import is_email, phone_of

# At four bytes a letter this stays under the 200 KiB that intake's doors take.
TEXT_LIMIT = 50_000
LINE_LIMIT = 300

KINDS = (
    "citizen",
    "stateless",
    "dual_citizen",
    "foreigner",
    "self_employed",
    "sole_trader",
    "unregistered_association",
    "legal_entity",
    "internal",
)
CHANNELS = ("none", "email", "phone", "post")
FORMS = ("any", "electronic", "written", "oral")

_IDS = ("external_id", "dialogue")
_ADDRESS_FOR_CHANNEL = {"email": "email", "phone": "phone", "post": "postal"}
_ADDRESS_FOR_FORM = {"electronic": "email", "written": "postal", "oral": "phone"}

NO_TEXT = "Напишите, что вы хотите узнать"
TEXT_TOO_LONG = "Сократите текст запроса: он слишком длинный"
NO_NAME = "Укажите фамилию, имя и отчество или название организации"
NO_CONTACT = "Укажите электронную почту, телефон или почтовый адрес: без них мы не сможем вам ответить"
BAD_EMAIL = "Проверьте адрес электронной почты. Правильный адрес выглядит так: ivanova@example.ru"
BAD_PHONE = "Проверьте номер телефона. Правильный номер выглядит так: +7 912 345-67-89"
NEEDED_FOR_CHANNEL = {
    "email": "Укажите электронную почту или выберите другой способ сообщать о ходе рассмотрения",
    "phone": "Укажите телефон или выберите другой способ сообщать о ходе рассмотрения",
    "postal": "Укажите почтовый адрес или выберите другой способ сообщать о ходе рассмотрения",
}
NEEDED_FOR_FORM = {
    "email": "Для ответа по электронной почте нужен её адрес. Укажите его или выберите другую форму ответа",
    "phone": "Для устного ответа нужен телефон. Укажите его или выберите другую форму ответа",
    "postal": "Для ответа на бумаге нужен почтовый адрес. Укажите его или выберите другую форму ответа",
}
NO_SUCH_CHOICE = "Выберите один из вариантов"
LINE_TOO_LONG = "Сократите запись: она слишком длинная"
UNREADABLE_SIGN = "Уберите знак с кодом 0: он невидим и попадает в текст при копировании из некоторых программ"


@dataclass(frozen=True, kw_only=True)
class RequestForm:
    """What was typed, kept as it is. `external_id` is new for each form shown: sent twice, it is one request (N-7.3)."""

    external_id: str
    dialogue: str
    text: str = ""
    name: str = ""
    kind: str = ""
    email: str = ""
    phone: str = ""
    postal: str = ""
    represented: str = ""
    paper: str = ""
    paper_number: str = ""
    paper_on: str = ""
    paper_until: str = ""
    channel: str = "none"
    wanted_form: str = "any"

    @classmethod
    def blank(cls, new_id: Callable[[], UUID]) -> Self:
        return cls(external_id=f"form-{new_id()}", dialogue=f"form-{new_id()}")

    @classmethod
    def posted(cls, form: Mapping[str, str], new_id: Callable[[], UUID]) -> Self:
        """From a browser's post; a form id that we did not make is replaced by a new one."""
        typed = {field.name: form[field.name] for field in fields(cls) if field.name in form}
        for own in _IDS:
            if not _is_own_id(typed.get(own, "")):
                typed[own] = f"form-{new_id()}"
        for area in ("text", "postal"):
            typed[area] = typed.get(area, "").replace("\r\n", "\n")  # a browser posts every line break as CR LF
        return cls(**typed)

    def values(self) -> dict[str, str]:
        return asdict(self)

    def renewed(self, new_id: Callable[[], UUID]) -> Self:
        """The same words as a form of their own."""
        return replace(self, external_id=f"form-{new_id()}", dialogue=f"form-{new_id()}")

    def digest(self) -> str:
        """Equal for two forms with the same words and choices. Guessable, so it is kept under seal only."""
        words = [value.strip() for name, value in self.values().items() if name not in _IDS]
        return blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()

    def errors(self) -> dict[str, str]:
        """A message per field, in the order of the page; empty when it may be sent."""
        found = {
            **represented.wrong(self.values()),
            **self._wrong_lines(),
            **self._wrong_text(),
            **self._wrong_contacts(),
            **self._wrong_choices(),
        }
        return {field.name: found[field.name] for field in fields(self) if field.name in found}

    def message(self, point: str, at: datetime, files: tuple[Attached, ...] = ()) -> Message:
        """What intake is told. Call it only when there are no errors."""
        return Message(
            external_id=self.external_id,
            received_at=at,
            point=point,
            dialogue=self.dialogue,
            sender=Sender(name=self.name.strip(), kind=self.kind or None),
            contacts=Contacts(email=self._email(), phone=self._phone(), postal=self.postal.strip() or None),
            text=self.text,
            wanted_form=None if self.wanted_form == "any" else self.wanted_form,
            additional_channel=self._additional_channel(),
            attachments=files,
            represented=Represented.model_validate(told) if (told := represented.told(self.values())) else None,
        )

    def _wrong_lines(self) -> dict[str, str]:
        lines = ("name", "email", "phone", "postal", *represented.FIELDS)
        typed = {"text": self.text, **{name: getattr(self, name) for name in lines}}
        too_long = {name: LINE_TOO_LONG for name, value in typed.items() if name != "text" and len(value) > LINE_LIMIT}
        return too_long | {name: UNREADABLE_SIGN for name, value in typed.items() if "\0" in value}

    def _wrong_text(self) -> dict[str, str]:
        found = {}
        if not self.text.strip():
            found["text"] = NO_TEXT
        elif len(self.text) > TEXT_LIMIT:
            found["text"] = TEXT_TOO_LONG
        if not any(letter.isalpha() for letter in self.name):
            found["name"] = NO_NAME
        return found

    def _wrong_contacts(self) -> dict[str, str]:
        if not any(value.strip() for value in (self.email, self.phone, self.postal)):
            return {"email": NO_CONTACT}
        found = {}
        if self.email.strip() and not is_email(self.email):
            found["email"] = BAD_EMAIL
        if self.phone.strip() and self._phone() is None:
            found["phone"] = BAD_PHONE
        return found

    def _wrong_choices(self) -> dict[str, str]:
        found = {}
        for name, value, known in (
            ("kind", self.kind, ("", *KINDS)),
            ("channel", self.channel, CHANNELS),
            ("wanted_form", self.wanted_form, FORMS),
        ):
            if value not in known:
                found[name] = NO_SUCH_CHOICE
        return self._missing_addresses() | found

    def _missing_addresses(self) -> dict[str, str]:
        """A way that was chosen needs its address; with no address at all the one message about contacts is enough."""
        typed = {"email": self.email, "phone": self.phone, "postal": self.postal}
        if not any(value.strip() for value in typed.values()):
            return {}
        needed_for_form = _ADDRESS_FOR_FORM.get(self.wanted_form, "")
        needed_for_channel = _ADDRESS_FOR_CHANNEL.get(self.channel, "")
        found = {}
        if needed_for_form and not typed[needed_for_form].strip():
            found[needed_for_form] = NEEDED_FOR_FORM[needed_for_form]
        if needed_for_channel and not typed[needed_for_channel].strip():
            found[needed_for_channel] = NEEDED_FOR_CHANNEL[needed_for_channel]
        return found

    def _email(self) -> str | None:
        return self.email.strip() or None

    def _phone(self) -> str | None:
        return phone_of(self.phone)

    def _additional_channel(self) -> AdditionalChannel | None:
        address = {"email": self._email(), "phone": self._phone(), "post": self.postal.strip()}.get(self.channel)
        return AdditionalChannel(channel=self.channel, address=address) if address else None


def additional_address(channel: str, typed: str) -> str | None:
    """The address as intake wants it for this channel, or None when nobody could be reached there."""
    match channel:
        case "phone":
            return phone_of(typed)
        case "post":
            return typed.replace("\r\n", "\n").strip() or None
        case _:
            return None


_OWN_ID = re.compile(r"form-[0-9a-f-]{36}")


def _is_own_id(value: str) -> bool:
    return bool(_OWN_ID.fullmatch(value))
