"""Forms of the card that become commands: which fields each has, and what is wrong with what was typed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from libs.chassis.access.roles import Role
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.settings import Authority
from libs.events.vocabulary import AskedBy, ClientKind, PowersOutcome, Urgency
from libs.web.represented import PAPERS
from services.intake.domain.answer.answering import DraftIncomplete
from services.intake.domain.answer.commands import AnyCommand
from services.intake.pages import commands, titles
from services.intake.staff.store import Listed

KINDS: Final[dict[str, Any]] = {get_args(kind.model_fields["command"].annotation)[0]: kind for kind in get_args(get_args(AnyCommand)[0])}

# The form of each transition (services/intake/transitions.py): its command, what the button says, the fields.
FORMS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "S-1": ("register", "Присвоить номер", ()),
    "S-25": ("approve-draft", "Согласовать", ("sha256",)),
    "S-24": ("return-draft", "Вернуть на доработку", ("remarks",)),
    "S-26": ("send-answer", "Подписать и отправить ответ", ()),
    "S-22": ("check-draft", "Отметить проект проверенным", ("sha256",)),
    "S-23": ("submit-draft", "Отправить на согласование", ()),
    "S-29": ("record-posting", "Отметить, что письмо сдано на почту", ("posted_on", "tracking_no")),
    "S-21": (
        "prepare-draft",
        "Подготовить проект ответа",
        ("scope", "form", "text", "withheld", "refusal_ground", "motive", "restricting_act", "form_reason"),
    ),
    "S-5": ("classify", "Классифицировать", ("type", "topic", "urgency", "unit", "client_kind")),
    "S-7": ("assign", "Передать исполнителю", ("unit", "executor")),
    "S-8": ("assign", "Передать другому исполнителю", ("unit", "executor", "reason")),
    "S-11": ("ask-clarification", "Запросить уточнение", ("question",)),
    "S-15": ("extend-deadline", "Продлить срок", ("new_due", "reason")),
    "S-9": ("redirect", "Переадресовать", ("to_body", "explanation")),
    "S-28": ("check-powers", "Проверить полномочия", ("outcome", "name", "paper", "number", "issued_on", "valid_until", "reason")),
    "S-19": ("override-channel", "Изменить способ связи", ("channel", "address", "asked", "reason")),
    "S-6": ("explain-route", "Разъяснить порядок подачи", ("how",)),
    "S-13": ("merge", "Объединить с другим запросом", ("into", "reason")),
    "S-14": ("withdraw", "Отметить, что клиент отозвал запрос", ("reason",)),
    "S-2": ("leave-unconsidered", "Оставить без рассмотрения", ("ground",)),
    "S-3": ("set-aside", "Отложить: это не запрос", ("reason",)),
    "S-4": ("take-up", "Вернуть: это запрос", ("reason",)),
}
FIRST: Final = ("S-1", "S-7", "S-5", "S-4", "S-25", "S-26", "S-22", "S-23", "S-21")
"""What mostly comes next, shown open and above the others."""
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
    "nothing-refused": "refusal_ground",
    "refusal-gives-nothing": "text",
    "nobody-represented": "name",
    "powers-over": "valid_until",
    "powers-reason-missing": "reason",
    "posting-day-wrong": "posted_on",
    "channel-as-it-was": "channel",
    "address-not-valid": "address",
    "email-not-valid": "address",
}


def field_id(command: str, field: str) -> str:
    """Unique on a page with many forms."""
    return f"{command}-{field}"


def fields_of(command: str) -> tuple[str, ...]:
    """Every field that a form of this command may have."""
    return tuple(dict.fromkeys(field for name, _, fields in FORMS.values() if name == command for field in fields))


def offered(told: Authority, people: Sequence[Listed]) -> dict[str, list[tuple[str, str]]]:
    """What the lists of the forms offer."""
    may_answer = [one for one in people if one.account.enabled and Role.EXECUTOR in one.account.roles]
    return {
        "type": [("", "Выберите тип"), *((one.code, one.title) for one in told.types)],
        "topic": [("", "Выберите тему"), *((one.code, one.title) for one in told.topics)],
        "urgency": [(one.value, titles.URGENCIES[one]) for one in Urgency],
        "unit": [("", "Выберите подразделение"), *((one.code, one.title) for one in told.units)],
        "client_kind": [
            ("", "Выберите вид клиента"),
            *((one.value, titles.KINDS[one]) for one in ClientKind if one is not ClientKind.UNKNOWN),
        ],
        "executor": [("", "Подразделение решит само"), *((str(one.account_id), one.account.name) for one in may_answer)],
        "channel": [("", "Выберите способ"), *titles.ADDITIONAL.items()],
        "outcome": [("", "Выберите ответ"), *((one.value, titles.POWERS[one]) for one in PowersOutcome)],
        "paper": list(PAPERS.items()),
        "asked": [("", "Выберите ответ"), *((one.value, titles.ASKED[one]) for one in AskedBy)],
        "ground": [("", "Выберите основание"), ("no-name", "не указано имя"), ("no-contact", "нет контакта для ответа")],
    }


def command_of(command: str, typed: Mapping[str, str]) -> tuple[AnyCommand | None, dict[str, str]]:
    """The command, or what is wrong by the id of the field."""
    filled: dict[str, Any] = {
        field: typed[field_id(command, field)].strip() for field in fields_of(command) if field_id(command, field) in typed
    }
    told = {field: value for field, value in filled.items() if value} | ({"to_body": None} if filled.get("to_body") == "" else {})
    wanted, wrong = commands.command_of(KINDS[command], {"command": command, **told})
    return wanted, {field_id(command, field): said for field, said in wrong.items()}


def errors_of(command: str, refusal: Refusal) -> dict[str, str]:
    """A refusal at the field that it is about, else at the form."""
    field = refusal.field if isinstance(refusal, DraftIncomplete) else FIELD_OF_REFUSAL.get(refusal.code)
    if field is None or field not in fields_of(command):
        return {f"form-{command}": refusal.says}
    return {field_id(command, field): refusal.says}
