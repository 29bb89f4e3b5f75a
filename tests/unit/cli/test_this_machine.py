"""What `make up` made for this machine is lent to the commands, whole or not at all."""

from pathlib import Path

import pytest

from cli import this_machine
from local import installation, keys, processes
from local.logs import Screen
from local.places import Places
from local.supervisor import Supervisor

SERVICE = "intake"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment that says where `make up` keeps its state, and nothing else."""
    return {"OTKLIK_STATE": str(tmp_path)}


@pytest.fixture
def made(tmp_path: Path) -> dict[str, str]:
    """The secrets that `make up` made there."""
    return keys.ensure(Places(tmp_path), processes.services(), processes.frontends())


def test_the_commands_find_the_system_that_runs_here(made: dict[str, str], environ: dict[str, str]) -> None:
    this_machine.lend(SERVICE, administrator=True, environ=environ)
    assert environ["OTKLIK_MASTER_KEY"] == made[keys.master_key_of(SERVICE)]
    assert made[keys.password_of(SERVICE)] in environ["OTKLIK_POSTGRES_DSN"]
    assert made[keys.ADMIN_PASSWORD] in environ["OTKLIK_ADMIN_DSN"]


def test_the_commands_ask_on_the_ports_of_the_start(made: dict[str, str], environ: dict[str, str], tmp_path: Path) -> None:
    started = Places(tmp_path, port_offset=20_000)
    Supervisor(started, Screen(started)).record()
    this_machine.lend_administration(environ)
    assert environ["OTKLIK_KAFKA_BOOTSTRAP"] == f"127.0.0.1:{started.port('kafka')}"
    assert f"127.0.0.1:{started.port('postgres')}/" in environ["OTKLIK_ADMIN_DSN"]


def test_a_single_setting_of_ones_own_keeps_every_other_away(made: dict[str, str], environ: dict[str, str]) -> None:
    environ["OTKLIK_POSTGRES_DSN"] = "postgresql://elsewhere/otklik"
    this_machine.lend(SERVICE, environ=environ)
    assert "OTKLIK_MASTER_KEY" not in environ


@pytest.mark.requirement("E-18")
@pytest.mark.parametrize(("settled", "lent"), [("yes", "true"), ("no", "false"), (None, "false")])
def test_a_command_is_told_what_the_installation_is(
    made: dict[str, str], environ: dict[str, str], tmp_path: Path, settled: str | None, lent: str
) -> None:
    if settled:
        installation.settle(Places(tmp_path), {"DEMO": settled})
    this_machine.lend_administration(environ)
    assert environ["OTKLIK_DEMO"] == lent


@pytest.mark.requirement("E-18")
def test_no_variable_makes_a_demonstration_of_a_real_installation(made: dict[str, str], environ: dict[str, str], tmp_path: Path) -> None:
    installation.settle(Places(tmp_path), {"DEMO": "no"})
    environ |= {"OTKLIK_DEMO": "1", "DEMO": "yes"}
    this_machine.lend(SERVICE, environ=environ)
    assert environ["OTKLIK_DEMO"] == "false"


def test_a_demonstration_may_be_treated_as_a_real_one(made: dict[str, str], environ: dict[str, str], tmp_path: Path) -> None:
    installation.settle(Places(tmp_path), {"DEMO": "yes"})
    environ["OTKLIK_DEMO"] = "0"
    this_machine.lend_administration(environ)
    assert environ["OTKLIK_DEMO"] == "0"
    assert environ[keys.STAFF_PRIVATE_KEY] == made[keys.STAFF_PRIVATE_KEY]


def test_where_nothing_was_made_nothing_is_lent(environ: dict[str, str]) -> None:
    before = dict(environ)
    this_machine.lend(SERVICE, environ=environ)
    this_machine.lend_administration(environ)
    assert environ == before
