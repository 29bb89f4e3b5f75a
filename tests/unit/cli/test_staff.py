"""Sample staff tokens are for the demo mode, and are taken by every service that holds the public key."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.staff import app
from libs.chassis.access.roles import NotSignedIn, Role
from libs.chassis.access.tokens import TokenVerifier
from libs.chassis.ops.clock import FixedClock, SystemClock

pytestmark = pytest.mark.requirement("R-25")

AUTHORITY = Path(__file__).parents[3] / "local" / "authority.toml"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """A pair as `otklik staff key` makes it, in the environment."""
    monkeypatch.setenv("OTKLIK_STATE", str(tmp_path))
    monkeypatch.setenv("OTKLIK_AUTHORITY_FILE", str(AUTHORITY))
    monkeypatch.setenv("OTKLIK_DEMO", "1")
    made = dict(line.split("=", 1) for line in CliRunner().invoke(app, ["key"]).output.splitlines())
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


def test_a_token_made_with_the_private_key_is_taken_with_the_public_one(keys: dict[str, str]) -> None:
    result = CliRunner().invoke(app, ["token", "--role", "operator", "--role", "auditor", "--id", "olga", "--hours", "1"])
    assert result.exit_code == 0, result.output
    public = base64.b64decode(keys["OTKLIK_STAFF_PUBLIC_KEY"])
    told = TokenVerifier(public, issuer="demo", clock=SystemClock()).verify(result.output.strip())
    assert (told.staff.id, told.staff.roles) == ("olga", frozenset({Role.OPERATOR, Role.AUDITOR}))
    later = FixedClock(told.issued_at + timedelta(hours=1, minutes=1))
    with pytest.raises(NotSignedIn):
        TokenVerifier(public, issuer="demo", clock=later).verify(result.output.strip())


@pytest.mark.parametrize("demo", ["", "0", "false"])
def test_outside_the_demo_mode_there_are_no_sample_tokens(keys: dict[str, str], monkeypatch: pytest.MonkeyPatch, demo: str) -> None:
    monkeypatch.setenv("OTKLIK_DEMO", demo)
    result = CliRunner().invoke(app, ["token", "--role", "operator"])
    assert (result.exit_code, "demonstration" in result.output) == (2, True)


@pytest.mark.parametrize("account", ["Иванов", "Olga", "olga petrova", "-", "a" * 64, ""])
def test_a_name_is_no_account(keys: dict[str, str], account: str) -> None:
    result = CliRunner().invoke(app, ["token", "--role", "operator", "--id", account])
    assert (result.exit_code, "dashes" in result.output) == (2, True)


def test_a_missing_or_broken_key_is_told_without_its_value(keys: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTKLIK_STAFF_PRIVATE_KEY", "c2hvcnQ=")
    result = CliRunner().invoke(app, ["token", "--role", "operator"])
    assert (result.exit_code, "OTKLIK_STAFF_PRIVATE_KEY" in result.output, "c2hvcnQ" in result.output) == (2, True, False)
    monkeypatch.delenv("OTKLIK_STAFF_PRIVATE_KEY")
    assert CliRunner().invoke(app, ["token", "--role", "operator"]).exit_code == 2
