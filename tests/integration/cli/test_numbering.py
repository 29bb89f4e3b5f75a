"""After an import our numbers go on where the older register ended."""

import asyncio
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner, Result

from cli.importing import app
from libs.chassis.ops.settings import load_authority
from services.intake.main import build
from services.intake.settings import IntakeSettings
from tests.running import running, settings_of
from tests.stack import AUTHORITY_FILE, Database

pytestmark = [pytest.mark.requirement("N-8.2", "R-22"), pytest.mark.usefixtures("fresh_kafka")]

AUTHORITY = load_authority(AUTHORITY_FILE)
YEAR = datetime.now(AUTHORITY.time_zone).year
MESSAGE = {
    "point": "site",
    "sender": {"name": "Иванова Анна Петровна", "kind": "citizen"},
    "contacts": {"email": "ivanova@example.ru"},
    "text": "Прошу сообщить порядок аренды земельного участка.",
}


async def go_on(*more: str, after: int = 1434) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["continue-numbering", "--year", str(YEAR), "--after", str(after), *more])


async def register_numbers(database: Database, count: int) -> list[str]:
    """Numbers of as many new messages at the HTTP door."""
    key = {"Authorization": f"Bearer {database.stack.frontend_keys['site']}"}
    async with running("intake", settings_of(IntakeSettings, database.environment("intake")), build) as intake:
        answers = []
        for number in range(count):
            own = {"external_id": f"m-{number}", "dialogue": f"form-{number}", "received_at": datetime.now(UTC).isoformat()}
            answers.append(await intake.http.post("/v1/messages", json=MESSAGE | own, headers=key))
        return [answer.json()["register_number"] for answer in answers]


async def test_the_next_number_follows_the_last_one_of_the_older_register(commands: pytest.MonkeyPatch, database: Database) -> None:
    result = await go_on("--journal", AUTHORITY.journals[0].code)
    assert (result.exit_code, result.output.strip()) == (0, "Следующий номер: 1435")
    index = AUTHORITY.journals[0].index
    assert await register_numbers(database, 3) == [f"{index}-{number}/{YEAR}" for number in (1435, 1436, 1437)]


async def test_once_a_number_was_given_it_is_too_late(commands: pytest.MonkeyPatch, database: Database) -> None:
    await register_numbers(database, 1)
    result = await go_on()
    assert (result.exit_code, "поздно" in result.output) == (1, True)


async def test_the_same_value_again_changes_nothing_and_tells_the_next_number(commands: pytest.MonkeyPatch, database: Database) -> None:
    for _ in range(2):
        result = await go_on(after=1)
        assert (result.exit_code, result.output.strip()) == (0, "Следующий номер: 2")
    await register_numbers(database, 2)
    later = await go_on(after=1)
    assert later.exit_code == 0
    assert int(later.output.split()[-1]) >= 4


async def test_another_value_is_refused_with_the_one_that_holds(commands: pytest.MonkeyPatch) -> None:
    await go_on()
    result = await go_on(after=1500)
    assert (result.exit_code, "уже продолжена после номера 1434" in result.output) == (1, True)
    assert "Следующий номер: 1435" in (await go_on()).output


async def test_a_number_that_leaves_no_room_for_the_next_ones_is_refused(commands: pytest.MonkeyPatch) -> None:
    result = await go_on(after=2**63)
    assert (result.exit_code, "999999999" in result.output) == (2, True)


async def test_an_unknown_journal_is_told(commands: pytest.MonkeyPatch) -> None:
    result = await go_on("--journal", "no-such")
    assert (result.exit_code, "нет журнала no-such" in result.output) == (2, True)
