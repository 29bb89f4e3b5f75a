"""The indicators of ten requests whose times are known are those of a count by hand, on whatever later day somebody asks (N-1.2)."""

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from python_calamine import CalamineWorkbook

from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role, Staff
from libs.chassis.store.events import Append, Context
from libs.events.contracts.intake_answers import PhoneEnquiryAnswered
from libs.events.contracts.intake_requests import DeadlineExtended, RequestAssigned, RequestClassified
from libs.events.fact import Event
from libs.events.vocabulary import Card, Classification, ClientKind, MessageRef, OralOutcome, Status, TakenDown, Urgency
from services.intake.authority.set_up import SetUp
from services.intake.desk_root import code_key, set_up_of
from services.intake.domain.authority.commands import SetProfile
from services.intake.indicators.figures import Figures, mean, median
from services.intake.indicators.period import Period
from services.intake.indicators.review import Indicators, Review
from services.intake.main import book_of
from services.intake.settings import IntakeSettings
from services.intake.store import REQUEST, IntakeStore
from tests.examples import received, registered, told_registered
from tests.integration.intake.people import Office, office, text_of
from tests.stack import Stack
from tests.unit.intake.desk_cases import status

pytestmark = pytest.mark.requirement("N-1.2")

NOVOSIBIRSK = ZoneInfo("Asia/Novosibirsk")
START = datetime(2027, 1, 15, 12, 0, tzinfo=NOVOSIBIRSK)
END = date(2026, 12, 31)
QUARTER = Period(first=date(2026, 10, 1), last=END, as_of=END)


def local(month: int, day: int, hour: int = 10, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=NOVOSIBIRSK)


class Story(NamedTuple):
    """What became of a request, and when, as the wall clock in Novosibirsk showed it."""

    unit: str
    point: str
    received: datetime
    registered: datetime | None
    due: date
    ended: datetime | None
    end: Status | None
    type: str = "information"
    extended: tuple[datetime, date] | None = None
    spoken: bool = False


TEN = (
    Story("land", "site", local(10, 1), local(10, 1), date(2026, 10, 30), local(10, 30, 23, 30), Status.ANSWERED),  # its last half hour
    Story("land", "site", local(10, 1), local(10, 1), date(2026, 10, 30), local(10, 31, 0, 30), Status.ANSWERED),  # late by half an hour
    Story("land", "site", local(10, 2, 23, 50), local(10, 5), date(2026, 11, 3), local(10, 10), Status.REFUSED),
    Story("land", "phone", local(10, 6), local(10, 6, 18), date(2026, 11, 5), local(10, 16), Status.ANSWERED_PARTIALLY),
    Story(
        *("land", "site", local(10, 7), local(10, 11), date(2026, 11, 10), local(11, 25), Status.ANSWERED, "appeal"),
        extended=(local(10, 15), date(2026, 11, 25)),
    ),
    Story("forest", "post", local(11, 1), local(11, 1), date(2026, 12, 1), local(12, 2), Status.REFUSED),
    Story("forest", "site", local(11, 3), local(11, 3), date(2026, 12, 3), None, None),  # nobody answered
    Story("forest", "site", local(11, 5), local(11, 5), date(2026, 12, 4), local(11, 10), Status.REDIRECTED),
    Story("forest", "phone", local(11, 12), None, date(2026, 12, 11), local(11, 12), Status.ANSWERED, spoken=True),  # in the talk
    Story("forest", "phone", local(11, 20), local(11, 21), date(2026, 12, 20), local(12, 20), Status.ANSWERED, spoken=True),
)
UNANSWERED = 6


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bureau(stack: Stack) -> AsyncIterator[Office]:
    """One for all of them: they look, and the two that change anything run last."""
    async with stack.lent_database("intake") as database, office(database, START, quiet=True) as found:
        for number, story in enumerate(TEN):
            await happened(found, number, steps(number, story), story.point)
        yield found


def steps(number: int, story: Story) -> list[tuple[datetime, list[Event]]]:
    """What was written down when."""
    reference = MessageRef(frontend="site", external_id=f"story-{number}")
    card = TakenDown(card=Card.PHONE) if story.spoken else None
    sorted_as = Classification(type=story.type, topic="land", urgency=Urgency.ORDINARY, unit=story.unit)
    begun = {"reference": f"STORY-{number}", "message_ref": reference, "received_at": story.received, "taken_down": card}
    told: list[tuple[datetime, list[Event]]] = [(story.received, [received.model_copy(update=begun)])]
    if story.registered:
        numbered = {"reg_no": f"ЗИ-{number}/2026", "number": 900 + number, "reg_at": story.registered, "due_on": story.due}
        told.append((story.registered, [registered.model_copy(update=numbered), told_registered]))
        told.append(
            (
                story.registered + timedelta(minutes=5),
                [
                    RequestClassified(classification=sorted_as, client_kind=ClientKind.CITIZEN),
                    RequestAssigned(unit=story.unit),
                    status(Status.ASSIGNED),
                ],
            )
        )
    else:
        talk = PhoneEnquiryAnswered(
            started_at=story.received, staff="operator-1", gist="Порядок аренды.", outcome=OralOutcome.INFORMED, number="+7 383 000-00-00"
        )
        told.append((story.received, [talk]))
    if story.extended:
        at, new = story.extended
        told.append((at, [DeadlineExtended(old_due=story.due, new_due=new, reason="Нужны сведения архива.", rule_version="1")]))
    if story.ended and story.end:
        told.append((story.ended, [status(story.end)]))
    return told


