"""A cursor is taken back as it was given out, for the question that it was given out for, and not otherwise."""

from contextlib import suppress
from datetime import UTC, datetime
from string import ascii_letters, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.history.domain.cursors import Cursors, Place, WrongCursor
from services.history.domain.questions import Question, Sight
from tests.unit.history.told import AT

CURSORS = Cursors(b"k" * 32)
ASKED = Question(sight=Sight.HISTORY, channel="site").digest()
PLACE = Place(AT, 3, 12)
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@pytest.mark.requirement("D-25")
@settings(deadline=None)  # the machine may be busy with other tests
@given(at=moments, shard=st.integers(0, 7), position=st.integers(1, 2**62))
def test_a_place_comes_back_unchanged(at: datetime, shard: int, position: int) -> None:
    place = Place(at, shard, position)
    assert CURSORS.read(CURSORS.written(place, ASKED), ASKED) == place


@pytest.mark.requirement("D-25")
def test_a_cursor_can_stand_in_an_address_as_it_is() -> None:
    assert all(set(CURSORS.written(Place(AT, 3, position), ASKED)) <= set(ascii_letters + digits + "-_") for position in range(20))


@pytest.mark.requirement("D-25", "R-21")
@settings(deadline=None)  # the machine may be busy with other tests
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(WrongCursor):
        CURSORS.read(cursor, ASKED)


@pytest.mark.requirement("D-25")
def test_a_cursor_of_another_question_another_sight_or_another_installation_is_refused() -> None:
    given_out = CURSORS.written(PLACE, ASKED)
    for other in (Question(sight=Sight.HISTORY, channel="vk"), Question(sight=Sight.ALL, channel="site")):
        with pytest.raises(WrongCursor):
            CURSORS.read(given_out, other.digest())
    with pytest.raises(WrongCursor):
        Cursors(b"x" * 32).read(given_out, ASKED)


@pytest.mark.requirement("D-25")
@settings(deadline=None)  # the machine may be busy with other tests
@given(st.integers(0, 45), st.characters(categories=["L", "N"]))
def test_a_cursor_with_one_character_changed_leads_nowhere_else(at: int, character: str) -> None:
    given_out = CURSORS.written(PLACE, ASKED)
    changed = given_out[:at] + character + given_out[at + 1 :]
    with suppress(WrongCursor):
        assert CURSORS.read(changed, ASKED) == PLACE
