"""A lost code goes once more to the request's own addresses, and the door says nothing of what there is (E-10)."""

from dataclasses import replace
from typing import Any

import pytest

from libs.events.contracts.intake_requests import TrackingCodeAsked
from libs.events.topics import REQUESTS
from libs.events.vocabulary import Contacts
from services.intake.code_reminders import MOST_A_DAY
from tests.examples import Somebody, anna, boris
from tests.integration.intake.test_person import registered, token_for
from tests.integration.intake.test_words import is_read
from tests.integration.intake.town import Town, said
from tests.stack import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.requirement("E-10")]


def somebody(name: str) -> Somebody:
    """With contacts that no other test of this module knows."""
    digits = "".join(str(ord(sign) % 10) for sign in name)[:4].rjust(4, "7")
    return replace(anna, email=f"{name}@example.ru", phone=f"+7 913 555-{digits[:2]}-{digits[2:]}", account=f"vk-{name}")


async def ask(town: Town, known_by: str) -> None:
    answer = await town.site.ask("code-reminders", {"known_by": known_by})
    assert (answer.status_code, answer.content) == (202, b"")
    await eventually(lambda: done(town), what="the timer has run")


async def done(town: Town) -> bool:
    return not await town.value("SELECT count(*) FROM timers WHERE kind = 'remind-code'")


async def asked(town: Town, name: str, frontend: str = "site") -> list[TrackingCodeAsked]:
    return [fact for fact in await town.facts(frontend, name) if isinstance(fact, TrackingCodeAsked)]


@pytest.mark.requirement("N-3.4")
async def test_by_its_number_the_code_goes_to_the_proved_address_and_history_hears_of_it(shared_town: Town) -> None:
    town, who = shared_town, somebody("number")
    receipt = await registered(town, "n-1", who)
    await town.site.ask("confirmations", {"token": await token_for(town, "n-1")})
    await ask(town, receipt["register_number"].lower())
    [fact] = await asked(town, "n-1")
    assert fact.tracking_code == receipt["tracking_code"]
    [notice] = fact.notices
    assert (notice.target.address, notice.target.confirmed, notice.reg_no) == (who.email, True, receipt["register_number"])
    [heard] = await town.listener.until(lambda: told(town, receipt), "the reminder on Kafka")
    assert (heard.envelope.actor.role, heard.envelope.actor.id) == ("frontend", "site")


def told(town: Town, receipt: dict[str, Any]) -> list[Any]:
    every = [heard for heard in town.listener.on(REQUESTS.name) if isinstance(heard.fact, TrackingCodeAsked)]
    return [heard for heard in every if heard.fact.notices and heard.fact.notices[0].reference == receipt["reference"]]


async def test_by_a_contact_the_newest_requests_that_name_it_are_meant_and_no_others(shared_town: Town) -> None:
    town, who = shared_town, somebody("contact")
    for number in range(6):
        await registered(town, f"c-{number}", who, dialogue=f"c-{number}", contacts=Contacts(email=who.email, phone=who.phone))
    neighbour = f"Мой сосед {who.email} просит ответить о земельном участке."
    await registered(town, "c-other", boris, text=neighbour, contacts=Contacts(phone=boris.phone))
    await is_read(town)
    await ask(town, who.phone)
    assert [len(await asked(town, f"c-{number}")) for number in range(6)] == [0, 1, 1, 1, 1, 1]
    await ask(town, f" {who.email.upper()}")
    assert await asked(town, "c-other") == [], "an address in a text is nobody's contact"


async def test_into_the_dialogue_that_the_message_came_by(shared_town: Town) -> None:
    town, who = shared_town, somebody("dialogue")
    await town.vk.send(said("d-1", who, dialogue="d-1", contacts=Contacts()))
    receipt = await town.vk.receipt("d-1")
    await ask(town, receipt.reference)
    [fact] = await asked(town, "d-1", "vk")
    assert [(one.target.frontend, one.target.dialogue) for one in fact.notices] == [("vk", "d-1")]
    assert fact.tracking_code == receipt.tracking_code


async def test_one_address_is_written_to_a_few_times_a_day_whichever_request_is_named(shared_town: Town) -> None:
    town, who = shared_town, somebody("often")
    receipts = [await registered(town, f"o-{number}", who, dialogue=f"o-{number}") for number in range(2)]
    for turn in range(MOST_A_DAY + 1):
        await ask(town, receipts[turn % 2]["reference"])
    assert len(await asked(town, "o-0")) + len(await asked(town, "o-1")) == MOST_A_DAY
    assert all(one.tracking_code is None for one in await asked(town, "o-0")), "nobody has confirmed the address"


async def test_where_no_code_can_go_staff_see_that_it_was_asked_for(shared_town: Town) -> None:
    town = shared_town
    receipt = await registered(town, "p-1", somebody("phone"), contacts=Contacts(phone="+7 913 555-44-33"))
    await ask(town, receipt["reference"])
    [fact] = await asked(town, "p-1")
    assert (fact.notices, fact.tracking_code) == ((), None)


@pytest.mark.requirement("R-6")
async def test_what_is_not_there_leaves_nothing_behind_and_the_door_says_the_same(shared_town: Town) -> None:
    town = shared_town
    events = await town.value("SELECT count(*) FROM events")
    for known_by in ("ЗИ-999999/2026", "nobody@example.ru", "+7 913 000-99-99", "?", "ы" * 320):
        await ask(town, known_by)
    assert await town.value("SELECT count(*) FROM events") == events
    wrong = await town.site.ask("code-reminders", {"known_by": ""})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong-schema")
