"""What staff.events takes away holds in the notifier however often it is told, in whatever order, and over a kill in its middle."""

import signal
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.events.contracts.staff_events import Ending, RoleChanged, SessionRevoked, StaffDisabled
from libs.events.envelope import Envelope, encode
from libs.events.fact import Event
from libs.events.topics import STAFF
from tests.integration.notifier.conftest import Notifying, as_process
from tests.stack import eventually
from tests.unit.notifier.examples import AT, envelope

pytestmark = [pytest.mark.requirement("R-25", "E-1", "D-14")]

LATER = AT + timedelta(minutes=3)


def told(account: UUID, fact: Event, **changed: Any) -> Envelope:
    return envelope(fact, request=str(account), thread_id=account, event_id=uuid4(), **changed)


async def publish(notifying: Notifying, *events: Envelope) -> None:
    for event in events:
        await notifying.kafka.send(STAFF.name, encode(event), key=event.aggregate_id.encode())
    await notifying.kafka.flush()


async def denied(notifying: Notifying) -> dict[str, object]:
    async with notifying.database.superuser() as db:
        return {row["account_id"]: row["until"] for row in await db.fetch("SELECT * FROM notifier.denied_tokens")}


async def test_the_latest_loss_counts_whatever_came_last_and_told_again_it_is_the_same(notifying: Notifying) -> None:
    account, marker = uuid4(), uuid4()
    changed = RoleChanged(roles=("head",), previous_roles=("registrar",))
    later = told(account, StaffDisabled(reason="увольнение"), occurred_at=LATER)
    earlier = told(account, changed, occurred_at=AT)
    async with notifying.running():
        await publish(notifying, later, earlier, later, told(marker, SessionRevoked(why=Ending.SIGNED_OUT)))

        async def heard() -> bool:
            return {str(marker), str(account)} <= (await denied(notifying)).keys()

        await eventually(heard, what="both accounts have lost something")
    assert (await denied(notifying))[str(account)] == LATER
    async with notifying.database.superuser() as db:
        assert await db.fetchval("SELECT count(*) FROM notifier.dead_letters") == 0


async def test_killed_in_the_middle_it_forgets_nobody(notifying: Notifying) -> None:
    accounts = [uuid4() for _ in range(3_000)]
    events = [told(account, StaffDisabled(reason="увольнение"), occurred_at=AT) for account in accounts]
    async with as_process(notifying) as process:
        await publish(notifying, *events)

        async def some() -> bool:
            return bool(await denied(notifying))

        await eventually(some, what="the first are heard")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with notifying.running():
        await publish(notifying, *events[::7])

        async def every() -> bool:
            return len(await denied(notifying)) == len(accounts)

        await eventually(every, what="all are heard")
    assert await denied(notifying) == {str(account): AT for account in accounts}
    async with notifying.database.superuser() as db:
        noted = await db.fetchval("SELECT count(DISTINCT event_id) FROM notifier.inbox")
    assert noted == len(events)
