"""The register's rows as a file: the filters of the page, opened as a spreadsheet program would, and no cell that runs (N-8.3)."""

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree as Xml

import httpx
import pytest

from libs.chassis.access.guards import guarded_routes
from services.intake.transitions import DESK
from services.intake.words import export, sheet
from tests.examples import anna, boris
from tests.integration.intake.people import Browser, Office, is_quiet, office, text_of
from tests.integration.intake.test_desk_pages import CLASSIFIED, do
from tests.integration.intake.test_words import taken_in
from tests.stack import Database

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FIRST_DAY = date(1899, 12, 30)  # of Excel's calendar


@pytest.fixture
async def bureau(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request)) as found:
        yield found


async def taken(browser: Browser, kind: str, query: str = "order=newest") -> httpx.Response:
    answer = await browser.get(f"/requests/export?as={kind}&{query}")
    assert answer.status_code == 200, text_of(answer)
    return answer


def read_csv(answer: httpx.Response) -> list[list[str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))


def read_xlsx(answer: httpx.Response) -> list[list[str]]:
    """Cells as text, days as people write them; a cell with a formula would have an element of its own."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = Xml.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - made by ourselves
    assert list(sheet.iter(f"{MAIN}f")) == []
    rows = [{cell.get("r", "")[0]: _cell(cell) for cell in row} for row in sheet.iter(f"{MAIN}row")]
    return [[row.get(column, "") for column in "ABCDEFGHIJ"] for row in rows]


def _cell(cell: Xml.Element) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))
    [number] = [value.text or "" for value in cell.iter(f"{MAIN}v")]
    return (FIRST_DAY + timedelta(days=int(number))).strftime("%d.%m.%Y")


READERS: dict[str, Any] = {"csv": read_csv, "xlsx": read_xlsx}


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_file_says_what_the_page_shows_and_no_name_of_who_asks(bureau: Office, kind: str) -> None:
    account_id, _ = await bureau.somebody("lesnik", "executor", unit="land")
    first = await taken_in(bureau, "m-1", contacts=anna.contacts)
    await taken_in(bureau, "m-2", who=boris, dialogue="another")
    await do(bureau.admin, first, "classify", **CLASSIFIED)
    await do(bureau.admin, first, "assign", **{"assign-unit": "land", "assign-executor": account_id})
    rows = READERS[kind](await taken(bureau.admin, kind))
    numbers = [str((await bureau.town.request("site", name))["reg_no"]) for name in ("m-1", "m-2")]
    assert rows == [
        list(sheet.HEADINGS),
        [numbers[1], "зарегистрирован", "", "", "", "", "", "16.11.2026", "16.12.2026", ""],
        [
            *(numbers[0], "передан исполнителю", "Запрос информации", "Земельные участки", "срочно", "Отдел земельных отношений"),
            *("Запланированный Сергей", "16.11.2026", "16.12.2026", ""),
        ],
    ]
    assert anna.name not in str(rows)


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_it_has_every_row_of_the_filters_in_their_order_and_not_the_page_alone(
    bureau: Office, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHOSEN_AT_ONCE", 7)
    monkeypatch.setattr(export, "TOLD_AT_ONCE", 5)
    ids = [await taken_in(bureau, f"m-{number}", dialogue=f"d-{number}") for number in range(60)]
    await do(bureau.admin, ids[30], "classify", **CLASSIFIED)
    numbers = [str((await bureau.town.request("site", f"m-{number}"))["reg_no"]) for number in range(60)]
    assert [row[0] for row in READERS[kind](await taken(bureau.admin, kind))[1:]] == numbers[::-1]
    urgent_first = [numbers[30], *(number for at, number in enumerate(numbers) if at != 30)]
    assert [row[0] for row in READERS[kind](await taken(bureau.admin, kind, ""))[1:]] == urgent_first
    assert [row[0] for row in READERS[kind](await taken(bureau.admin, kind, "topic=land"))[1:]] == [numbers[30]]
    assert READERS[kind](await taken(bureau.admin, kind, "topic=forest")) == [list(sheet.HEADINGS)]


@pytest.mark.requirement("N-8.3")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_a_name_that_is_a_formula_stays_a_text(bureau: Office, kind: str) -> None:
    names = ["=1+1", "+7", "-1", "@SUM(1)", " =1+1", "＝1", '=HYPERLINK("http://evil.example","Ж")', "'=1", 'а;б"в']
    for number, name in enumerate(names):
        answer = await bureau.admin.post("/accounts", login=f"formula-{number}", name=name, unit="", **{"role-executor": "yes"})
        account_id = answer.headers["location"].rpartition("/")[2]
        request_id = await taken_in(bureau, f"m-{number}", dialogue=f"d-{number}")
        await do(bureau.admin, request_id, "classify", **CLASSIFIED)
        await do(bureau.admin, request_id, "assign", **{"assign-unit": "land", "assign-executor": account_id})
    shown = [row[6] for row in READERS[kind](await taken(bureau.admin, kind))[1:]]
    kept = [name.strip() for name in names]
    assert sorted(shown) == sorted(f"'{name}" if name[0] in "=+-@＝" and kind == "csv" else name for name in kept)


@pytest.mark.requirement("N-8.3", "N-9.1")
async def test_what_is_overdue_is_said_so(bureau: Office) -> None:
    await taken_in(bureau)
    due = (await bureau.town.request("site", "m-1"))["due_on"]
    bureau.clock.move_to(bureau.clock.now() + (due - bureau.clock.now().date()) + timedelta(days=1))
    await bureau.admin.sign_in()
    for kind, read in READERS.items():
        assert read(await taken(bureau.admin, kind, "due=overdue"))[1][-1] == "да"


@pytest.mark.requirement("N-8.3", "R-25", "D-25")
async def test_those_who_see_the_page_may_take_it_away_and_that_is_written_down(bureau: Office) -> None:
    routes = [route for route in guarded_routes(bureau.town.service.app) if route.path == "/desk/requests/export"]
    assert [(route.method, route.roles) for route in routes] == [("GET", DESK)]
    assert (await bureau.browser().get("/requests/export?as=csv")).headers["location"].startswith("/desk/sign-in")
    _, auditor = await bureau.somebody("auditor", "auditor")
    assert (await auditor.get("/requests/export?as=csv")).status_code == 403
    await taken_in(bureau)
    links = re.findall(r'href="/desk(/requests/export[^"]+)"', (await bureau.admin.get("/requests?order=newest")).text)
    assert len(links) == 2
    for link in links:
        answer = await bureau.admin.get(link.replace("&amp;", "&"))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert re.fullmatch(r'attachment; filename="register-2026-11-16\.(csv|xlsx)"', answer.headers["content-disposition"])
    taken = await bureau.town.rows(
        "SELECT open ->> 'what' AS what, open ->> 'found' AS found FROM events WHERE type = 'CaseViewed' ORDER BY version"
    )
    assert [(one["what"], one["found"]) for one in taken if one["what"].startswith("export")] == [("export-xlsx", "1"), ("export-csv", "1")]


@pytest.mark.requirement("E-14", "N-8.3")
async def test_an_unknown_kind_and_too_many_rows_are_refused_with_what_to_do(bureau: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for query in ("", "as=pdf", "as=csv&status=lost"):
        assert (await bureau.admin.get(f"/requests/export?{query}")).status_code == 400
    await taken_in(bureau)
    monkeypatch.setattr(export, "MOST_ROWS", 0)
    answer = await bureau.admin.get("/requests/export?as=csv")
    assert (answer.status_code, "Сузьте отбор" in text_of(answer)) == (409, True)
