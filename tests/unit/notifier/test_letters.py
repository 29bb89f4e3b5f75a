"""Every letter is plain, correct Russian, explains what was decided and says what happens next."""

import re
from datetime import date

import pytest
from markupsafe import escape

from libs.events.vocabulary import Mark, Status, Target
from services.notifier.domain import Content
from services.notifier.letters import Letters
from services.notifier.mime import is_safe
from services.notifier.wording import MARKS, TERM_OF_LAW, WORDS, day, plural, term
from tests.unit.notifier.examples import ADDRESS, AT, CODE, NAME, SITE_URL, authority, by_email, by_vk, typed_only

LETTERS = Letters(authority(), SITE_URL)
LATIN = re.compile(r"[A-Za-z_]{2,}")
ALLOWED_LATIN = {"ABCDE", "FGHJK", "https", "otklik", "example", "org", "status", "confirm", "one", "time", "token"}
CODE_NAME = re.compile(r"[a-z]+_[a-z]+|[{}<>]|\bNone\b|\bTrue\b|\bFalse\b")


def content(status: Status = Status.REGISTERED, target: Target = by_email, **changed: object) -> Content:
    facts: dict[str, object] = {
        "target": target,
        "status": status,
        "explanation": "",
        "reference": "ABCDE-FGHJK",
        "reg_no": "ЗИ-15/2026",
        "addressee": NAME,
        "happened_at": AT,
        "due_on": date(2026, 12, 14),
    }
    return Content.model_validate(facts | changed)


