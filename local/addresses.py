"""What a start ends with: where everything is, and how to enter."""

from __future__ import annotations

from local import processes
from local.console import BOLD, DIM, coloured, elapsed
from local.control import Record
from local.processes import Surroundings

ABOUT = {
    "site": "the public site: the form and the status page",
    "intake": "HTTP door for frontends",
    "history": "internal API of the history",
    "notifier": "deliveries of notices",
}


def show_addresses(around: Surroundings, record: Record, *, all_ready: bool) -> None:
    """Printed once, when everything answers (or was given its time)."""
    started = {program.name for program in record.programs}
    states = {program.name: program.state for program in record.programs}
    lines = [
        (f"{processes.address(process.name, around.places)}/", ABOUT.get(process.name, process.name), states[process.name])
        for process in sorted(processes.existing(), key=lambda process: process.is_service)
        if process.name in started
    ]
    lines.append((f"{processes.address('mail', around.places)}/", "letters that were sent, none is delivered", states["mail"]))
    ready = "ready" if all_ready else "up, but not everything is ready: make status"
    print(f"\n{coloured(f'Otklik is {ready}', BOLD)} ({elapsed():.1f} s){', a demonstration: for trying only' if around.demo else ''}\n")
    for address, what, state in lines:
        print(f"  {address:<28} {what}{'' if state == 'ready' else f' ({state})'}")
    print(f"\n  Kafka {around.kafka_bootstrap}, PostgreSQL {around.admin_dsn.rpartition('@')[2]}; secrets: {around.places.secrets}")
    foreign = processes.frontends_bootstrap(around)
    if foreign:
        print(f"  Frontends of others sign in to Kafka at {foreign}; ./otklik frontends add NAME lets one in: docs/frontends/README.md")
    if around.demo:
        operator = "Authorization: Bearer $(./otklik staff token --role operator)"
        question = f"{processes.address('history', around.places)}/v1/entries?from=2021-01-01T00:00:00Z"
        print(f"  Signing in comes later; a sample token opens what is for staff:\n  curl -H \"{operator}\" '{question}'")
    farewell = "Ctrl-C stops everything and keeps the data. In another terminal: make status | logs | down | fresh"
    print(coloured(f"\n{farewell}\n", DIM), flush=True)
