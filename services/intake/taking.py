"""Calls, visits and papers that staff take down go the way of every other message: by the queue of the HTTP door."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from libs.chassis.access.roles import Staff
from libs.chassis.ops.clock import Clock
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.topics import DESK
from libs.events.vocabulary import OralOutcome, TakenDown
from services.intake import tracking
from services.intake.authority.book import Book
from services.intake.domain.acceptance import Accepted
from services.intake.domain.inbound import Inbound, by_http
from services.intake.domain.taking import AnsweredAtOnce, AtDesk, role_of, within_competence


@dataclass(frozen=True, kw_only=True)
class Oral:
    """An answer that was given within the talk."""

    gist: str
    outcome: OralOutcome


class Taking:
    """What was typed becomes a message of the frontend `desk`, once however often it is saved."""

    def __init__(self, *, put: Callable[[Inbound], Awaitable[Accepted]], book: Book, clock: Clock) -> None:
        self._put = put
        self._book = book
        self._clock = clock

    def dialogue(self, card_id: str, words: list[str]) -> str:
        """Marks all that a card says: the same card with other words is another talk."""
        return f"{card_id}.{tracking.fingerprint(self._book.rules.key, 'card', *words).hex()}"

    async def take(
        self,
        by: Staff,
        message: MessageReceived,
        point: str,
        noted: TakenDown,
        *,
        told: tuple[str, ...] = (),
        oral: Oral | None = None,
        traceparent: str | None = None,
    ) -> Accepted:
        """Raises `NotAllowed`, `CardTaken`, `TextTooLarge`, and `Busy` where the queue is full."""
        answer = None
        if oral is not None:
            within = within_competence(by, noted.topic, self._book.rules.lists)
            answer = AnsweredAtOnce(gist=oral.gist, outcome=oral.outcome, within_competence=within)
        at_desk = AtDesk(by=by, role=role_of(by), noted=noted, told=told, answer=answer)
        size = len(message.model_dump_json().encode())
        return await self._put(by_http(DESK, message, point, self._book.rules.key, self._clock.now(), traceparent, size, at_desk))