def without_markup(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


TOLD = [*((status, status.value) for status in Status), *((Status.ASSIGNED, mark.value) for mark in Mark)]


@pytest.mark.requirement("A-2.1.4", "E-17")
@pytest.mark.parametrize(("status", "template"), TOLD)
def test_everything_is_told_without_a_code_name_and_with_an_explanation_and_the_next_step(status: Status, template: str) -> None:
    letter = LETTERS.letter(content(status, template=template))
    words = MARKS[template] if template in set(Mark) else WORDS[status]
    for text in (letter.text, without_markup(letter.html), LETTERS.message(content(status, by_vk, template=template))):
        assert words.title in text
        assert words.happened in text
        assert words.explanation in text
        assert words.next in text
        assert "№ ЗИ-15/2026" in text
        assert set(LATIN.findall(text)) <= ALLOWED_LATIN
        assert not CODE_NAME.search(text)
        assert not re.search(r" {2}| [.,:;!]|\.\.|\n{3}", text.replace("\n\n--\n", "\n"))
    assert letter.subject == f"{words.noun} № ЗИ-15/2026: {words.title}"
    assert is_safe(letter.subject)


@pytest.mark.requirement("A-2.1.4")
@pytest.mark.parametrize("told", [*WORDS, *MARKS])
def test_no_word_of_any_status_or_mark_is_empty(told: str) -> None:
    words = MARKS.get(told) or WORDS[Status(told)]
    assert all(text.strip() and text.strip() == text for text in (words.title, words.happened, words.explanation, words.next))
    assert all(text.endswith(".") for text in (words.happened, words.explanation, words.next))
    assert not words.title.endswith(".")


@pytest.mark.requirement("A-2.1.4")
@pytest.mark.parametrize("explanation", ["", "   ", "\n\t", "\x07"])
def test_an_empty_explanation_is_replaced_by_the_one_of_the_status(explanation: str) -> None:
    assert WORDS[Status.REFUSED].explanation in LETTERS.letter(content(Status.REFUSED, explanation=explanation)).text


@pytest.mark.requirement("A-2.1.4")
def test_the_explanation_of_the_decision_is_told_in_its_own_words() -> None:
    own = "Сведения составляют служебную тайну по статье 5 закона № 8-ФЗ."
    letter = LETTERS.letter(content(Status.REFUSED, explanation=own))
    assert own in letter.text
    assert own in letter.html
    assert WORDS[Status.REFUSED].explanation not in letter.text


@pytest.mark.requirement("N-0.1")
def test_everything_about_the_authority_comes_from_its_file() -> None:
    other = authority(
        name="Служба тестового надзора",
        short_name="Служба",
        signatory="Начальник службы И. И. Пробный",
        phones=("+7 (000) 1-22-33",),
        hours="круглосуточно",
    )
    letter = Letters(other, "https://other.example.org").letter(content())
    for text in (letter.text, letter.html):
        for told in (
            other.name,
            other.signatory,
            "+7 (000) 1-22-33",
            "круглосуточно",
            other.postal_address,
            "https://other.example.org/status",
        ):
            assert told in text
        assert "Справки по телефону:" in text
        for mine in (authority().name, *authority().phones, authority().hours):
            assert mine not in text
    assert "Справки по телефонам: +7 (383) 000-18-00, +7 (383) 000-18-01" in LETTERS.letter(content()).text


@pytest.mark.requirement("N-2.2", "N-9.5", "A-3.6.2")
def test_the_text_that_was_approved_is_told_letter_by_letter_where_the_address_is_known_to_be_theirs() -> None:
    text = "Здравствуйте!\n\n  Участок сдают по итогам торгов — <b>1 га</b>."
    letter = LETTERS.letter(content(Status.ANSWERED, answer=text))
    assert f"Текст ответа\n\n{text}\n" in letter.text
    assert escape(text) in letter.html
    assert f"Текст ответа:\n\n{text}\n" in LETTERS.message(content(Status.ANSWERED, by_vk, answer=text))
    only_typed = LETTERS.letter(content(Status.ANSWERED, typed_only, answer=text))
    assert "Участок" not in only_typed.text + only_typed.html
    assert "Текст ответа" not in LETTERS.letter(content(Status.ANSWERED)).text


@pytest.mark.requirement("N-3.4", "R-9")
@pytest.mark.parametrize("status", Status)
def test_a_letter_to_an_address_that_was_only_typed_holds_number_status_and_link_and_nothing_personal(status: Status) -> None:
    own = "Ваше заявление о разделе участка на улице Лесной рассмотрено."
    letter = LETTERS.letter(content(status, typed_only, explanation=own))
    for text in (letter.subject, letter.text, letter.html):
        for personal in (NAME, "Аделаида", ADDRESS, own, "Лесной"):
            assert personal not in text
        assert f"№ ЗИ-15/2026: {WORDS[status].title}" in text
    assert f"{SITE_URL}/confirm/one-time-token" in letter.text
    assert f'href="{SITE_URL}/confirm/one-time-token"' in letter.html
    assert WORDS[status].happened not in letter.text


@pytest.mark.requirement("E-10")
def test_a_letter_with_the_code_says_it_in_fours_and_its_subject_holds_none_of_it() -> None:
    letter = LETTERS.letter(content(explanation="Ваше заявление рассмотрено.", tracking_code=CODE))
    for text in (letter.text, without_markup(letter.html), LETTERS.message(content(target=by_vk, tracking_code=CODE))):
        assert "Код проверки: 7K3M Q9TX A2BC" in text
        assert "Запрос № ЗИ-15/2026: код проверки" in text
        assert "заявление" not in text
    assert NAME in letter.text
    assert letter.subject == "Запрос № ЗИ-15/2026: код проверки"
    assert CODE not in letter.html.split('href="')[1].split('"')[0]


def test_a_later_letter_to_an_unconfirmed_address_points_to_the_first_one() -> None:
    later = typed_only.model_copy(update={"confirm_token": None})
    letter = LETTERS.letter(content(target=later))
    assert "из первого нашего письма" in letter.text
    assert "/confirm" not in letter.text + letter.html


def test_a_token_can_not_leave_its_place_in_the_link() -> None:
    hostile = typed_only.model_copy(update={"confirm_token": '"><b>/../x'})
    letter = LETTERS.letter(content(target=hostile))
    assert "<b>" not in letter.html
    assert f"{SITE_URL}/confirm/%22%3E%3Cb%3E%2F..%2Fx" in letter.text


def test_what_people_wrote_is_no_markup_in_the_letter() -> None:
    hostile = "<script>alert(1)</script> & {{ 7 * 7 }}"
    letter = LETTERS.letter(content(addressee=hostile, explanation=hostile))
    assert "<script>" not in letter.html
    assert "{{ 7 * 7 }}" in letter.html


@pytest.mark.parametrize("name", ["Иван\r\nBcc: x@y.z", "=?utf-8?q?a=0ABcc=3A_x=40y.z?=", "Иван\x00", "И" * 5_000])
@pytest.mark.parametrize("field", ["addressee", "reg_no", "reference", "explanation"])
def test_whatever_a_field_holds_the_subject_stays_one_safe_line(field: str, name: str) -> None:
    letter = LETTERS.letter(content().model_copy(update={"reg_no": None, field: name}))
    assert is_safe(letter.subject)
    assert letter.subject.endswith(": зарегистрирован")
    assert "\x00" not in letter.text + letter.html


def test_before_there_is_a_register_number_the_reference_stands_for_it() -> None:
    assert LETTERS.letter(content(Status.RECEIVED, reg_no=None)).subject == "Запрос ABCDE-FGHJK: принят"


@pytest.mark.requirement("N-3.1")
def test_a_frontends_first_messages_offer_a_further_channel() -> None:
    offer = "Сообщения о запросе можно получать ещё и по электронной почте"
    assert offer in LETTERS.message(content(Status.RECEIVED, by_vk))
    assert offer in LETTERS.message(content(Status.REGISTERED, by_vk))
    assert offer not in LETTERS.message(content(Status.CLOSED, by_vk))
    assert offer not in LETTERS.message(content(Status.REGISTERED, by_vk, template=Mark.EXTENDED)), "it is no first one"


@pytest.mark.requirement("E-17")
@pytest.mark.parametrize(
    ("number", "noun"),
    [
        (1, "день"),
        (2, "дня"),
        (4, "дня"),
        (5, "дней"),
        (11, "дней"),
        (12, "дней"),
        (14, "дней"),
        (21, "день"),
        (22, "дня"),
        (25, "дней"),
        (111, "дней"),
    ],
)
def test_a_number_has_its_noun_in_the_right_form(number: int, noun: str) -> None:
    assert plural(number, "день", "дня", "дней") == noun


@pytest.mark.requirement("E-17")
def test_dates_are_written_out() -> None:
    assert day(date(2026, 12, 14)) == "14 декабря 2026 года"
    assert [day(date(2026, month, 1)).split()[1] for month in (1, 3, 5, 8)] == ["января", "марта", "мая", "августа"]


@pytest.mark.requirement("E-17", "N-9.1")
@pytest.mark.parametrize(
    ("due", "told"),
    [
        (date(2026, 12, 14), "Ответ будет дан не позднее 14 декабря 2026 года: через 22 дня после даты этого сообщения."),
        (date(2026, 11, 27), "Ответ будет дан не позднее 27 ноября 2026 года: через 5 дней после даты этого сообщения."),
        (date(2026, 11, 23), "Ответ будет дан не позднее 23 ноября 2026 года: через 1 день после даты этого сообщения."),
        (date(2026, 11, 22), "Срок ответа — 22 ноября 2026 года, то есть в день этого сообщения."),
        (date(2026, 11, 20), "Срок ответа был 20 ноября 2026 года. Приносим извинения за задержку."),
        (None, TERM_OF_LAW),
    ],
)
def test_the_term_is_told_with_its_day_and_how_far_it_is(due: date | None, told: str) -> None:
    assert term(due, date(2026, 11, 22)) == told
    assert told in LETTERS.letter(content(due_on=due)).text


def test_a_term_that_the_explanation_tells_is_not_told_twice() -> None:
    own = "Запрос зарегистрирован под номером ЗИ-15/2026. Ответ будет дан не позднее 14 декабря 2026 года."
    assert LETTERS.letter(content(explanation=own)).text.count("14 декабря 2026 года") == 1


def test_the_day_of_a_notice_is_the_authoritys_own() -> None:
    late_evening = AT.replace(hour=20)  # 03:00 of the next day in Novosibirsk
    assert "через 21 день" in LETTERS.letter(content(happened_at=late_evening)).text


@pytest.mark.requirement("E-17")
def test_the_html_part_can_be_read_aloud() -> None:
    html = LETTERS.letter(content()).html
    assert '<html lang="ru">' in html
    assert "<title>Запрос № ЗИ-15/2026: зарегистрирован</title>" in html
    assert html.count("<h1") == 1
    assert "<img" not in html
    assert "<table" not in html
    assert re.search(r">Посмотреть состояние запроса</a>", html)
