"""Nobody's account is closed over open requests: they go to another executor first, with a reason in each of them."""

import asyncio
import re
from typing import Any
from uuid import UUID

import pytest

from libs.events.contracts.intake_requests import RequestReassigned
from tests.integration.intake.people import Browser, Office, office, text_of
from tests.integration.intake.test_desk_pages import CLASSIFIED, card, do, facts, taken_in
from tests.stack import Database

pytestmark = [pytest.mark.requirement("E-1", "N-6.1", "S-8")]

REASON = "увольнение, приказ № 12"


async def in_hands(made: Office, executor: str, name: str, topic: str = "land", unit: str = "land") -> UUID:
    """A request that is assigned to somebody."""
    request_id = await taken_in(made, name)
    answer = await do(made.admin, request_id, "classify", **CLASSIFIED | {"classify-topic": topic, "classify-unit": unit})
    assert answer.status_code == 303, text_of(answer)
    answer = await do(made.admin, request_id, "assign", **{"assign-unit": unit, "assign-executor": executor})
    assert answer.status_code == 303, text_of(answer)
    return request_id


async def executor_of(made: Office, request_id: UUID) -> str | None:
    found: str | None = await made.town.value("SELECT executor FROM requests WHERE request_id = $1", request_id)
    return found


def asked(executor: str, **more: str) -> dict[str, str]:
    return {"executor": executor, "reason": REASON, **more}


async def leave(made: Office, account_id: str) -> int:
    return (await made.admin.post(f"/accounts/{account_id}/disable", reason=REASON)).status_code


async def test_work_goes_to_a_colleague_by_two_presses_and_then_the_account_can_be_closed(database: Database) -> None:
    async with office(database, quiet=True) as made:
        leaver, _ = await made.somebody("uvolnen", "executor", unit="land")
        taker, colleague = await made.somebody("preemnik", "executor", unit="land")
        work = [await in_hands(made, leaver, f"m-{n}") for n in range(3)]
        waiting = work[2]
        await do(made.admin, waiting, "ask-clarification", **{"ask-clarification-question": "О каком участке речь?"})
        refused = await made.admin.post(f"/accounts/{leaver}/disable", reason=REASON)
        assert (refused.status_code, "открытые запросы" in text_of(refused)) == (409, True)
        assert f'href="/desk/hand-over/{leaver}"' in refused.text
        page = await made.admin.get(f"/hand-over/{leaver}")
        assert all(f"/desk/requests/{request_id}" in page.text for request_id in work)
        assert "Открытых запросов: 3" in text_of(page)
        question = await made.admin.post(f"/hand-over/{leaver}", **asked(taker))
        assert "Передать запросы: 3" in text_of(question)
        assert [await executor_of(made, request_id) for request_id in work] == [leaver] * 3, "one press does nothing yet"
        done = await made.admin.post(f"/hand-over/{leaver}/now", **asked(taker))
        assert "Передано: 3. Осталось передать этому исполнителю: 0." in text_of(done)
        assert [await executor_of(made, request_id) for request_id in work] == [taker] * 3
        for request_id in work:
            [fact] = [fact for fact in await facts(made, request_id) if isinstance(fact, RequestReassigned)]
            assert (fact.executor, fact.unit, fact.reason) == (taker, "land", REASON)
        assert "запрошено уточнение" in text_of(await card(made.admin, waiting)), "who is waited for is waited for still"
        assert "Поручены мне 3" in text_of(await colleague.get("/"))
        assert await leave(made, leaver) == 303
        back = {"assign-unit": "land", "assign-executor": leaver, "assign-reason": REASON}
        answer = await do(made.admin, work[0], "assign", **back)
        assert (answer.status_code, "исполнителя отключена" in text_of(answer)) == (400, True)
        assert "ни одного открытого запроса" in text_of(await made.admin.get(f"/hand-over/{leaver}"))


