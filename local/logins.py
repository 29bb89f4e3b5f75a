"""Sample logins for trying: a staff token for each role, new at each start, in `.local/staff-tokens.env` (mode 600)."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.tokens import TokenIssuer
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.settings import load_authority
from local import keys, processes
from local.places import Places

LIFETIME = timedelta(days=1)


def write_tokens(places: Places, private_key: str) -> Path:
    """The file to source: OPERATOR, AUDITOR and so on hold the tokens."""
    issuer = TokenIssuer(base64.b64decode(private_key), issuer=load_authority(processes.AUTHORITY).code, clock=SystemClock())
    lines = [f"{role.upper()}={token(issuer, role)}\n" for role in Role]
    path = places.state / "staff-tokens.env"
    keys.write(path, "".join(lines))
    return path


def token(issuer: TokenIssuer, role: Role) -> str:
    return issuer.issue(Staff(id=f"sample-{role}", roles=frozenset((role,))), lifetime=LIFETIME)
