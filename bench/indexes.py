"""The indexes under which figures are measured, fixed here: an index more or less is another figure, so it is changed here on purpose."""

from collections.abc import Iterable

import asyncpg

from bench.plan import WrongRun
from libs.chassis.store.queries import queries

SQL = queries(__file__)

OUTBOX = ("outbox: btree (key, id)", "outbox: btree (shard, id)", "outbox: unique btree (day, id)")
INBOX = ("inbox: btree (seen_at)", "inbox: unique btree (consumer, event_id)")
EVENTS = ("events: brin (recorded_at)", "events: unique btree (event_id)", "events: unique btree (stream, version)")
READ_MODELS = (
    "clients: unique btree (client_id)",
    "clients: unique btree (stream)",
    "dialogues: btree (mark) WHERE open",
    "dialogues: unique btree (stream)",
    "identities: btree (identity) WHERE (NOT strong)",
    "identities: btree (identity) WHERE strong",
    "identities: unique btree (stream, identity)",
    "messages: btree (stream)",
    "messages: unique btree (frontend, external_id)",
    "requests: btree (client_id)",
    "requests: btree (executor) WHERE (open AND (executor IS NOT NULL))",
    "requests: btree (plain_no)",
    "requests: btree (rank, act_on, request_id) WHERE open",
    "requests: btree (term_told) WHERE (open AND (due_on IS NULL) AND (term_told < 2))",
    "requests: btree (term_told, due_on) WHERE (open AND (term_told < 2) AND (due_on IS NOT NULL))",
    "requests: btree (wait_until) WHERE (wait_until IS NOT NULL)",
    "requests: unique btree (journal, year, number)",
    "requests: unique btree (reference)",
    "requests: unique btree (reg_no)",
    "requests: unique btree (request_id)",
    "requests: unique btree (stream)",
)
LOG = (
    "log: btree (actor_id, occurred_at) WHERE (actor_role <> ALL (ARRAY['client'::text, 'frontend'::text, 'system'::text]))",
    "log: btree (occurred_at)",
    "log: btree (occurred_at) WHERE (type = 'HistoryViewed'::text)",
    "log: btree (thread_id, occurred_at)",
    'log: unique btree (shard, "position", stored_at)',
    "log_heads: unique btree (shard)",
    "log_ids: unique btree (event_id)",
    "request_numbers: unique btree (number, request_id)",
    "thread_links: btree (client_id) WHERE (client_id IS NOT NULL)",
    "thread_links: btree (request_id) WHERE (request_id IS NOT NULL)",
    "thread_links: unique btree (thread_id, client_id, request_id, point, channel) NULLS NOT DISTINCT",
)
FIXED = {"intake": (*EVENTS, *OUTBOX, *INBOX, *READ_MODELS), "history": LOG}


def tables_of(lines: Iterable[str]) -> set[str]:
    return {line.partition(":")[0] for line in lines}


async def check(database: str, schema: str) -> None:
    """Raises `WrongRun` when the tables of a schema have other indexes than the figure is fixed on."""
    fixed = set(FIXED[schema])
    tables = sorted(tables_of(fixed))
    db = await asyncpg.connect(database)
    try:
        found = {row["says"] for row in await db.fetch(SQL["indexes_of"], schema, tables)}
    finally:
        await db.close()
    if found != fixed:
        differ = "; ".join(
            [f"new: {line}" for line in sorted(found - fixed)] + [f"gone: {line}" for line in sorted(fixed - found)],
        )
        raise WrongRun(f"other indexes in {schema} than bench/indexes.py fixes ({differ}): change the list together with the figure")
