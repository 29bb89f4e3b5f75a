"""What is odd about a message that is kept all the same (R-8)."""

import time
from datetime import timedelta

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.vocabulary import ClientKind, Flag
from services.intake.oddities import clock_is_off, is_bad_email, point_flags, point_of, usable_email
from tests.examples import NOW
from tests.unit.intake.desk import POINTS

SECOND = timedelta(seconds=1)


@pytest.mark.requirement("A-1.2.3")
@pytest.mark.parametrize(
    ("named", "frontend", "point"),
    [
        ("site", "site", "site"),
        ("phone", "site", "phone"),
        (None, "vk", "vk"),
        (None, "kiosk", "other"),
        ("kiosk", "vk", "other"),
        ("Site", "site", "other"),
        ("", "site", "other"),
    ],
)
def test_a_point_is_on_the_list_or_other(named: str | None, frontend: str, point: str) -> None:
    assert point_of(named, frontend, POINTS) == point


@pytest.mark.requirement("A-3.3")
def test_an_unknown_point_is_flagged_once_whoever_comes() -> None:
    assert point_flags("other", ClientKind.INTERNAL, POINTS) == (Flag.UNKNOWN_POINT,)
    assert point_flags("site", ClientKind.CITIZEN, POINTS) == ()


@pytest.mark.requirement("R-21")
@pytest.mark.parametrize(
    ("point", "back"),
    [("site", timedelta(days=30)), ("other", timedelta(days=30)), ("post", timedelta(days=1830)), ("phone", timedelta(days=1830))],
)
def test_a_clock_may_be_so_far_off_and_no_further(point: str, back: timedelta) -> None:
    assert not clock_is_off(NOW - back, NOW, point)
    assert clock_is_off(NOW - back - SECOND, NOW, point)
    assert not clock_is_off(NOW + timedelta(minutes=5), NOW, point)
    assert clock_is_off(NOW + timedelta(minutes=5) + SECOND, NOW, point)


@pytest.mark.requirement("N-3.4")
@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("anna@example.ru", "anna@example.ru"),
        ("  anna@EXAMPLE.ru ", "anna@example.ru"),
        ("Anna.Petrovna+land@example.ru", "Anna.Petrovna+land@example.ru"),
        ("анна@пример.рф", "анна@пример.рф"),
    ],
)
def test_an_address_is_kept_in_its_normal_form(typed: str, address: str) -> None:
    assert usable_email(typed) == address
    assert not is_bad_email(typed)


@pytest.mark.requirement("N-3.4")
@pytest.mark.parametrize(
    "typed",
    ["нет", "anna@", "@example.ru", "anna@localhost", "a b@example.ru", "anna@example.ru\r\nBcc: all@example.ru", "a@b@c.ru"],
)
def test_what_can_not_be_an_address_is_none(typed: str) -> None:
    assert usable_email(typed) is None
    assert is_bad_email(typed)


@pytest.mark.parametrize("typed", [None, "", " ", "\t\n"])
def test_nothing_typed_is_no_bad_address(typed: str | None) -> None:
    assert usable_email(typed) is None
    assert not is_bad_email(typed)


@pytest.mark.parametrize("typed", ["я" * 200_000, "a" * 200_000 + "@b.ru", "a@" + "b." * 100_000 + "ru", "\u0301" * 100_000])
def test_the_longest_address_is_judged_at_once(typed: str) -> None:
    began = time.process_time()
    assert usable_email(typed) is None
    assert time.process_time() - began < 0.05


locals_ = st.text("aZ0._+-'я @", min_size=1, max_size=70)
domains = st.sampled_from(
    ["example.org", "Пример.РФ", "EXAMPLE.org", "localhost", "a..org", "-a.org", "a.b", "1.2.3.4", "[1.2.3.4]", "a@b.org", ""]
)


@pytest.mark.requirement("N-3.4")
@settings(max_examples=500)
@given(locals_, domains)
def test_the_quick_look_at_an_address_judges_like_the_library(local: str, domain: str) -> None:
    typed = f"{local}@{domain}"
    try:
        whole = validate_email(typed.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        whole = None
    assert usable_email(typed) == whole
