"""Dates and numbers in words, and texts by language."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from libs.web import languages

FILE = """
msgid ""
msgstr "Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"

msgid "{n} день"
msgid_plural "{n} дней"
msgstr[0] "{n} день"
msgstr[1] "{n} дня"
msgstr[2] "{n} дней"
"""


def test_dates_are_written_in_words() -> None:
    loaded = languages.load(())

    assert loaded["ru"].day(date(2026, 12, 1)) == "1 декабря 2026 года"
    assert loaded["en"].day(date(2026, 12, 1)) == "1 December 2026"


def test_a_moment_is_told_in_the_zone_of_the_authority() -> None:
    moment = datetime(2026, 12, 31, 20, 5, tzinfo=UTC)

    assert languages.load(())["ru"].moment(moment, ZoneInfo("Asia/Novosibirsk")) == "1 января 2027 года, 03:05"


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "день"), (2, "дня"), (5, "дней"), (11, "дней"), (12, "дней"), (21, "день"), (22, "дня"), (111, "дней"), (0, "дней")],
)
def test_numbers_take_their_form(tmp_path: Path, number: int, said: str) -> None:
    (tmp_path / "ru.po").write_text(FILE, "utf-8")

    assert languages.load((tmp_path,))["ru"].counted("{n} день", "{n} дней", number) == f"{{n}} {said}"


def test_an_untranslated_text_stays_russian_and_is_known_to_be() -> None:
    english = languages.load(())["en"]

    assert english.text("Ответ дан") == "Ответ дан"
    assert not english.speaks("Ответ дан")
    assert languages.load(())["ru"].speaks("Ответ дан")
