"""The checker: what a run left behind, held against what was offered. Pure; each check names what broke it."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from bench.evidence import Entry, Evidence, Left, Letter, Notice, Offered

STATUS = "RequestStatusChanged"
OF_A_REQUEST = ("RequestReceived", "RequestRegistered")  # once for each request
OF_A_MESSAGE = ("MessageReceived", "MessageAccepted")  # once for each message
ROLES = ("original", "email")  # a notice for each of them of every status
HANDED_OVER = {"accepted", "delivered"}
SHOWN = 10  # ids that a check names


@dataclass(frozen=True)
class Check:
    """`ids` are what broke it, all of them; `says` is for people."""

    what: str
    held: bool
    says: str
    ids: tuple[str, ...] = ()


def check(evidence: Evidence, *, again: int = 0) -> list[Check]:
    """Everything that must be so once all is worked off. `again`: letters that crashes may have sent a second time, at most."""
    return [
        acknowledged(evidence),
        numbers(evidence),
        published(evidence),
        positions(evidence),
        order(evidence.entries),
        acts(evidence),
        notices(evidence),
        letters(evidence, again),
        letters_in_order(evidence.notices, evidence.letters),
        shown(evidence.offered),
        nothing_left(evidence.left),
    ]


def acknowledged(evidence: Evidence) -> Check:
    """What a door took is one message of one request; what it did not take may be there, what nobody offered may not."""
    kept = Counter((each.frontend, each.external_id) for each in evidence.messages)
    offered = {(each.frontend, each.external_id): each for each in evidence.offered}
    request_of = {(each.frontend, each.external_id): each.request_id for each in evidence.messages}
    matters: dict[str, set[UUID]] = defaultdict(set)
    for ref, request_id in request_of.items():
        if ref in offered:
            matters[offered[ref].matter].add(request_id)
    shared = _doubles(request_id for requests in matters.values() for request_id in requests)
    known = {request.request_id for request in evidence.requests}
    return verdict(
        "every acknowledged message is registered once",
        f"{sum(each.acknowledged for each in evidence.offered)} of {len(evidence.offered)} acknowledged",
        lost=[each.external_id for ref, each in offered.items() if each.acknowledged and request_of.get(ref) not in known],
        double=[*(ref[1] for ref, count in kept.items() if count > 1), *(matter for matter, of in matters.items() if len(of) > 1)],
        mixed_up=[str(request_id) for request_id in shared],
        unasked=[ref[1] for ref in kept if ref not in offered],
    )


def numbers(evidence: Evidence) -> Check:
    """From 1 upwards without gap; a request may be without one only while a message that would complete it was not taken."""
    found = [request.number for request in evidence.requests if request.number is not None]
    open_matters = {each.matter for each in evidence.offered if not each.acknowledged}
    matter_of = {(each.frontend, each.external_id): each.matter for each in evidence.offered}
    may_lack = {each.request_id for each in evidence.messages if matter_of.get((each.frontend, each.external_id)) in open_matters}
    return verdict(
        "numbers without gap or double",
        f"{len(found)} numbers of {len(evidence.requests)} requests",
        gaps=[str(number) for number in range(1, max(found, default=0) + 1) if number not in set(found)] if _uneven(found) else [],
        double=[str(number) for number in _doubles(found)],
        none=[str(each.request_id) for each in evidence.requests if each.number is None and each.request_id not in may_lack],
    )


def _uneven(found: Sequence[int]) -> bool:
    return max(found, default=0) != len(found)


def published(evidence: Evidence) -> Check:
    """Each event of intake and the notifier stands in the log once, and no other stands there under their names."""
    kept = Counter(entry.event_id for entry in evidence.entries)
    due = {each.event_id: each for each in evidence.published}
    strangers = [entry for entry in evidence.entries if entry.seq is not None and _ours(entry) and entry.event_id not in due]
    return verdict(
        "every published event in history once",
        f"{len(due)} events",
        lost=[f"{each.type} {each.stream} {each.event_id}" for each in due.values() if not kept[each.event_id]],
        double=[str(event_id) for event_id, count in kept.items() if count > 1],
        unasked=[f"{entry.type} {entry.event_id}" for entry in strangers],
    )


def _ours(entry: Entry) -> bool:
    return entry.producer in {"intake", "notifier"}


def positions(evidence: Evidence) -> Check:
    """Each shard from 1 to its head."""
    found: dict[int, list[int]] = defaultdict(list)
    for entry in evidence.entries:
        found[entry.shard].append(entry.position)
    wrong = [
        f"shard {shard}"
        for shard in sorted({*found, *evidence.heads})
        if sorted(found[shard]) != list(range(1, evidence.heads.get(shard, 0) + 1))
    ]
    return verdict("positions without gap", f"{len(evidence.entries)} entries", wrong=wrong)


def order(entries: Iterable[Entry]) -> Check:
    """What happened to one aggregate stands in one shard, in the order in which it happened, from the first on.

    A notice and the reply that carries it have one id and a topic each.
    """
    aggregates: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.seq is not None and _ours(entry):
            aggregates[entry.topic or "", entry.aggregate_id].append(entry)
    wrong = []
    for (topic, aggregate_id), found in aggregates.items():
        found.sort(key=lambda entry: (entry.shard, entry.position))
        seqs = [entry.seq for entry in found]
        if seqs != list(range(1, len(seqs) + 1)) or len({entry.shard for entry in found}) > 1:
            wrong.append(f"{topic} {aggregate_id}: {seqs}")
    return verdict("history in the order of each aggregate", f"{len(aggregates)} aggregates", wrong=wrong)


def acts(evidence: Evidence) -> Check:
    """Messages and receipts once for each message, the rest of a request's life once for each request."""
    by_message = Counter((entry.type, entry.external_id or "") for entry in evidence.entries if entry.type in OF_A_MESSAGE)
    by_request = Counter((entry.type, entry.aggregate_id) for entry in evidence.entries if entry.type in OF_A_REQUEST)
    wanted = Counter((name, each.external_id) for name in OF_A_MESSAGE for each in evidence.messages)
    of_requests = Counter(("RequestReceived", str(each.request_id)) for each in evidence.requests)
    of_requests += Counter(("RequestRegistered", str(each.request_id)) for each in evidence.requests if each.number is not None)
    return verdict(
        "every act in history as often as it happened",
        f"{wanted.total() + of_requests.total()} acts of {len(OF_A_MESSAGE + OF_A_REQUEST)} types",
        lost=[f"{name} {of}" for name, of in [*(wanted - by_message), *(of_requests - by_request)]],
        double=[f"{name} {of}" for name, of in [*(by_message - wanted), *(by_request - of_requests)]],
    )


