"""What the law needs before a request gets its number (8-FZ art. 18)."""

import time

import pytest

from libs.events.vocabulary import Flag
from services.intake.completeness import has_full_name, has_name, has_phone, has_postal, has_question, missing
from tests.examples import GREETING, QUESTION, anna, firm

pytestmark = pytest.mark.requirement("R-19")


@pytest.mark.parametrize("name", [anna.name, firm.name, "Ли", "O'Brien", "Müller", "名無"])
def test_a_word_is_a_name(name: str) -> None:
    assert has_name(name)


@pytest.mark.parametrize("name", [None, "", " ", "-", "123", "А.", "_ _", "!!!"])
def test_signs_are_no_name(name: str | None) -> None:
    assert not has_name(name)


@pytest.mark.parametrize(("name", "full"), [(anna.name, True), ("Анна Петрова", True), ("Анна", False), ("Анна П.", False), (None, False)])
def test_a_full_name_has_two_words(name: str | None, full: bool) -> None:
    assert has_full_name(name) is full


@pytest.mark.parametrize("phone", ["+7 913 000-00-01", "000-03", "8(383)2386002", "٠١٢٣٤٥"])
def test_a_phone_has_five_digits(phone: str) -> None:
    assert has_phone(phone)


@pytest.mark.parametrize("phone", [None, "", " ", "нет", "12-34", "②②②②②"])
def test_anything_shorter_can_not_be_called(phone: str | None) -> None:
    assert not has_phone(phone)


@pytest.mark.parametrize(("postal", "usable"), [(anna.postal, True), ("а/я 7, Обск", True), ("-", False), ("  ", False), (None, False)])
def test_a_postal_address_has_a_word(postal: str | None, usable: bool) -> None:
    assert has_postal(postal) is usable


@pytest.mark.parametrize(
    "text", [QUESTION, "Часы приёма?", "Здравствуйте, где приёмная?", "opening hours", "Добрый день! Сколько стоит аренда"]
)
def test_two_words_beside_the_greeting_ask_something(text: str) -> None:
    assert has_question((text,), anna.name)


@pytest.mark.parametrize(
    "text",
    [
        *("", GREETING, "Здравствуйте", "ДОБРЫЙ ДЕНЬ!!!", "Доброго времени суток, уважаемые", "/start", "?", "1 2 3", "😀 😀"),
        *("Алло", anna.name, f"Здравствуйте! {anna.name}", "anna@example.ru", "Моя почта: anna@example.ru"[4:], "https://example.ru/lease"),
    ],
)
def test_a_greeting_a_name_and_an_address_ask_nothing(text: str) -> None:
    assert not has_question((text,), anna.name)


def test_words_of_several_messages_count_together() -> None:
    assert not has_question(("Аренда",), None)
    assert has_question(("Аренда", "Здравствуйте", "участка"), None)


def test_what_is_missing_is_named_in_the_order_of_the_law() -> None:
    assert missing(None, False, (GREETING,)) == (Flag.NO_NAME, Flag.NO_CONTACT, Flag.NO_QUESTION)
    assert missing(anna.name, True, (QUESTION,)) == ()
    assert missing(anna.name, False, (QUESTION,)) == (Flag.NO_CONTACT,)


@pytest.mark.parametrize("text", ["я" * 100_000, "a@" * 100_000, "-" * 200_000, "я " * 100_000, "\u0301" * 100_000])
def test_the_longest_text_is_judged_at_once(text: str) -> None:
    began = time.process_time()
    has_question((text,), text)
    assert time.process_time() - began < 2
