"""A day is declared another one at the desk: those whose term ends on another day by it are found, moved and told, and nobody else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role
from libs.events.contracts.intake_requests import DeadlineRecomputed, RequestStatusChanged
from libs.events.topics import REQUESTS
from tests.integration.intake.people import Office, office, text_of
from tests.integration.intake.test_desk_pages import card, do, taken_in
from tests.integration.intake.town import said
from tests.stack import Database, eventually

DECREE = "Указ Губернатора Приобской области от 20.11.2026 № 250"
DUE = date(2026, 12, 16)  # of what comes on 16 November
NEXT_DUE = date(2026, 12, 17)
SATURDAY = date(2026, 12, 19)


@pytest.fixture
async def bureau(database: Database, fresh_kafka: str) -> AsyncIterator[Office]:
    async with office(database, term_look_seconds=0.05, session_idle_minutes=100_000, session_hours=2_000) as found:
        yield found


async def due_of(bureau: Office, name: str) -> date:
    row = await bureau.town.request("site", name)
    due = row["due_on"]
    assert isinstance(due, date)
    return due


async def declare(bureau: Office, day: date, *, working: bool = False, decree: str = DECREE) -> str:
    answer = await bureau.admin.post("/calendar", day=day.isoformat(), working="yes" if working else "no", decree=decree, in_force_on="")
    assert answer.status_code == 303, text_of(answer)
    return text_of(await bureau.admin.http.get(answer.headers["location"]))


@pytest.mark.requirement("R-10", "N-9.1", "N-3.3")
async def test_a_day_off_moves_the_terms_that_end_on_it_and_says_why_everywhere(bureau: Office) -> None:
    first = await taken_in(bureau)
    bureau.clock.move(timedelta(days=1))
    await taken_in(bureau, "m-2", dialogue="another")
    assert (await due_of(bureau, "m-1"), await due_of(bureau, "m-2")) == (DUE, NEXT_DUE)
    page = await declare(bureau, DUE)
    assert "Срок изменится у запросов: 1." in page
    assert f"16 декабря 2026 года нерабочий {DECREE}" in page

    async def moved() -> bool:
        return await due_of(bureau, "m-1") == date(2026, 12, 15)

    await eventually(moved, what="the term of the one that was due that day")
    assert await due_of(bureau, "m-2") == NEXT_DUE
    recomputed, told = (await bureau.town.facts("site", "m-1"))[-2:]
    assert isinstance(recomputed, DeadlineRecomputed)
    assert (recomputed.old_due, recomputed.new_due, recomputed.decree) == (DUE, date(2026, 12, 15), DECREE)
    assert isinstance(told, RequestStatusChanged)
    assert (told.visible, told.template, bool(told.targets)) == (True, "recomputed", True)
    seen = text_of(await card(bureau.admin, first))
    assert f"16 декабря 2026 года — нерабочий день: {DECREE}." in seen
    assert "Срок пересчитан" in seen
    published = await bureau.town.listener.until(lambda: bureau.town.listener.facts(REQUESTS.name, DeadlineRecomputed), "it is published")
    assert published == [recomputed]
    answer = await bureau.town.site.post(said("m-3", dialogue="third", received_at=bureau.clock.now() - timedelta(days=1)))
    assert answer.json()["due_on"] == NEXT_DUE.isoformat()


@pytest.mark.requirement("R-10", "S-15")
async def test_a_working_saturday_and_an_extended_term_are_found_too(bureau: Office) -> None:
    bureau.clock.move(timedelta(days=3))
    weekend = await taken_in(bureau)  # thirty days end on the Saturday, so it is due on Friday
    friday = SATURDAY - timedelta(days=1)
    bureau.clock.move(timedelta(days=-1))
    await taken_in(bureau, "m-2", dialogue="another")  # due on that Friday itself
    assert (await due_of(bureau, "m-1"), await due_of(bureau, "m-2")) == (friday, friday)
    assert "Срок изменится у запросов: 1." in await declare(bureau, SATURDAY, working=True)

    async def is_due(name: str, day: date) -> bool:
        return await due_of(bureau, name) == day

    await eventually(lambda: is_due("m-1", SATURDAY))
    assert await is_due("m-2", friday)
    longer = date(2026, 12, 30)
    answer = await do(
        bureau.admin, weekend, "extend-deadline", **{"extend-deadline-new_due": longer.isoformat(), "extend-deadline-reason": "Архив."}
    )
    assert answer.status_code == 303, text_of(answer)
    await declare(bureau, longer)
    await eventually(lambda: is_due("m-1", date(2026, 12, 29)))


REFUSED: list[tuple[dict[str, str], int, str]] = [
    ({"day": "2026-12-16"}, 422, "Выберите, рабочим или нерабочим станет день"),
    ({"working": "no", "decree": "Указ"}, 422, "Укажите день: число, месяц и год"),
    ({"day": "16 декабря", "working": "no", "decree": "Указ"}, 422, "Укажите день: число, месяц и год"),
    ({"day": "2026-12-16", "working": "no", "decree": "  "}, 422, "Укажите акт"),
    ({"day": "2026-12-16", "working": "no", "decree": "\x00"}, 422, "Укажите акт"),
    ({"day": "2026-12-16", "working": "no", "decree": "Указ", "in_force_on": "вчера"}, 422, "с которого действует акт"),
    ({"day": "2026-11-15", "working": "yes", "decree": "Указ"}, 409, "Этот день уже прошёл"),
    ({"day": "9999-12-31", "working": "no", "decree": "Указ"}, 400, "Проверьте год"),
    ({"day": "2026-12-16", "working": "yes", "decree": "Указ"}, 409, "В календаре этот день уже такой"),
]


@pytest.mark.requirement("R-21", "R-10")
async def test_what_can_not_be_declared_is_refused_in_words_and_nothing_is_written(bureau: Office) -> None:
    for typed, status, says in REFUSED:
        answer = await bureau.admin.post("/calendar", **typed)
        assert (answer.status_code, says in text_of(answer)) == (status, True), (typed, text_of(answer))
    assert await bureau.town.value("SELECT count(*) FROM events WHERE type = 'DayDeclared'") == 0


@pytest.mark.requirement("R-25", "E-1")
async def test_the_calendar_is_the_administrators(bureau: Office) -> None:
    routes = {route.method: route.roles for route in guarded_routes(bureau.town.service.app) if route.path.startswith("/desk/calendar")}
    assert routes == dict.fromkeys(("GET", "POST"), frozenset((Role.ADMINISTRATOR,)))
    _, registrar = await bureau.somebody("registrator", "registrar")
    assert (await registrar.get("/calendar")).status_code == 403
    for year in ("2024", "what", "1", "99999999999999999999", ""):
        assert (await bureau.admin.get(f"/calendar?year={year}&moved={year}")).status_code == 200
    assert "предварительный" in text_of(await bureau.admin.get("/calendar?year=2027"))


@pytest.mark.requirement("R-10")
async def test_of_two_who_declare_at_once_both_are_kept_and_each_request_moves_once(bureau: Office) -> None:
    await taken_in(bureau)
    await asyncio.gather(declare(bureau, DUE), declare(bureau, date(2026, 12, 15)))

    async def moved() -> bool:
        return await due_of(bureau, "m-1") == date(2026, 12, 14)

    await eventually(moved)
    assert await bureau.town.value("SELECT count(*) FROM events WHERE type = 'DayDeclared'") == 2
    facts = [fact for fact in await bureau.town.facts("site", "m-1") if isinstance(fact, DeadlineRecomputed)]
    assert facts[-1].new_due == date(2026, 12, 14)


@pytest.mark.requirement("N-7.2", "R-10")
async def test_a_frontend_and_the_desk_say_whether_it_is_open_by_the_calendar_as_it_is_now(bureau: Office) -> None:
    site = bureau.town.site

    async def said() -> dict[str, Any]:
        answer = await site.http.get("/v1/office", headers=site.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    assert (await site.http.get("/v1/office")).status_code == 401
    assert "Сейчас открыто до 13:00" in text_of(await bureau.admin.get("/"))
    assert await said() == {"known": True, "open": True, "open_until": "2026-11-16T13:00:00+07:00", "opens_at": None}
    await declare(bureau, date(2026, 11, 16))
    assert await said() == {"known": True, "open": False, "open_until": None, "opens_at": "2026-11-17T09:00:00+07:00"}
    assert "Сейчас закрыто откроемся 17 ноября 2026 года, 09:00" in text_of(await bureau.admin.get("/"))
