"""What must be so after a day at the desk. Pure; each check names what broke it."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from bench.checker import Check, verdict
from bench.desk.evidence import Fact, Found
from bench.desk.ledger import NO_ANSWER, Act, Ledger

FACTS_OF: Final = {  # the facts that a form of the card may make
    "register": ("RequestRegistered",),
    "classify": ("RequestClassified",),
    "assign": ("RequestAssigned", "RequestReassigned"),
    "ask-clarification": ("ClarificationRequested",),
    "record-posting": ("LetterPosted",),
    "extend-deadline": ("DeadlineExtended",),
    "redirect": ("RequestRedirected", "CompetentBodyUnknownReported"),
    "explain-route": ("AppealRouteExplained",),
    "merge": ("RequestMerged",),
    "withdraw": ("RequestWithdrawn",),
    "leave-unconsidered": ("RequestNotConsidered",),
    "set-aside": ("MessageSetAside",),
    "take-up": ("MessageTakenUp",),
    "override-channel": ("RequestAdditionalChannelChanged", "RequestChannelsChanged"),
    "check-powers": ("PowersChecked",),
    "prepare-draft": ("DraftPrepared",),
    "check-draft": ("DraftChecked",),
    "submit-draft": ("DraftSubmitted",),
    "return-draft": ("DraftReturned",),
    "approve-draft": ("DraftApproved",),
    "send-answer": ("AnswerSent", "RefusalIssued"),
}
COMMAND_OF: Final = {fact: command for command, facts in FACTS_OF.items() for fact in facts}
FORBIDDEN: Final = "forbidden"

Step = tuple[str, str, str, int]  # account, request, command, the version that its fact has


def check(ledger: Ledger, found: Found, sent: Collection[str]) -> list[Check]:
    """`sent`: external ids of every message that a door took."""
    return [
        updates(ledger.acts, found.facts),
        winners(ledger.acts),
        refusals(ledger.acts, found.facts),
        audited(ledger, found),
        messages(sent, found),
        verdict("every stream from its first version on without a hole", "streams of intake", holes=found.holes),
        answered(ledger),
    ]


def updates(acts: Sequence[Act], facts: Sequence[Fact]) -> Check:
    """An accepted step stands once, right behind the version that its author had read, and nobody did what nobody posted."""
    accepted, standing = _accepted(acts), _standing(facts)
    unknown = Counter(_step(act) for act in acts if act.status == NO_ANSWER)
    return verdict(
        "no update lost: each accepted step stands once, at the version read + 1",
        f"{accepted.total()} accepted of {len(acts)} posted",
        lost=_named(accepted - standing),
        unasked=_named(standing - accepted - unknown),
    )


def winners(acts: Sequence[Act]) -> Check:
    """Of those who read one version one wins."""
    won = Counter((act.request_id, act.version) for act in acts if act.accepted)
    return verdict(
        "never two accepted on one version",
        f"{len(won)} versions",
        double=[f"{request_id} at {version}" for (request_id, version), count in won.items() if count > 1],
    )


def refusals(acts: Sequence[Act], facts: Sequence[Fact]) -> Check:
    """What was refused is not there, unless the same person did the same from the same version after all."""
    refused = [act for act in acts if not act.accepted and act.status != NO_ANSWER]
    traces = (_standing(facts) - _accepted(acts)) & Counter(map(_step, refused))
    by_status = Counter(act.status for act in refused)
    return verdict(
        "what was refused left no trace",
        f"{len(refused)} refused, by status {dict(sorted(by_status.items()))}",
        traces=_named(traces),
    )


def audited(ledger: Ledger, found: Found) -> Check:
    """Each page that showed what people wrote is an event, and so is each try at what the role forbids; no others are."""
    shown = Counter({key: count for key, count in ledger.looks.items() if key[1] != FORBIDDEN})
    tried = Counter({account: count for (account, what), count in ledger.looks.items() if what == FORBIDDEN})
    unknown = any(wait.status == NO_ANSWER for wait in ledger.waits)  # who got no page may have been written down all the same
    looks, refused = Counter(found.looks), Counter(found.refused)
    return verdict(
        "each look and each forbidden try is in the audit once",
        f"{shown.total()} looks, {tried.total()} tries",
        unseen=[f"{what} by {account}" for account, what in shown - looks],
        unasked=[] if unknown else [f"{what} by {account}" for account, what in looks - shown],
        tries_missing=list(tried - refused),
        tries_unasked=[] if unknown else list(refused - tried),
    )


def messages(sent: Collection[str], found: Found) -> Check:
    """What a door took is kept once. A message may belong to a request that waited for it."""
    of_ours = {external_id: count for external_id, count in found.messages.items() if not external_id.startswith("desk ")}
    return verdict(
        "every message kept once",
        f"{len(sent)} taken",
        lost=[external_id for external_id in sent if external_id not in of_ours],
        double=[external_id for external_id, count in of_ours.items() if count > 1],
        unasked=sorted(of_ours.keys() - set(sent)),
    )


def answered(ledger: Ledger) -> Check:
    return verdict(
        "every page was answered, none with 5xx",
        f"{len(ledger.waits)} pages",
        failed=[f"{wait.kind} {wait.status or 'no answer'}" for wait in ledger.failures],
    )


def _accepted(acts: Sequence[Act]) -> Counter[Step]:
    return Counter(_step(act) for act in acts if act.accepted)


def _step(act: Act) -> Step:
    return act.account, str(act.request_id), act.command, act.version + 1


def _standing(facts: Sequence[Fact]) -> Counter[Step]:
    return Counter((fact.account, str(fact.request_id), COMMAND_OF.get(fact.type, fact.type), fact.version) for fact in facts)


def _named(steps: Counter[Step]) -> list[str]:
    return [f"{command} of {request} at {version} by {account}" for account, request, command, version in steps.elements()]
