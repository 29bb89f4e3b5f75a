"""What a start ends with: where everything is, and how to enter."""

from __future__ import annotations

from local import keys, processes
from local.console import BOLD, DIM, coloured, elapsed
from local.control import Record
from local.processes import Surroundings
from local.sample.staff import LOGINS

ABOUT = {
    "site": "the public site: the form and the status page",
    "intake": "HTTP door for frontends; the desk for staff is at /desk/",
    "history": "internal API of the history; its timelines open from the desk",
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
    desk = f"{processes.address('intake', around.places)}/desk"
    if around.demo:
        print(f"  The desk for staff: {desk}/ as {', '.join(LOGINS)}; the password of each is {around.secrets[keys.DEMO_PASSWORD]}")
    else:
        print(f"  The first administrator is made at {desk}/set-up with the code {keys.SETUP_CODE} of {around.places.secrets}")
    farewell = "Ctrl-C stops everything and keeps the data. In another terminal: make status | logs | down | fresh"
    print(coloured(f"\n{farewell}\n", DIM), flush=True)
