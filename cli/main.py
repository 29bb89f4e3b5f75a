"""`otklik`: the commands of whoever runs an installation. A composition root above the services."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

COMMANDS = {
    "database": "cli.database",
    "topics": "cli.topics",
    "frontends": "cli.frontends",
    "staff": "cli.staff",
    "import": "cli.importing",
    "demo": "cli.demo",
    "rebuild": "cli.rebuild",
    "verify": "cli.verify",
    "documents": "cli.documents",
}


class OnDemand(TyperGroup):
    """Imports a command when it is asked for: each needs a small part of what all of them need."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

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
