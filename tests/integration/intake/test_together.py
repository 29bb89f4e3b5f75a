"""Several rows of the register are chosen, one act is filled in and shown for each of them, and only then done to each by itself."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from uuid import UUID

import httpx
import pytest

from libs.events.contracts.intake_requests import RequestAssigned, RequestClassified, RequestMerged, RequestReassigned, RequestStatusChanged
from libs.events.vocabulary import Status
from tests.examples import anna
from tests.integration.intake.people import Browser, Office, is_quiet, office, text_of
from tests.integration.intake.test_desk_pages import CLASSIFIED, do, facts, taken_in
from tests.stack import Database

pytestmark = pytest.mark.requirement("N-8.3", "N-8.4", "N-6.1")

REASON = "один и тот же вопрос"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
async def bureau(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request)) as found:
        yield found


async def chosen(browser: Browser, *request_ids: UUID, query: str = "") -> httpx.Response:
    """The page that follows the ticking of these rows; of all rows, where none is named."""
    listed = await browser.get(f"/requests?{query}")
    fields = fields_of(listed, "together")
    assert all(f'name="one-{request_id}"' in listed.text for request_id in request_ids)
    return await browser.post("/requests/together", **fields, **({f"one-{one}": "yes" for one in request_ids} or {"all": "yes"}))


def fields_of(page: httpx.Response, action: str) -> dict[str, str]:
    """What the form to this address holds by itself."""
    form = re.search(rf'<form[^>]* action="/desk/requests/{action}".*?</form>', page.text, re.DOTALL)
    assert form, text_of(page)
    return {name: unescape(value) for name, value in HIDDEN.findall(form[0])}


async def checked(browser: Browser, page: httpx.Response, command: str, **fields: str) -> httpx.Response:
    """The question that follows a form of that page."""
    return await browser.post("/requests/together/check", **{**fields_of(page, "together/check"), "command": command, **fields})


async def confirmed(browser: Browser, page: httpx.Response) -> httpx.Response:
    answer = await browser.post("/requests/together/now", **fields_of(page, "together/now"))
    assert answer.status_code == 200, text_of(answer)
    return answer


async def statuses(bureau: Office) -> dict[UUID, str]:
    return {row["request_id"]: row["status"] for row in await bureau.town.rows("SELECT request_id, status FROM requests")}


@pytest.mark.requirement("S-5", "S-7", "S-8")
async def test_many_are_classified_and_handed_over_after_a_question_and_twice_is_once(bureau: Office) -> None:
    executor, _ = await bureau.somebody("lesnik", "executor", unit="land")
    _, head = await bureau.somebody("glava", "head")
    work = [await taken_in(bureau, f"m-{number}", dialogue=f"d-{number}") for number in range(3)]
    left_alone = await taken_in(bureau, "m-9", dialogue="d-9")
    page = await chosen(bureau.admin, *work, query="status=registered")
    assert "Выбрано запросов: 3" in text_of(page)
    question = await checked(bureau.admin, page, "classify", **CLASSIFIED)
    assert "Тема Земельные участки" in text_of(question)
    assert text_of(question).count("зарегистрирован классифицирован") == 3
    assert set((await statuses(bureau)).values()) == {"registered"}, "nothing is done before it is confirmed"
    done = await confirmed(bureau.admin, question)
    assert "Сделано для всех запросов: 3" in text_of(done)
    assert 'href="/desk/requests?status=registered"' in done.text, "back to the same filters"
    assert "Сделано для всех запросов: 3" in text_of(await confirmed(bureau.admin, question)), "the same form again"
    for request_id in work:
        told = await facts(bureau, request_id)
        assert [type(fact) for fact in told[-2:]] == [RequestClassified, RequestStatusChanged]
        assert len([fact for fact in told if isinstance(fact, RequestClassified)]) == 1
    assert (await statuses(bureau))[left_alone] == "registered"
    page = await chosen(bureau.admin, query="status=classified")
    question = await checked(bureau.admin, page, "assign", **{"assign-unit": "land", "assign-executor": executor})
    both = await asyncio.gather(*(confirmed(bureau.admin, question) for _ in range(2)))
    assert ["Сделано для всех запросов: 3" in text_of(answer) for answer in both] == [True, True]
    page = await chosen(head, *work)
    question = await checked(head, page, "assign", **{"assign-unit": "office", "assign-reason": "отпуск"})
    await confirmed(head, question)
    for request_id in work:
        assert [type(fact) for fact in await facts(bureau, request_id) if isinstance(fact, RequestAssigned | RequestReassigned)] == [
            RequestAssigned,
            RequestReassigned,
        ]


async def test_what_was_changed_meanwhile_and_what_is_refused_is_told_for_each_and_keeps_none_of_the_others_back(bureau: Office) -> None:
    work = [await taken_in(bureau, f"m-{number}", dialogue=f"d-{number}") for number in range(3)]
    page = await chosen(bureau.admin, *work)
    await do(bureau.admin, work[0], "classify", **CLASSIFIED | {"classify-topic": "forest", "classify-unit": "office"})
    question = await checked(bureau.admin, page, "classify", **CLASSIFIED)
    assert text_of(question).count("Ничего: Пока вы работали с запросом, его изменили.") == 1
    assert "Сделать для запросов: 2" in text_of(question)
    await do(bureau.admin, work[1], "withdraw")
    done = text_of(await confirmed(bureau.admin, question))
    assert "Сделано для запросов: 1 из 2" in done
    assert done.count("Не сделано: Пока вы работали с запросом, его изменили.") == 1
    assert [(await statuses(bureau))[one] for one in work] == ["classified", "withdrawn", "classified"]
    assert (await facts(bureau, work[0]))[-2].classification.topic == "forest"
    mixed = await chosen(bureau.admin, await taken_in(bureau, "m-8", dialogue="d-8"), work[2])
    assert "Объединить с другим запросом" in text_of(mixed)
    assert 'value="leave-unconsidered"' not in mixed.text, "not open for all of them"
    unread = await taken_in(bureau, "m-7", dialogue="d-7", sender={"name": None})
    assert "нет общего действия" in text_of(await chosen(bureau.admin, unread, work[2]))
    question = await checked(
        bureau.admin, await chosen(bureau.admin, unread), "leave-unconsidered", **{"leave-unconsidered-ground": "no-name"}
    )
    assert "Клиент получит уведомление." in text_of(question)
    await confirmed(bureau.admin, question)
    assert (await statuses(bureau))[unread] == "not_considered"


@pytest.mark.requirement("S-13")
async def test_repeated_requests_are_merged_into_one_of_them(bureau: Office) -> None:
    known = {"name": anna.name, "kind": anna.kind, "account": anna.account}
    first, *others = [await taken_in(bureau, f"m-{number}", sender=known, dialogue=f"d-{number}") for number in range(3)]
    stranger = await taken_in(bureau, "m-9", dialogue="d-9")
    page = await chosen(bureau.admin, first, *others, stranger)
    question = await checked(bureau.admin, page, "merge", **{"merge-into": str(first), "merge-reason": REASON})
    assert text_of(question).count("того же клиента") == 1, "the stranger's can't be merged"
    assert "Сделать для запросов: 2" in text_of(question)
    await confirmed(bureau.admin, question)
    now = await statuses(bureau)
    assert [now[one] for one in (first, *others, stranger)] == [Status.REGISTERED, Status.MERGED, Status.MERGED, Status.REGISTERED]
    merged = [fact for one in others for fact in await facts(bureau, one) if isinstance(fact, RequestMerged)]
    assert {(fact.into, fact.reason) for fact in merged} == {(first, REASON)}


@pytest.mark.requirement("E-14", "N-8.1")
async def test_a_form_that_names_no_request_or_made_up_ones_does_nothing_and_executors_choose_nothing(bureau: Office) -> None:
    one = await taken_in(bureau)
    nobody = await bureau.admin.post("/requests/together", shown=f"{one}:3")
    assert (nobody.status_code, "Выберите хотя бы один запрос" in text_of(nobody)) == (422, True)
    empty = await checked(bureau.admin, await chosen(bureau.admin, one), "classify")
    assert (empty.status_code, 'id="classify-topic-error"' in empty.text) == (422, True)
    for fields in ({}, {"shown": "x:1"}, {"shown": f"{one}:x"}, {"shown": f"{one}:3 " * 51}):
        assert (await bureau.admin.post("/requests/together", all="yes", **fields)).status_code == 400
    assert (await bureau.admin.post("/requests/together", all="yes", shown=f"{UUID(int=7)}:3")).status_code == 404
    for command in ("", "withdraw", "register"):
        for step in ("check", "now"):
            assert (await bureau.admin.post(f"/requests/together/{step}", all="yes", shown=f"{one}:3", command=command)).status_code == 400
    _, executor = await bureau.somebody("lesnik", "executor", unit="land")
    assert 'name="one-' not in (await executor.get("/requests")).text
    assert (await executor.post("/requests/together", all="yes", shown=f"{one}:3")).status_code == 403
    _, head = await bureau.somebody("glava", "head")
    told = await head.post("/requests/together/now", all="yes", shown=f"{one}:3", command="classify", **CLASSIFIED)
    assert "Ваша роль не даёт права" in text_of(told)
    assert (await statuses(bureau))[one] == "registered"
