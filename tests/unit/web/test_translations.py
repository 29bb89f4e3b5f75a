"""Every text that people see is Russian in the source, has an English translation, and no translation is left over."""

from pathlib import Path

import pytest

from libs.events.vocabulary import FileState
from libs.web import languages
from libs.web.assets import REPOSITORY
from libs.web.languages import Language
from services.intake.domain.file_kinds import FileEmpty, FileTypeMismatch, FileTypeNotAllowed
from services.intake.handlers import AddressNotValid, EmailNotValid
from services.intake.statuses import FILES, TITLES
from services.intake.uploads import FileTooLarge, TooManyFiles
from tests.unit.web import page_texts

WEB = REPOSITORY / "libs" / "web"
SITE = REPOSITORY / "frontends" / "site"

# A folder of pages, the code that hands texts to them, and Russian letters there that are no text.
PAGES = [
    (WEB, [WEB / "pages.py"], set()),
    (SITE, sorted(SITE.glob("*.py")), {"АВЕКМНРСТУХ"}),
]
FILE_REFUSALS = (FileEmpty, FileTooLarge, FileTypeMismatch, FileTypeNotAllowed, TooManyFiles)
OF_FILES = {FILES[FileState.INFECTED], FILES[FileState.MISSING], *(refusal.says for refusal in FILE_REFUSALS)}
FROM_INSIDE = {*TITLES.values(), *OF_FILES, AddressNotValid.says, EmailNotValid.says}  # words of intake that the site shows


def translated(*folders: Path) -> Language:
    return languages.load(tuple(folder / "translations" for folder in folders))["en"]


@pytest.mark.parametrize(("folder", "code", "no_texts"), PAGES)
def test_every_text_is_translated_and_no_translation_is_left_over(folder: Path, code: list[Path], no_texts: set[str]) -> None:
    shown = (page_texts.in_templates(folder / "templates") | page_texts.in_code(*code)) - no_texts
    english = translated(WEB, folder)
    known = set(english.texts) | set(english.forms)
    own = translated(folder)

    assert shown - known == set(), f"add these to {folder.name}/translations/en.po"
    assert (set(own.texts) | set(own.forms)) - shown - FROM_INSIDE == set(), f"remove these from {folder.name}/translations/en.po"


@pytest.mark.parametrize("folder", [WEB, SITE])
def test_no_russian_stands_in_a_template_untranslatable(folder: Path) -> None:
    assert page_texts.untranslatable(folder / "templates") == []


@pytest.mark.parametrize("folder", [WEB, SITE])
def test_russian_has_all_three_forms_of_every_count(folder: Path) -> None:
    loaded = languages.load((folder / "translations",))

    assert set(loaded["ru"].forms) == set(loaded["en"].forms)
    assert all(len(forms) == 3 for forms in loaded["ru"].forms.values())
    assert all(len(forms) == 2 for forms in loaded["en"].forms.values())


@pytest.mark.parametrize("folder", [WEB, SITE])
def test_placeholders_are_the_same_in_both_languages(folder: Path) -> None:
    for russian, english in translated(folder).texts.items():
        assert page_texts.placeholders(russian) == page_texts.placeholders(english), russian
