"""What intake says in Russian is known in English, as far as it is a fixed text."""

import pytest

from libs.web import languages
from libs.web.assets import REPOSITORY
from services.intake.handlers import EmailNotValid
from services.intake.statuses import TITLES

ENGLISH = languages.load((REPOSITORY / "frontends" / "site" / "translations",))["en"]


@pytest.mark.parametrize("title", sorted(set(TITLES.values())))
def test_every_status_has_an_english_title(title: str) -> None:
    assert ENGLISH.speaks(title)


def test_the_one_refusal_that_a_page_shows_is_known_in_english() -> None:
    assert ENGLISH.speaks(EmailNotValid.says)
