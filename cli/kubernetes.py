"""`otklik kubernetes`: every key and password of an installation on Kubernetes, made once."""

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.deployment import ADMINISTRATOR
from libs.chassis.access.frontends import hash_of
from local import containers, keys, processes
from local.places import Places
from local.processes import Surroundings

app = typer.Typer(no_args_is_help=True, help=__doc__)

Secrets = dict[str, dict[str, str]]
DEMO_STORE = "postgres:5432/otklik"


@app.callback()
def _group() -> None:
    """What an installation on Kubernetes needs once."""


@app.command()
def secrets(
    file: Annotated[Path, typer.Argument(help="file to be made, for `kubectl create --filename`; guard it as you guard a key")],
    admin_dsn: Annotated[str, typer.Option(help="postgresql://administrator:password@host:port/database, as the cluster sees it")] = "",
    namespace: Annotated[str, typer.Option(help="where the processes run")] = "otklik",
    demo: Annotated[bool, typer.Option("--demo", help="for overlays/demo: its own PostgreSQL, and a Kafka that asks for no name")] = False,
) -> None:
    """Make every key and password of an installation, once: the data are sealed with them, and others made later open nothing."""
    if file.exists():
        _stop(f"{file} is there already, and its keys seal the data of an installation")
    if demo == bool(admin_dsn):
        _stop("--admin-dsn says where PostgreSQL is and who may make roles there; --demo brings its own")
    made = {name: make() for name, make in keys.wanted(processes.services(), processes.frontends()).items()}
    made[keys.STAFF_PUBLIC_KEY] = keys.public_key(made[keys.STAFF_PRIVATE_KEY])
    users = {} if demo else {name: keys.password() for name in (ADMINISTRATOR, *processes.services())}
    dsn = admin_dsn or f"postgresql://postgres:{made[keys.ADMIN_PASSWORD]}@{DEMO_STORE}"
    texts = [_manifest(name, namespace, values) for name, values in of_installation(made, dsn, users).items()]
    texts += [_manifest("otklik-users", "kafka", users)] if users else []
    keys.write(file, "---\n".join(texts))
    typer.echo(f"{file} is made. Keep a copy apart from the database and its backups: without these keys nothing sealed can be read.")


def of_installation(made: dict[str, str], admin_dsn: str, users: dict[str, str]) -> Secrets:
    """One Secret for each process with what it alone is told, and some beside; `users` are Kafka's, with their passwords."""
    around = Surroundings(Places(), made, admin_dsn, kafka_bootstrap="", demo=False)
    told = {process.name: _of(containers.SECRET, processes.environment(process, around)) for process in processes.existing()}
    told |= {name: values | _on_kafka(name, users) for name, values in told.items() if name in users}
    told["prepare"] = _of(containers.FOR_PREPARE, processes.administration(around)) | _on_kafka(ADMINISTRATOR, users)
    told["postgres"] = {keys.ADMIN_PASSWORD: made[keys.ADMIN_PASSWORD]}
    told["staff"] = {keys.STAFF_PRIVATE_KEY: made[keys.STAFF_PRIVATE_KEY]}
    hashes = {name: [hash_of(made[keys.frontend_key_of(name)])] for name in processes.frontends()}
    told["frontend-keys"] = {"frontend-keys.json": json.dumps(hashes, indent=2) + "\n"}
    return told


def _of(names: set[str], variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name in names}


def _on_kafka(user: str, users: dict[str, str]) -> dict[str, str]:
    return {"OTKLIK_KAFKA_USER": user, "OTKLIK_KAFKA_PASSWORD": users[user]} if user in users else {}


def _manifest(name: str, namespace: str, values: dict[str, str]) -> str:
    lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in sorted(values.items()))
    head = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: {namespace}\n"
    return f"{head}  labels: {{app.kubernetes.io/part-of: otklik}}\ntype: Opaque\nstringData:\n{lines}"


def _stop(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(2)
