"""Cards of calls, visits and papers: what is wrong with what was typed, and which day and time it means wherever the authority is."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from libs.chassis.ops.identifiers import NumberedIds
from libs.chassis.ops.settings import load_authority
from libs.events.vocabulary import Card, Powers, PowersPaper, Represented, WantedForm
from libs.web import represented
from libs.web.days import day_of
from services.intake.oddities import FAR_BACK_BY_HAND
from services.intake.pages.cards import taking_form
from services.intake.pages.cards.taking_form import Around, TakingForm, time_of
from tests.examples import ASTRAKHAN, NOVOSIBIRSK, anna
from tests.stack import AUTHORITY_FILE

AUTHORITY = load_authority(AUTHORITY_FILE)
MORNING = datetime(2026, 11, 16, 19, 30, tzinfo=UTC)  # half past two of the 17th in Novosibirsk, half past eleven of the 16th in Astrakhan
LATE = datetime(2026, 11, 16, 19, 59, 59, tzinfo=UTC)  # the last second of the 16th in Astrakhan


def around(now: datetime = MORNING, zone: ZoneInfo = NOVOSIBIRSK) -> Around:
    authority = AUTHORITY.model_copy(update={"time_zone": zone})
    return Around(authority=authority, now=now, colleagues={"account-1": "Запланированная Ольга"})


def filled(card: Card, at: Around | None = None, **changed: Any) -> TakingForm:
    """A card that may be saved, but for what is changed."""
    at = at or around()
    form = TakingForm.blank(card, at, NumberedIds().new)
    typed: dict[str, Any] = {
        "name": anna.name,
        "phone": anna.phone,
        "text": "Прошу сообщить о сделке.",
        "channel": "none",
        "number": AUTHORITY.phones[0],
    }
    return replace(form, **typed) if not changed else replace(replace(form, **typed), **changed)


@pytest.mark.requirement("N-7.1", "N-7.5", "N-7.7", "N-3.1", "N-3.4", "N-2.2")
@pytest.mark.parametrize(
    ("card", "changed", "wrong"),
    [
        ("phone", {"number": ""}, {"number": taking_form.NO_NUMBER}),
        ("phone", {"number": "+7 000"}, {"number": taking_form.NO_NUMBER}),
        ("phone", {"channel": ""}, {"channel": taking_form.NO_OFFER}),
        ("phone", {"channel": "pigeon"}, {"channel": taking_form.NO_SUCH_CHOICE}),
        ("phone", {"channel": "email"}, {"email": taking_form.NO_ADDRESS}),
        ("phone", {"email": "anna@"}, {"email": taking_form.BAD_EMAIL}),
        ("phone", {"phone": "12"}, {"phone": taking_form.BAD_PHONE}),
        ("phone", {"text": " \n"}, {"text": taking_form.NO_TEXT[Card.PHONE]}),
        ("phone", {"outcome": "informed"}, {"gist": taking_form.NO_GIST}),
        ("phone", {"outcome": "vanished"}, {"outcome": taking_form.NO_SUCH_CHOICE}),
        ("phone", {"outcome": "informed", "gist": "Да.", "name": "", "phone": "", "channel": ""}, {}),
        ("phone", {"received_time": ""}, {"received_time": taking_form.NO_TIME}),
        ("phone", {"received_time": "25:00"}, {"received_time": taking_form.NO_TIME}),
        ("reception", {"office": " "}, {"office": taking_form.NO_OFFICE}),
        ("reception", {"name": "1"}, {"name": taking_form.NO_NAME}),
        ("reception", {"name": "", "phone": ""}, {"name": taking_form.NO_NAME, "phone": taking_form.NO_CONTACT}),
        ("reception", {"name": "", "phone": "", "incomplete": "yes"}, {}),
        ("reception", {"wanted_form": "written"}, {"postal": taking_form.NO_ADDRESS}),
        ("reception", {"kind": "robot"}, {"kind": taking_form.NO_SUCH_CHOICE}),
        ("post", {"received_on": ""}, {"received_on": taking_form.NO_DAY}),
        ("post", {"received_on": "2026-11-31"}, {"received_on": taking_form.BAD_DAY}),
        ("post", {"own_on": "вчера"}, {"own_on": taking_form.BAD_DAY}),
        ("post", {"received_by": "nobody"}, {"received_by": taking_form.WRONG_COLLEAGUE}),
        ("post", {"received_by": "account-1"}, {}),
        ("post", {"point": "phone"}, {"point": taking_form.NO_SUCH_CHOICE}),
        ("post", {"point": "internal"}, {}),
        ("post", {"text": "Слово\0"}, {"text": taking_form.UNREADABLE_SIGN}),
        ("post", {"name": "Я" * 301}, {"name": taking_form.TOO_LONG}),
        ("post", {"topic": "lost"}, {"topic": taking_form.NO_SUCH_CHOICE}),
        ("post", {"outcome": "informed"}, {}),
    ],
)
def test_what_is_wrong_with_a_card_stands_at_its_field(card: str, changed: dict[str, Any], wrong: dict[str, str]) -> None:
    assert filled(Card(card)).errors(around()) == {}
    assert filled(Card(card), **changed).errors(around()) == wrong


@pytest.mark.requirement("N-7.5", "N-9.1")
@pytest.mark.parametrize("zone", [NOVOSIBIRSK, ASTRAKHAN])
@pytest.mark.parametrize("card", Card)
def test_tomorrow_is_refused_and_today_taken_as_it_is_where_the_authority_is(card: Card, zone: ZoneInfo) -> None:
    at = around(zone=zone)
    today = {NOVOSIBIRSK: date(2026, 11, 17), ASTRAKHAN: date(2026, 11, 16)}[zone]
    assert filled(card, at).received_on == today.isoformat()
    assert filled(card, at).errors(at) == {}
    tomorrow = filled(card, at, received_on=(today + timedelta(days=1)).isoformat())
    assert tomorrow.errors(at) == {"received_on": taking_form.NOT_YET}


@pytest.mark.requirement("N-7.5")
def test_one_second_decides_which_day_is_tomorrow() -> None:
    typed = {"received_on": "2026-11-17"}
    before, after = around(LATE, ASTRAKHAN), around(LATE + timedelta(seconds=1), ASTRAKHAN)
    assert filled(Card.POST, before, **typed).errors(before) == {"received_on": taking_form.NOT_YET}
    assert filled(Card.POST, after, **typed).errors(after) == {}


@pytest.mark.requirement("N-7.5")
def test_five_years_back_is_the_farthest_that_is_typed_in() -> None:
    at = around()
    oldest = at.today - FAR_BACK_BY_HAND + timedelta(days=1)
    for day, wrong in ((oldest, {}), (oldest - timedelta(days=1), {"received_on": taking_form.LONG_AGO})):
        assert filled(Card.POST, received_on=day.isoformat()).errors(at) == wrong


@pytest.mark.requirement("N-7.1", "N-7.7")
def test_a_talk_that_has_not_begun_yet_is_refused_to_the_minute() -> None:
    at = around()
    for minute, wrong in (("02:30", {}), ("02:31", {"received_time": taking_form.NOT_YET_TIME})):
        assert filled(Card.PHONE, received_time=minute).errors(at) == wrong


@pytest.mark.requirement("N-7.5", "N-7.1")
@pytest.mark.parametrize("zone", [NOVOSIBIRSK, ASTRAKHAN])
def test_a_paper_of_an_earlier_day_lies_on_that_day_here_and_in_utc_and_a_talk_at_its_minute(zone: ZoneInfo) -> None:
    at = around(zone=zone)
    paper = filled(Card.POST, at, received_on="2026-11-13").message("d", at)
    assert paper.received_at.astimezone(zone).date() == paper.received_at.astimezone(UTC).date() == date(2026, 11, 13)
    assert filled(Card.POST, at).message("d", at).received_at == at.now
    talk = filled(Card.PHONE, at, received_on="2026-11-13", received_time="17:05").message("d", at)
    assert talk.received_at == datetime(2026, 11, 13, 17, 5, tzinfo=zone)


@pytest.mark.requirement("N-3.1", "N-2.2", "N-6.2")
def test_a_message_says_what_was_typed_letter_by_letter_with_the_phone_in_one_form() -> None:
    form = filled(Card.RECEPTION, text=" Как есть \n", channel="post", postal=f" {anna.postal} ", wanted_form="written")
    message = form.message("dialogue", around())
    assert (message.external_id, message.dialogue, message.text) == (form.card_id, "dialogue", " Как есть \n")
    assert message.contacts.phone == "+79130000001"
    assert message.wanted_form is WantedForm.WRITTEN
    assert message.additional_channel
    assert (message.additional_channel.channel, message.additional_channel.address) == ("post", anna.postal)


@pytest.mark.requirement("N-7.3")
def test_the_words_of_a_card_tell_two_talks_apart_and_its_id_does_not() -> None:
    form = filled(Card.PHONE)
    assert form.words() == form.renewed(NumberedIds().new).words()
    others: list[dict[str, Any]] = [{"gist": "Да."}, {"email": anna.email}, {"topic": "land"}, {"text": "Другое."}, {"told": ("speaker",)}]
    for changed in others:
        assert replace(form, **changed).words() != form.words()


@pytest.mark.requirement("R-21")
def test_an_id_that_is_not_ours_is_replaced_and_a_field_of_another_card_says_nothing() -> None:
    ids = NumberedIds()
    form = TakingForm.posted(
        Card.POST, {"card_id": "m-1", "card": "phone", "told-speaker": "yes", "outcome": "informed"}, around(), ids.new
    )
    assert form.card_id.startswith("card-")
    assert (form.card, form.told, form.is_answered) == (Card.POST, (), False)


@pytest.mark.requirement("N-7.5")
@pytest.mark.parametrize(
    ("typed", "day"),
    [("2026-11-16", date(2026, 11, 16)), (" 16.11.2026 ", date(2026, 11, 16)), ("16.11.26", None), ("", None), ("0", None)],
)
def test_a_day_is_read_as_browsers_and_as_people_write_it(typed: str, day: date | None) -> None:
    assert day_of(typed) == day


def test_a_time_is_read_with_and_without_seconds() -> None:
    assert [time_of(typed) for typed in ("09:05", "9:05", "09:05:30", "24:00", "")] == [time(9, 5), time(9, 5), time(9, 5), None, None]


@pytest.mark.requirement("E-11")
def test_a_card_says_for_whom_somebody_speaks_and_by_what_paper() -> None:
    spoken_for: dict[str, Any] = {"represented": "ООО «Лес»", "paper": "head", "paper_number": "17", "paper_on": "10.01.2026"}
    form = filled(Card.RECEPTION, **spoken_for)
    assert form.errors(around()) == {}
    told = form.message("dialogue", around()).represented
    powers = Powers(paper=PowersPaper.HEAD, number="17", issued_on=date(2026, 1, 10))
    assert told == Represented(name="ООО «Лес»", powers=powers)
    assert replace(form, paper="").errors(around()) == {"paper": represented.NO_PAPER}
    assert form.words() != filled(Card.RECEPTION).words(), "another talk"
