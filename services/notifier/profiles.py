"""What the authority said of itself last, as the notifier heard it; sealed at rest, for it names who signs."""

from pydantic import ValidationError

from libs.chassis.store.database import Connection
from libs.chassis.store.keys import Keyring
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import BrokenSeal, seal, unseal
from libs.events.contracts.authority_events import ProfileSet
from libs.events.envelope import Envelope

SQL = queries(__file__)


class Profiles:
    """Of one authority; every method works in the caller's transaction."""

    def __init__(self, keyring: Keyring, code: str) -> None:
        self._keyring = keyring
        self._code = code

    async def keep(self, db: Connection, envelope: Envelope, profile: ProfileSet) -> None:
        """Unless a later one is known."""
        key = (await self._keyring.made_for(db, [envelope.thread_id]))[envelope.thread_id]
        sealed = seal(key, profile.model_dump_json().encode(), envelope.thread_id.bytes)
        await db.execute(SQL["keep_profile"], self._code, envelope.seq or 0, envelope.thread_id, sealed)

    async def version(self, db: Connection) -> int:
        """0 when nothing was said yet."""
        return await db.fetchval(SQL["profile_version"], self._code) or 0

    async def known(self, db: Connection) -> ProfileSet | None:
        """None also when its key is gone: then the authority's file stands."""
        row = await db.fetchrow(SQL["profile"], self._code)
        if row is None:
            return None
        key = (await self._keyring.of(db, [row["thread_id"]])).get(row["thread_id"])
        try:
            return ProfileSet.model_validate_json(unseal(key, row["sealed"], row["thread_id"].bytes)) if key else None
        except (BrokenSeal, ValidationError):
            return None
