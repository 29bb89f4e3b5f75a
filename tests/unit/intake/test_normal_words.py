"""Words, names, phones and addresses in the one form that they are kept and looked for in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.words import normal
from services.intake.words.marks import Marks, of_request
from services.intake.words.search import MOST_ASKED, asked_for
from tests.examples import anna, imported, imported_line, received, supplemented
from tests.unit.intake.desk import KEY

MARKS = Marks(KEY)
SPELLINGS = (
    "+7 913 000-00-01",
    "8 (913) 000-00-01",
    "89130000001",
    "79130000001",
    "9130000001",
    "+7(913)000‑00‑01",
    "8.913.000.00.01",
    "+7 (913) 000-00-01 доб. 5",
)


def found_by(typed: str, *facts: object) -> bool:
    """Whether a request of these facts holds a mark of each list."""
    words, _ = of_request(MARKS, facts)  # type: ignore[arg-type]
    lists = asked_for(MARKS, typed)
    return bool(lists) and all(not marks.isdisjoint(words) for marks in lists)


@pytest.mark.requirement("E-7", "N-8.3")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ёлки", "елка"),
        ("УЧАСТКОМ", "участок"),
        ("земельного", "земельный"),
        ("граждан", "гражданина"),
        ("реше\u0301ние", "решения"),
        ("уча\u00adсток", "участок"),
        ("мыла", "мыть"),
        ("мыла", "мыло"),
    ],
)
def test_a_word_is_the_same_in_every_case_and_form(one: str, other: str) -> None:
    assert normal.lemmas_of(one).keys() & normal.lemmas_of(other).keys()


@pytest.mark.requirement("N-8.3")
def test_service_words_are_not_kept() -> None:
    assert list(normal.lemmas_of("о том, и не по нему ли в я")) == ["тот"]


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Санкт-Петербург", ["санкт-петербург", "санкт", "петербург"]),
        ("санкт—петербург", ["санкт-петербург", "санкт", "петербург"]),
        ("54:35:101:2", ["54:35:101:2", "54", "35", "101", "2"]),
        ("ул.Садовая", ["ул", "садовая"]),
        ("а_б", ["а", "б"]),
        ("«Небывалое»", ["небывалое"]),
        ("", []),
    ],
)
def test_compounds_and_cadastral_numbers_are_kept_whole_and_in_their_parts(text: str, kept: list[str]) -> None:
    assert list(normal.words(text)) == kept


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_phone_is_the_same_in_every_spelling(typed: str) -> None:
    assert normal.phone(typed) == "+79130000001"


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize(
    ("typed", "kept"), [("000-03", "00003"), ("12-34", None), ("нет", None), ("", None), ("+49 30 123456", "+4930123456")]
)
def test_a_city_number_is_its_digits_and_what_is_no_number_is_nothing(typed: str, kept: str | None) -> None:
    assert normal.phone(typed) == kept


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize(
    "typed",
    [
        "участки",
        "аренду ЗЕМЕЛЬНЫХ участков",
        "Запланированная",
        "запл",
        "Анна запланированная",
        "анна аренда",
        "ANNA@EXAMPLE.RU",
        "<anna@example.ru>",
        "река",
    ],
)
def test_a_request_is_found_by_its_words_and_by_whoever_asks(typed: str) -> None:
    assert found_by(typed, received, supplemented)


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize(
    "typed", ["лесной", "за", "Запланированная Борис", "nna@example.ru", "аренда квартиры", "«»", "и о", "+7 913 000-00-09"]
)
def test_what_it_does_not_say_does_not_find_it(typed: str) -> None:
    assert not found_by(typed, received, supplemented)


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize("typed", SPELLINGS[:5])
def test_a_phone_is_found_in_the_contacts_and_in_the_text(typed: str) -> None:
    in_contacts = received.model_copy(update={"contacts": anna.contacts})
    in_text = received.model_copy(update={"text": "Позвоните мне: 8 913 000 00 01, спасибо."})
    assert found_by(typed, in_contacts)
    assert found_by(typed, in_text)
    assert not found_by(typed, received)


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize("typed", ["5406123456", "16.11.2026", "000-03", "15/2026", "54:35:101:2"])
def test_figures_that_may_be_a_phone_are_found_as_they_are_written_too(typed: str) -> None:
    assert found_by(typed, received.model_copy(update={"text": f"Сведения: {typed}, прошу проверить."}))


@pytest.mark.requirement("N-8.3")
def test_a_request_of_an_older_register_is_found_by_its_lines_and_its_number() -> None:
    assert found_by("принять", imported, imported_line)
    assert found_by("case-1", imported, imported_line)


@pytest.mark.requirement("E-7")
def test_texts_of_the_same_words_have_the_same_mark_whoever_signs_them() -> None:
    def mark(text: str, name: str) -> int | None:
        sender = received.sender.model_copy(update={"name": name})
        return of_request(MARKS, [received.model_copy(update={"text": text, "sender": sender})])[1]

    one = mark("Я, Выдуманная Анна, прошу сообщить, когда отремонтируют дорогу в 12 доме.", "Выдуманная Анна")
    assert one == mark("ПРОШУ СООБЩИТЬ: когда отремонтируют дорогу в доме 7? Небывалый Пётр", "Небывалый Пётр")
    assert one != mark("Прошу сообщить, когда отремонтируют мост в 12 доме.", "Выдуманная Анна")
    assert mark("Прошу ответить.", "Выдуманная Анна") is None


@pytest.mark.requirement("N-8.3")
def test_of_too_many_words_the_longest_are_looked_for() -> None:
    typed = "аренда участка земли договора сведения департамента предоставить регламент"
    lists = asked_for(MARKS, typed)
    assert len(lists) == MOST_ASKED
    assert MARKS.word("земля") not in frozenset().union(*lists)


@pytest.mark.requirement("E-14")
@given(st.text(max_size=400))
def test_no_text_is_too_strange_to_be_read_or_looked_for(text: str) -> None:
    strange = received.model_copy(update={"text": text, "contacts": anna.contacts.model_copy(update={"phone": text, "email": text})})
    words, _ = of_request(MARKS, [strange])
    assert all(-(2**63) <= mark < 2**63 for mark in words)
    asked_for(MARKS, text)
