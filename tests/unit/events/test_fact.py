"""How each field may be kept: sealed unless it is marked open, secrets nowhere in history (R-17)."""

from typing import Annotated, Any

import pytest

from libs.events.fact import Event, Open, Personal, Secret, Value, open_fields, secret_paths, without_secrets


class Key(Value):
    """Something with a secret."""

    code: Annotated[str | None, Secret] = None
    name: Annotated[str, Personal] = ""


class Bunch(Value):
    """Keys in every arrangement."""

    one: Key = Key()
    maybe: Key | None = None
    many: tuple[Key, ...] = ()
    named: dict[str, Key]
    deep: dict[str, tuple[dict[str, Key], ...]]


class Handed(Event):
    """Secrets at every depth, marked in every way that Python allows."""

    at: Annotated[str, Open] = ""
    said: Annotated[str, Personal] = ""
    unmarked: str = ""
    plain: Annotated[str | None, Secret] = None
    inside: Annotated[str, Secret] | None = None
    each: tuple[Annotated[str, Secret], ...] = ()
    by_name: dict[str, Annotated[str, Secret]]
    bunch: Bunch
    bunches: tuple[Bunch, ...] = ()
    open_inside: tuple[Annotated[str, Open], ...] = ()


KEY = Key(code="SECRET", name="n")
BUNCH = Bunch(one=KEY, maybe=KEY, many=(KEY, KEY), named={"a": KEY, "code": KEY}, deep={"x": ({"y": KEY, "code": KEY},)})
WHOLE = Handed(
    at="at",
    said="said",
    unmarked="unmarked",
    plain="SECRET",
    inside="SECRET",
    each=("SECRET",),
    by_name={"x": "SECRET"},
    bunch=BUNCH,
    bunches=(BUNCH, BUNCH),
    open_inside=("open",),
)


@pytest.mark.requirement("R-17")
def test_a_field_is_sealed_unless_it_is_itself_marked_open() -> None:
    assert open_fields(Handed) == {"at"}


@pytest.mark.requirement("R-17")
def test_secrets_are_removed_at_any_depth_and_nothing_else_is() -> None:
    kept = without_secrets(Handed, WHOLE.payload())
    assert "SECRET" not in str(kept)
    assert kept["bunches"][1]["deep"] == {"x": [{"y": {"name": "n"}, "code": {"name": "n"}}]}
    assert kept["bunch"]["named"] == {"a": {"name": "n"}, "code": {"name": "n"}}
    assert {name: kept[name] for name in ("at", "said", "unmarked", "open_inside")} == {
        "at": "at",
        "said": "said",
        "unmarked": "unmarked",
        "open_inside": ["open"],
    }
    assert WHOLE.payload()["plain"] == "SECRET", "the event itself keeps them"


@pytest.mark.requirement("R-17", "R-21")
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"plain": None, "bunch": None},
        {"bunch": "not an object", "bunches": {"one": 7}},
        {"bunches": [1, None, "x", [{"one": {"code": "SECRET"}}]]},
        {"bunch": {"named": ["SECRET?"], "many": {"code": 1}}},
    ],
    ids=str,
)
def test_a_payload_of_another_shape_is_let_through_without_its_secrets(payload: dict[str, Any]) -> None:
    assert "SECRET'" not in str(without_secrets(Handed, payload))


@pytest.mark.requirement("R-17")
def test_a_path_to_a_secret_is_told_once() -> None:
    assert ("bunch", "named", "*", "code") in secret_paths(Handed)
    assert len(secret_paths(Handed)) == len(set(secret_paths(Handed))) == 4 + 2 * 5


def test_a_value_that_holds_itself_is_refused_because_its_secrets_have_no_end() -> None:
    class Endless(Event):
        """Its parts are like itself."""

        parts: "tuple[Endless, ...]" = ()

    Endless.model_rebuild(_types_namespace={"Endless": Endless})
    with pytest.raises(TypeError, match="holds itself"):
        secret_paths(Endless)


@pytest.mark.requirement("D-8")
def test_an_event_can_not_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        WHOLE.at = "later"  # type: ignore[misc]
