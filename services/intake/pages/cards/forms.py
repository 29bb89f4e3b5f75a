"""Forms of the card that become commands: which fields each has, and what is wrong with what was typed."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from libs.chassis.ops.problems import field_errors
from libs.chassis.ops.refusals import Refusal
from services.intake.domain.commands import AnyCommand

COMMANDS: Final[TypeAdapter[AnyCommand]] = TypeAdapter(AnyCommand)

# The form of each transition (services/intake/transitions.py): its command, what the button says, the fields.
FORMS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "S-1": ("register", "Присвоить номер", ()),
    "S-5": ("classify", "Классифицировать", ("type", "topic", "urgency", "unit", "client_kind")),
    "S-7": ("assign", "Передать исполнителю", ("unit", "executor")),
    "S-8": ("assign", "Передать другому исполнителю", ("unit", "executor", "reason")),
    "S-11": ("ask-clarification", "Запросить уточнение", ("question",)),
    "S-15": ("extend-deadline", "Продлить срок", ("new_due", "reason")),
    "S-9": ("redirect", "Переадресовать", ("to_body", "explanation")),
    "S-19": ("override-channel", "Изменить способ связи", ("channel", "address", "asked", "reason")),
    "S-6": ("explain-route", "Разъяснить порядок подачи", ("how",)),
    "S-13": ("merge", "Объединить с другим запросом", ("into", "reason")),
    "S-14": ("withdraw", "Отметить, что клиент отозвал запрос", ("reason",)),
    "S-2": ("leave-unconsidered", "Оставить без рассмотрения", ("ground",)),
    "S-3": ("set-aside", "Отложить: это не запрос", ("reason",)),
    "S-4": ("take-up", "Вернуть: это запрос", ("reason",)),
}
FIRST: Final = ("S-1", "S-7", "S-5", "S-4")  # what mostly comes next, shown open and above the others
FIELD_OF_REFUSAL: Final = {
    "client-kind-missing": "client_kind",
    "unit-not-competent": "unit",
    "reason-missing": "reason",
    "executor-away": "executor",
    "extension-wrong": "new_due",
    "too-late": "new_due",
    "already-extended": "new_due",
    "ground-not-true": "ground",
    "merge-wrong": "into",
    "channel-as-it-was": "channel",
    "address-not-valid": "address",
    "email-not-valid": "address",
}
EMPTY: Final = "Заполните это поле."


def field_id(command: str, field: str) -> str:
    """Unique on a page with many forms."""
    return f"{command}-{field}"


def fields_of(command: str) -> tuple[str, ...]:
    """Every field that a form of this command may have."""
    return tuple(dict.fromkeys(field for name, _, fields in FORMS.values() if name == command for field in fields))


def command_of(command: str, typed: Mapping[str, str]) -> tuple[AnyCommand | None, dict[str, str]]:
    """The command, or what is wrong by the id of the field."""
    filled: dict[str, Any] = {
        field: typed[field_id(command, field)].strip() for field in fields_of(command) if field_id(command, field) in typed
    }
    told = {field: value for field, value in filled.items() if value} | ({"to_body": None} if filled.get("to_body") == "" else {})
    try:
        return COMMANDS.validate_python({"command": command, **told}), {}
    except ValidationError as error:
        wrong = field_errors(error.errors(include_url=False, include_input=False))
        return None, {field_id(command, one["field"].rpartition(".")[2]): EMPTY if said_missing(one) else one["says"] for one in wrong}


def said_missing(one: Mapping[str, str]) -> bool:
    return one["says"].startswith("Обязательное поле")


def errors_of(command: str, refusal: Refusal) -> dict[str, str]:
    """A refusal at the field that it is about, else at the form."""
    field = FIELD_OF_REFUSAL.get(refusal.code)
    if field is None or field not in fields_of(command):
        return {f"form-{command}": refusal.says}
    return {field_id(command, field): refusal.says}
