"""A deputy acts in the place of a colleague on the appointed days, and every record says who did it and for whom."""

from datetime import timedelta
from uuid import UUID

import pytest

from libs.chassis.access.tokens import TokenVerifier, public_key_of
from libs.events.contracts.intake_requests import RequestAssigned
from libs.events.contracts.staff_events import DeputyAppointed, DeputyEnded
from libs.events.envelope import Actor
from libs.events.topics import REQUESTS
from tests.integration.intake.people import Browser, Office, office, text_of
from tests.integration.intake.test_desk_pages import CLASSIFIED, card, do, taken_in
from tests.stack import Database

pytestmark = [pytest.mark.requirement("E-1")]


async def appoint(made: Office, absent: str, deputy: str, days: int = 0, begins: int = 0) -> int:
    """From today plus `begins` on for so many days more; the status of the answer."""
    today = made.clock.now().astimezone(made.town.service.process.authority.time_zone).date()
    fields = {
        "deputy": deputy,
        "first_day": (today + timedelta(days=begins)).isoformat(),
        "last_day": (today + timedelta(days=begins + days)).isoformat(),
        "deputy_reason": "приказ об отпуске № 7",
    }
    return (await made.admin.post(f"/accounts/{absent}/deputies", **fields)).status_code


async def stands_in_for(browser: Browser, absent: str) -> bool:
    answer = await browser.post(f"/me/acting/{absent}")
    return answer.status_code == 303


async def test_what_a_deputy_does_says_who_did_it_and_for_whom(database: Database, fresh_kafka: str) -> None:
    async with office(database) as made:
        absent, _ = await made.somebody("registratura", "registrar", "executor", unit="land")
        deputy, browser = await made.somebody("zamestitel", "operator")
        request_id = await taken_in(made)
        await do(made.admin, request_id, "classify", **CLASSIFIED)
        assert (await browser.get(f"/requests/{request_id}")).text.count("assign-executor") == 0, "an operator hands nothing over"
        assert not await stands_in_for(browser, absent)
        assert await appoint(made, absent, deputy, days=1) == 303
        assert "registratura" not in text_of(await browser.get("/me"))
        assert f"/desk/me/acting/{absent}" in (await browser.get("/me")).text
        assert await stands_in_for(browser, absent)
        assert "Вы замещаете: Запланированн" in text_of(await browser.get("/"))
        answer = await do(browser, request_id, "assign", **{"assign-unit": "land", "assign-executor": absent})
        assert answer.status_code == 303, text_of(answer)
        assert "Поручены мне 1" in text_of(await browser.get("/")), "the work of the one who is away is theirs"
        assert "(за: Запланированн" in text_of(await card(made.admin, request_id))
        heard = await made.town.listener.until(
            lambda: [one for one in made.town.listener.on(REQUESTS.name) if isinstance(one.fact, RequestAssigned)], "it is published"
        )
        assert heard[0].envelope.actor == Actor(role="registrar", id=deputy, on_behalf_of=absent)
        token = (await browser.post("/me/token")).json()["token"]
        public = public_key_of(database.stack.staff_key)
        told = TokenVerifier(public, issuer=made.town.service.process.authority.code, clock=made.clock).verify(token).staff
        assert (told.id, told.acting_for, "registrar" in told.roles) == (deputy, absent, True)
        assert (await browser.post("/me/acting/end")).status_code == 303
        assert "Вы замещаете" not in text_of(await browser.get("/"))
        assert (await do(made.admin, request_id, "ask-clarification", **{"ask-clarification-question": "О чём речь?"})).status_code == 303
        assert (await browser.post("/me/token")).status_code == 200


async def test_the_day_after_the_last_and_with_the_end_of_the_appointment_a_deputy_is_themself_again(
    database: Database, fresh_kafka: str
) -> None:
    async with office(database) as made:
        absent, _ = await made.somebody("nachalnik", "head")
        deputy, browser = await made.somebody("zamestitel", "operator")
        assert await appoint(made, absent, deputy, begins=1, days=1) == 303
        assert not await stands_in_for(browser, absent), "it begins tomorrow"
        made.clock.move(timedelta(days=1))
        await browser.sign_in("zamestitel")
        await made.admin.sign_in()
        assert await stands_in_for(browser, absent)
        assert "Вы замещаете" in text_of(await browser.get("/"))
        made.clock.move(timedelta(days=2))
        await browser.sign_in("zamestitel")
        await made.admin.sign_in()
        assert not await stands_in_for(browser, absent)
        assert await appoint(made, absent, deputy) == 303
        assert await stands_in_for(browser, absent)
        [*_, last] = [fact for fact in await made.facts(absent) if isinstance(fact, DeputyAppointed)]
        path = f"/accounts/{absent}/deputies/{last.appointment_id}/end"
        assert (await made.admin.post(path, end_reason="")).status_code == 422
        assert (await made.admin.post(path, end_reason="вернулся")).status_code == 303
        assert (await made.admin.post(path, end_reason="вернулся")).status_code == 404
        assert "Вы замещаете" not in text_of(await browser.get("/")), "in the middle of their work"
        assert (await made.facts(absent))[-1] == DeputyEnded(appointment_id=last.appointment_id, deputy=UUID(deputy), reason="вернулся")


async def test_an_appointment_that_can_not_be_is_refused_at_its_field(database: Database) -> None:
    async with office(database, quiet=True) as made:
        absent, _ = await made.somebody("nachalnik", "head")
        deputy, browser = await made.somebody("zamestitel", "operator")
        answer = await made.admin.post(f"/accounts/{absent}/deputies", deputy=deputy, first_day="завтра", last_day="", deputy_reason="")
        assert answer.status_code == 422
        assert all(said in text_of(answer) for said in ("Укажите первый день", "Укажите последний день", "Укажите причину"))
        assert await appoint(made, absent, absent) == 400
        assert await appoint(made, absent, deputy, days=400) == 400
        assert await appoint(made, absent, deputy) == 303
        assert await appoint(made, absent, deputy) == 409
        assert (await browser.post(f"/accounts/{absent}/deputies", deputy=deputy)).status_code == 403
        await made.admin.post(f"/accounts/{absent}/disable", reason="увольнение")
        assert not await stands_in_for(browser, absent), "nobody acts for whom the authority let go"
