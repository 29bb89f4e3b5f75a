"""`otklik heads` makes the key that signs history's log, and tells its public half."""

import base64

import pytest
from typer.testing import CliRunner

from cli.main import app
from services.history.domain.heads import PublicKeys, Signer

pytestmark = pytest.mark.requirement("R-18")


def said(*words: str, **told: str) -> tuple[int, dict[str, str]]:
    result = CliRunner().invoke(app, ["heads", *words], env={"OTKLIK_STATE": "/nonexistent", "OTKLIK_HEAD_SIGNING_KEY": "", **told})
    return result.exit_code, dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line and not line.startswith("#"))


def test_a_new_pair_of_keys_fits_together_and_is_new_each_time() -> None:
    code, pair = said("new-key")
    assert code == 0
    signer = Signer(base64.b64decode(pair["OTKLIK_HEAD_SIGNING_KEY"]))
    keys = PublicKeys([base64.b64decode(pair["OTKLIK_HEAD_PUBLIC_KEYS"])])
    assert keys.signed_head(signer.head(1, 2, b"hash"))
    assert said("new-key")[1] != pair


def test_the_public_half_of_a_key_is_told_without_the_private_one() -> None:
    _, pair = said("new-key")
    private, public = pair["OTKLIK_HEAD_SIGNING_KEY"], pair["OTKLIK_HEAD_PUBLIC_KEYS"]
    assert said("public-key", OTKLIK_HEAD_SIGNING_KEY=private) == (0, {"OTKLIK_HEAD_PUBLIC_KEYS": public})


@pytest.mark.parametrize("wrong", ["", "not base64", "c2hvcnQ="])
def test_without_a_good_key_it_ends_with_2(wrong: str) -> None:
    assert said("public-key", OTKLIK_HEAD_SIGNING_KEY=wrong) == (2, {})
