"""`otklik staff`: the key that signs staff tokens, and sample tokens for trying."""

import base64
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli import this_machine
from cli.demo_mode import is_demo
from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.tokens import TokenIssuer, new_private_key, public_key_of
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.settings import load_authority

app = typer.Typer(no_args_is_help=True, help=__doc__)

PRIVATE_KEY = "OTKLIK_STAFF_PRIVATE_KEY"
PUBLIC_KEY = "OTKLIK_STAFF_PUBLIC_KEY"
KEY_BYTES = 32
LONGEST_ACCOUNT = 63
ACCOUNT = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_ACCOUNT - 1}}}")


@app.callback()
def _group() -> None:
    """The key that signs staff tokens, and sample tokens for trying."""


@app.command()
def key() -> None:
    """Make a pair of keys: intake signs with the private one, every service checks with the public one."""
    private = new_private_key()
    typer.echo(f"{PRIVATE_KEY}={_base64(private)}")
    typer.echo(f"{PUBLIC_KEY}={_base64(public_key_of(private))}")


@app.command()
def token(
    role: Annotated[list[Role], typer.Option(help="may be given more than once")],
    account: Annotated[str, typer.Option("--id", help="whose token it is: an account of a-z, 0-9 and dashes, never a name")] = "sample",
    unit: Annotated[str | None, typer.Option(help="code of the unit")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 30, help="how long it is taken")] = 12,
) -> None:
    """A token that every service takes, as a sample; only in a demonstration, a real installation has people sign in."""
    this_machine.lend_administration()
    if not is_demo():
        _stop("sample tokens are for a demonstration (OTKLIK_DEMO=1), this is none")
    if not ACCOUNT.fullmatch(account):
        _stop(f"--id is an account of a-z, 0-9 and dashes, at most {LONGEST_ACCOUNT} of them: it is kept in the log of who looked")
    authority = load_authority(Path(_told("OTKLIK_AUTHORITY_FILE")))
    issuer = TokenIssuer(_private_key(), issuer=authority.code, clock=SystemClock())
    typer.echo(issuer.issue(Staff(id=account, roles=frozenset(role), unit=unit), lifetime=timedelta(hours=hours)))


def _private_key() -> bytes:
    try:
        raw = base64.b64decode(_told(PRIVATE_KEY), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        _stop(f"{PRIVATE_KEY} is not base64 of {KEY_BYTES} bytes: `otklik staff key` makes one")
    return raw


def _told(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        _stop(f"not set: {variable}")
    return value


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _stop(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(2)
