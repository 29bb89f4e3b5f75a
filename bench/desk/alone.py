"""What the pages cost one person whom nobody disturbs: the floor that the same machine sets in the same run.

Waiting depends on what else the machine does; the processor time that the service takes for a page hardly does.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import psutil

from bench.desk import letters, reading
from bench.desk.browser import Page
from bench.desk.ledger import Ledger
from bench.desk.people import Colleague
from bench.desk.work import FIND, OK, REGISTER, WORDS

ROUNDS = 20
FILTERS = ("status=registered", "status=assigned", "topic=forest", "unit=land&status=assigned", "order=newest", "due=soon")
FILES = ("csv", "xlsx")

Ask = Callable[[int], Awaitable[Page]]


async def measured(who: Colleague, ledger: Ledger, pid: int) -> dict[str, float]:
    """Each kind of page over and over, each file once; milliseconds of the service's processor time for one of each kind."""
    get, post = who.browser.get, who.browser.post
    first = await get("register", REGISTER)
    rows, onward = reading.rows(first.text), reading.onward(first.text) or REGISTER
    kinds: Mapping[str, Ask] = {
        "start": lambda _: get("start", "/desk/"),
        "register": lambda _: get("register", REGISTER),
        "register filtered": lambda n: get("register filtered", f"{REGISTER}?{FILTERS[n % len(FILTERS)]}"),
        "register next": lambda _: get("register next", onward),
        "card": lambda n: get("card", f"{REGISTER}/{rows[n % len(rows)].request_id}"),
        "search number": lambda n: post("search number", FIND, {"text": rows[n % len(rows)].number}),
        "search words": lambda n: post("search words", FIND, {"text": WORDS[n % len(WORDS)]}),
        "search phone": lambda n: post("search phone", FIND, {"text": letters.phone(2 * n + 1)}),
        "indicators": lambda _: get("indicators", "/desk/indicators"),
        "search name": lambda n: post("search name", FIND, {"text": letters.person(n)[0].split()[0]}),
    }
    costs = {kind: await _cost(ask, ROUNDS, pid) for kind, ask in kinds.items()}
    return costs | {f"export {kind}": await _cost(_export(who, ledger, kind), 1, pid) for kind in FILES}


async def _cost(ask: Ask, times: int, pid: int) -> float:
    before = _processor_ms(pid)
    for number in range(times):
        await ask(number)
    return (_processor_ms(pid) - before) / times


def _processor_ms(pid: int) -> float:
    with suppress(psutil.Error):
        return 1000.0 * sum(psutil.Process(pid).cpu_times()[:2])
    return 0.0


def _export(who: Colleague, ledger: Ledger, kind: str) -> Ask:
    return lambda _: exported(who, ledger, kind)


async def exported(who: Colleague, ledger: Ledger, kind: str) -> Page:
    """All rows, open or not, as a file."""
    page = await who.browser.get(f"export {kind}", f"{REGISTER}/export?order=newest&as={kind}")
    ledger.looks[who.account, f"export-{kind}"] += page.status == OK
    if kind == "csv" and page.status == OK:
        ledger.exported.append(page.text.count("\r\n") - 1)
    return page
