"""Forms of the settings that become commands, and what is wrong with what was typed, by the id of the field."""

from collections.abc import Mapping
from typing import Any, Final

from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.settings import PROFILE, Authority, Point, RequestType, Topic, Unit
from libs.events.contracts.authority_events import Audience
from services.intake.codes import CODE
from services.intake.domain.authority.commands import (
    LoadPoints,
    SetEntry,
    SetPoint,
    SetProfile,
    SetTopic,
    SetType,
    SetUnit,
    SetUpCommand,
    TryMail,
)
from services.intake.domain.authority.listings import Listing
from services.intake.pages.commands import command_of

NEW: Final = "_new"  # no code begins like that
FIELDS: Final[dict[Listing, tuple[str, ...]]] = {
    Listing.UNITS: ("title", "topics"),
    Listing.TOPICS: ("title",),
    Listing.TYPES: ("title", "regime", "answer_days"),
    Listing.POINTS: ("title", "where", "kind", "card", "act", "since", "until"),
}
COMMANDS: Final[dict[Listing, type[SetEntry]]] = {
    Listing.UNITS: SetUnit,
    Listing.TOPICS: SetTopic,
    Listing.TYPES: SetType,
    Listing.POINTS: SetPoint,
}
SAYS: Final = {
    "code": "Код — это строчные латинские буквы, цифры и дефисы, первой стоит буква или цифра.",
    "since": "Укажите день, например 01.03.2026.",
    "until": "Укажите день, например 31.12.2026.",
    "answer_days": "Укажите число дней от 1 до 30 или оставьте поле пустым.",
    "phones": "Укажите телефоны цифрами, каждый на своей строке, не больше двадцати.",
}
MOST_CELLS: Final = 3
AUDIENCE_OF: Final = {
    "": Audience.EXTERNAL,
    "внешние": Audience.EXTERNAL,
    "внутренние": Audience.INTERNAL,
    "все": Audience.BOTH,
    "external": Audience.EXTERNAL,
    "internal": Audience.INTERNAL,
    "all": Audience.BOTH,
}
WRONG_LINE: Final = "Строка {number} не читается. Пишите так: название; внешние, внутренние или все; код латинскими буквами."
FIELD_OF_REFUSAL: Final = {
    "code-taken": "code",
    "title-taken": "title",
    "unknown-topic": "topics",
    "term-over-law": "answer_days",
    "days-reversed": "until",
}


def field_id(entry: str, field: str) -> str:
    """Unique on a page with a form for each entry; the form of a new entry is called NEW."""
    return f"{entry}.{field}"  # no code holds a dot


def entry_command(listing: Listing, entry: str, typed: Mapping[str, str]) -> tuple[SetUpCommand | None, dict[str, str]]:
    """The entry that is to be, or what is wrong."""
    told: dict[str, Any] = {field: _typed(entry, field, typed) for field in FIELDS[listing] if field != "topics"}
    told = {field: value for field, value in told.items() if value}
    if "topics" in FIELDS[listing]:
        told["topics"] = _ticked(entry, typed)
    if entry == NEW:
        told |= {"new": True, "code": _typed(NEW, "code", typed) or None}
    else:
        told["code"] = entry
    return _command(COMMANDS[listing], told, entry)


def profile_command(typed: Mapping[str, str]) -> tuple[SetUpCommand | None, dict[str, str]]:
    told: dict[str, Any] = {name: " ".join(typed.get(name, "").split()) for name in (*PROFILE, "time_zone")}
    told = {name: value for name, value in told.items() if value}
    told["phones"] = [line.strip() for line in typed.get("phones", "").splitlines() if line.strip()]
    return _command(SetProfile, told)


def points_command(typed: Mapping[str, str]) -> tuple[SetUpCommand | None, dict[str, str]]:
    """Lines of «название; для кого; код», the last two may be left out; a spreadsheet puts tabs between them."""
    points = []
    for number, line in enumerate(typed.get("points", "").splitlines(), 1):
        cells = [cell.strip() for cell in line.replace("\t", ";").split(";")]
        if not any(cells):
            continue
        title, audience, code = (*cells, "", "")[:3]
        if len(cells) > MOST_CELLS or not title or audience.casefold() not in AUDIENCE_OF or (code and not CODE.fullmatch(code)):
            return None, {"points": WRONG_LINE.format(number=number)}
        points.append({"title": title, "kind": AUDIENCE_OF[audience.casefold()], "code": code or None})
    told: dict[str, Any] = {"act": typed.get("act", ""), "since": typed.get("since") or None, "points": points}
    return _command(LoadPoints, {name: value for name, value in told.items() if value})


def trial_command(typed: Mapping[str, str]) -> tuple[SetUpCommand | None, dict[str, str]]:
    address = typed.get("address", "").strip()
    return _command(TryMail, {"address": address} if address else {})


def field_of(entry: str, refusal: Refusal) -> str:
    """The field that it is about, else the entry's form."""
    return field_id(entry, FIELD_OF_REFUSAL.get(refusal.code, "form"))


def profile_values(now: Authority) -> dict[str, str]:
    """What stands in the fields of the profile."""
    return {name: getattr(now, name) for name in PROFILE} | {"phones": "\n".join(now.phones), "time_zone": now.time_zone.key}


def entry_values(entry: str, one: Unit | Topic | RequestType | Point | None) -> dict[str, str]:
    """What stands in the fields of an entry's form; None: of a new one."""
    known = one.model_dump(mode="json") if one else {"kind": "external", "regime": "8-fz"}
    topics = known.pop("topics", ())
    blank = dict.fromkeys(("code", "title", "regime", "answer_days", "kind", "card", "act", "where", "since", "until"), "")
    told = {name: str(value) for name, value in known.items() if value is not None}
    return {field_id(entry, name): value for name, value in (blank | told).items()} | {
        field_id(entry, f"topic.{code}"): "yes" for code in topics
    }


def _typed(entry: str, field: str, typed: Mapping[str, str]) -> str:
    return typed.get(field_id(entry, field), "").strip()


def _ticked(entry: str, typed: Mapping[str, str]) -> list[str]:
    start = field_id(entry, "topic.")
    return [name.removeprefix(start) for name, value in typed.items() if name.startswith(start) and value]


def _command(kind: type[Any], told: Mapping[str, Any], entry: str = "") -> tuple[SetUpCommand | None, dict[str, str]]:
    command, errors = command_of(kind, told, SAYS)
    return command, {field_id(entry, field) if entry else field: said for field, said in errors.items()}
