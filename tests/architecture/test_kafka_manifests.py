"""Kafka in production: topics and users are those of the topic table, each record has three copies, whoever enters says who they are."""

import re

import pytest
import yaml

from cli.deployment import ADMINISTRATOR, FRONTENDS
from libs.chassis.bus import acls
from libs.chassis.bus.topics import CONFIG
from libs.chassis.store.inbox import LIFETIME
from libs.events.topics import wanted
from local import jars, processes
from local.places import ROOT
from tests.architecture.kustomize import Manifest, rendered

MANIFESTS = rendered(ROOT / "deploy" / "kafka" / "strimzi")
PRODUCTION = rendered(ROOT / "deploy" / "kubernetes" / "overlays" / "production")


def of(kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each["spec"] for each in MANIFESTS if each["kind"] == kind}


def kafka() -> Manifest:
    spec: Manifest = of("Kafka")["otklik"]["kafka"]
    return spec


@pytest.mark.requirement("R-14")
def test_the_topics_are_those_of_the_topic_table() -> None:
    asked = {topic["topicName"]: (topic["partitions"], topic["config"]) for topic in of("KafkaTopic").values()}
    table = {
        topic.name: (topic.partitions, CONFIG | {"retention.ms": str(topic.retention_ms), "min.insync.replicas": "2"})
        for topic in wanted(FRONTENDS)
    }
    assert asked == table
    assert list(FRONTENDS) == processes.frontends()


@pytest.mark.requirement("R-14")
def test_a_user_may_do_what_the_topic_table_says() -> None:
    users = of("KafkaUser")
    assert "authorization" not in users.pop(ADMINISTRATOR), "a super user"
    given = {
        (name, rule["resource"]["type"], rule["resource"]["name"], rule["resource"]["patternType"], operation.lower())
        for name, user in users.items()
        for rule in user["authorization"]["acls"]
        for operation in rule["operations"]
    }
    assert given == {(acl.user, acl.resource, acl.name, acl.pattern.removesuffix("ed"), acl.operation) for acl in acls.of_services()}


@pytest.mark.requirement("R-15")
def test_two_of_three_brokers_have_a_record_before_anybody_is_answered_and_none_that_lacks_one_leads() -> None:
    config = kafka()["config"]
    assert {topic["replicas"] for topic in of("KafkaTopic").values()} == {config["default.replication.factor"]} == {3}
    assert config["min.insync.replicas"] == 2
    assert config["unclean.leader.election.enable"] is False
    assert config["auto.create.topics.enable"] is False
    assert {pool["replicas"] for pool in of("KafkaNodePool").values()} == {3}
    internal = {name: value for name, value in config.items() if name.endswith(("replication.factor", "min.isr"))}
    assert all(value == (2 if name.endswith("min.isr") else 3) for name, value in internal.items())
    assert (kafka()["version"], kafka()["metadataVersion"]) == (jars.KAFKA_VERSION, re.sub(r"(\d+\.\d+).*", r"\1-IV0", jars.KAFKA_VERSION))


@pytest.mark.requirement("R-12", "R-15")
def test_a_group_is_remembered_as_long_as_what_it_has_seen() -> None:
    assert kafka()["config"]["offsets.retention.minutes"] * 60 == LIFETIME.total_seconds()


@pytest.mark.requirement("D-23", "R-15")
def test_every_door_of_kafka_is_encrypted_and_asks_for_a_name() -> None:
    listeners = {listener["name"]: listener for listener in kafka()["listeners"]}
    assert listeners.keys() == {"services", "frontends"}
    for listener in listeners.values():
        assert listener["tls"] is True
        assert listener["authentication"] == {"type": "scram-sha-512"}
    assert kafka()["authorization"] == {"type": "simple", "superUsers": [ADMINISTRATOR]}
    (settings,) = (each["data"] for each in PRODUCTION if each["metadata"]["name"] == "service-settings")
    assert settings["OTKLIK_KAFKA_BOOTSTRAP"] == f"otklik-kafka-bootstrap.kafka:{listeners['services']['port']}"
    assert settings["OTKLIK_KAFKA_CA_FILE"]


@pytest.mark.requirement("D-23")
def test_the_operator_leaves_the_users_of_foreign_frontends_alone_and_takes_none_of_ours_for_one() -> None:
    template = of("Kafka")["otklik"]["entityOperator"]["template"]["userOperatorContainer"]
    (pattern,) = (entry["value"] for entry in template["env"] if entry["name"] == "STRIMZI_IGNORED_USERS_PATTERN")
    assert re.fullmatch(pattern, acls.kafka_user("vk-bot", "0" * 64))
    assert not any(re.fullmatch(pattern, name) for name in of("KafkaUser"))


def test_every_file_of_kafka_says_where_it_came_from_or_why_it_is_so() -> None:
    for path in sorted((ROOT / "deploy" / "kafka" / "strimzi").glob("*.yaml")):
        assert path.read_text("utf-8").startswith("# "), path
        assert list(yaml.safe_load_all(path.read_text("utf-8"))), path
