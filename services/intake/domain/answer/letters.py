"""Letters as they are found again: by number and mark by whoever holds one, by who takes them to the post."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from libs.events.contracts.intake_answers import AnswerSent, RefusalIssued
from libs.events.fact import Event
from services.intake import tracking
from services.intake.domain.request import Request


def rows(stream: str, request_id: UUID, request: Request, facts: Sequence[Event]) -> list[tuple[Any, ...]]:
    """One for each letter, though an answer in part is two facts of one; the last may still wait for the post."""
    sent = {fact.out_no: fact for fact in facts if isinstance(fact, AnswerSent | RefusalIssued)}
    return [
        (stream, request_id, tracking.typed(number), fact.sha256, fact.sent_on, request.awaits_post and number == request.out_no)
        for number, fact in sent.items()
    ]
