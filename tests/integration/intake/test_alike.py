"""What the card says by itself: what a request seems to be, and who else asks the same (N-8.4, E-7)."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.events.contracts.intake_requests import RequestClassified
from libs.events.vocabulary import Contacts, Sender
from services.intake.store import REQUEST
from tests.examples import anna, boris, firm
from tests.integration.intake.people import Office, is_quiet, office, text_of
from tests.integration.intake.test_words import is_read, taken_in
from tests.integration.intake.town import said
from tests.stack import Database

LAND = "Прошу сообщить, как рассчитана арендная плата за земельный участок."


@pytest.fixture
async def bureau(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request)) as found:
        yield found


async def card(bureau: Office, request_id: UUID) -> httpx.Response:
    answer = await bureau.admin.get(f"/requests/{request_id}")
    assert answer.status_code == 200, text_of(answer)
    return answer


async def facts(bureau: Office, request_id: UUID) -> list[Any]:
    async with bureau.town.service.process.pool.acquire() as db:
        return [row.fact for row in (await bureau.town.service.process.store.read(db, REQUEST, [request_id]))[str(request_id)]]


def form_of(page: httpx.Response, command: str = "classify") -> dict[str, str]:
    """What a browser would send if nothing but Enter were pressed."""
    form = page.text.partition(f'id="form-{command}"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    selects = re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL)
    return hidden | {name: (re.findall(r'value="([^"]*)" selected', options) or [""])[-1] for name, options in selects}


def alike_of(page: httpx.Response) -> str:
    return text_of(httpx.Response(200, text=page.text.partition('id="alike"')[2].partition('<div class="govuk-grid-row">')[0]))


@pytest.mark.requirement("N-8.4", "N-6.1", "N-2.1")
async def test_the_form_is_filled_with_what_the_text_says_and_enter_confirms_it(bureau: Office) -> None:
    request_id = await taken_in(bureau, text=LAND)
    page = await card(bureau, request_id)
    shown = text_of(page)
    assert "Предложено по словам: прошу сообщить" in shown
    assert "Предложено по словам: земельный участок, арендная плата" in shown
    assert "Предложено по теме: Земельные участки" in shown
    assert [button.partition(">")[2] for button in re.findall(r"<button[^>]* autofocus>[^<]*", page.text)] == ["Классифицировать"]
    filled = form_of(page)
    assert not [fact for fact in await facts(bureau, request_id) if isinstance(fact, RequestClassified)], "nothing is applied by itself"
    answer = await bureau.admin.post(f"/requests/{request_id}/classify", **filled)
    assert answer.status_code == 303, text_of(answer)
    [classified] = [fact for fact in await facts(bureau, request_id) if isinstance(fact, RequestClassified)]
    said = classified.classification
    assert (said.type, said.topic, said.urgency.value, said.unit) == ("information", "land", "ordinary", "land")
    assert classified.client_kind is anna.kind
    assert "Предложено" not in text_of(await card(bureau, request_id)), "what the registrar said needs no suggestion"


@pytest.mark.requirement("N-8.4")
async def test_of_a_text_that_tells_nothing_nothing_is_filled_in_and_nothing_is_focused(bureau: Office) -> None:
    request_id = await taken_in(bureau, text="Нечто о верблюдах и жирафах.")
    page = await card(bureau, request_id)
    assert form_of(page) | {"version": ""} == {
        "version": "",
        "classify-type": "",
        "classify-topic": "",
        "classify-urgency": "ordinary",
        "classify-unit": "",
        "classify-client_kind": "citizen",
    }
    assert "autofocus" not in page.text
    assert "Предложено" not in text_of(page)


@pytest.mark.requirement("N-8.4")
async def test_what_the_registrar_chose_instead_stays_when_the_form_is_refused(bureau: Office) -> None:
    request_id = await taken_in(bureau, text=LAND)
    filled = form_of(await card(bureau, request_id))
    answer = await bureau.admin.post(f"/requests/{request_id}/classify", **filled | {"classify-topic": "forest"})
    assert answer.status_code == 409
    assert form_of(answer)["classify-topic"] == "forest"
    assert "autofocus" not in answer.text


@pytest.mark.requirement("E-7")
async def test_the_same_words_of_many_people_are_counted_and_listed_and_each_keeps_its_own_number(bureau: Office) -> None:
    text = "Требуем сохранить лес у озера и отменить вырубку деревьев. {name}, дом {house}"
    ids = []
    for number, who in enumerate((anna, boris, firm)):
        signed = text.format(name=who.name, house=number + 1)
        ids.append(await taken_in(bureau, f"m-{number}", who=who, text=signed, sender=Sender(name=who.name)))
    alone = await taken_in(bureau, "m-9", dialogue="alone", contacts=Contacts(email="alone@example.ru"), text=LAND)
    await is_read(bureau.town)
    told = alike_of(await card(bureau, ids[0]))
    assert "Запросов с тем же текстом: 2" in told
    assert boris.name in told
    assert "повторный" not in told
    assert 'id="alike"' not in (await card(bureau, alone)).text
    numbers = {(await bureau.town.request("site", f"m-{number}"))["reg_no"] for number in range(3)}
    assert len(numbers) == 3
    listed = await bureau.admin.get(f"/requests?order=newest&same={ids[0]}")
    found = [UUID(one) for one in re.findall(r'class="govuk-link web-number" href="/desk/requests/([0-9a-f-]{36})"', listed.text)]
    assert found == ids[::-1]
    assert text_of(listed).count("таких же: 2") == 3
    assert "Только запросы с тем же текстом" in text_of(listed)
    both = await bureau.admin.get(f"/requests?order=newest&same={ids[0]}&status=received")
    assert "По этому отбору запросов нет." in text_of(both)


@pytest.mark.requirement("E-7")
async def test_nearly_the_same_from_one_person_is_a_repeated_request_and_another_matter_is_none(bureau: Office) -> None:
    first = await taken_in(bureau, "m-1", text=LAND)
    again = await taken_in(bureau, "m-2", text="Ещё раз прошу сообщить, как рассчитана арендная плата за мой земельный участок!")
    await taken_in(bureau, "m-3", text="Когда отремонтируют дорогу к озеру?")
    await taken_in(bureau, "m-4", who=boris, text="Повторно прошу сообщить, как рассчитана арендная плата за земельный участок.")
    await is_read(bureau.town)
    told = alike_of(await card(bureau, again))
    numbers = [str((await bureau.town.request("site", f"m-{number}"))["reg_no"]) for number in (1, 2, 3, 4)]
    assert "Похоже на повторный запрос" in told
    assert re.search(rf"{numbers[0]} ?: зарегистрирован, {anna.name} ?, тот же телефон или адрес почты", told)
    assert numbers[2] not in told
    assert numbers[3] not in told
    assert numbers[1] in alike_of(await card(bureau, first))


@pytest.mark.requirement("E-7")
async def test_the_same_client_is_known_by_the_account_where_there_is_one(bureau: Office) -> None:
    for number in (1, 2):
        sender = Sender(name=anna.name, account=anna.account)
        fact = said(f"m-{number}", sender=sender, contacts=Contacts(), dialogue=str(number), text=LAND, received_at=bureau.clock.now())
        assert (await bureau.town.vk.post(fact)).status_code == 201
    await is_read(bureau.town)
    newest = UUID(str((await bureau.town.request("vk", "m-2"))["request_id"]))
    page = await card(bureau, newest)
    assert "тот же клиент" in alike_of(page)
    first = (await bureau.town.request("vk", "m-1"))["reg_no"]
    assert re.search(rf'id="merge-into" name="merge-into" type="text" value="{first}"', page.text), "it may be merged into the open one"
