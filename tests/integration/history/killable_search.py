"""The search for gaps as a process that a test can kill: it says `in-hand` in the middle of its third turn and goes no further."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from libs.chassis.process import Process
from libs.chassis.store.database import Connection
from services.history.domain.gaps import Aggregate
from services.history.gap_store import GapStore, Stretch
from services.history.main import gaps
from services.history.settings import HistorySettings

TURNS = 2


class Hanging(GapStore):
    """Everything of its last turn is written but where it stands."""

    def __init__(self) -> None:
        self._turns = 0

    async def move(self, db: Connection, stretches: Sequence[Stretch], highest: Mapping[Aggregate, int]) -> None:
        self._turns += 1
        if self._turns > TURNS:
            print("in-hand", flush=True)  # noqa: T201 - its reader is a test
            await asyncio.Event().wait()
        await super().move(db, stretches, highest)


async def main() -> None:
    settings = HistorySettings.read()
    process = await Process.open("history", settings)
    search = replace(gaps(process, settings), store=Hanging(), rows_of_a_shard=10)
    while True:
        await search.look()


if __name__ == "__main__":
    asyncio.run(main())
