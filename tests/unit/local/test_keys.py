"""Secrets are made once, kept to their owner, and fit what the processes expect."""

import base64
import hashlib
import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from local import keys
from local.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "state")


def test_they_are_made_once(places: Places) -> None:
    made = keys.ensure(places, ["intake"], ["site"])
    assert keys.ensure(places, ["intake"], ["site"]) == made


def test_a_new_service_gets_its_own_and_the_old_ones_stay(places: Places) -> None:
    before = keys.ensure(places, ["intake"], ["site"])
    after = keys.ensure(places, ["intake", "history"], ["site"])
    assert before.items() < after.items()
    assert after[keys.master_key_of("history")] != after[keys.master_key_of("intake")]
    assert len(base64.b64decode(after[keys.master_key_of("history")])) == 32


def test_only_the_owner_may_read_them(places: Places) -> None:
    keys.ensure(places, ["intake"], ["site"])
    for path in (places.secrets, places.frontend_keys):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_hash_of_the_frontends_key_stands_where_intake_looks(places: Places) -> None:
    made = keys.ensure(places, ["intake"], ["site"])
    assert json.loads(places.frontend_keys.read_text()) == {"site": [hashlib.sha256(made["OTKLIK_SITE_FRONTEND_KEY"].encode()).hexdigest()]}


def test_keys_of_frontends_that_were_added_later_stay(places: Places) -> None:
    keys.ensure(places, ["intake"], ["site"])
    known = json.loads(places.frontend_keys.read_text()) | {"portal": ["ab"]}
    places.frontend_keys.write_text(json.dumps(known))
    keys.ensure(places, ["intake"], ["site"])
    assert json.loads(places.frontend_keys.read_text()) == known


def test_the_public_key_of_staff_tokens_fits_the_private_one(places: Places) -> None:
    made = keys.ensure(places, [], [])
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(made[keys.STAFF_PRIVATE_KEY]))
    Ed25519PublicKey.from_public_bytes(base64.b64decode(made[keys.STAFF_PUBLIC_KEY])).verify(private.sign(b"x"), b"x")
