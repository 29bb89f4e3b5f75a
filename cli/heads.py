"""`otklik heads`: the key that signs the ends of history's log."""

import base64
from typing import Final

import typer

from cli import this_machine
from cli.verify import PUBLIC_KEYS, SIGNING_KEY, signing_key
from libs.chassis.access.tokens import new_private_key
from services.history.domain.heads import Signer, key_id_of

UNUSABLE: Final = 2

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def _group() -> None:
    """The key that signs the ends of history's log."""


@app.command()
def new_key() -> None:
    """Make a pair of keys: history signs with the private one, whoever verifies checks with the public one."""
    private = new_private_key()
    typer.echo(f"{SIGNING_KEY}={base64.b64encode(private).decode()}")
    _tell_public(private)


@app.command()
def public_key() -> None:
    """The public half of OTKLIK_HEAD_SIGNING_KEY, for those who verify."""
    this_machine.lend("history")
    private = signing_key()
    if private is None:
        typer.echo(f"not set: {SIGNING_KEY}", err=True)
        raise typer.Exit(UNUSABLE)
    _tell_public(private)


def _tell_public(private: bytes) -> None:
    public = Signer(private).public_key
    typer.echo(f"{PUBLIC_KEYS}={base64.b64encode(public).decode()}")
    typer.echo(f"# signatures name it {key_id_of(public)}")
