"""What intake says in Russian is known in English, as far as it is a fixed text."""

import pytest

from libs.web import languages
from libs.web.assets import REPOSITORY
from services.intake.domain.correcting import DataNotValid
from services.intake.person import AddressNotValid, EmailNotValid
from services.intake.statuses import MARKS, TITLES

ENGLISH = languages.load((REPOSITORY / "frontends" / "site" / "translations",))["en"]


@pytest.mark.parametrize("title", sorted({*TITLES.values(), *MARKS.values()}))
def test_every_status_has_an_english_title(title: str) -> None:
    assert ENGLISH.speaks(title)


@pytest.mark.parametrize("says", [AddressNotValid.says, EmailNotValid.says, DataNotValid.says])
def test_the_refusals_that_a_page_shows_are_known_in_english(says: str) -> None:
    assert ENGLISH.speaks(says)
