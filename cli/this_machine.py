"""Beside `make up` the commands need no settings: they use what it made for this machine.

All or nothing: once any of the wanted variables is set, none is lent, so that one installation's keys never meet another's data.
"""

import os
from collections.abc import Mapping

from local import keys, processes
from local.places import places
from local.postgres import Postgres
from local.processes import Surroundings

ADMIN_DSN = "OTKLIK_ADMIN_DSN"


def lend(service: str, *, administrator: bool = False) -> None:
    """The variables of a service, and of the database's administrator where a command needs one."""
    around = _around(os.environ)
    if around is not None:
        process = next(process for process in processes.TABLE if process.name == service)
        _lend(processes.environment(process, around) | ({ADMIN_DSN: around.admin_dsn} if administrator else {}))


def lend_administration() -> None:
    """The variables of `python -m cli` itself."""
    around = _around(os.environ)
    if around is not None:
        _lend(processes.administration(around))


def _lend(variables: Mapping[str, str]) -> None:
    if not variables.keys() & os.environ.keys():
        os.environ.update(variables)


def _around(environ: Mapping[str, str]) -> Surroundings | None:
    """What `make up` made, if it ever ran here."""
    here = places(environ)
    secrets = keys.read(here.secrets)
    if not secrets:
        return None
    server = Postgres(here.state / "postgres", here.port("postgres"), secrets[keys.ADMIN_PASSWORD])
    return Surroundings(
        places=here,
        secrets=secrets,
        admin_dsn=environ.get("DATABASE_URL") or server.admin_dsn,
        kafka_bootstrap=environ.get("KAFKA_BOOTSTRAP") or f"127.0.0.1:{here.port('kafka')}",
    )
