from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cli.intake import Intake, opened
from services.intake.settings import IntakeSettings
from tests.running import settings_of
from tests.stack import Database

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
