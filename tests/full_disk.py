"""A database whose disk is full: every write of a service is refused with PostgreSQL's own code, every read goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.stack import Database

FULL = """
CREATE FUNCTION {schema}.no_space() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition LOOP
        EXECUTE format('CREATE TRIGGER no_space BEFORE INSERT OR UPDATE OR DELETE ON {schema}.%I
            FOR EACH STATEMENT EXECUTE FUNCTION {schema}.no_space()', name);
    END LOOP;
END $$
"""


@asynccontextmanager
async def full_disk(database: Database, service: str) -> AsyncIterator[None]:
    """Nothing of this service can be written meanwhile."""
    async with database.superuser() as db:
        await db.execute(FULL.format(schema=service))
        try:
            yield
        finally:
            await db.execute(f"DROP FUNCTION {service}.no_space() CASCADE")
