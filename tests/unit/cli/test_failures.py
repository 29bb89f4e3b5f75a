"""What is down or wrong around a command ends in one sentence and a code of its own, never in a traceback."""

from pathlib import Path

import asyncpg
import pytest
from aiokafka.errors import InvalidReplicationFactorError
from typer.testing import CliRunner, Result

from cli.failures import UNREACHABLE, UNUSABLE, sentence_for
from cli.main import app
from libs.chassis.access.frontends import hash_of
from libs.chassis.ops.settings import WrongSettings
from libs.chassis.store.bucket import BucketAway
from libs.chassis.store.keys import WrongMasterKey
from local import keys, processes
from local.places import Places
from local.postgres import Postgres
from local.processes import Surroundings

pytestmark = pytest.mark.requirement("R-4")

NOBODY = "127.0.0.1:1"  # a port on which nobody listens


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The settings of an installation whose PostgreSQL and Kafka are not there."""
    places = Places(tmp_path)
    secrets = keys.ensure(places, processes.services(), processes.frontends())
    dsn = Postgres(tmp_path, 1, secrets[keys.ADMIN_PASSWORD]).admin_dsn
    around = Surroundings(places, secrets, dsn, NOBODY, demo=True)
    intake = next(process for process in processes.TABLE if process.name == "intake")
    for name, value in (processes.environment(intake, around) | processes.administration(around)).items():
        monkeypatch.setenv(name, value)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize(
    "arguments",
    ["verify", "rebuild intake", "rebuild history", "database prepare", "demo load", "import continue-numbering --year 2026 --after 5"],
)
def test_without_postgres_a_command_says_where_it_was_expected(down: Path, arguments: str) -> None:
    result = run(*arguments.split())
    assert result.output.splitlines()[-1:] == [f"PostgreSQL does not answer at {NOBODY}: does `make up` run?"]
    assert (result.exit_code, "Traceback" in result.output, "uncaught" in result.output) == (UNREACHABLE, False, False)


def test_an_import_without_postgres_says_the_same(down: Path, tmp_path: Path) -> None:
    table, mapping = tmp_path / "t.csv", tmp_path / "m.toml"
    table.write_text("Номер\n7\n", "utf-8")
    mapping.write_text(
        'register = "Журнал"\n[file]\ntime_zone = "Asia/Novosibirsk"\n[case]\nnumber = "Номер"\n[point]\ndefault = "other"\n', "utf-8"
    )
    result = run("import", "register", str(table), "--mapping", str(mapping))
    assert (result.exit_code, "PostgreSQL does not answer" in result.output) == (UNREACHABLE, True), result.output


@pytest.mark.parametrize("arguments", ["topics apply", "frontends add vk"])
def test_without_kafka_a_command_says_where_it_was_expected(down: Path, arguments: str) -> None:
    result = run(*arguments.split())
    assert result.output.splitlines() == [f"Kafka does not answer at {NOBODY}: does `make up` run?"]
    assert result.exit_code == UNREACHABLE


def test_a_frontend_whose_topics_were_not_made_gets_no_key(down: Path) -> None:
    run("frontends", "add", "vk")
    assert hash_of("") not in (down / "frontend-keys.json").read_text("utf-8")
    assert "vk" not in (down / "frontend-keys.json").read_text("utf-8")


def test_a_wrong_offset_of_the_ports_is_told_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OTKLIK_STATE", str(tmp_path))
    monkeypatch.setenv("OTKLIK_PORT_OFFSET", "abc")
    result = run("verify")
    assert (result.exit_code, "OTKLIK_PORT_OFFSET=abc is wrong" in result.output) == (UNUSABLE, True)


@pytest.mark.parametrize(
    ("error", "words", "code"),
    [
        (WrongMasterKey("secret"), "another master key", UNUSABLE),
        (WrongSettings("OTKLIK_HTTP_PORT is missing"), "OTKLIK_HTTP_PORT is missing", UNUSABLE),
        (FileNotFoundError(2, "No such file", "/no/file"), "/no/file can't be used", UNUSABLE),
        (InvalidReplicationFactorError("topic"), "fewer brokers", UNUSABLE),
        (BucketAway("<Code>AccessDenied</Code> hidden"), "OTKLIK_HISTORY_OBJECTS) can't be worked with: AccessDenied", UNREACHABLE),
        (asyncpg.InvalidPasswordError("x"), "lets nobody in", UNREACHABLE),
        (asyncpg.UndefinedTableError("x"), "otklik database prepare", UNREACHABLE),
        (asyncpg.InsufficientPrivilegeError("x"), "lacks a right", UNREACHABLE),
        (asyncpg.QueryCanceledError("x"), "refused: QueryCanceledError", UNREACHABLE),
        (asyncpg.CannotConnectNowError("x"), "does not answer", UNREACHABLE),
    ],
)
def test_each_failure_has_its_sentence_and_no_secret(error: BaseException, words: str, code: int) -> None:
    said = sentence_for(error, {"OTKLIK_POSTGRES_DSN": "postgresql://intake:hidden@127.0.0.1:5532/otklik"})
    assert said is not None
    assert (words in said.text, "hidden" in said.text, "secret" in said.text, said.code) == (True, False, False, code)


def test_the_help_of_verify_offers_no_commands_that_it_does_not_have() -> None:
    assert "COMMAND" not in run("verify", "--help").output


@pytest.mark.parametrize("bug", [AssertionError("a"), KeyError("b"), ValueError("c"), BrokenPipeError("d")])
def test_a_bug_and_a_reader_who_left_are_no_failure_around_us(bug: Exception) -> None:
    assert sentence_for(bug, {}) is None
