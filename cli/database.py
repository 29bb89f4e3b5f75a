"""`otklik database`: roles, schemas and migrations."""

import asyncio
import os

import asyncpg
import typer

from cli import this_machine
from cli.services import SCHEMAS
from libs.chassis.store.migrations import Schema, migrate

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def _group() -> None:
    """Roles, schemas and migrations of every service."""


@app.command()
def prepare() -> None:
    """Make what is missing and run all migrations; safe to repeat.

    OTKLIK_ADMIN_DSN names the database and an administrator; OTKLIK_<SERVICE>_PASSWORD sets the password of a service's role.
    """
    this_machine.lend_administration()
    dsn = os.environ.get("OTKLIK_ADMIN_DSN")
    if not dsn:
        typer.echo("OTKLIK_ADMIN_DSN is missing: postgresql://administrator@host:port/database", err=True)
        raise typer.Exit(2)
    passwords = {schema.name: os.environ.get(f"OTKLIK_{schema.name.upper()}_PASSWORD") for schema in SCHEMAS}
    for line in asyncio.run(prepare_all(dsn, passwords)):
        typer.echo(line)


async def prepare_all(dsn: str, passwords: dict[str, str | None]) -> list[str]:
    """For every service: its roles, its schema, its migrations and grants."""
    done = []
    for schema in SCHEMAS:
        await _make(dsn, schema, passwords.get(schema.name))
        ran = await migrate(dsn, schema)
        done.append(f"{schema.name}: {', '.join(ran) if ran else 'up to date'}")
    return done


async def make_roles(dsn: str) -> None:
    """The roles of every service, without passwords; safe to repeat."""
    for schema in SCHEMAS:
        db = await asyncpg.connect(dsn)
        try:
            await _make_roles(db, schema)
        finally:
            await db.close()


async def _make_roles(db: "asyncpg.Connection[asyncpg.Record]", schema: Schema) -> None:
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(hashtext('otklik roles'))")
        await _make_role(db, schema.owner, "NOLOGIN")
        await _make_role(db, schema.name, "LOGIN")


async def _make(dsn: str, schema: Schema, password: str | None) -> None:
    db = await asyncpg.connect(dsn)
    try:
        async with db.transaction():
            await _make_roles(db, schema)
            if password:
                literal = await db.fetchval("SELECT quote_literal($1::text)", password)
                await db.execute(f"ALTER ROLE {schema.name} PASSWORD {literal}")
            await db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema.name} AUTHORIZATION {schema.owner}")
            await db.execute(f"ALTER ROLE {schema.name} SET search_path = {schema.name}")
    finally:
        await db.close()


async def _make_role(db: "asyncpg.Connection[asyncpg.Record]", role: str, kind: str) -> None:
    if not await db.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
        await db.execute(f"CREATE ROLE {role} {kind}")
