"""What staff.events says of rights and sessions that ended, heard beside all else that a consumer hears (R-25)."""

from collections.abc import Sequence

from libs.chassis.bus.effect_once import Handler, Received
from libs.chassis.store.database import Connection
from libs.chassis.store.denylist import HEARS, Denylist, denied_by


def beside(handler: Handler) -> Handler:
    """The handler of all else, in the same transaction."""

    async def take(db: Connection, batch: Sequence[Received]) -> None:
        others = [item for item in batch if not isinstance(item.event, HEARS)]
        if others:
            await handler(db, others)
        told = [(denied_by(item.envelope.aggregate_id, item.event), item.envelope.occurred_at) for item in batch]
        await Denylist.deny(db, [(account, at) for account, at in told if account is not None])

    return take
