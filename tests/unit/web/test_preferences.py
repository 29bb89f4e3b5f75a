"""The panel's choices, and where its buttons return to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.web.preferences import CHOICES, Preferences, local_path


def test_each_choice_changes_its_own_part_and_reset_brings_all_back() -> None:
    chosen = Preferences().with_choice("size=huge").with_choice("contrast=blue").with_choice("spacing=wide").with_choice("language=en")

    assert chosen == Preferences("en", "huge", "blue", "wide")
    assert chosen.adapted
    assert chosen.with_choice("appearance=reset") == Preferences("en")


@given(st.text())
def test_whatever_a_form_says_only_known_choices_result(choice: str) -> None:
    chosen = Preferences().with_choice(choice)

    assert chosen.size in CHOICES["size"]
    assert chosen.contrast in CHOICES["contrast"]
    assert chosen.spacing in CHOICES["spacing"]
    assert chosen.language in ("ru", "en")


@pytest.mark.parametrize("back", ["/", "/request", "/confirm/abc", "/status/view"])
def test_the_way_back_stays_on_the_site(back: str) -> None:
    assert local_path(back) == back


@pytest.mark.parametrize(
    "back", ["", "request", "//other.example", "/\\other.example", "https://other.example", "/a\nb", "/\t/other.example"]
)
def test_no_way_back_leads_elsewhere(back: str) -> None:
    assert local_path(back) == "/"
