"""One file of events for each topic, and the registry of them all."""

from libs.events.contracts import (
    audit_events,
    authority_events,
    channel_inbound,
    channel_outbound,
    channel_receipts,
    dead_letters,
    history_events,
    intake_attachments,
    intake_clients,
    intake_requests,
    notifier_deliveries,
    notifier_trials,
    staff_events,
)
from libs.events.registry import Registry

CONTRACTS = {
    "channel.inbound": channel_inbound.EVENTS,
    "channel.receipts": channel_receipts.EVENTS,
    "channel.outbound": channel_outbound.EVENTS,
    "intake.requests": intake_requests.EVENTS,
    "intake.clients": intake_clients.EVENTS,
    "intake.attachments": intake_attachments.EVENTS,
    "notifier.deliveries": notifier_deliveries.EVENTS,
    "notifier.trials": notifier_trials.EVENTS,
    "history.events": history_events.EVENTS,
    "staff.events": staff_events.EVENTS,
    "authority.events": authority_events.EVENTS,
    "audit.events": audit_events.EVENTS,
    "dlq": dead_letters.EVENTS,
}

REGISTRY = Registry(event for events in CONTRACTS.values() for event in events)
