"""Who works at the desk in its soak, what people write to it, and what the register is before the day begins."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from bench.desk import letters, people
from bench.desk.sorting import commands
from libs.chassis.access.roles import Role
from services.intake.completeness import has_question
from services.intake.domain.commands import Assign

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("team", [4, 30])
def test_a_team_has_the_roles_that_requests_pass_through(team: int) -> None:
    roles = Counter(role for _, _, role, _ in people.planned(team))
    assert roles.total() == team
    assert {Role.REGISTRAR, Role.EXECUTOR} <= set(roles)


def test_logins_of_a_team_differ_and_executors_have_a_unit() -> None:
    everybody = list(people.planned(30))
    assert len({login for login, *_ in everybody}) == 30
    assert all(unit for _, _, role, unit in everybody if role is Role.EXECUTOR)


def test_a_letter_is_the_same_for_the_same_number_and_mostly_asks_something() -> None:
    written = [letters.received("fill", number, NOW) for number in range(200)]
    assert written == [letters.received("fill", number, NOW) for number in range(200)]
    bare = [one.external_id for one in written if not has_question((one.text,), one.sender.name)]
    assert bare == [f"fill-{number}" for number in range(0, 200, letters.BARE)]


def test_who_asks_nothing_yet_writes_from_an_account_that_no_other_letter_completes() -> None:
    accounts = Counter(letters.received("fill", number, NOW).dialogue for number in range(2 * letters.PEOPLE))
    assert all(accounts[f"id{number}-bare"] == 1 for number in range(0, 2 * letters.PEOPLE, letters.BARE))


def test_a_phone_belongs_to_one_person() -> None:
    assert len({letters.phone(number) for number in range(letters.PEOPLE)}) == letters.PEOPLE


def test_a_register_is_sorted_to_executors_of_the_unit_that_its_topic_belongs_to() -> None:
    executors = {"land": ["a", "b"], "forest": ["c"]}
    done = [commands(number, executors) for number in range(1, 200)]
    assigned = [one[1] for one in done if len(one) == 2]
    assert all(isinstance(one, Assign) for one in assigned)
    assert {(one.unit, one.executor) for one in assigned if isinstance(one, Assign)} == {
        ("land", "a"),
        ("land", "b"),
        ("forest", "c"),
        ("office", None),
    }
    assert sum(len(one) == 1 for one in done) == 39
