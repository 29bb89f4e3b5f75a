"""The PostgreSQL and the Kafka of one machine are real ones, know Russian, and survive being killed."""

import os
from collections.abc import Iterator

import asyncpg
import pytest

from local import kafka
from local.embedded import Parts, embedded


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with embedded(tmp_path_factory.mktemp("embedded"), without=["mail"]) as started:
        yield started


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("lower('ЁЖИК')", "ёжик"),
        ("'ЁЖИК' ILIKE 'ёжик'", True),
        ("to_tsvector('russian', 'Запросы ГРАЖДАН') @@ to_tsquery('russian', 'запрос')", True),
        ("current_setting('server_encoding')", "UTF8"),
        ("current_setting('listen_addresses')", "127.0.0.1"),
        ("split_part(current_setting('server_version'), '.', 1)", "18"),
        ("(SELECT count(*) FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%')", 1),
    ],
)
async def test_postgres_knows_russian_whatever_the_machine_says(parts: Parts, question: str, answer: object) -> None:
    db = await asyncpg.connect(parts.admin_dsn)
    assert await db.fetchval(f"SELECT {question}") == answer
    await db.close()


async def test_without_the_password_nobody_enters(parts: Parts) -> None:
    host = parts.admin_dsn.rpartition("@")[2]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://postgres:wrong@{host}")


async def test_what_was_committed_is_there_after_a_kill(parts: Parts) -> None:
    db = await asyncpg.connect(parts.admin_dsn)
    await db.execute("CREATE TABLE kept AS SELECT 1 AS one")
    db.terminate()
    parts.postgres.kill()
    assert not parts.postgres.program.answers()
    parts.postgres.start()
    db = await asyncpg.connect(parts.admin_dsn)
    assert await db.fetchval("SELECT one FROM kept") == 1
    await db.close()


def test_kafka_answers_requests_and_is_silent_when_stopped(parts: Parts) -> None:
    port = int(parts.kafka_bootstrap.rpartition(":")[2])
    assert kafka.answers(port)
    parts.kafka.stop()
    assert not kafka.answers(port)
    parts.kafka.start()
    assert kafka.answers(port)


def test_a_listening_port_alone_is_no_kafka(parts: Parts) -> None:
    assert not kafka.answers(int(parts.admin_dsn.rpartition(":")[2].partition("/")[0]))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as somebody else")
def test_root_does_not_run_postgres(parts: Parts) -> None:
    assert parts.postgres.process is not None
    owner = os.stat(f"/proc/{parts.postgres.process.pid}").st_uid  # noqa: PTH116 - not a file of ours
    assert owner != 0