async def happened(bureau: Office, number: int, told: Sequence[tuple[datetime, list[Event]]], point: str) -> None:
    """Each step is written down at its own time."""
    process, request_id = bureau.town.service.process, UUID(int=number + 1)
    store = IntakeStore(process.store, b"k" * 32)
    async with process.pool.acquire() as db, db.transaction():
        await store.lock(db)
        version = (await store.versions(db, [request_id])).get(request_id, 0)
        for at, facts in told:
            bureau.clock.move_to(at)
            around = Context(thread_id=request_id, occurred_at=at, point=point)
            append = Append(category=REQUEST, aggregate_id=str(request_id), expected_version=version, facts=facts, context=around)
            await store.save(db, [append])
            version += len(facts)
    bureau.clock.move_to(START)


def set_up(bureau: Office) -> SetUp:
    """With a book of its own, so that what it sets is known at once."""
    process = bureau.town.service.process
    assert isinstance(process.settings, IntakeSettings)
    return set_up_of(process, book_of(process, process.settings, code_key(process.settings)))


async def reviewed(bureau: Office, period: Period = QUARTER) -> Review:
    here = set_up(bureau)
    await here.look()
    return await Indicators(pool=here.pool, book=here.book, clock=bureau.clock).review(period)


@pytest.mark.asyncio(loop_scope="module")
async def test_ten_requests_have_the_figures_of_a_count_by_hand(bureau: Office) -> None:
    review = await reviewed(bureau)
    whole = review.whole
    assert (whole.received, whole.registered, whole.registered_late) == (10, 9, 2)
    assert mean(whole.register_days) == (0 + 0 + 3 + 0 + 4 + 0 + 0 + 0 + 1) / 9
    assert (whole.answers, whole.in_part, whole.refused) == (7, 1, 2)
    assert (mean(whole.answer_days), median(whole.answer_days)) == ((29 + 30 + 5 + 10 + 45 + 31 + 29) / 7, 29)
    assert (whole.answered_late, whole.missed, whole.share_late) == (2, 1, 3 / 8)
    assert whole.share_refused == 2 / 7
    assert (whole.at_once, whole.ended_otherwise, whole.open, whole.overdue) == (1, 1, 1, 1)
    assert answers(review.units) == {"land": (5, 1, 1), "forest": (2, 2, 1), None: (0, 0, 0)}
    assert answers(review.points) == {"site": (4, 2, 1), "phone": (2, 0, 0), "post": (1, 1, 1)}
    assert answers(review.types) == {"information": (6, 3, 2), "appeal": (1, 0, 0), None: (0, 0, 0)}
    assert [(month, of.answers) for month, of in review.months] == [(date(2026, 10, 1), 4), (date(2026, 11, 1), 1), (date(2026, 12, 1), 2)]


def answers(parts: Sequence[tuple[Any, Figures]]) -> dict[Any, tuple[int, int, int]]:
    """Answers, late ones and refusals."""
    return {code: (of.answers, of.late, of.refused) for code, of in parts}


@pytest.mark.asyncio(loop_scope="module")
async def test_on_the_last_day_it_is_in_time_and_the_next_day_late(bureau: Office) -> None:
    on_it = await reviewed(bureau, Period(first=date(2026, 10, 1), last=END, as_of=date(2026, 10, 30)))
    assert (on_it.whole.answers, on_it.whole.late, on_it.whole.overdue) == (3, 0, 0)
    next_day = await reviewed(bureau, Period(first=date(2026, 10, 1), last=END, as_of=date(2026, 10, 31)))
    assert (next_day.whole.answers, next_day.whole.late) == (4, 1)
    before = await reviewed(bureau, Period(first=date(2026, 11, 1), last=END, as_of=date(2026, 12, 3)))
    after = await reviewed(bureau, Period(first=date(2026, 11, 1), last=END, as_of=date(2026, 12, 4)))
    assert (before.whole.missed, after.whole.missed) == (0, 1)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_day_is_the_one_where_the_authority_is(bureau: Office) -> None:
    """Half past midnight in Novosibirsk is still the day before in Samara."""
    assert (await reviewed(bureau)).whole.answer_days == {29: 2, 30: 1, 5: 1, 10: 1, 45: 1, 31: 1}
    await live_in(bureau, "Europe/Samara")
    in_samara = (await reviewed(bureau)).whole
    await live_in(bureau, "Asia/Novosibirsk")
    assert (in_samara.answered_late, in_samara.answer_days) == (1, {29: 3, 5: 1, 10: 1, 45: 1, 31: 1})
    assert (await reviewed(bureau)).whole.answered_late == 2


