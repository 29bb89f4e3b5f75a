from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from cli.intake import Intake, opened
from cli.services import SCHEMAS
from services.intake.settings import IntakeSettings
from tests.integration.cli.copies import Place
from tests.running import settings_of
from tests.stack import PASSWORD, Database, Stack

ROOT = Path(__file__).parents[3]
RECEIPT = ROOT / "docs" / "import" / "receipt.toml"

MAPPING = """
register = "Журнал 2024 года"
[file]
encoding = "windows-1251"
delimiter = ";"
dates = ["%d.%m.%Y %H:%M", "%d.%m.%Y"]
time_zone = "Asia/Novosibirsk"
[case]
number = "Номер"
received = "Поступило"
due = "Срок"
closed = "Закрыто"
client_name = "Заявитель"
[line]
what = "Что сделано"
when = "Когда"
by = "Кем"
[point]
column = "Канал"
values = {"Почта" = "post", "Приём" = "in_person"}
default = "other"
"""
HEADING = "Номер;Канал;Заявитель;Поступило;Срок;Закрыто;Когда;Что сделано;Кем"


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    """Intake's parts as the commands open them."""
    async with opened(settings_of(IntakeSettings, database.environment("intake"))) as parts:
        yield parts


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "журнал.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """A file of these rows under the usual heading, as an old Russian Excel writes it."""

    def write(*rows: str, name: str = "журнал.csv") -> Path:
        path = tmp_path / name
        path.write_bytes("\r\n".join((HEADING, *rows, "")).encode("windows-1251"))
        return path

    return write


@pytest.fixture
def commands(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The environment in which intake's commands run."""
    monkeypatch.setenv("OTKLIK_STATE", str(tmp_path / "no make up here"))
    for name, value in database.environment("intake").items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database) -> Place:
    """Where copies go, and the environment in which backup and restore run."""
    monkeypatch.setenv("OTKLIK_STATE", str(tmp_path / "no make up here"))
    monkeypatch.setenv("OTKLIK_ADMIN_DSN", database.admin_dsn)
    for schema in SCHEMAS:
        told = database.environment(schema.name)
        monkeypatch.setenv(f"OTKLIK_{schema.name.upper()}_MASTER_KEY", told["OTKLIK_MASTER_KEY"])
        monkeypatch.setenv(f"OTKLIK_{schema.name.upper()}_PASSWORD", PASSWORD)
    return Place(tmp_path / "data", tmp_path / "keys")


@pytest.fixture
async def empty(stack: Stack) -> AsyncIterator[Database]:
    """A database without anything in it."""
    made = Database(stack, f"empty_{uuid4().hex[:8]}")
    admin = await asyncpg.connect(stack.parts.admin_dsn)
    await admin.execute(f"CREATE DATABASE {made.name}")
    yield made
    await admin.execute(f"DROP DATABASE {made.name} WITH (FORCE)")
    await admin.close()
