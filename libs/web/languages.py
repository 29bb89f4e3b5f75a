"""The languages of the pages. Russian is the source: a text is written in Russian where it is shown.

Every other language is one `.po` file per folder of pages, read as it is, so that whoever edits it needs no build step.
`ru.po` holds only what Russian itself needs: the three forms after a number (1 день, 2 дня, 5 дней).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cache
from gettext import c2py
from pathlib import Path

from babel.dates import format_date, format_datetime
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

SOURCE = "ru"
NAMES = {"ru": "Русский", "en": "English"}

_DAY = {"ru": "d MMMM y 'года'", "en": "d MMMM y"}
_MOMENT = {"ru": "d MMMM y 'года', HH:mm", "en": "d MMMM y, HH:mm"}


@dataclass(frozen=True)
class Language:
    """One language: its texts, its plural forms, its way to write a date."""

    code: str
    texts: Mapping[str, str]
    forms: Mapping[str, tuple[str, ...]]
    form_of: Callable[[int], int]

    def text(self, message: str) -> str:
        """The message in this language; an untranslated one stays Russian."""
        return self.texts.get(message, message)

    def counted(self, one: str, many: str, number: int) -> str:
        """The form that goes with this number; the caller puts the number in."""
        forms = self.forms.get(one)
        if forms is None:
            return self.text(one if number == 1 else many)
        return forms[self.form_of(number)]

    def speaks(self, message: str) -> bool:
        """False for a Russian text that this language has no translation of, so that the page can mark it as Russian."""
        return self.code == SOURCE or message in self.texts

    def day(self, value: date) -> str:
        return format_date(value, _DAY[self.code], locale=self.code)

    def moment(self, value: datetime, zone: tzinfo) -> str:
        return format_datetime(value.astimezone(zone), _MOMENT[self.code], locale=self.code)


@cache
def load(folders: tuple[Path, ...]) -> Mapping[str, Language]:
    """Every language of `NAMES`, its texts collected from the folders' `.po` files."""
    return {code: _load(code, [folder / f"{code}.po" for folder in folders]) for code in NAMES}


def _load(code: str, files: Iterable[Path]) -> Language:
    texts: dict[str, str] = {}
    forms: dict[str, tuple[str, ...]] = {}
    for file in files:
        if not file.exists():
            continue
        with file.open("rb") as stream:
            for message in read_po(stream, locale=code):
                match message.id, message.string:
                    case (one, _), tuple(translated) if all(translated):
                        forms[one] = translated
                    case str(said), str(translation) if said and translation:
                        texts[said] = translation
    return Language(code, texts, forms, c2py(get_plural(code).plural_expr))
