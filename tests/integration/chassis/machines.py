"""State machines on a real database: hypothesis thinks out what happens in which order, and shrinks what breaks a promise.

One database and one event loop serve all examples of a test; each example keeps to names of its own.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from asyncpg.pool import PoolConnectionProxy
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.integration.chassis.chassis import Chassis, emptied
from tests.stack import Database

Answer = TypeVar("Answer")
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]  # it is the database that takes its time


class Loop:
    """The loop and the chassis on which the examples of one test run."""

    def __init__(self, runner: asyncio.Runner, chassis: Chassis) -> None:
        self.runner = runner
        self.chassis = chassis
        self.examples = 0
        self.writers: list[Writer] = []

    def tidy(self) -> None:
        """After an example that failed: what it left open must not hold up the next one."""
        for writer in self.writers:
            writer.db.terminate()
            self.runner.run(self.chassis.pool.release(writer.db))
        self.writers.clear()


class Machine(RuleBasedStateMachine):
    """One example; `name` is in no other."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop
        loop.tidy()
        loop.examples += 1
        self.name = f"example-{loop.examples}"
        self.chassis = loop.chassis

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self._loop.runner.run(work)

    def writer(self) -> "Writer":
        made = Writer(self.run(_acquired(self.chassis)))
        self._loop.writers.append(made)
        return made

    def leave(self, writer: "Writer") -> None:
        """With nothing left open."""
        if writer.open:
            self.run(writer.end(commit=False))
        self.run(self.chassis.pool.release(writer.db))
        self._loop.writers.remove(writer)


def hold(database: Database, machine: Callable[[Loop], Machine], *, examples: int, steps: int) -> None:
    """Whether all promises of the machine hold, in so many examples of so many steps at most."""
    with asyncio.Runner() as runner:
        context = emptied(database)
        loop = Loop(runner, runner.run(context.__aenter__()))
        try:
            how = settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=SLOW)
            run_state_machine_as_test(lambda: machine(loop), settings=how)  # type: ignore[arg-type]  # a factory does as well
        finally:
            loop.tidy()
            runner.run(context.__aexit__(None, None, None))


class Writer:
    """Somebody with a connection of their own, at most one transaction open, and what they wrote in it."""

    def __init__(self, db: "PoolConnectionProxy[Any]") -> None:
        self.db = db
        self._transaction = db.transaction()
        self.open = False

    async def begin(self) -> None:
        self._transaction = self.db.transaction()
        await self._transaction.start()
        self.open = True

    async def end(self, *, commit: bool) -> None:
        self.open = False
        await (self._transaction.commit() if commit else self._transaction.rollback())


async def _acquired(chassis: Chassis) -> "PoolConnectionProxy[Any]":
    return await chassis.pool.acquire()
