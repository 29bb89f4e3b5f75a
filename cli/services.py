"""The services that have a schema, for the commands that go through all of them."""

from pathlib import Path

from libs.chassis.store.migrations import Schema

ROOT = Path(__file__).parent.parent
SCHEMAS = tuple(
    Schema(folder.parent.name, folder) for folder in sorted((ROOT / "services").glob("*/sql")) if (folder / "grants.sql").exists()
)


def schema_of(service: str) -> Schema:
    """Raises `KeyError` for a service without a schema."""
    return {schema.name: schema for schema in SCHEMAS}[service]
