"""Fields of a form that say whom somebody asks for, and by what powers (E-11): the site's and the desk's are the same. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from libs.web.days import day_of

FIELDS: Final = ("represented", "paper", "paper_number", "paper_on", "paper_until")
PAPERS: Final = {
    "": "Выберите документ",
    "power-of-attorney": "Доверенность",
    "parent-or-guardian": "Документ родителя, опекуна или попечителя",
    "head": "Устав или решение: руководитель организации",
    "court": "Решение суда",
    "other": "Другой документ",
}
NO_REPRESENTED: Final = "Укажите, за кого спрашивают: фамилию, имя и отчество или название организации"
NO_PAPER: Final = "Выберите документ, который даёт полномочия"
BAD_PAPER_DAY: Final = "Укажите день числами, например 16.11.2026"
ENDS_BEFORE: Final = "Документ не может действовать до дня, который раньше его выдачи"
LONG_NUMBER: Final = "Сократите номер документа: он слишком длинный"
NUMBER_LIMIT: Final = 100


def wrong(typed: Mapping[str, str]) -> dict[str, str]:
    """A message per field; nothing where all of them were left empty: then somebody asks for themselves."""
    said = {name: typed.get(name, "").strip() for name in FIELDS}
    if not any(said.values()):
        return {}
    found = {}
    if not any(letter.isalpha() for letter in said["represented"]):
        found["represented"] = NO_REPRESENTED
    if said["paper"] not in PAPERS or not said["paper"]:
        found["paper"] = NO_PAPER
    if len(said["paper_number"]) > NUMBER_LIMIT:
        found["paper_number"] = LONG_NUMBER
    days = {name: day_of(said[name]) for name in ("paper_on", "paper_until")}
    found |= {name: BAD_PAPER_DAY for name, day in days.items() if said[name] and day is None}
    if days["paper_on"] and days["paper_until"] and days["paper_until"] < days["paper_on"]:
        found["paper_until"] = ENDS_BEFORE
    return found


def told(typed: Mapping[str, str]) -> dict[str, Any] | None:
    """As a message says it; None: nobody. Call it only when nothing is wrong."""
    said = {name: typed.get(name, "").strip() for name in FIELDS}
    if not said["represented"]:
        return None
    powers = {
        "paper": said["paper"],
        "number": said["paper_number"] or None,
        "issued_on": day_of(said["paper_on"]),
        "valid_until": day_of(said["paper_until"]),
    }
    return {"name": said["represented"], "powers": powers}
