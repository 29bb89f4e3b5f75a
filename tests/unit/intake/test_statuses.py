"""Statuses in the person's words (A-2.1.4)."""

from datetime import date

import pytest

from libs.events.vocabulary import Flag, Status
from services.intake.deadlines import LONGEST
from services.intake.domain.request import STILL_MISSING
from services.intake.statuses import LACKS, TITLES, WITHIN, beside, day, received, registered


@pytest.mark.requirement("N-3.3")
@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_title_in_russian(status: Status) -> None:
    assert TITLES[status]
    assert all("а" <= letter <= "я" or letter in "ё " for letter in TITLES[status])


def test_everything_that_may_lack_is_told_in_words() -> None:
    assert set(LACKS) == STILL_MISSING


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (date(2026, 12, 14), "14 декабря 2026 года"),
        (date(2027, 1, 1), "1 января 2027 года"),
        (date(2026, 5, 9), "9 мая 2026 года"),
        (date(2028, 2, 29), "29 февраля 2028 года"),
    ],
)
def test_a_date_is_written_as_people_read_it(on: date, said: str) -> None:
    assert day(on) == said


@pytest.mark.requirement("N-8.2")
def test_the_registration_tells_number_day_and_term() -> None:
    told = registered("ЗИ-15/2026", date(2026, 11, 14), date(2026, 12, 14))
    assert told == ("Запрос зарегистрирован 14 ноября 2026 года под номером ЗИ-15/2026. Ответ будет дан не позднее 14 декабря 2026 года.")


@pytest.mark.requirement("R-19")
def test_an_incomplete_message_is_told_what_to_add() -> None:
    told = received((Flag.NO_NAME, Flag.NO_QUESTION), 3)
    assert told == (
        "Сообщение принято, но номер пока не присвоен. Чтобы мы могли ответить, укажите "
        "фамилию, имя и отчество или название организации; какую информацию вы хотите получить."
    )


@pytest.mark.requirement("N-8.2", "A-2.1.4")
@pytest.mark.parametrize(
    ("days", "when"), [(0, "в тот же день"), (1, "в течение одного дня"), (2, "в течение двух дней"), (3, "в течение трёх дней")]
)
def test_a_complete_one_that_waits_is_told_when_the_number_comes(days: int, when: str) -> None:
    assert received((), days) == f"Сообщение принято. Регистрационный номер ему присвоит сотрудник {when}."


@pytest.mark.requirement("N-1.3")
def test_there_are_words_for_every_term_of_registration_that_the_law_allows() -> None:
    assert len(WITHIN) == LONGEST["register_days"] + 1


@pytest.mark.requirement("S-3", "A-2.1.4")
def test_who_asks_about_what_was_set_aside_learns_why_nobody_answers() -> None:
    assert beside(Status.NOT_A_REQUEST, "Сообщение принято.").startswith("В сообщении нет запроса информации")
    assert beside(Status.RECEIVED, "Сообщение принято.") == "Сообщение принято."
