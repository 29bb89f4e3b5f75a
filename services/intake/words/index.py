"""The blind index, kept behind the registration: what changed waits in a table of work, and is read some at a time (decision 0027).

One transaction takes the lock, reads whole streams, replaces their rows and ends their waiting. Who is killed in between has done nothing.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection, Pool
from libs.chassis.store.events import EventStore, Recorded
from libs.chassis.store.keys import Keyring
from libs.chassis.store.models import ReadModels, Row, refresh
from libs.chassis.store.queries import queries
from services.intake.store import REQUEST
from services.intake.words.marks import Marks, of_request

SQL = queries(__file__)
TABLE = "request_words"
COLUMNS = ("stream", "request_id", "thread_id", "words", "text_mark")
AT_ONCE = 25  # changes in a transaction: at most some tens of milliseconds of the interpreter, which registration wants, too
REST, REST_IN_A_CROWD = 1.0, 20.0  # after each turn so many times as long as it took: a crowd is registered first, and found afterwards
CROWD_A_SECOND = 50.0
POLL_SECONDS = 1.0

log = structlog.stdlib.get_logger("words")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """How many changes were read, and the number of the newest that waits."""

    read: int
    newest: int


NOTHING = Turn(read=0, newest=0)


def rest(read: int, took: float, *, crowd: bool) -> float:
    """Seconds until the next turn, after one that took so many."""
    if not read:
        return POLL_SECONDS
    return took * (REST_IN_A_CROWD if crowd else REST)


def model(key: bytes) -> ReadModels:
    """What the index holds, as a function of each request's stream; `key` is that of the fingerprints."""
    return ReadModels(category=REQUEST, tables={TABLE: COLUMNS}, rows=partial(_rows, Marks(key)))


def _rows(marks: Marks, stream: str, events: Sequence[Recorded]) -> dict[str, list[Row]]:
    words, text = of_request(marks, [event.fact for event in events])
    return {TABLE: [(stream, REQUEST.aggregate(stream), events[0].envelope.thread_id, words, text)]}


class WordIndex:
    """Brings the index up to date; any number of replicas may run it, one at a time works."""

    def __init__(self, *, pool: Pool, events: EventStore, keyring: Keyring, key: bytes) -> None:
        self._pool = pool
        self._events = events
        self._keyring = keyring
        self._model = model(key)

    async def run(self, stopping: Stopping, beat: Callable[[], None] = lambda: None) -> None:
        """Until the process stops; what infrastructure does to it is waited out."""
        newest, ended, looked = 0, time.perf_counter(), False
        while not stopping.requested:
            beat()
            began = time.perf_counter()
            try:
                looked = looked or await self.look_for_missed()
                turn = await self.turn()
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("the index of words waits for its infrastructure", error=error)
                turn = NOTHING
            took, since = time.perf_counter() - began, time.perf_counter() - ended
            crowd = newest > 0 and turn.newest - newest > CROWD_A_SECOND * since
            newest, ended = turn.newest, time.perf_counter()
            await stopping.sleep(rest(turn.read, took, crowd=crowd))

    async def look_for_missed(self) -> bool:
        """Once in a process: while it is upgraded, a release that knows no index still takes requests in."""
        await self._pool.execute(SQL["missed_words"])
        return True

    async def turn(self) -> Turn:
        """Some changes; `NOTHING` when none waits, or another replica is at it."""
        async with self._pool.acquire() as db, db.transaction():
            return await self._read(db) if await db.fetchval(SQL["lock_words"]) else NOTHING

    async def catch_up(self, db: Connection) -> None:
        """Reads all that waits, in the caller's transaction; whoever else keeps the index waits until it ends."""
        await db.execute(SQL["await_words"])
        while (await self._read(db)).read:
            pass

    async def _read(self, db: Connection) -> Turn:
        waiting = await db.fetch(SQL["pending_words"], AT_ONCE)
        if not waiting:
            return NOTHING
        streams = await self._opened(db, {row["stream"] for row in waiting})
        ready = await asyncio.to_thread(_made, self._model, streams)
        await refresh(db, [replace(self._model, rows=lambda stream, _: ready[stream])], streams)
        await db.execute(SQL["words_are_read"], [row["id"] for row in waiting])
        return Turn(read=len(waiting), newest=waiting[0]["newest"])

    async def _opened(self, db: Connection, streams: Collection[str]) -> dict[str, list[Recorded]]:
        """Those that can be read: of a destroyed thread nothing is kept, and one whose key is damaged can't be found until it is mended."""
        rows = await db.fetch(SQL["events_to_read"], sorted(streams))
        keys = await self._keyring.of(db, {row["thread_id"] for row in rows})
        locked = {row["stream"] for row in rows if row["thread_id"] not in keys}
        for stream in sorted(locked):
            log.error("the key of a request is damaged: it is not found by words until `otklik rebuild intake`", where=stream)
        found: dict[str, list[Recorded]] = {}
        for event in await self._events.opened(db, REQUEST, [row for row in rows if row["stream"] not in locked]):
            found.setdefault(event.stream, []).append(event)
        return found


def _made(of: ReadModels, streams: Mapping[str, Sequence[Recorded]]) -> dict[str, Mapping[str, Sequence[Row]]]:
    return {stream: of.rows(stream, events) for stream, events in streams.items()}
