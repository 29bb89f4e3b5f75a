"""`otklik`: the commands of whoever runs an installation. A composition root above the services."""

import logging
import os
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group

COMMANDS = {
    "database": "cli.database",
    "topics": "cli.topics",
    "frontends": "cli.frontends",
    "staff": "cli.staff",
    "import": "cli.importing",
    "demo": "cli.demo",
    "rebuild": "cli.rebuild",
    "republish": "cli.republish",
    "verify": "cli.verify",
    "dlq": "cli.dlq",
    "gaps": "cli.gaps",
    "heads": "cli.heads",
    "backup": "cli.backup",
    "restore": "cli.restore",
    "recover": "cli.recover",
    "documents": "cli.documents",
    "kubernetes": "cli.kubernetes",
}


class OnDemand(TyperGroup):
    """Imports a command when it is asked for: each needs a small part of what all of them need."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def invoke(self, ctx: Any) -> Any:
        """A failure of what stands around us ends in a sentence and an exit code of its own (cli/failures.py)."""
        logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # it would tell of every try what we say once
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except (Exception, SystemExit) as error:
            from cli.failures import sentence_for  # here: who does not fail need not wait for what it imports

            said = sentence_for(error, os.environ)
            if said is None:
                raise
            typer.echo(said.text, err=True)
            raise typer.Exit(said.code) from None

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        return _imported(cmd_name) if cmd_name in COMMANDS else None


def _imported(name: str) -> Any:
    """A module's `app` with its commands, or the one that is its `command`."""
    module, alone = import_module(COMMANDS[name]), typer.Typer(add_completion=False)
    if hasattr(module, "app"):
        alone.add_typer(module.app, name=name)
    else:
        alone.command(name)(module.command)
    return get_group(alone).commands[name]


app = typer.Typer(cls=OnDemand, no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)


@app.callback()
def _group() -> None:
    """The commands of whoever runs an installation."""
