"""Kafka's jars are exactly those of the list."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import jars
from local.jars import Jar, NoJar


def jar(content: bytes) -> Jar:
    return Jar("org.example", "thing", "1.0", hashlib.sha256(content).hexdigest())


def test_the_list_holds_kafka_and_its_log_binding_once_each() -> None:
    listed = jars.listed()
    assert len({each.name for each in listed}) == len(listed) == 46
    assert {f"kafka_2.13-{jars.KAFKA_VERSION}.jar", f"log4j-slf4j-impl-{jars.LOG4J_VERSION}.jar"} < {each.name for each in listed}
    assert all(len(each.sha256) == 64 for each in listed)


def test_versions_of_one_project_are_not_mixed() -> None:
    assert {each.version for each in jars.listed() if each.group == "org.apache.kafka"} == {jars.KAFKA_VERSION}
    assert {each.version for each in jars.listed() if each.group == "org.apache.logging.log4j"} == {jars.LOG4J_VERSION}


def test_an_absent_and_a_changed_jar_are_both_missing(tmp_path: Path) -> None:
    right, changed, absent = jar(b"right"), Jar("g", "changed", "1", "0" * 64), Jar("g", "absent", "1", "0" * 64)
    (tmp_path / right.name).write_bytes(b"right")
    (tmp_path / changed.name).write_bytes(b"something else")
    assert jars.missing(tmp_path, [right, changed, absent]) == [changed, absent]


def test_one_lost_connection_does_not_stop_the_fetching() -> None:
    answers: Iterator[OSError | Path] = iter([OSError("lost"), Path("/x")])

    def fetch() -> Path:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    assert jars.resolved(fetch, jar(b"")) == Path("/x")


def test_what_cannot_be_fetched_at_all_is_named() -> None:
    def fetch() -> Path:
        raise OSError("no network")

    with pytest.raises(NoJar, match=r"thing-1\.0\.jar could not be fetched .*no network.* goes on from here"):
        jars.resolved(fetch, jar(b""))
