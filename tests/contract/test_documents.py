"""docs/events is what the code says, and AsyncAPI is the topic table (D-4, R-14)."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.documents import ASYNCAPI, SCHEMAS, generated
from libs.events.contracts import CONTRACTS
from libs.events.topics import TOPICS
from tests.contract.stored import TRAVELLING
from tests.stack import ROOT


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / ASYNCAPI).read_text("utf-8"))
    return loaded


@pytest.mark.requirement("D-4", "R-14")
def test_every_generated_file_is_up_to_date_and_none_is_left_over() -> None:
    wanted = generated()
    stale = [str(path) for path, text in wanted.items() if not (ROOT / path).exists() or (ROOT / path).read_text("utf-8") != text]
    assert stale == [], "run `python -m cli documents`"
    assert {path.relative_to(ROOT) for path in (ROOT / SCHEMAS).glob("*")} <= set(wanted)


@pytest.mark.requirement("D-4", "R-14", "D-16")
def test_every_event_has_a_schema_that_names_what_is_open_and_what_is_secret() -> None:
    for event in TRAVELLING:
        schema = json.loads((ROOT / SCHEMAS / f"{event.type_name()}.v{event.version}.json").read_text("utf-8"))
        assert set(schema["properties"]) == set(event.model_fields)
        assert set(schema["x-open"]) <= set(event.model_fields)


@pytest.mark.requirement("D-4", "R-14")
def test_asyncapi_has_the_topics_of_the_table_their_events_and_who_sends_and_hears_them(asyncapi: dict[str, Any]) -> None:
    channels = dict(asyncapi["channels"])
    assert channels.pop("dlq")["messages"].keys() == {event.type_name() for event in CONTRACTS["dlq"]}
    assert {channel["address"].replace("{frontend}", "<frontend>") for channel in channels.values()} == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        assert set(channels[topic.contract]["messages"]) == {event.type_name() for event in CONTRACTS[topic.contract]}
        assert f"Partitions: {topic.partitions}." in channels[topic.contract]["description"]
        assert ("parameters" in channels[topic.contract]) is topic.per_frontend
    operations = {(name.split(".", 1)[0], one["action"], one["channel"]["$ref"]) for name, one in asyncapi["operations"].items()}
    said = {(who, "send", f"#/channels/{topic.contract}") for topic in TOPICS for who in topic.producers}
    heard = {(who, "receive", f"#/channels/{topic.contract}") for topic in TOPICS for who in topic.consumers}
    assert operations == said | heard


@pytest.mark.requirement("D-4")
def test_every_reference_in_asyncapi_leads_somewhere(asyncapi: dict[str, Any]) -> None:
    found = list(references(asyncapi))
    assert found
    for reference in found:
        file, _, pointer = reference.partition("#")
        if file:
            assert (ROOT / Path(ASYNCAPI).parent / file).exists(), reference
        else:
            node: Any = asyncapi
            for part in pointer.strip("/").split("/"):
                node = node[part]


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [found for name, inner in node.items() for found in ([inner] if name == "$ref" else references(inner))]
    return [found for inner in node for found in references(inner)] if isinstance(node, list) else []
