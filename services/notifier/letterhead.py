"""In whose name letters go out: the authority as it described itself last, over this installation's file (N-0.1)."""

from collections.abc import Callable, Sequence

from libs.chassis.bus.effect_once import Handler, Received
from libs.chassis.ops.settings import Authority
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import Connection, Pool
from libs.events.contracts.authority_events import ProfileSet
from services.notifier.letters import Letters
from services.notifier.mime import Sender
from services.notifier.profiles import Profiles

LOOK_SECONDS = 2.0


class Letterhead:
    """What another replica heard is known here `LOOK_SECONDS` later. Without a name no letter goes out: nobody could tell whose it is."""

    def __init__(self, *, file: Authority, letters: Letters, mail_from: str, profiles: Profiles, pool: Pool) -> None:
        self._file = file
        self._letters = letters
        self._mail_from = mail_from
        self._profiles = profiles
        self._pool = pool
        self._known = 0
        self._authority = file

    @property
    def has_name(self) -> bool:
        return bool(self._authority.name)

    def sender(self) -> Sender:
        """Raises `UnsafeHeader`."""
        return Sender(self._authority.name, self._mail_from)

    def before(self, handler: Handler) -> Handler:
        """What a handler writes in a batch is written in the name that the batch itself may have brought."""

        async def take(db: Connection, batch: Sequence[Received]) -> None:
            for item in batch:
                if isinstance(item.event, ProfileSet):
                    await self._profiles.keep(db, item.envelope, item.event)
            await self.look(db)
            await handler(db, batch)

        return take

    async def look(self, db: Connection) -> None:
        """In the caller's transaction; whatever is there counts, for a transaction may have been undone since."""
        version = await self._profiles.version(db)
        if version != self._known:
            profile = await self._profiles.known(db)
            self._authority = self._file.presenting(profile) if profile else self._file
            self._letters.write_for(self._authority)
            self._known = version

    async def look_now(self) -> None:
        async with self._pool.acquire() as db:
            await self.look(db)

    async def keep(self, stopping: Stopping, beat: Callable[[], None]) -> None:
        while not stopping.requested:
            await self.look_now()
            beat()
            await stopping.sleep(LOOK_SECONDS)
