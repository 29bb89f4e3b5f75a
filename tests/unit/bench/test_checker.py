"""The checker of runs under load and under faults: each planted violation is found and named."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from bench.checker import check
from bench.evidence import Entry, Evidence, Left, Letter, Message, Notice, Offered, Published, Request

Fault = Callable[[Evidence], Evidence]


def right(count: int = 3) -> Evidence:
    """A run in which nothing went wrong: each message one request, two notices, one letter."""
    offered, messages, requests, entries, notices, letters = [], [], [], [], [], []
    for n in range(1, count + 1):
        request, notice, site = UUID(int=n), UUID(int=1000 + n), UUID(int=2000 + n)
        name, of = f"m-{n}", str(request)
        offered.append(Offered("site", name, name, f"{name}@example.org", acknowledged=True, shown=True))
        messages.append(Message("site", name, request))
        requests.append(Request(request, n))
        facts = [("RequestReceived", "intake", of, 1), ("RequestRegistered", "intake", of, 2), ("RequestStatusChanged", "intake", of, 3)]
        facts += [("NotificationQueued", "notifier", str(each), 1) for each in (notice, site)]
        facts += [("NotificationSent", "notifier", str(each), 2) for each in (notice, site)]
        entries += [Entry(uuid4(), *fact, fact[1], n, position) for position, fact in enumerate(facts, 1)]
        entries += [
            Entry(uuid4(), "MessageReceived", "intake", "key", None, "inbound", n, 8, name),
            Entry(uuid4(), "MessageAccepted", "intake", "key", None, "receipts", n, 9, name),
        ]
        notices += [Notice(notice, of, 3, "email", "email", "accepted"), Notice(site, of, 3, "original", "site", "accepted")]
        letters.append(Letter(f"{name}@example.org", f"<{notice}@example.org>"))
    return Evidence(
        offered=offered,
        messages=messages,
        requests=requests,
        published=[Published(entry.event_id, entry.type, entry.aggregate_id) for entry in entries if entry.seq is not None],
        entries=entries,
        heads=dict.fromkeys(range(1, count + 1), 9),
        notices=notices,
        letters=letters,
        left=Left(0, 0, 0),
    )


def without(entries: Iterable[Entry], name: str) -> list[Entry]:
    """One entry less, the later ones of its shard moved up."""
    gone = next(entry for entry in entries if entry.type == name)
    return [
        entry._replace(position=entry.position - 1) if entry.shard == gone.shard and entry.position > gone.position else entry
        for entry in entries
        if entry is not gone
    ]


def lost_entry(name: str) -> Fault:
    return lambda run: replace(run, entries=without(run.entries, name), heads={**run.heads, 1: 8})


def doubled_entry(run: Evidence) -> Evidence:
    return replace(run, entries=[*run.entries, run.entries[0]._replace(position=10)], heads={**run.heads, 1: 10})


def swapped_entries(run: Evidence) -> Evidence:
    first, second, *others = run.entries
    return replace(run, entries=[first._replace(position=2), second._replace(position=1), *others])


def renumbered(number: int | None) -> Fault:
    return lambda run: replace(run, requests=[*run.requests[:-1], run.requests[-1]._replace(number=number)])


def two_requests_for_one_message(run: Evidence) -> Evidence:
    return replace(run, offered=[replace(each, matter="one") for each in run.offered])


def another_id(run: Evidence) -> Evidence:
    return replace(run, letters=[*run.letters, run.letters[0]._replace(message_id=f"<{uuid4()}@example.org>")])


def to_another(run: Evidence) -> Evidence:
    return replace(run, letters=[run.letters[0]._replace(recipient=run.letters[1].recipient), *run.letters[1:]])


def overtaken(run: Evidence) -> Evidence:
    """A later letter of the first request came before its first one."""
    later = Notice(UUID(int=9), run.notices[0].request_id, 5, "email", "email", "accepted")
    letter = Letter(run.letters[0].recipient, f"<{later.notice_id}@example.org>")
    return replace(run, notices=[*run.notices, later], letters=[letter, *run.letters])


VIOLATIONS: dict[str, tuple[Fault, str, str]] = {
    "a message is lost": (lambda run: replace(run, messages=run.messages[1:]), "every acknowledged message", "1 lost: m-1"),
    "a message stands twice": (lambda run: replace(run, messages=[*run.messages, run.messages[0]]), "every acknowledged", "1 double: m-1"),
    "one matter, three requests": (two_requests_for_one_message, "every acknowledged", "1 double: one"),
    "a message of nobody": (lambda run: replace(run, offered=run.offered[1:]), "every acknowledged", "1 unasked: m-1"),
    "a request shared": (
        lambda run: replace(run, messages=[*run.messages[:-1], run.messages[-1]._replace(request_id=UUID(int=1))]),
        "every acknowledged",
        "1 mixed up",
    ),
    "a gap": (renumbered(4), "numbers", "1 gaps: 3"),
    "the same number": (renumbered(2), "numbers", "1 double: 2"),
    "no number": (renumbered(None), "numbers", "1 none"),
    "an event is lost": (lost_entry("RequestStatusChanged"), "every published event", "1 lost: RequestStatusChanged"),
    "an event stands twice": (doubled_entry, "every published event", "1 double"),
    "an event of nobody": (lambda run: replace(run, published=run.published[1:]), "every published event", "1 unasked: RequestReceived"),
    "a hole in a shard": (lambda run: replace(run, entries=run.entries[1:]), "positions", "1 wrong: shard 1"),
    "a cut tail": (lambda run: replace(run, heads={**run.heads, 2: 10}), "positions", "1 wrong: shard 2"),
    "the wrong order": (swapped_entries, "history in the order", "[2, 1, 3]"),
    "a receipt is lost": (lost_entry("MessageAccepted"), "every act", "1 lost: MessageAccepted m-1"),
    "a second registration": (
        lambda run: replace(run, entries=[*run.entries, run.entries[1]._replace(event_id=uuid4(), position=10)]),
        "every act",
        "1 double: RequestRegistered",
    ),
    "a status untold": (lambda run: replace(run, notices=run.notices[1:]), "every status told", "1 lost"),
    "a status told twice": (
        lambda run: replace(run, notices=[*run.notices, run.notices[0]._replace(notice_id=uuid4())]),
        "every status told",
        "1 double",
    ),
    "a notice given up": (
        lambda run: replace(run, notices=[run.notices[0]._replace(state="failed"), *run.notices[1:]]),
        "every status told",
        "1 not handed over",
    ),
    "a letter is lost": (lambda run: replace(run, letters=run.letters[1:]), "every letter", "1 lost"),
    "a letter comes twice": (lambda run: replace(run, letters=[*run.letters, run.letters[0]]), "every letter", "1 again, 0 allowed"),
    "a letter under another id": (another_id, "every letter", "1 astray"),
    "a letter to another": (to_another, "every letter", "1 astray: m-2@example.org"),
    "a letter overtakes": (overtaken, "letters of a request", "1 overtaken"),
    "a receipt that shows nothing": (
        lambda run: replace(run, offered=[replace(run.offered[0], shown=False), *run.offered[1:]]),
        "what was acknowledged",
        "1 unseen: m-1",
    ),
    "a dead letter": (lambda run: replace(run, left=Left(0, 1, 0)), "outboxes empty", "1 dead letters"),
}


@pytest.mark.requirement("D-14", "D-15")
def test_a_run_in_which_nothing_went_wrong_passes() -> None:
    assert [each for each in check(right()) if not each.held] == []


@pytest.mark.requirement("D-14", "D-15")
@pytest.mark.parametrize("planted", VIOLATIONS)
def test_a_planted_violation_is_found_and_named(planted: str) -> None:
    fault, what, says = VIOLATIONS[planted]
    broken = [each for each in check(fault(right())) if not each.held]
    assert [each.says for each in broken if each.what.startswith(what) and says in each.says], broken


@pytest.mark.requirement("N-3.5")
def test_a_letter_may_come_again_under_its_id_as_often_as_crashes_explain_and_no_more() -> None:
    run = right()
    again = replace(run, letters=[*run.letters, *run.letters[:2]])
    assert [each.held for each in (*check(again, again=2), *check(again, again=1)) if each.what.startswith("every letter")] == [True, False]


@pytest.mark.requirement("D-14")
def test_what_no_door_acknowledged_may_be_there_or_not() -> None:
    run = right()
    tried = Offered("vk", "m-9", "m-9", "m-9@example.org")
    assert all(each.held for each in check(replace(run, offered=[*run.offered, tried])))
    unsure = replace(run, offered=[replace(run.offered[0], acknowledged=False), *run.offered[1:]])
    assert all(each.held for each in check(unsure))
