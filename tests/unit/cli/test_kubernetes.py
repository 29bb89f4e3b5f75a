"""`otklik kubernetes secrets`: every key of an installation, once, and each process sees its own."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app
from libs.chassis.access.frontends import hash_of
from local import processes

pytestmark = pytest.mark.requirement("D-27")
ADMIN = ("--admin-dsn", "postgresql://admin:pass@db.example:5432/otklik")


def made(path: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    """Secrets by namespace and name."""
    ran = CliRunner().invoke(app, ["kubernetes", "secrets", str(path), *arguments])
    assert ran.exit_code == 0, ran.output
    read = list(yaml.safe_load_all(path.read_text("utf-8")))
    assert {each["kind"] for each in read} == {"Secret"}
    return {f"{each['metadata']['namespace']}/{each['metadata']['name']}": each["stringData"] for each in read}


def test_each_service_gets_a_role_a_master_key_and_a_name_on_kafka_of_its_own(tmp_path: Path) -> None:
    secrets = made(tmp_path / "secrets.yaml", *ADMIN)
    own = {name: secrets[f"otklik/{name}"] for name in processes.services()}
    for name, values in own.items():
        password = secrets["otklik/prepare"][f"OTKLIK_{name.upper()}_PASSWORD"]
        assert values["OTKLIK_POSTGRES_DSN"] == f"postgresql://{name}:{password}@db.example:5432/otklik"
        assert (values["OTKLIK_KAFKA_USER"], values["OTKLIK_KAFKA_PASSWORD"]) == (name, secrets["kafka/otklik-users"][name])
        assert len(base64.b64decode(values["OTKLIK_MASTER_KEY"])) == 32
    for secret in ("OTKLIK_MASTER_KEY", "OTKLIK_POSTGRES_DSN", "OTKLIK_KAFKA_PASSWORD"):
        assert len({values[secret] for values in own.values()}) == len(own)
    assert secrets["otklik/prepare"]["OTKLIK_KAFKA_USER"] == "administrator"


def test_intake_knows_the_sites_key_by_its_hash_alone(tmp_path: Path) -> None:
    secrets = made(tmp_path / "secrets.yaml", *ADMIN)
    known = json.loads(secrets["otklik/frontend-keys"]["frontend-keys.json"])
    assert known == {"site": [hash_of(secrets["otklik/site"]["OTKLIK_FRONTEND_KEY"])]}
    assert secrets["otklik/site"].keys() == {"OTKLIK_FRONTEND_KEY"}


def test_the_key_that_signs_for_staff_is_told_to_intake_alone_which_issues_their_tokens(tmp_path: Path) -> None:
    secrets = made(tmp_path / "secrets.yaml", *ADMIN)
    holders = {name for name, values in secrets.items() if "OTKLIK_STAFF_PRIVATE_KEY" in values}
    assert holders == {"otklik/intake", "otklik/staff"}


def test_the_file_is_readable_by_its_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yaml"
    made(path, *ADMIN)
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(app, ["kubernetes", "secrets", str(path), *ADMIN])
    assert again.exit_code == 2
    assert "seal the data" in again.output
    assert path.read_bytes() == before


def test_a_demonstration_has_stores_of_its_own_and_a_kafka_that_asks_for_no_name(tmp_path: Path) -> None:
    secrets = made(tmp_path / "secrets.yaml", "--demo", "--namespace", "otklik-demo")
    assert {name.partition("/")[0] for name in secrets} == {"otklik-demo"}
    password = secrets["otklik-demo/postgres"]["OTKLIK_POSTGRES_ADMIN_PASSWORD"]
    assert secrets["otklik-demo/prepare"]["OTKLIK_ADMIN_DSN"] == f"postgresql://postgres:{password}@postgres:5432/otklik"
    assert not any("OTKLIK_KAFKA_USER" in values for values in secrets.values())


@pytest.mark.parametrize("arguments", [(), ("--demo", *ADMIN)])
def test_where_postgresql_is_must_be_said_once(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(app, ["kubernetes", "secrets", str(tmp_path / "secrets.yaml"), *arguments])
    assert ran.exit_code == 2
    assert "--admin-dsn" in ran.output
    assert not list(tmp_path.iterdir())
