"""`otklik`: the commands of whoever runs an installation. A composition root above the services."""

import typer

from cli import database, documents, topics

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(database.app, name="database")
app.add_typer(topics.app, name="topics")
app.command("documents")(documents.command)
