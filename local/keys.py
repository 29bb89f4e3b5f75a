"""The secrets of one machine: made once, kept in `.local/secrets.env` (mode 600), never printed.

A new service gets its own at the next start; what is already there stays, because the data is sealed and guarded by it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from local.places import Places

KEY_BYTES = 32
ADMIN_PASSWORD = "OTKLIK_POSTGRES_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
STAFF_PRIVATE_KEY = "OTKLIK_STAFF_PRIVATE_KEY"
STAFF_PUBLIC_KEY = "OTKLIK_STAFF_PUBLIC_KEY"
HEAD_SIGNING_KEY = "OTKLIK_HEAD_SIGNING_KEY"
SETUP_CODE = "OTKLIK_SETUP_CODE"
DEMO_PASSWORD = "OTKLIK_DEMO_PASSWORD"  # noqa: S105 - the name of a variable


def password_of(service: str) -> str:
    """The variable with the password of a service's database role."""
    return f"OTKLIK_{service.upper()}_PASSWORD"


def master_key_of(service: str) -> str:
    return f"OTKLIK_{service.upper()}_MASTER_KEY"


def frontend_key_of(frontend: str) -> str:
    return f"OTKLIK_{frontend.upper()}_FRONTEND_KEY"


def ensure(places: Places, services: list[str], frontends: list[str], *, demo: bool = False) -> dict[str, str]:
    """Every secret of these processes, with `demo` the password of its accounts too; writes the file and the frontends' key hashes."""
    kept = read(places.secrets)
    names = wanted(services, frontends) | ({DEMO_PASSWORD: typed_password} if demo else {})
    made = kept | {name: make() for name, make in names.items() if name not in kept}
    made[STAFF_PUBLIC_KEY] = public_key(made[STAFF_PRIVATE_KEY])
    if made != kept:
        write(places.secrets, "".join(f"{name}={value}\n" for name, value in sorted(made.items())))
    hashes = {name: [hashlib.sha256(made[frontend_key_of(name)].encode()).hexdigest()] for name in frontends}
    known = json.loads(places.frontend_keys.read_text("utf-8")) if places.frontend_keys.exists() else {}
    if known != known | hashes:  # keys of other frontends, added by `otklik frontends add`, stay
        write(places.frontend_keys, json.dumps(known | hashes, indent=2) + "\n")
    return made


def wanted(services: list[str], frontends: list[str]) -> dict[str, Callable[[], str]]:
    names: dict[str, Callable[[], str]] = {ADMIN_PASSWORD: password, STAFF_PRIVATE_KEY: key, HEAD_SIGNING_KEY: key, SETUP_CODE: password}
    for service in services:
        names |= {password_of(service): password, master_key_of(service): key}
    return names | {frontend_key_of(frontend): password for frontend in frontends}


def password() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def typed_password() -> str:
    """One that people type: 64 bits in four groups."""
    return "-".join(secrets.token_hex(2) for _ in range(4))


def key() -> str:
    """32 random bytes; any 32 bytes are an Ed25519 private key too."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def public_key(private_key: str) -> str:
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private_key))
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()


def read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    return dict(line.split("=", 1) for line in path.read_text("utf-8").splitlines() if "=" in line)


def write(path: Path, text: str) -> None:
    """Whole or not at all, and readable by its owner alone from the first byte."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)
