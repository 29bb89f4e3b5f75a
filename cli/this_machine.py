"""Beside `make up` the commands need no settings: they use what it made for this machine.

All or nothing: once any of the wanted variables is set, none is lent, so that one installation's keys never meet another's data.
"""

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import replace

from cli.demo_mode import VARIABLE as DEMO
from local import control, installation, keys, processes
from local.places import places
from local.postgres import Postgres
from local.processes import Surroundings

ADMIN_DSN = "OTKLIK_ADMIN_DSN"


def lend(service: str, *, administrator: bool = False, environ: MutableMapping[str, str] = os.environ) -> None:
    """The variables of a service, and of the database's administrator where a command needs one."""
    around = _around(environ)
    if around is not None:
        process = next(process for process in processes.TABLE if process.name == service)
        more = {ADMIN_DSN: around.admin_dsn} if administrator else {}
        if keys.DEMO_PASSWORD in around.secrets:
            more[keys.DEMO_PASSWORD] = around.secrets[keys.DEMO_PASSWORD]
        _lend(processes.environment(process, around) | more, around, environ)


def lend_administration(environ: MutableMapping[str, str] = os.environ) -> None:
    """The variables of `python -m cli` itself."""
    around = _around(environ)
    if around is not None:
        _lend(processes.administration(around), around, environ)


def lend_restoration(environ: MutableMapping[str, str] = os.environ) -> None:
    """The same, and the master key of each service under a name of its own: a restore tries them all."""
    around = _around(environ)
    if around is not None:
        masters = {keys.master_key_of(name): around.secrets[keys.master_key_of(name)] for name in processes.services()}
        _lend(processes.administration(around) | masters, around, environ)


def _lend(variables: Mapping[str, str], around: Surroundings, environ: MutableMapping[str, str]) -> None:
    wanted = {name: value for name, value in variables.items() if name != DEMO}
    if not wanted.keys() & environ.keys():
        environ.update(wanted)
        if around.demo:
            environ.setdefault(DEMO, "true")
        else:
            environ[DEMO] = "false"  # no variable makes a demonstration of a real installation


def _around(environ: Mapping[str, str]) -> Surroundings | None:
    """What `make up` made, if it ever ran here."""
    here = places(environ)
    here = replace(here, port_offset=control.read(here).port_offset)  # where it was started, whatever this terminal says
    secrets = keys.read(here.secrets)
    if not secrets:
        return None
    server = Postgres(here.state / "postgres", here.port("postgres"), secrets[keys.ADMIN_PASSWORD])
    return Surroundings(
        places=here,
        secrets=secrets,
        admin_dsn=environ.get("DATABASE_URL") or server.admin_dsn,
        kafka_bootstrap=environ.get("KAFKA_BOOTSTRAP") or f"127.0.0.1:{here.port('kafka')}",
        demo=installation.is_demo(here),
    )
