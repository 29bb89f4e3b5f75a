"""What the form takes and what it asks to correct."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontends.site import request_form
from frontends.site.pages import CHANNEL_TITLES, FORM_TITLES, KIND_TITLES
from frontends.site.request_form import CHANNELS, FORMS, KINDS, TEXT_LIMIT, RequestForm
from libs.events.vocabulary import ClientKind, WantedForm
from libs.web import represented
from tests.unit.site.conftest import NOW

ID = UUID(int=7)
GOOD = replace(RequestForm.blank(lambda: ID), text="Вопрос", name="Анна", email="anna@example.ru")


def test_a_good_form_has_no_errors() -> None:
    assert GOOD.errors() == {}


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"text": " \n "}, {"text": request_form.NO_TEXT}),
        ({"text": "ж" * (TEXT_LIMIT + 1)}, {"text": request_form.TEXT_TOO_LONG}),
        ({"text": "а\0б"}, {"text": request_form.UNREADABLE_SIGN}),
        ({"name": " - "}, {"name": request_form.NO_NAME}),
        ({"name": "я" * 301}, {"name": request_form.LINE_TOO_LONG}),
        ({"email": ""}, {"email": request_form.NO_CONTACT}),
        ({"email": "", "phone": " ", "channel": "phone", "wanted_form": "oral"}, {"email": request_form.NO_CONTACT}),
        ({"email": "anna@"}, {"email": request_form.BAD_EMAIL}),
        ({"phone": "12"}, {"phone": request_form.BAD_PHONE}),
        ({"channel": "phone"}, {"phone": request_form.NEEDED_FOR_CHANNEL["phone"]}),
        ({"channel": "post"}, {"postal": request_form.NEEDED_FOR_CHANNEL["postal"]}),
        ({"wanted_form": "written"}, {"postal": request_form.NEEDED_FOR_FORM["postal"]}),
        ({"email": "", "postal": "Обск", "wanted_form": "electronic"}, {"email": request_form.NEEDED_FOR_FORM["email"]}),
        ({"kind": "robot"}, {"kind": request_form.NO_SUCH_CHOICE}),
        ({"channel": "pigeon"}, {"channel": request_form.NO_SUCH_CHOICE}),
        ({"wanted_form": "sung"}, {"wanted_form": request_form.NO_SUCH_CHOICE}),
    ],
)
@pytest.mark.requirement("N-3.4")
def test_what_is_wrong_is_told_at_its_field(changed: dict[str, str], errors: dict[str, str]) -> None:
    assert replace(GOOD, **changed).errors() == errors


def test_errors_stand_in_the_order_of_the_page() -> None:
    wrong = replace(GOOD, text="", name="", email="anna@", phone="1", wanted_form="written", kind="robot")

    assert list(wrong.errors()) == ["text", "name", "kind", "email", "phone", "postal"]


@pytest.mark.requirement("N-3.4")
@pytest.mark.parametrize("email", ["Иван@пример.рф", "a.b+c@mail.example.ru", " anna@example.ru "])
def test_addresses_of_all_alphabets_are_taken(email: str) -> None:
    assert replace(GOOD, email=email).errors() == {}


@pytest.mark.parametrize("phone", ["8 912 345 67 89", "+7 (912) 345-67-89", "79123456789", "+49 30 1234567"])
def test_phones_are_taken_as_people_write_them(phone: str) -> None:
    form = replace(GOOD, phone=phone)

    assert form.errors() == {}
    assert (form.message("site", NOW).contacts.phone or "").startswith("+")


def test_a_text_of_the_longest_letters_stays_under_what_intake_takes() -> None:
    assert len(("🙂" * TEXT_LIMIT).encode()) <= 200 * 1024


@pytest.mark.requirement("A-1.2.1", "A-1.2.2")
def test_every_kind_of_client_can_be_chosen_and_none_must() -> None:
    assert set(KIND_TITLES) == {"", *KINDS}
    assert set(KINDS) == set(ClientKind) - {ClientKind.UNKNOWN}
    assert replace(GOOD, kind="").message("site", NOW).sender.kind is None


@pytest.mark.requirement("A-3.2", "N-3.1")
def test_every_form_of_answer_and_every_channel_can_be_chosen() -> None:
    assert set(FORM_TITLES) == set(FORMS) == {*WantedForm, "any"}
    assert set(CHANNEL_TITLES) == set(CHANNELS)


@given(
    st.fixed_dictionaries(
        {name: st.text(max_size=400) for name in ("text", "name", "kind", "email", "phone", "postal", "channel", "wanted_form")}
    )
)
def test_whatever_is_posted_is_either_told_wrong_or_a_message(typed: dict[str, str]) -> None:
    form = RequestForm.posted(typed, lambda: ID)

    if not form.errors():
        assert form.message("site", NOW).text == typed["text"].replace("\r\n", "\n")


REPRESENTED = {
    "represented": "ООО «Лес»",
    "paper": "power-of-attorney",
    "paper_number": " 17 ",
    "paper_on": "2026-01-10",
    "paper_until": "",
}


@pytest.mark.requirement("E-11")
def test_whom_somebody_asks_for_goes_with_the_message_and_the_notices_stay_theirs() -> None:
    form = replace(GOOD, **REPRESENTED)
    assert form.errors() == {}
    told = form.message("site", NOW).model_dump(mode="json")
    powers = {"paper": "power-of-attorney", "number": "17", "issued_on": "2026-01-10", "valid_until": None}
    assert told["represented"] == {"name": "ООО «Лес»", "powers": powers}
    assert (told["sender"]["name"], told["contacts"]["email"]) == (GOOD.name, GOOD.email)
    assert GOOD.message("site", NOW).represented is None


@pytest.mark.requirement("E-11", "R-21")
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"represented": " "}, "represented", represented.NO_REPRESENTED),
        ({"paper": ""}, "paper", represented.NO_PAPER),
        ({"paper": "a-word-of-honour"}, "paper", represented.NO_PAPER),
        ({"paper_on": "вчера"}, "paper_on", represented.BAD_PAPER_DAY),
        ({"paper_until": "31.02.2026"}, "paper_until", represented.BAD_PAPER_DAY),
        ({"paper_until": "2026-01-09"}, "paper_until", represented.ENDS_BEFORE),
        ({"paper_number": "7" * 101}, "paper_number", represented.LONG_NUMBER),
        ({"represented": "ООО\0"}, "represented", request_form.UNREADABLE_SIGN),
    ],
)
def test_half_a_paper_is_named_at_its_field(typed: dict[str, str], field: str, says: str) -> None:
    assert replace(GOOD, **REPRESENTED | typed).errors() == {field: says}
