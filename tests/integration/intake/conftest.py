from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.main import build
from services.intake.settings import IntakeSettings
from tests.running import Running, running, settings_of
from tests.stack import Database


@pytest.fixture
async def intake(database: Database, fresh_kafka: str) -> AsyncIterator[Running]:
    """Intake on real parts."""
    async with running("intake", settings_of(IntakeSettings, database.environment("intake")), build) as service:
        yield service


@pytest.fixture
def site(database: Database) -> dict[str, str]:
    """The site's credentials at the HTTP door."""
    return {"Authorization": f"Bearer {database.stack.frontend_keys['site']}"}


@pytest.fixture
def message() -> Callable[..., dict[str, Any]]:
    """A complete message as the site sends it; keywords change it."""

    def make(external_id: str = "m-1", **changes: Any) -> dict[str, Any]:
        return {
            "external_id": external_id,
            "received_at": datetime.now(UTC).isoformat(),
            "point": "site",
            "dialogue": f"form-{external_id}",
            "sender": {"name": "Иванова Анна Петровна", "kind": "citizen"},
            "contacts": {"email": "ivanova@example.ru"},
            "text": "Прошу сообщить порядок аренды земельного участка.",
        } | changes

    return make
