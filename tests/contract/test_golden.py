"""Every stored version of every event can be read by today's code, and nothing of it is lost (D-16, R-11)."""

from pathlib import Path
from typing import Any

import pytest

from libs.events.envelope import decode
from tests.contract.golden_files import FOLDER, digest, sums
from tests.contract.stored import BY_TYPE, STORED, registry_of

FILES = sorted(FOLDER.glob("*.json"))


def missing_from(value: Any, whole: Any, path: str = "") -> list[str]:
    """Where `whole` does not hold what `value` holds; more is allowed."""
    if isinstance(value, dict) and isinstance(whole, dict):
        return [place for name, inner in value.items() for place in missing_from(inner, whole.get(name), f"{path}.{name}")]
    if isinstance(value, list) and isinstance(whole, list) and len(value) == len(whole):
        return [place for n, inner in enumerate(value) for place in missing_from(inner, whole[n], f"{path}[{n}]")]
    return [] if value == whole else [path]


@pytest.mark.requirement("D-16")
@pytest.mark.parametrize("event", STORED, ids=lambda event: event.type_name())
def test_every_version_that_may_be_stored_has_its_golden_file(event: Any) -> None:
    for version in range(1, event.version + 1):
        name = f"{event.type_name()}.v{version}.json"
        assert (FOLDER / name).exists(), f"{name} is missing: run `python -m tests.contract.golden_files`"


@pytest.mark.requirement("D-16")
def test_no_golden_file_was_ever_changed_or_taken_away() -> None:
    assert {path.name: digest(path) for path in FILES} == sums(), "a stored event does not change: raise the version and add an upcaster"


@pytest.mark.requirement("D-16", "D-20")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_stored_event_is_read_by_todays_code_and_keeps_every_field(path: Path) -> None:
    envelope = decode(path.read_bytes())
    assert f"{envelope.type}.v{envelope.version}" == path.stem
    event = registry_of(envelope.type).read(envelope)
    assert type(event) is BY_TYPE[envelope.type]
    if envelope.version == event.version:
        assert missing_from(envelope.payload, event.payload()) == [], "a field that is read no more is lost: add an upcaster"


@pytest.mark.requirement("D-16", "R-11", "D-8")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_field_that_a_newer_release_added_is_tolerated_at_every_depth(path: Path) -> None:
    envelope = decode(path.read_bytes())
    newer = envelope.model_copy(update={"payload": _with_more(envelope.payload, BY_TYPE[envelope.type].model_json_schema())})
    assert newer.payload != envelope.payload
    assert registry_of(envelope.type).read(newer) == registry_of(envelope.type).read(envelope)


def _with_more(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """A field more in every object whose fields a contract names; a dictionary's keys are data."""
    root = root or schema
    options = [schema, *schema.get("anyOf", []), *schema.get("allOf", [])]
    resolved = [root["$defs"][option["$ref"].rsplit("/", 1)[1]] if "$ref" in option else option for option in options]
    if isinstance(value, list):
        items: dict[str, Any] = next((option["items"] for option in resolved if isinstance(option.get("items"), dict)), {})
        return [_with_more(inner, items, root) for inner in value]
    named = next((option["properties"] for option in resolved if "properties" in option), None)
    if not isinstance(value, dict) or named is None:
        return value
    return {name: _with_more(inner, named.get(name, {}), root) for name, inner in value.items()} | {"added_later": {"by": ["a", None]}}
