"""What must be so after a soak, as functions of what was counted."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

ONE_OF_EACH = ("MessageReceived", "MessageAccepted", "RequestReceived", "RequestRegistered", "RequestStatusChanged")
NOTICES = ("NotificationQueued", "NotificationSent")
NOTICES_OF_A_REQUEST = 2  # in the original channel and by e-mail
MAY_GROW = 0.10
MAY_GROW_BYTES = 16 * 1024 * 1024  # caches that have a limit fill up first
MIB = 1024 * 1024


@dataclass(frozen=True)
class Check:
    what: str
    held: bool
    says: str


@dataclass(frozen=True, kw_only=True)
class Register:
    requests: int
    numbers: int
    different: int
    highest: int


def register(sent: int, found: Register) -> Check:
    held = found.requests == found.numbers == found.different == found.highest == sent
    says = f"{sent} messages, {found.requests} requests, {found.numbers} numbers, {found.different} different, highest {found.highest}"
    return Check("numbers without gap or double", held, says)


def history(sent: int, entries: Mapping[str, tuple[int, int]], missing: int) -> Iterator[Check]:
    """`entries` holds for each type how many there are and about how many different things; `missing` requests it never heard of."""
    yield Check("every request in history", missing == 0, f"{missing} missing")
    wanted = dict.fromkeys(ONE_OF_EACH, sent) | dict.fromkeys(NOTICES, sent * NOTICES_OF_A_REQUEST)
    wrong = {name: entries.get(name, (0, 0)) for name, count in wanted.items() if entries.get(name, (0, 0)) != (count, count)}
    says = "; ".join(f"{name}: {count} about {different}, not {wanted[name]}" for name, (count, different) in wrong.items())
    yield Check("every act in history once", not wrong, says or f"{sum(wanted.values())} entries of {len(wanted)} types")


def letters(expected: Collection[str], arrived: Mapping[str, Sequence[object]]) -> Check:
    missing = sum(address not in arrived for address in expected)
    strangers = len(arrived.keys() - set(expected))
    again = sum(len(each) - 1 for each in arrived.values())
    held = not (missing or strangers or again)
    return Check(
        "every letter handed over once", held, f"{len(expected)} expected, {missing} missing, {again} again, {strangers} to others"
    )


def nothing_left(waiting: int, set_aside: int, unfinished: int) -> Check:
    held = not (waiting or set_aside or unfinished)
    says = f"{waiting} outbox rows, {set_aside} dead letters, {unfinished} unfinished notices"
    return Check("outboxes empty, nothing set aside", held, says)


def memory(name: str, samples: Sequence[int]) -> Check:
    """The first tenth warms up; then the last quarter must not lie above the first by more than what caches take."""
    warm = samples[len(samples) // 10 :]
    quarter = max(1, len(warm) // 4)
    early, late = median(warm[:quarter]), median(warm[-quarter:])
    held = late <= early * (1 + MAY_GROW) + MAY_GROW_BYTES
    says = f"{samples[0] / MIB:.0f} MiB at the start, {samples[-1] / MIB:.0f} at the end; warm {early / MIB:.0f} → {late / MIB:.0f}"
    return Check(f"memory of {name} flat", held, says)
