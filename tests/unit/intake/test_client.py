"""Who is who (R-20)."""

import pytest

from libs.events.contracts.intake_clients import (
    ClientIdentitiesLinked,
    ClientIdentitiesUnlinked,
)
from libs.events.vocabulary import ClientKind
from services.intake.domain.client import account_identity, contact_identity, replayed
from tests.examples import address_proved, anna, boris, known_by_account, some_id
from tests.unit.intake.desk import KEY

other = some_id("another record of Anna")


@pytest.mark.requirement("N-2.1", "N-3.4")
def test_a_client_has_a_kind_and_the_addresses_that_were_proved() -> None:
    anna_now = replayed([known_by_account, address_proved])
    assert (anna_now.kind, anna_now.confirmed, anna_now.version) == (ClientKind.CITIZEN, frozenset({anna.email}), 2)


@pytest.mark.requirement("N-4.6", "R-20")
def test_a_wrong_link_can_be_undone() -> None:
    linked = ClientIdentitiesLinked(other=other, basis="подтверждённый адрес")
    unlinked = ClientIdentitiesUnlinked(other=other, basis="однофамильцы")
    assert replayed([known_by_account, linked]).linked == {other}
    assert replayed([known_by_account, linked, unlinked]).linked == frozenset()


@pytest.mark.requirement("R-20")
def test_an_account_is_known_again_on_its_own_platform_only() -> None:
    assert account_identity(KEY, "vk", "1001") == account_identity(KEY, "vk", "1001")
    others = {account_identity(KEY, *pair) for pair in (("vk", "1001"), ("ok", "1001"), ("vk", "1002"), ("vk1", "001"))}
    assert len(others) == 4


@pytest.mark.requirement("R-20")
def test_a_proved_address_is_known_again_with_the_same_full_name() -> None:
    known = contact_identity(KEY, anna.email, anna.name)
    assert contact_identity(KEY, anna.email.upper(), f" {anna.name.upper()}  ") == known
    assert contact_identity(KEY, anna.email, boris.name) != known
    assert contact_identity(KEY, boris.email, anna.name) != known


@pytest.mark.requirement("R-20")
def test_what_a_client_is_known_by_is_what_it_was_in_the_first_release() -> None:
    """Otherwise nobody would be known again after an upgrade."""
    assert account_identity(KEY, "vk", "1001").hex() == "0c81cdd88d50ccebafc8d8a4f7c71ce40f28f935fda35f2b600df146b4e17cdc"
    assert contact_identity(KEY, anna.email, anna.name).hex() == "8a4f01dc41013faf1b9471e68af92dd63170f8cc429e87a55560b54a14f684c0"


@pytest.mark.requirement("R-20", "R-17")
def test_what_a_client_is_known_by_shows_nothing_of_them() -> None:
    known = contact_identity(KEY, anna.email, anna.name)
    assert contact_identity(b"x" * 32, anna.email, anna.name) != known
    assert len(known) == 32
