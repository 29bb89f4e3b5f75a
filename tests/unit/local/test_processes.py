"""Every process is told exactly what its settings ask for."""

import importlib
import inspect
from dataclasses import replace
from pathlib import Path

import pytest

from libs.chassis.ops.settings import ProcessSettings, load_authority
from local import keys, processes
from local.places import PORTS, ROOT, Places
from local.processes import Process, Surroundings


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    places = Places(tmp_path, port_offset=1000)
    secrets = keys.ensure(places, processes.services(), processes.frontends())
    return Surroundings(places, secrets, "postgresql://postgres:p%2Fw@127.0.0.1:6532/otklik", "127.0.0.1:10192", demo=True)


def settings_of(process: Process) -> type[ProcessSettings]:
    module = importlib.import_module(f"{process.kind}.{process.name}.settings")
    found = [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, ProcessSettings) and each.__module__ == module.__name__
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("process", processes.existing(), ids=lambda process: process.name)
def test_a_process_reads_its_settings_from_what_it_is_told(process: Process, around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    told = processes.environment(process, around)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    settings = settings_of(process).read()
    assert settings.http_port == PORTS[process.name] + 1000
    known = {settings_of(process).variable(field) for field in settings_of(process).model_fields}
    assert set(told) <= known


def test_each_service_enters_the_database_as_itself(around: Surroundings) -> None:
    told = {process.name: processes.environment(process, around) for process in processes.TABLE}
    assert told["history"]["OTKLIK_POSTGRES_DSN"].startswith("postgresql://history:")
    assert told["history"]["OTKLIK_POSTGRES_DSN"].endswith("@127.0.0.1:6532/otklik")
    assert told["history"]["OTKLIK_MASTER_KEY"] != told["intake"]["OTKLIK_MASTER_KEY"]


def test_a_frontend_is_told_nothing_of_the_stores(around: Surroundings) -> None:
    for process in processes.TABLE:
        if not process.is_service:
            told = processes.environment(process, around)
            assert not {"OTKLIK_POSTGRES_DSN", "OTKLIK_KAFKA_BOOTSTRAP", "OTKLIK_MASTER_KEY"} & set(told)


def test_the_table_holds_every_process_of_the_tree() -> None:
    found = {path.parent.name for kind in ("services", "frontends") for path in (ROOT / kind).glob("*/main.py")}
    assert found <= {process.name for process in processes.TABLE}


def test_the_sample_authority_is_one(around: Surroundings) -> None:
    authority = load_authority(processes.AUTHORITY)
    assert [point.code for point in authority.points] == ["phone", "site", "vk", "telegram", "ok", "post", "email", "in_person", "internal"]
    assert authority.journals[0].index == "ЗИ"


@pytest.mark.requirement("N-0.1")
def test_an_empty_installation_begins_with_an_authority_that_nobody_invented(around: Surroundings) -> None:
    told = {process.name: processes.environment(process, replace(around, demo=False)) for process in processes.TABLE}
    assert {each["OTKLIK_AUTHORITY_FILE"] for each in told.values()} == {str(processes.EMPTY_AUTHORITY)}
    assert processes.administration(replace(around, demo=False))["OTKLIK_AUTHORITY_FILE"] == str(processes.EMPTY_AUTHORITY)
    assert processes.administration(replace(around, demo=True))["OTKLIK_AUTHORITY_FILE"] == str(processes.AUTHORITY)
    authority = load_authority(processes.EMPTY_AUTHORITY)
    assert (authority.name, authority.called, authority.phones, authority.units) == ("", "", (), ())


@pytest.mark.requirement("D-23")
def test_where_foreign_frontends_enter_is_told_unless_kafka_is_somebody_elses(around: Surroundings) -> None:
    assert processes.administration(around)["OTKLIK_KAFKA_FRONTENDS"] == f"127.0.0.1:{PORTS['kafka-frontends'] + 1000}"
    assert processes.administration(replace(around, kafka_bootstrap="kafka:9092"))["OTKLIK_KAFKA_FRONTENDS"] == ""
