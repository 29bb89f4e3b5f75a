"""From an envelope to its event in today's shape (D-16, R-11)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from libs.events.envelope import Envelope, Unreadable
from libs.events.fact import Event
from libs.events.registry import NewerVersion, Registry, UnknownType


class Moved(Event):
    """Somebody moved; the address was one text, then two fields, then had a country."""

    version = 3

    town: str
    street: str
    country: str


def split(payload: dict[str, Any]) -> dict[str, Any]:
    town, street = payload["address"].split(", ")
    return {"town": town, "street": street}


UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {
    ("Moved", 1): split,
    ("Moved", 2): lambda payload: payload | {"country": "Россия"},
}
REGISTRY = Registry([Moved], UPCASTERS)
TODAY = Moved(town="Омск", street="Мира", country="Россия")


def envelope(version: int, payload: dict[str, Any], type_name: str = "Moved") -> Envelope:
    now = datetime.now(UTC)
    return Envelope(
        event_id=uuid4(),
        type=type_name,
        version=version,
        authority="test",
        aggregate_id="1",
        thread_id=uuid4(),
        occurred_at=now,
        recorded_at=now,
        producer="test",
        payload=payload,
    )


@pytest.mark.requirement("D-16")
@pytest.mark.parametrize(
    ("version", "payload"),
    [
        (1, {"address": "Омск, Мира"}),
        (2, {"town": "Омск", "street": "Мира"}),
        (3, {"town": "Омск", "street": "Мира", "country": "Россия"}),
        (3, {"town": "Омск", "street": "Мира", "country": "Россия", "added_later": 1}),
    ],
)
def test_every_version_is_lifted_to_todays_shape(version: int, payload: dict[str, Any]) -> None:
    assert REGISTRY.read(envelope(version, payload)) == TODAY


@pytest.mark.requirement("R-11")
def test_a_newer_version_and_an_unknown_type_are_told_apart() -> None:
    with pytest.raises(NewerVersion):
        REGISTRY.read(envelope(4, {}))
    with pytest.raises(UnknownType):
        REGISTRY.read(envelope(1, {}, "Invented"))


@pytest.mark.requirement("R-21")
@pytest.mark.parametrize("payload", [{}, {"address": None}, {"address": "Омск"}, {"address": ["Омск", "Мира"]}])
def test_an_old_payload_that_was_never_so_is_a_wrong_schema(payload: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as caught:
        REGISTRY.read(envelope(1, payload))
    assert caught.value.code == "wrong-schema"
    assert "Омск" not in caught.value.where


@pytest.mark.requirement("D-16")
def test_a_version_without_an_upcaster_is_found_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"Moved v2$"):
        Registry([Moved], {("Moved", 1): split})


@pytest.mark.requirement("D-16", "R-14")
def test_two_events_of_one_name_are_found_at_the_start() -> None:
    other = type("Moved", (Event,), {"__doc__": "Another one.", "__module__": __name__})
    with pytest.raises(ValueError, match="one name"):
        Registry([Moved, other], UPCASTERS)


@pytest.mark.requirement("D-16", "R-21")
@pytest.mark.parametrize(
    ("version", "payload", "where"),
    [
        (3, {"town": "Омск", "street": 7, "country": "Россия"}, "street: string_type"),
        (1, {"address": "Омск"}, "Moved v1: ValueError"),
        (1, {}, "Moved v1: KeyError"),
    ],
)
def test_what_is_wrong_with_a_payload_is_told_by_a_stable_code_and_place(version: int, payload: dict[str, Any], where: str) -> None:
    with pytest.raises(Unreadable) as caught:
        REGISTRY.read(envelope(version, payload))
    assert (caught.value.code, caught.value.where) == ("wrong-schema", where)


@pytest.mark.requirement("D-16", "R-11")
def test_a_registry_tells_which_type_and_version_it_does_not_know() -> None:
    registry = Registry([Moved], UPCASTERS)
    assert registry.read(envelope(1, {"address": "Омск, Мира"})) == TODAY
    with pytest.raises(UnknownType, match="Invented"):
        registry.read(envelope(1, {}, "Invented"))
    with pytest.raises(NewerVersion, match="Moved v4"):
        registry.read(envelope(4, {}))
    with pytest.raises(ValueError, match=r"Moved v1, Moved v2$"):
        Registry([Moved])