async def test_what_a_unit_is_not_competent_for_stays_until_somebody_else_is_chosen(database: Database) -> None:
    async with office(database, quiet=True) as made:
        leaver, _ = await made.somebody("uvolnen", "executor", unit="land")
        lands, _ = await made.somebody("zemlya", "executor", unit="land")
        forests, _ = await made.somebody("lesnik", "executor", unit="forest")
        about_land, about_forest = await in_hands(made, leaver, "m-1"), await in_hands(made, leaver, "m-2", "forest", "forest")
        question = text_of(await made.admin.post(f"/hand-over/{leaver}", **asked(lands)))
        assert "Передать запросы: 1" in question
        assert "не занимается такой темой" in question
        await made.admin.post(f"/hand-over/{leaver}/now", **asked(lands))
        assert (await executor_of(made, about_land), await executor_of(made, about_forest)) == (lands, leaver)
        assert await leave(made, leaver) == 409
        await made.admin.post(f"/hand-over/{leaver}/now", **asked(forests))
        assert await executor_of(made, about_forest) == forests
        assert await leave(made, leaver) == 303


async def test_more_than_one_press_can_carry_goes_on_where_it_stopped_and_twice_is_once(database: Database) -> None:
    async with office(database, quiet=True, hand_over_batch=2) as made:
        leaver, _ = await made.somebody("uvolnen", "executor", unit="land")
        taker, _ = await made.somebody("preemnik", "executor", unit="land")
        work = [await in_hands(made, leaver, f"m-{n}") for n in range(5)]
        first = await made.admin.post(f"/hand-over/{leaver}/now", **asked(taker))
        assert "Передано: 2. Осталось передать этому исполнителю: 3." in text_of(first)
        [so_far] = re.findall(r'name="done" value="(\d+)"', first.text)
        both = await asyncio.gather(*(made.admin.post(f"/hand-over/{leaver}/now", **asked(taker, done=so_far)) for _ in range(2)))
        assert {answer.status_code for answer in both} == {200}
        while await made.town.value("SELECT count(*) FROM requests WHERE open AND executor = $1", leaver):
            await made.admin.post(f"/hand-over/{leaver}/now", **asked(taker))
        for request_id in work:
            assert await executor_of(made, request_id) == taker
            assert len([fact for fact in await facts(made, request_id) if isinstance(fact, RequestReassigned)]) == 1, "each once"


async def test_nothing_is_left_with_somebody_who_leaves_while_it_is_being_assigned_to_them(database: Database) -> None:
    async with office(database, quiet=True) as made:
        leaver, _ = await made.somebody("uvolnen", "executor", unit="land")
        request_id = await taken_in(made)
        await do(made.admin, request_id, "classify", **CLASSIFIED)
        fields = {"assign-unit": "land", "assign-executor": leaver}
        assigned, left = await asyncio.gather(do(made.admin, request_id, "assign", **fields), leave(made, leaver))
        assert (assigned.status_code, left) in {(303, 409), (400, 303)}
        enabled = await made.town.value("SELECT enabled FROM accounts WHERE account_id = $1", UUID(leaver))
        assert enabled is (await executor_of(made, request_id) == leaver)
        again = await do(made.admin, request_id, "assign", **fields) if left == 303 else None
        assert again is None or "отключена" in text_of(again)


async def test_who_takes_over_is_an_executor_of_a_unit_and_who_hands_over_leads(database: Database) -> None:
    async with office(database, quiet=True) as made:
        leaver, own = await made.somebody("uvolnen", "executor", unit="land")
        nowhere, _ = await made.somebody("bez-otdela", "executor")
        clerk, _ = await made.somebody("operator", "operator", unit="land")
        request_id = await in_hands(made, leaver, "m-1")
        wrong: list[tuple[dict[str, Any], int]] = [
            (asked(nowhere), 400),
            (asked(clerk), 400),
            (asked(leaver), 400),
            (asked("nobody"), 400),
            (asked("\x00"), 422),
            ({"executor": nowhere, "reason": ""}, 422),
            ({}, 422),
        ]
        for fields, status in wrong:
            for path in (f"/hand-over/{leaver}", f"/hand-over/{leaver}/now"):
                answer = await made.admin.post(path, **fields)
                assert (fields, path, answer.status_code) == (fields, path, status)
        for browser in (own, await with_role(made, "executor"), await with_role(made, "auditor")):
            assert (await browser.get(f"/hand-over/{leaver}")).status_code == 403
            assert (await browser.post(f"/hand-over/{leaver}/now", **asked(nowhere))).status_code == 403
        assert (await (await with_role(made, "head")).get(f"/hand-over/{leaver}")).status_code == 200
        assert (await made.admin.get("/hand-over/00000000-0000-7000-8000-000000000000")).status_code == 404
        assert await executor_of(made, request_id) == leaver


async def with_role(made: Office, role: str) -> Browser:
    _, browser = await made.somebody(f"only-{role}", role)
    return browser
