"""`python -m local.containers`: the secrets of docker-compose.yml, made once into a volume.

Each container mounts its own folder of it, so that no service sees another one's key.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from local import installation, keys, processes
from local.places import Places
from local.processes import Surroundings

VOLUME = Path("/run/otklik")
SECRET = {
    *("OTKLIK_POSTGRES_DSN", "OTKLIK_MASTER_KEY", keys.STAFF_PRIVATE_KEY, keys.STAFF_PUBLIC_KEY),
    *("OTKLIK_FRONTEND_KEY", keys.HEAD_SIGNING_KEY, keys.SETUP_CODE),
}
FOR_PREPARE = {"OTKLIK_ADMIN_DSN", *map(keys.password_of, processes.services())}
POSTGRES_PLACE = "postgres:5432/otklik"


def write(volume: Path) -> None:
    """A folder for each container, with the variables that are secret."""
    places = Places(volume / "all")
    secrets = keys.ensure(places, processes.services(), processes.frontends())
    admin_dsn = f"postgresql://postgres:{secrets[keys.ADMIN_PASSWORD]}@{POSTGRES_PLACE}"
    demo = installation.settle(places, {"DEMO": "yes"})  # as the containers of docker-compose.yml are told too
    around = Surroundings(places, secrets, admin_dsn, kafka_bootstrap="kafka:9092", demo=demo)
    for process in processes.TABLE:
        write_variables(volume / process.name, processes.environment(process, around), SECRET)
    write_variables(volume / "prepare", processes.administration(around), FOR_PREPARE)
    share_frontend_keys(places.frontend_keys, volume / "intake" / "frontend-keys.json")
    password = volume / "postgres" / "password"
    keys.write(password, secrets[keys.ADMIN_PASSWORD])
    password.chmod(0o644)  # read there by another user of another image; its folder is in no other container


def share_frontend_keys(ours: Path, shared: Path) -> None:
    """Our own frontends' keys into intake's folder; those that `otklik frontends` wrote there stay."""
    known = json.loads(shared.read_text("utf-8")) if shared.exists() else {}
    wanted = known | json.loads(ours.read_text("utf-8"))
    if known != wanted:
        keys.write(shared, json.dumps(wanted, indent=2) + "\n")


def write_variables(folder: Path, variables: dict[str, str], names: set[str]) -> None:
    lines = [f"{name}={value}\n" for name, value in sorted(variables.items()) if name in names]
    keys.write(folder / "secrets.env", "".join(lines))


if __name__ == "__main__":
    os.umask(0o022)
    write(VOLUME)
