"""What surrounds facts: who did something, to whose request, when."""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from libs.chassis.access.roles import Role, Staff
from libs.chassis.store.events import Context
from libs.events.contracts.intake_requests import RequestRegistered, RequestStatusChanged
from libs.events.envelope import Actor
from services.intake.domain.acceptance import Facts
from services.intake.domain.inbound import Inbound
from services.intake.domain.register import NumberAssigned


@lru_cache(maxsize=100)
def frontend_actor(name: str) -> Actor:
    """Who brought a message."""
    return Actor(role="frontend", id=name)


def actor_of(inbound: Inbound) -> Actor:
    """Who brought it: the frontend, or at the desk whoever typed it."""
    at_desk = inbound.at_desk
    return Actor(role=at_desk.role.value, id=at_desk.by.id) if at_desk else frontend_actor(inbound.frontend)


def context_of(fact: Facts) -> Context:
    """What follows by itself, as the number does, is nobody's act."""
    by_itself = isinstance(fact.events[0], NumberAssigned | RequestRegistered | RequestStatusChanged)
    return Context(
        thread_id=fact.thread_id,
        occurred_at=fact.message.arrived_at,
        actor=frontend_actor(fact.message.frontend) if by_itself else actor_of(fact.message),
        client_id=fact.client_id,
        point=fact.point,
        causation_id=fact.message.causation_id,
        traceparent=fact.message.traceparent,
    )


def staff_context(thread_id: UUID, client_id: UUID | None, by: Staff, role: Role, at: datetime, traceparent: str | None) -> Context:
    """What staff do to a request, in the role that lets them."""
    actor = Actor(role=role.value, id=by.id, on_behalf_of=by.acting_for)
    return Context(thread_id=thread_id, occurred_at=at, actor=actor, client_id=client_id, traceparent=traceparent)


def clock_context(thread_id: UUID, client_id: UUID | None, at: datetime) -> Context:
    """What happens by itself when days pass."""
    return Context(thread_id=thread_id, occurred_at=at, client_id=client_id)


def person_context(thread_id: UUID, client_id: UUID | None, at: datetime, traceparent: str | None) -> Context:
    """What a person does to a request of theirs on a page."""
    actor = Actor(role="client", id="tracking-code")
    return Context(thread_id=thread_id, occurred_at=at, actor=actor, client_id=client_id, traceparent=traceparent)
