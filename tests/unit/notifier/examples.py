"""Ready-made changes and people for the notifier's tests."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from libs.chassis.ops.settings import Authority, load_authority
from libs.events.contracts.intake_requests import RequestChannelsChanged, RequestStatusChanged, TrackingCodeAsked
from libs.events.envelope import Envelope
from libs.events.fact import Event
from libs.events.vocabulary import Standing, Status, Target

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
NAME = "Аделаида Запланированная-Тестова"
ADDRESS = "adelaida@example.org"
CODE = "7K3MQ9TXA2BC"
SITE_URL = "https://otklik.example.org"
NAMESPACE = UUID("6f0c2f4e-7d0c-4a39-9a4b-1b6f6d6b1a01")

by_site = Target(role="original", channel="site")
by_email = Target(role="email", channel="email", address=ADDRESS)
by_vk = Target(role="original", channel="frontend", frontend="vk", dialogue_key="k" * 32, dialogue="peer-2000001")
typed_only = Target(role="email", channel="email", address=ADDRESS, confirmed=False, confirm_token="one-time-token")


def authority(**changed: Any) -> Authority:
    return load_authority(ROOT / "local" / "authority.toml").model_copy(update=changed)


def change(to: Status = Status.REGISTERED, *targets: Target, **changed: Any) -> RequestStatusChanged:
    facts: dict[str, Any] = {
        "from_status": Status.RECEIVED,
        "to_status": to,
        "visible": True,
        "template": to.value,
        "explanation": "Запрос принят к рассмотрению.",
        "reference": "ABCDE-FGHJK",
        "reg_no": "ЗИ-15/2026",
        "due_on": date(2026, 12, 14),
        "addressee": NAME,
        "targets": targets or (by_site, by_email),
    }
    return RequestStatusChanged.model_validate(facts | changed)


def where_it_stands(target: Target) -> Standing:
    return Standing(
        target=target,
        status=Status.DRAFTING,
        explanation="Исполнитель собирает сведения.",
        reference="ABCDE-FGHJK",
        reg_no="ЗИ-15/2026",
        due_on=date(2026, 12, 14),
        addressee=NAME,
    )


def new_address(target: Target = typed_only) -> RequestChannelsChanged:
    """The person typed another address on the status page."""
    return RequestChannelsChanged(email=target.address, notice=where_it_stands(target))


def code_asked(*targets: Target) -> TrackingCodeAsked:
    """Somebody has lost the code."""
    return TrackingCodeAsked(notices=tuple(where_it_stands(target) for target in targets), tracking_code=CODE)


def envelope(event: Event, *, request: str = "request-1", seq: int | None = 3, n: int = 0, **changed: Any) -> Envelope:
    """The same arguments give the same ids."""
    facts: dict[str, Any] = {
        "event_id": uuid5(NAMESPACE, f"event {request} {seq} {n}"),
        "type": event.type_name(),
        "version": event.version,
        "authority": "demo",
        "aggregate_id": request,
        "seq": seq,
        "thread_id": uuid5(NAMESPACE, f"thread {request}"),
        "occurred_at": AT,
        "recorded_at": AT,
        "producer": "intake",
        "client_id": uuid5(NAMESPACE, "client"),
        "point": "site",
        "payload": event.payload(),
    }
    return Envelope.model_validate(facts | changed)
