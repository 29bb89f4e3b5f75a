"""An older register comes into intake: whole, once, row by row."""

import asyncio
import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from typer.testing import CliRunner, Result

from cli.import_register import bring_in
from cli.importing import app
from cli.intake import Intake, opened
from libs.chassis.store.events import Append, Context
from libs.events.contracts.intake_requests import HistoricalEntryImported, HistoricalRequestImported, RequestEmailConfirmed
from libs.events.vocabulary import Status
from services.intake.imports.cases import Case, Header, Line, same_id
from services.intake.settings import IntakeSettings
from services.intake.store import REQUEST
from tests.integration.cli.conftest import MAPPING, RECEIPT
from tests.running import settings_of
from tests.stack import Database

pytestmark = pytest.mark.requirement("R-22")

Table = Callable[..., Path]
FIRST = "17;Почта;Иванова А. П.;11.01.2024;12.02.2024;13.02.2024;11.01.2024 09:30;Получено письмо;канцелярия"
SECOND = "17;Почта;Иванова А. П.;11.01.2024;12.02.2024;13.02.2024;13.02.2024;Ответ отправлен;Петров"


async def run(*arguments: str) -> Result:
    """The command, in a thread of its own, because it starts an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["register", *arguments])


async def events_of(intake: Intake, number: str, register: str = "Журнал 2024 года") -> list[Any]:
    request_id = same_id("demo", register, number)
    async with intake.process.pool.acquire() as db:
        return (await intake.process.store.read(db, REQUEST, [request_id])).get(str(request_id), [])


async def everything(database: Database) -> list[Any]:
    """Every event and every row of every read model, to see whether anything changed."""
    tables = ("events", "outbox", "requests", "messages", "dialogues", "clients", "identities")
    async with database.superuser() as db:
        return [await db.fetch(f"SELECT t::text FROM intake.{table} t ORDER BY 1") for table in tables]  # noqa: S608 - names of ours


async def test_the_receipt_log_comes_in_whole_and_once(
    commands: pytest.MonkeyPatch, database: Database, shared_data: Path, intake: Intake
) -> None:
    result = await run(str(shared_data / "receipt.csv"), "--mapping", str(RECEIPT))
    assert result.exit_code == 0, result.output
    told = result.output.replace("\u00a0", "")
    assert "дел 1434, записей о ходе дел 8577" in told
    assert "завершено: 1329, из них позже дня срока: 309" in told
    for line in (
        *("Официальный сайт: 1250", "Личный приём: 109", "Почта: 53", "Электронная почта: 21", "Внутреннее обращение: 1"),
        "Добавлено дел: 1434, записей: 8577",
    ):
        assert line in told
    async with database.superuser() as db:
        assert dict(await db.fetch("SELECT type, count(*) FROM intake.events GROUP BY 1")) == {
            "HistoricalRequestImported": 1434,
            "HistoricalEntryImported": 8577,
        }
        assert dict(await db.fetch("SELECT point, count(*) FROM intake.requests GROUP BY 1")) == {
            "site": 1250,
            "in_person": 109,
            "post": 53,
            "email": 21,
            "internal": 1,
        }
        assert dict(await db.fetch("SELECT status, count(*) FROM intake.requests GROUP BY 1")) == {"closed": 1329, "registered": 105}
        assert await db.fetchval("SELECT count(*) FROM intake.outbox WHERE topic = 'intake.requests.v1'") == 1434 + 8577
    before = await everything(database)
    again = await run(str(shared_data / "receipt.csv"), "--mapping", str(RECEIPT))
    assert again.exit_code == 0
    assert "ничего не изменилось" in again.output
    assert await everything(database) == before


async def test_a_case_keeps_its_number_its_dates_and_its_state(
    commands: pytest.MonkeyPatch, intake: Intake, table: Table, mapping: Path
) -> None:
    result = await run(str(table(FIRST, SECOND)), "--mapping", str(mapping))
    assert result.exit_code == 0, result.output
    header, first, second = await events_of(intake, "17")
    assert isinstance(header.fact, HistoricalRequestImported)
    assert (header.fact.foreign_no, header.fact.state, header.fact.client_name) == ("17", Status.CLOSED, "Иванова А. П.")
    assert header.fact.received_at == datetime(2024, 1, 10, 17, tzinfo=UTC)
    assert header.envelope.occurred_at == header.fact.received_at
    assert header.fact.imported_at > datetime(2025, 1, 1, tzinfo=UTC), "the five years run from the import, not from then"
    assert header.envelope.thread_id == same_id("demo", "Журнал 2024 года", "17")
    assert (header.envelope.actor.role, header.envelope.actor.id, header.envelope.point) == ("system", "import", "post")
    assert (first.fact.what, first.fact.by, first.fact.line) == ("Получено письмо", "канцелярия", 1)
    assert first.envelope.occurred_at == datetime(2024, 1, 11, 2, 30, tzinfo=UTC)
    assert second.fact.line == 2


async def test_a_register_kept_in_a_spreadsheet_comes_in_like_any_other(
    commands: pytest.MonkeyPatch, intake: Intake, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "Журнал.XLSX", tmp_path / "mapping.toml"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("2024")
        sheet.write_row(0, 0, ["№", "Поступил"])
        sheet.write_row(1, 0, [17, 45352])
        book.add_worksheet("Коды").write(0, 0, "Код")
    mapping.write_text(
        'register = "Журнал 2024 года"\n[file]\ntime_zone = "Asia/Novosibirsk"\n[case]\nnumber = "№"\nreceived = "Поступил"\n'
        '[point]\ndefault = "post"\n',
        "utf-8",
    )
    result = await run(str(file), "--mapping", str(mapping))
    assert (result.exit_code, "листы без нужных столбцов пропущены: Коды" in result.output) == (0, True), result.output
    [header] = await events_of(intake, "17")
    assert isinstance(header.fact, HistoricalRequestImported)
    assert header.fact.received_at == datetime(2024, 2, 29, 17, tzinfo=UTC)


async def test_names_and_texts_are_sealed_at_rest(commands: pytest.MonkeyPatch, database: Database, table: Table, mapping: Path) -> None:
    await run(str(table(FIRST)), "--mapping", str(mapping))
    everywhere = str(await everything(database))
    assert "17" in everywhere
    for personal in ("Иванова", "Получено письмо", "канцелярия"):
        assert personal not in everywhere


async def test_nobody_is_told_of_an_import(commands: pytest.MonkeyPatch, database: Database, table: Table, mapping: Path) -> None:
    await run(str(table(FIRST, SECOND)), "--mapping", str(mapping))
    async with database.superuser() as db:
        types = {row["type"] for row in await db.fetch("SELECT DISTINCT type FROM intake.events")}
    assert types == {"HistoricalRequestImported", "HistoricalEntryImported"}


async def test_a_case_that_grew_gets_its_new_lines_only(commands: pytest.MonkeyPatch, intake: Intake, table: Table, mapping: Path) -> None:
    await run(str(table(FIRST)), "--mapping", str(mapping))
    result = await run(str(table(SECOND, FIRST)), "--mapping", str(mapping))
    assert "Добавлено дел: 0, записей: 1; дополнено прежних дел: 1" in result.output
    _, first, second = await events_of(intake, "17")
    assert (first.fact.what, second.fact.what) == ("Получено письмо", "Ответ отправлен")


async def test_a_case_closed_since_is_told_anew(commands: pytest.MonkeyPatch, intake: Intake, table: Table, mapping: Path) -> None:
    await run(str(table(FIRST.replace("13.02.2024", ""))), "--mapping", str(mapping))
    await run(str(table(FIRST)), "--mapping", str(mapping))
    states = [row.fact.state for row in await events_of(intake, "17") if isinstance(row.fact, HistoricalRequestImported)]
    assert states == [Status.REGISTERED, Status.CLOSED]


async def test_a_case_that_went_on_with_us_is_not_put_back(
    commands: pytest.MonkeyPatch, intake: Intake, table: Table, mapping: Path
) -> None:
    await run(str(table(FIRST.replace("13.02.2024", ""))), "--mapping", str(mapping))
    request_id, now = same_id("demo", "Журнал 2024 года", "17"), datetime.now(UTC)
    fact = RequestEmailConfirmed(confirmed_at=now)
    around = Context(thread_id=request_id, occurred_at=now)
    async with intake.process.pool.acquire() as db, db.transaction():
        append = Append(category=REQUEST, aggregate_id=str(request_id), expected_version=2, facts=[fact], context=around)
        await intake.store.save(db, [append])
    await run(str(table(FIRST, SECOND)), "--mapping", str(mapping))
    types = [type(row.fact) for row in await events_of(intake, "17")]
    assert types == [HistoricalRequestImported, HistoricalEntryImported, RequestEmailConfirmed, HistoricalEntryImported]


async def test_a_torn_file_costs_its_torn_rows_alone(commands: pytest.MonkeyPatch, intake: Intake, table: Table, mapping: Path) -> None:
    rows = (
        FIRST,
        "18;Почта;Сидоров",
        '19;Почта;"Сидоров;11.01.2024;;;11.01.2024;Получено письмо;канцелярия',
        "20;Почта;Сидоров;31.02.2024;;;11.01.2024;Получено письмо;канцелярия",
        '21;Приём;"ООО ""Ромашка""";11.01.2024;;;11.01.2024;"Приём\r\nпо личным вопросам";канцелярия',
    )
    path = table(*rows)
    result = await run(str(path), "--mapping", str(mapping), "--report")
    assert result.exit_code == 1
    assert "Отклонено строк: 3" in result.output
    assert "строка 5, столбец «Поступило»: не дата; ожидается, например, 31.12.2025 14:30" in result.output
    assert "Сидоров" not in result.output
    with (path.parent / "журнал.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        report = list(csv.reader(file, delimiter=";"))
    assert [row[:2] for row in report] == [["Строка файла", "Столбец"], ["3", ""], ["4", ""], ["5", "Поступило"]]
    assert not [number for number in ("18", "19", "20") if await events_of(intake, number)]
    _, visit = await events_of(intake, "21")
    assert visit.fact.what == "Приём\r\nпо личным вопросам"


SPOILED = (
    ("[file]", "[file", "не в формате TOML"),
    ('number = "Номер"', "", "case.number"),
    ("Asia/Novosibirsk", "Asia/Atlantis", "file.time_zone"),
    ('"windows-1251"', '"windows-1250"', "нет столбцов: Номер"),
    ('"windows-1251"', '"no-such"', "file.encoding"),
    ('";"', '","', "нет столбцов"),
    ('"in_person"', '"fax"', "В перечне точек взаимодействия нет: fax"),
    ('register = "Журнал 2024 года"', "", "Назовите журнал"),
)


@pytest.mark.parametrize(("right", "wrong", "says"), SPOILED)
async def test_a_wrong_mapping_changes_nothing_and_is_told(
    commands: pytest.MonkeyPatch, database: Database, table: Table, mapping: Path, right: str, wrong: str, says: str
) -> None:
    before = await everything(database)
    await asyncio.to_thread(mapping.write_text, MAPPING.replace(right, wrong), encoding="utf-8")
    result = await run(str(table(FIRST)), "--mapping", str(mapping))
    assert (result.exit_code, says in result.output) == (2, True), result.output
    assert await everything(database) == before


async def test_an_absent_file_is_told(commands: pytest.MonkeyPatch, mapping: Path, tmp_path: Path) -> None:
    result = await run(str(tmp_path / "absent.csv"), "--mapping", str(mapping))
    assert (result.exit_code, "не читается" in result.output) == (2, True)


async def test_a_dry_run_counts_and_writes_nothing(commands: pytest.MonkeyPatch, database: Database, table: Table, mapping: Path) -> None:
    before = await everything(database)
    result = await run(str(table(FIRST, SECOND)), "--mapping", str(mapping), "--dry-run")
    assert result.exit_code == 0
    assert "дел 1, записей о ходе дел 2" in result.output
    assert await everything(database) == before


async def test_two_imports_at_once_bring_each_case_in_once(database: Database, intake: Intake) -> None:
    cases = [
        Case(Header(number=str(number), point="site", state=Status.CLOSED), [Line(datetime(2024, 1, 11, tzinfo=UTC), "Ответ дан")])
        for number in range(300)
    ]
    async with opened(settings_of(IntakeSettings, database.environment("intake"))) as other:
        both = await asyncio.gather(
            *(bring_in(parts, cases, "old", lambda _done, _total: None) for parts in (intake, other)),
        )
    assert sum(written.cases for written in both) == 300
    async with database.superuser() as db:
        counted = "SELECT count(*) AS events, count(DISTINCT stream) AS streams, max(version) AS longest FROM intake.events"
        [row] = await db.fetch(counted)
    assert (row["events"], row["streams"], row["longest"]) == (600, 300, 2)
