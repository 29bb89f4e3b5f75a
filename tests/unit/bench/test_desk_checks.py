"""The checker of the desk's soak: a planted lost update is found and named, and so is each other violation."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from bench.desk.checks import COMMAND_OF, FACTS_OF, check
from bench.desk.evidence import Fact, Found
from bench.desk.ledger import NO_ANSWER, Act, Ledger, Wait
from services.intake.pages.cards.forms import FORMS
from services.intake.transitions import AT_ONCE, TRANSITIONS

ANNA, BORIS = "anna", "boris"
ONE, OTHER = UUID(int=1), UUID(int=2)

Run = tuple[Ledger, Found]
Fault = Callable[[Ledger, Found], Run]


def right() -> Run:
    """Anna classifies and assigns; Boris read the same version, was refused, read again and extends the term."""
    acts = [
        Act(ANNA, ONE, "classify", 3, 303),
        Act(BORIS, ONE, "classify", 3, 409),
        Act(ANNA, ONE, "assign", 5, 303),
        Act(BORIS, ONE, "extend-deadline", 7, 303),
        Act(ANNA, OTHER, "extend-deadline", 3, 403),
    ]
    facts = [
        Fact(ANNA, ONE, 4, "RequestClassified"),
        Fact(ANNA, ONE, 6, "RequestAssigned"),
        Fact(BORIS, ONE, 8, "DeadlineExtended"),
    ]
    looks = Counter({(ANNA, "card"): 2, (BORIS, "register"): 1, (ANNA, "forbidden"): 1})
    ledger = Ledger(acts=acts, waits=[Wait("card", 0, 5, 200)], looks=looks)
    seen = {key: count for key, count in looks.items() if key[1] != "forbidden"}
    return ledger, Found(facts=facts, looks=seen, refused={ANNA: 1}, holes=[], messages={"vk 1": 1, "desk 7": 1})


def without_fact(number: int) -> Fault:
    return lambda ledger, found: (ledger, replace(found, facts=[*found.facts[:number], *found.facts[number + 1 :]]))


def overwritten(ledger: Ledger, found: Found) -> Run:
    """What Anna did stands, but behind what somebody else did to the version that she had not read."""
    late = found.facts[0]._replace(version=6)
    return ledger, replace(found, facts=[late, *found.facts[1:]])


def both_won(ledger: Ledger, found: Found) -> Run:
    ledger.acts[1] = ledger.acts[1]._replace(status=303)
    return ledger, replace(found, facts=[*found.facts, Fact(BORIS, ONE, 4, "RequestClassified")])


def refused_but_done(ledger: Ledger, found: Found) -> Run:
    return ledger, replace(found, facts=[*found.facts, Fact(ANNA, OTHER, 4, "DeadlineExtended")])


def done_twice(ledger: Ledger, found: Found) -> Run:
    return ledger, replace(found, facts=[*found.facts, Fact(BORIS, ONE, 10, "DeadlineExtended")])


def failed(ledger: Ledger, found: Found) -> Run:
    ledger.waits.append(Wait("register", 0, 5, 503))
    return ledger, found


VIOLATIONS: dict[str, tuple[Fault, str, str]] = {
    "an update is lost": (without_fact(1), "no update lost", f"1 lost: assign of {ONE} at 6 by anna"),
    "an update overtook another": (overwritten, "no update lost", f"1 lost: classify of {ONE} at 4 by anna"),
    "two won on one version": (both_won, "never two accepted", f"1 double: {ONE} at 3"),
    "what was refused is there": (refused_but_done, "what was refused", "1 traces: extend-deadline"),
    "a step stands twice": (done_twice, "no update lost", f"1 unasked: extend-deadline of {ONE} at 10"),
    "a look is not in the audit": (
        lambda ledger, found: (ledger, replace(found, looks={**found.looks, (ANNA, "card"): 1})),
        "each look",
        "1 unseen: card by anna",
    ),
    "the audit has a look of nobody": (
        lambda ledger, found: (ledger, replace(found, looks={**found.looks, (BORIS, "card"): 1})),
        "each look",
        "1 unasked: card by boris",
    ),
    "a try is not in the audit": (lambda ledger, found: (ledger, replace(found, refused={})), "each look", "1 tries missing: anna"),
    "a message is lost": (lambda ledger, found: (ledger, replace(found, messages={})), "every message", "1 lost: vk 1"),
    "a message is kept twice": (lambda ledger, found: (ledger, replace(found, messages={"vk 1": 2})), "every message", "1 double: vk 1"),
    "a stream has a hole": (lambda ledger, found: (ledger, replace(found, holes=["request-1"])), "every stream", "1 holes: request-1"),
    "a page came with 503": (failed, "every page", "1 failed: register 503"),
}


@pytest.mark.requirement("R-2", "N-8.1")
def test_a_day_on_which_nothing_went_wrong_passes() -> None:
    ledger, found = right()
    assert [each for each in check(ledger, found, ["vk 1"]) if not each.held] == []


@pytest.mark.requirement("R-2", "N-8.1")
@pytest.mark.parametrize("planted", VIOLATIONS)
def test_a_planted_violation_is_found_and_named(planted: str) -> None:
    fault, what, says = VIOLATIONS[planted]
    ledger, found = fault(*right())
    broken = [each for each in check(ledger, found, ["vk 1"]) if not each.held]
    assert [each.says for each in broken if each.what.startswith(what) and says in each.says], broken


def test_what_nobody_answered_may_stand_or_not() -> None:
    ledger, found = right()
    ledger.acts.append(Act(BORIS, OTHER, "withdraw", 3, NO_ANSWER))
    held = {each.what: each.held for each in check(ledger, found, ["vk 1"])}
    assert all(held.values())
    done = replace(found, facts=[*found.facts, Fact(BORIS, OTHER, 4, "RequestWithdrawn")])
    assert all(each.held for each in check(ledger, done, ["vk 1"]))


def test_every_form_of_the_card_is_known_with_the_facts_that_it_makes() -> None:
    assert set(FACTS_OF) == {command for command, _, _ in FORMS.values()}
    by_staff = {fact.__name__ for fact, transition in TRANSITIONS.items() if transition.roles and fact not in AT_ONCE}
    assert set(COMMAND_OF) == by_staff
