"""Passwords cost whoever guesses: as much memory as was told, known login or not."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from libs.chassis.access.passwords import LEAST_MEMORY_KIB, Passwords, nobodys

pytestmark = [pytest.mark.requirement("E-1")]


def test_what_an_unknown_login_is_compared_with_costs_what_a_real_password_costs() -> None:
    hasher = PasswordHasher(memory_cost=LEAST_MEMORY_KIB)
    made_up = nobodys(hasher)
    assert extract_parameters(made_up) == extract_parameters(hasher.hash("правильная лошадь батарея"))
    with pytest.raises(VerifyMismatchError):  # it was compared; one that can't be read is passed over at once
        hasher.verify(made_up, "правильная лошадь батарея")


async def test_a_password_is_hashed_with_as_much_memory_as_was_told_and_with_64_mib_unless_told() -> None:
    hashes = [await each.hashed("правильная лошадь батарея") for each in (Passwords(LEAST_MEMORY_KIB), Passwords())]
    assert [extract_parameters(each).memory_cost for each in hashes] == [LEAST_MEMORY_KIB, 65_536]
    assert [await Passwords().fits("правильная лошадь батарея", each) for each in hashes] == [True, True]
    assert not await Passwords().fits("правильная лошадь батарея", None)
