"""The floor of who writes tables: a COPY of the rows that were written, into empty tables with the same indexes."""

import time
from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

from bench.measuring import Round, cores_of
from bench.stage import Stage

Tables = Sequence[tuple[str, Sequence[Any]]]


async def rows_of(db: "asyncpg.Connection[Any]", schema: str, tables: Collection[str]) -> Tables:
    """What stands in these tables; those without rows are left out."""
    found = [(table, await db.fetch(f"SELECT * FROM {schema}.{table}")) for table in sorted(tables)]  # noqa: S608 - names of ours
    return [(table, rows) for table, rows in found if rows]


async def copied(stage: Stage, service: str, tables: Tables, count: int) -> Round:
    """`count` is how many of what the figure counts the rows stand for."""
    db = await asyncpg.connect(stage.dsn(await stage.new_database(), service))
    try:
        with cores_of(stage.pids()) as cores:
            began = time.perf_counter()
            for table, rows in tables:
                await db.copy_records_to_table(table, records=map(tuple, rows), columns=tuple(rows[0].keys()))
            seconds = time.perf_counter() - began
    finally:
        await db.close()
    return Round(rate=count / seconds, cores=cores.busy)
