"""Nothing that anybody wrote can add a header to a letter."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.mime import Mail, Sender, UnsafeHeader, is_safe
from tests.unit.notifier.examples import AT

SENDER = Sender("Департамент земельных и лесных отношений Приобской области", "otklik@example.org")
HEADERS = [
    *("Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("Content-Language", "MIME-Version", "Content-Type"),
]
ENCODED_BREAK = "=?utf-8?q?a=0ABcc=3A_x=40y.z?="


def mail(**changed: object) -> Mail:
    facts = {
        "id": UUID(int=7),
        "date": AT,
        "sender": SENDER,
        "recipient": "adelaida@example.org",
        "subject": "Запрос № ЗИ-15/2026: зарегистрирован",
        "text": "Здравствуйте!\n.\nКонец.\n",
        "html": "<p>Здравствуйте!</p>",
    }
    return Mail(**(facts | changed))  # type: ignore[arg-type]


def parsed(letter: Mail) -> EmailMessage:
    return message_from_bytes(letter.encoded(), policy=policy.SMTPUTF8)


@pytest.mark.requirement("E-17")
def test_a_letter_says_that_a_program_sent_it_and_what_it_is_called() -> None:
    message = parsed(mail())
    assert message.keys() == HEADERS
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Message-ID"] == f"<{UUID(int=7)}@example.org>"
    assert message["From"].addresses[0].display_name.startswith("Департамент")
    assert message["From"].addresses[0].addr_spec == "otklik@example.org"
    assert message["Subject"] == "Запрос № ЗИ-15/2026: зарегистрирован"
    assert message["Date"].datetime == AT
    assert "List-Unsubscribe" not in message


def test_a_long_letter_comes_out_whole_in_lines_that_any_relay_takes() -> None:
    letter = mail(text="Ответ на запрос. " * 500, html="<p>Ответ</p>" * 500)
    message, lines = parsed(letter), letter.encoded().split(b"\r\n")
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == letter.text.strip()
    assert max(map(len, lines)) <= 120
    assert (message["MIME-Version"], message["Content-Language"]) == ("1.0", "ru")
    assert mail(text="\ud800").encoded(), "half a letter of a pair stops no letter"


def test_both_parts_come_out_as_they_went_in() -> None:
    message = parsed(mail())
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content() == mail().text
    assert html.get_content().strip() == mail().html


@pytest.mark.requirement("N-3.5")
def test_the_same_notice_is_the_same_letter_however_often_it_is_sent() -> None:
    assert mail().encoded() == mail().encoded()


@pytest.mark.parametrize(
    "value",
    [
        "a\r\nBcc: x@y.z",
        "a\nBcc: x@y.z",
        "a\rBcc: x@y.z",
        "a\x00b",
        "a\u2028b",
        "a\x85b",
        ENCODED_BREAK,
        f"Запрос {ENCODED_BREAK}",
        "д" * 5_000,
    ],
)
@pytest.mark.parametrize("field", ["subject", "recipient"])
def test_a_value_with_a_line_break_a_control_character_or_an_encoded_word_stands_in_no_header(field: str, value: str) -> None:
    assert not is_safe(value)
    with pytest.raises(UnsafeHeader):
        mail(**{field: value}).encoded()


@pytest.mark.requirement("N-0.1")
def test_an_authority_that_no_header_can_name_is_refused_before_the_first_letter() -> None:
    assert Sender("Служба\u00a0надзора", "a@example.org").header == Sender("Служба надзора", "a@example.org").header
    for name, address in (
        (f"Служба {ENCODED_BREAK}", "a@example.org"),
        ("С" * 5_000, "a@example.org"),
        ("Служба", "a@example.org\r\nBcc: x@y.z"),
    ):
        with pytest.raises(UnsafeHeader):
            Sender(name, address)


@given(st.text())
def test_whatever_the_subject_there_are_the_same_headers_and_it_comes_out_unchanged(subject: str) -> None:
    letter = mail(subject=subject)
    if not is_safe(subject):
        with pytest.raises(UnsafeHeader):
            letter.encoded()
        return
    message = message_from_bytes(letter.encoded(), policy=policy.compat32)
    assert message.keys() == HEADERS
    assert str(parsed(letter)["Subject"] or "").strip() == subject.strip() or not subject.isascii()


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S", "Zs"), include_characters="№—«»"), min_size=1, max_size=400))
def test_no_line_of_a_header_is_longer_than_mail_programs_take(subject: str) -> None:
    if is_safe(subject):
        head = mail(subject=subject).encoded().split(b"\r\n\r\n", 1)[0]
        assert all(len(line) <= 998 for line in head.split(b"\r\n"))


def test_an_encoded_word_is_at_most_75_characters() -> None:
    head = mail(subject="Щ" * 400).encoded().split(b"\r\n\r\n", 1)[0]
    assert all(len(line.strip()) <= 75 for line in head.split(b"\r\n") if line.startswith(b" "))