def notices(evidence: Evidence) -> Check:
    """Two for each status that history has of a request, and both handed over."""
    planned = Counter((each.request_id, each.seq, each.role) for each in evidence.notices)
    statuses = [entry for entry in evidence.entries if entry.type == STATUS]
    wanted = Counter((entry.aggregate_id, entry.seq or 0, role) for entry in statuses for role in ROLES)
    return verdict(
        "every status told in both channels once",
        f"{planned.total()} notices",
        lost=[f"{request_id} {seq} {role}" for request_id, seq, role in wanted - planned],
        double=[f"{request_id} {seq} {role}" for request_id, seq, role in planned - wanted],
        not_handed_over=[f"{each.notice_id} {each.state}" for each in evidence.notices if each.state not in HANDED_OVER],
    )


def letters(evidence: Evidence, again: int) -> Check:
    """Each letter at least once, to its own address; a second time under the same Message-ID and only as crashes explain it."""
    addresses = {(each.frontend, each.external_id): each.address for each in evidence.offered}
    address_of = {str(each.request_id): addresses.get((each.frontend, each.external_id)) for each in evidence.messages}
    due = {str(each.notice_id): each for each in evidence.notices if each.channel == "email"}
    arrived = Counter(letter.notice_id for letter in evidence.letters)
    astray = [letter for letter in evidence.letters if _recipient(due.get(letter.notice_id), address_of) != letter.recipient]
    repeated = {notice_id: count - 1 for notice_id, count in arrived.items() if count > 1}
    return verdict(
        "every letter handed over, again only where a crash explains it",
        f"{len(due)} letters, {sum(repeated.values())} again, {again} allowed",
        lost=[notice_id for notice_id in due if not arrived[notice_id]],
        double=list(repeated) if sum(repeated.values()) > again else [],
        astray=[f"{letter.recipient} {letter.message_id}" for letter in astray],
    )


def _recipient(notice: Notice | None, address_of: dict[str, str | None]) -> str | None:
    return address_of.get(notice.request_id) if notice else None


def letters_in_order(planned: Iterable[Notice], arrived: Iterable[Letter]) -> Check:
    """A later status of a request is first told after the earlier one."""
    due = {str(each.notice_id): each for each in planned}
    last: dict[str, int] = {}
    seen: set[str] = set()
    wrong = []
    for letter in arrived:
        notice = due.get(letter.notice_id)
        if notice is None or letter.notice_id in seen:
            continue
        seen.add(letter.notice_id)
        if notice.seq < last.get(notice.request_id, 0):
            wrong.append(letter.notice_id)
        last[notice.request_id] = max(notice.seq, last.get(notice.request_id, 0))
    return verdict("letters of a request in their order", f"{len(last)} requests", overtaken=wrong)


def shown(offered: Iterable[Offered]) -> Check:
    """Who has a receipt sees the request with it at once."""
    asked = [each for each in offered if each.shown is not None]
    return verdict("what was acknowledged can be seen at once", f"{len(asked)} asked", unseen=[a.external_id for a in asked if not a.shown])


def nothing_left(found: Left) -> Check:
    says = f"{found.waiting} outbox rows, {found.set_aside} dead letters, {found.unfinished} unfinished notices"
    return Check("outboxes empty, nothing set aside", not any(found), says)


def _doubles(values: Iterable[Hashable]) -> Iterator[Hashable]:
    return (value for value, count in Counter(values).items() if count > 1)


def verdict(what: str, of: str, **wrong: Sequence[str]) -> Check:
    found = {kind.replace("_", " "): ids for kind, ids in wrong.items() if ids}
    told = "; ".join(f"{len(ids)} {kind}: {', '.join(ids[:SHOWN])}{', …' if len(ids) > SHOWN else ''}" for kind, ids in found.items())
    return Check(what, not found, f"{of}: {told}" if told else of, tuple(f"{kind}: {each}" for kind, ids in found.items() for each in ids))
