"""What an installation is was settled at its first start and does not change by forgetting a word."""

from pathlib import Path

import pytest

from local import control
from local.installation import Refused, is_demo, settle
from local.places import Places

pytestmark = pytest.mark.requirement("E-18")


@pytest.fixture
def here(tmp_path: Path) -> Places:
    return Places(tmp_path / "state")


def test_a_first_start_is_a_demonstration_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert settle(Places(tmp_path / "said nothing"), {}) is True
    assert settle(Places(tmp_path / "said so"), {"DEMO": "yes"}) is True
    assert settle(Places(tmp_path / "real"), {"DEMO": "no"}) is False


def test_a_real_installation_stays_one_when_the_word_is_forgotten(here: Places) -> None:
    settle(here, {"DEMO": "no"})
    assert settle(here, {}) is False
    assert not is_demo(here)


@pytest.mark.parametrize(("first", "later"), [("no", "yes"), ("yes", "no")])
def test_a_contradiction_is_refused_and_changes_nothing(here: Places, first: str, later: str) -> None:
    settled = settle(here, {"DEMO": first})
    with pytest.raises(Refused, match=f"say DEMO={first}.*make fresh"):
        settle(here, {"DEMO": later})
    assert settle(here, {}) is settled


def test_a_word_that_is_neither_yes_nor_no_is_refused(here: Places) -> None:
    with pytest.raises(Refused, match="DEMO=perhaps"):
        settle(here, {"DEMO": "perhaps"})
    assert not here.state.exists()


@pytest.mark.parametrize(("made", "demo"), [("secrets.env", False), ("sample-loaded", True)])
def test_data_without_an_answer_are_real_unless_the_sample_lies_among_them(here: Places, made: str, demo: bool) -> None:
    here.state.mkdir()
    (here.state / made).touch()
    assert settle(here, {}) is demo


def test_erasing_the_data_forgets_the_answer(here: Places) -> None:
    settle(here, {"DEMO": "no"})
    assert control.fresh(here, sure=True) == 0
    assert settle(here, {}) is True
