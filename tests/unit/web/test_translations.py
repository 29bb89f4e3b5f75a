"""Every text that people see is Russian in the source, has an English translation, and no translation is left over."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import libs.chassis.access
import services.intake
from libs.chassis.ops.refusals import Refusal
from libs.web import languages
from libs.web.assets import REPOSITORY
from libs.web.languages import Language
from services.intake.domain import timeline
from services.intake.domain.answer.grounds import GROUNDS
from services.intake.statuses import FILES, MARKS, TITLES
from tests.unit.web import page_texts

WEB = REPOSITORY / "libs" / "web"
SITE = REPOSITORY / "frontends" / "site"
DESK = REPOSITORY / "services" / "intake" / "pages"
HISTORY = REPOSITORY / "services" / "history"

FOLDERS = [WEB, SITE, DESK, HISTORY]


def refusals() -> set[str]:
    """What intake says when it refuses something: any of it may stand on a page."""
    for package in (services.intake, libs.chassis.access):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return {
        kind.says
        for kind in _all_kinds(Refusal)
        if kind.__module__.startswith(("services.intake", "libs.chassis.access", "libs.chassis.store"))
    } - {""}


def _all_kinds(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for one in kind.__subclasses__():
        yield one
        yield from _all_kinds(one)


WITH_REFUSALS = ("questions.py", "cursors.py", "narrowing.py")
# A folder of pages, the code that hands texts to them, and Russian letters there that are no text.
PAGES = [
    (WEB, [WEB / "pages.py", WEB / "represented.py"], set()),
    (SITE, sorted(SITE.glob("*.py")), {"АВЕКМНРСТУХ", "аесвАЕСВ"}),
    (DESK, sorted(DESK.rglob("*.py")), set()),
    (HISTORY, [HISTORY / "pages.py", HISTORY / "domain" / "timeline.py", *(HISTORY / "domain" / name for name in WITH_REFUSALS)], set()),
]
GROUND_TITLES = [one.title for one in GROUNDS.values()]
FROM_INSIDE = {*TITLES.values(), *FILES.values(), *timeline.TITLES.values(), *GROUND_TITLES, *refusals()}
"""Words of intake that pages show by a name."""


def translated(*folders: Path) -> Language:
    return languages.load(tuple(folder / "translations" for folder in folders))["en"]


@pytest.mark.parametrize(("folder", "code", "no_texts"), PAGES)
def test_every_text_is_translated_and_no_translation_is_left_over(folder: Path, code: list[Path], no_texts: set[str]) -> None:
    shown = (page_texts.in_templates(folder / "templates") | page_texts.in_code(*code)) - no_texts
    english = translated(WEB, folder)
    known = set(english.texts) | set(english.forms)
    own, from_inside = translated(folder), FROM_INSIDE | set(MARKS.values())

    assert shown - known == set(), f"add these to {folder.name}/translations/en.po"
    assert (set(own.texts) | set(own.forms)) - shown - from_inside == set(), f"remove these from {folder.name}/translations/en.po"


def test_what_the_desk_tells_of_a_request_and_why_it_refuses_something_is_known_in_english() -> None:
    assert FROM_INSIDE - set(translated(WEB, DESK).texts) == set(), "add these to pages/translations/en.po"


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_russian_stands_in_a_template_untranslatable(folder: Path) -> None:
    assert page_texts.untranslatable(folder / "templates") == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_russian_has_all_three_forms_of_every_count(folder: Path) -> None:
    loaded = languages.load((folder / "translations",))

    assert set(loaded["ru"].forms) == set(loaded["en"].forms)
    assert all(len(forms) == 3 for forms in loaded["ru"].forms.values())
    assert all(len(forms) == 2 for forms in loaded["en"].forms.values())


@pytest.mark.parametrize("folder", FOLDERS)
def test_placeholders_are_the_same_in_both_languages(folder: Path) -> None:
    for russian, english in translated(folder).texts.items():
        assert page_texts.placeholders(russian) == page_texts.placeholders(english), russian
