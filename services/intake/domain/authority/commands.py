"""What an administrator may ask to be set about the authority; what is wrong with a field is said at that field."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from libs.events.contracts.authority_events import Audience, Regime
from libs.events.vocabulary import Card
from services.intake.codes import CODE
from services.intake.domain.authority.listings import Listing
from services.intake.domain.commands import Command
from services.intake.oddities import usable_email


def _in_a_letter(text: str) -> str:
    """It stands in headers of letters, where an encoded word would be read as something else."""
    if "=?" in text:
        raise ValueError("Уберите знаки «=?»: в письме они испортят имя отправителя.")
    return text


def _phone(text: str) -> str:
    if sum(mark.isdigit() for mark in text) < 3:
        raise ValueError("Укажите телефон цифрами, например: +7 (383) 000-18-00.")
    return text


def _email(text: str) -> str:
    address = usable_email(text)
    if address is None:
        raise ValueError("Укажите адрес электронной почты, например: ivanova@example.ru.")
    return address


def _zone(name: str) -> str:
    if name not in ZONES:
        raise ValueError("Выберите часовой пояс из списка.")
    return name


ZONES: dict[str, str] = {
    "Europe/Kaliningrad": "Калининград (МСК−1)",
    "Europe/Moscow": "Москва (МСК)",
    "Europe/Samara": "Самара (МСК+1)",
    "Asia/Yekaterinburg": "Екатеринбург (МСК+2)",
    "Asia/Omsk": "Омск (МСК+3)",
    "Asia/Novosibirsk": "Новосибирск (МСК+4)",
    "Asia/Krasnoyarsk": "Красноярск (МСК+4)",
    "Asia/Irkutsk": "Иркутск (МСК+5)",
    "Asia/Yakutsk": "Якутск (МСК+6)",
    "Asia/Vladivostok": "Владивосток (МСК+7)",
    "Asia/Magadan": "Магадан (МСК+8)",
    "Asia/Kamchatka": "Петропавловск-Камчатский (МСК+9)",
}
_PRINTED = r"^[^\x00-\x1f\x7f\u2028\u2029]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=_PRINTED)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_PRINTED)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=_PRINTED), AfterValidator(_in_a_letter)
]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[0-9+() .,a-zа-яё-]*$"), AfterValidator(_phone)]
EntryCode = Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"^{CODE.pattern}$")]


class SetProfile(Command):
    """Who the authority is; only its name may not be empty."""

    name: Name
    short_name: Annotated[Line, AfterValidator(_in_a_letter)] = ""
    act: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=_PRINTED)] = ""
    postal_address: Line = ""
    phones: Annotated[tuple[Phone, ...], Field(max_length=20)] = ()
    hours: Line = ""
    time_zone: Annotated[str, AfterValidator(_zone)]
    signatory: Line = ""


class Entry(Command):
    """An entry of a list as it is to be. `new`: it is added; its code, if none is typed, is made from its title."""

    new: bool = False
    code: EntryCode | None = None
    title: Title


class SetUnit(Entry):
    topics: tuple[EntryCode, ...] = ()


class SetTopic(Entry):
    pass


class SetType(Entry):
    regime: Regime
    answer_days: Annotated[int, Field(ge=1)] | None = None


class SetPoint(Entry):
    kind: Audience
    act: Line = ""
    where: Line = ""
    since: date | None = None
    until: date | None = None
    card: Card | None = None


class Close(Command):
    listing: Listing
    code: EntryCode


class ListedPoint(Command):
    """A line of a list of points; `code` None: that of the entry that is called so, or a new one."""

    code: EntryCode | None = None
    title: Title
    kind: Audience = Audience.EXTERNAL


class LoadPoints(Command):
    """A whole list by one act: what is not on it stands on the list no more."""

    act: Annotated[Line, Field(min_length=1)]
    since: date | None = None
    points: Annotated[tuple[ListedPoint, ...], Field(min_length=1, max_length=500)]


class TryMail(Command):
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320), AfterValidator(_email)]


class WriteText(Command):
    """A text for answers as it is to be; `code` None: a new one."""

    code: EntryCode | None = None
    title: Title
    text: Annotated[
        str,
        StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$"),
        AfterValidator(lambda text: text.replace("\r\n", "\n").strip()),
        Field(min_length=1),
    ]


class ApproveText(Command):
    """`number`: of the version that the head read."""

    code: EntryCode
    number: Annotated[int, Field(ge=1)]


class CloseText(Command):
    code: EntryCode


TextCommand = WriteText | ApproveText | CloseText
SetEntry = SetUnit | SetTopic | SetType | SetPoint
SetUpCommand = SetProfile | SetEntry | Close | LoadPoints | TryMail | TextCommand