async def live_in(bureau: Office, time_zone: str) -> None:
    here, somebody = set_up(bureau), Staff(id="administrator-1", roles=frozenset((Role.ADMINISTRATOR,)))
    decided = await here.look()
    await here.act(somebody, decided.version, SetProfile(name=here.book.authority.name, time_zone=time_zone), None)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_shows_charts_beside_their_tables_and_both_files_hold_the_same(bureau: Office) -> None:
    address = "first=2026-10-01&last=2026-12-31&as_of=2026-12-31"
    page = await bureau.admin.get(f"/indicators?{address}")
    assert page.status_code == 200, text_of(page)
    shown = text_of(page)
    assert "Показатели работы: 4 квартал 2026 года" in shown
    assert "Доля с опозданием, % 37,5" in shown
    assert "Доля отказов, % 28,6" in shown
    drawings = re.findall(r"<svg.*?</svg>", page.text, re.DOTALL)
    assert drawings
    assert [one for one in drawings if not re.search(r'role="img" aria-labelledby="\S+ \S+".*<title id=.*<desc id=', one, re.DOTALL)] == []
    text = await bureau.admin.get(f"/indicators/export?{address}&as=csv")
    lines = list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert ["Доля с опозданием, %", "37,5", ""] in lines
    sheets = CalamineWorkbook.from_filelike(io.BytesIO((await bureau.admin.get(f"/indicators/export?{address}&as=xlsx")).content))
    assert sheets.sheet_names == ["Итог", "Подразделения", "Точки взаимодействия", "Типы запросов", "Месяцы"]
    in_book = {row[0]: row[1] for row in sheets.get_sheet_by_name("Итог").to_python()}
    assert (in_book["Доля с опозданием, %"], in_book["Дней до ответа, в среднем"]) == (37.5, 25.6)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_period_that_is_none_is_told_at_its_field_and_as_a_file_refused(bureau: Office) -> None:
    page = await bureau.admin.get("/indicators?first=2026-12-31&last=2026-12-01")
    assert (page.status_code, 'id="last-error"' in page.text, "Последний день раньше первого." in page.text) == (400, True, True)
    assert (await bureau.admin.get("/indicators/export?as=csv&as_of=2030-01-01")).status_code == 400
    assert (await bureau.admin.get("/indicators/export?as=doc")).status_code == 400


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.requirement("A-2.1.3")
async def test_the_board_leads_from_each_figure_to_its_rows(bureau: Office) -> None:
    page = await bureau.admin.get("/board")
    assert page.status_code == 200, text_of(page)
    assert re.search(r'href="/desk/requests\?unit=forest&amp;due=overdue">1</a>', page.text)
    rows = await bureau.admin.get("/requests?unit=forest&due=overdue")
    assert "ЗИ-6/2026" in text_of(rows)
    assert "Срок" in text_of(page)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.requirement("A-2.1.3")
async def test_a_unit_that_an_older_register_named_in_words_is_on_the_board_without_a_link(bureau: Office) -> None:
    unit_of = "UPDATE intake.requests SET unit = $1 WHERE reg_no = 'ЗИ-6/2026'"
    async with bureau.town.database.superuser() as db:
        await db.execute(unit_of, "Лесной отдел")
        page = await bureau.admin.get("/board")
        await db.execute(unit_of, "forest")
    assert "Лесной отдел" in text_of(page)
    assert "unit=%D0" not in page.text, "the register could not be asked for it"


@pytest.mark.asyncio(loop_scope="module")
async def test_leaders_and_administrators_see_them_and_nobody_else(bureau: Office) -> None:
    allowed = frozenset((Role.HEAD, Role.REGISTRAR, Role.ADMINISTRATOR))
    found = {
        route.path: route.roles for route in guarded_routes(bureau.town.service.app) if "indicators" in route.path or "board" in route.path
    }
    assert found == {"/desk/indicators": allowed, "/desk/indicators/export": allowed, "/desk/board": allowed}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_past_day_keeps_its_figures_after_a_late_answer(bureau: Office) -> None:
    """Runs behind the others: it answers what they count as unanswered."""
    before = await reviewed(bureau)
    answered_at = local(1, 10, year=2027)
    await happened(bureau, UNANSWERED, [(answered_at, [status(Status.ANSWERED)])], "site")
    assert await reviewed(bureau) == before
    since = await reviewed(bureau, Period(first=date(2027, 1, 1), last=date(2027, 1, 15), as_of=date(2027, 1, 15)))
    assert (since.whole.answers, since.whole.answered_late, since.whole.answer_days) == (1, 1, {68: 1})
