"""The page of a client's whole history: who may open it, what it holds, page by page, and that each look is in the log before."""

import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from libs.chassis.access import carried
from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role
from libs.chassis.access.tokens import new_private_key
from libs.events.contracts.intake_clients import RepresentativeEmpowered
from libs.events.contracts.intake_requests import PowersChecked
from libs.events.envelope import decode
from libs.events.vocabulary import Powers, PowersOutcome, PowersPaper, Represented
from services.history.domain.questions import READERS
from services.history.pages import ON_A_PAGE
from tests.integration.history.conftest import SignedIn
from tests.integration.history.keeping import DESK, Keeping, headers_of, spread
from tests.unit.history.told import AT, NAME, TEXT, about_client, delivered, envelope, identified, request_of

NOBODY = UUID(int=7)


async def opened(history: Keeping, headers: dict[str, str], client: UUID, query: str = "") -> httpx.Response:
    """With the cookie of the desk, which holds the same token as a program's header."""
    token = headers.get("Authorization", "").removeprefix("Bearer ")
    cookies = {"Cookie": f"{carried.COOKIE}={token}"} if token else {}
    return await history.http.get(f"{carried.TIMELINES}/clients/{client}{query}", headers=cookies)


def text_of(answer: httpx.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


async def looks(history: Keeping) -> list[dict[str, Any]]:
    return await history.rows("SELECT * FROM history.log WHERE type = 'HistoryViewed' ORDER BY occurred_at, position")


@pytest.mark.requirement("D-25", "R-25")
async def test_readers_alone_come_in_by_the_desks_cookie_and_everybody_else_is_told_why_on_a_page(
    history: Keeping, signed_in: SignedIn
) -> None:
    [route] = [one for one in guarded_routes(history.app) if one.path.startswith(f"{carried.TIMELINES}/clients")]
    assert (route.method, route.path, route.roles) == ("GET", "/timelines/clients/{client_id:uuid}", frozenset(READERS))
    for headers in ({}, {"Authorization": "Bearer x"}, headers_of(new_private_key(), "account-7", Role.HEAD)):
        answer = await opened(history, headers, NOBODY)
        assert (answer.status_code, "Вы не вошли в систему" in text_of(answer)) == (401, True)
    for role in (Role.AUDITOR, Role.SRE, Role.ADMINISTRATOR, Role.EDITOR):
        assert (await opened(history, signed_in(role), NOBODY)).status_code == 403
    in_a_header = await history.http.get(f"{carried.TIMELINES}/clients/{NOBODY}", headers=signed_in(Role.HEAD))
    assert in_a_header.status_code == 401, "a page is for browsers"
    assert await history.count() == 0
    for role in READERS:
        assert "Записей нет." in text_of(await opened(history, signed_in(role), NOBODY))


@pytest.mark.requirement("N-4.6", "N-4.4", "D-25")
async def test_it_holds_every_channel_and_every_request_of_the_client_and_of_nobody_else(history: Keeping, signed_in: SignedIn) -> None:
    client, stranger = uuid4(), uuid4()
    await history.take(
        *request_of(client, reg_no="ЗИ-7/2026"),
        *request_of(client, channel="vk", point="vk", reg_no="ЗИ-8/2026"),
        *request_of(stranger, reg_no="ЗИ-9/2026"),
        about_client(client, identified()),
    )
    answer = await opened(history, signed_in(Role.OPERATOR), client)
    page = text_of(answer)
    assert answer.text.count("Сообщение клиента</strong>") == 2
    assert page.count(TEXT) == 2
    assert NAME in page
    assert {number: number in page for number in ("ЗИ-7/2026", "ЗИ-8/2026", "ЗИ-9/2026")} == {
        "ЗИ-7/2026": True,
        "ЗИ-8/2026": True,
        "ЗИ-9/2026": False,
    }
    assert answer.headers["cache-control"] == "no-store"
    [look] = await looks(history)
    assert look["actor_id"] == "account-7"


@pytest.mark.requirement("E-11", "N-4.6")
async def test_what_a_representative_asked_stands_in_the_history_of_who_is_represented_once_the_powers_were_seen(
    history: Keeping, signed_in: SignedIn
) -> None:
    clerk, firm = uuid4(), uuid4()
    asked = request_of(clerk, reg_no="ЗИ-7/2026")
    request = decode(asked[1].value).thread_id
    powers = Powers(paper=PowersPaper.POWER_OF_ATTORNEY, number="17", issued_on=AT.date())
    seen = PowersChecked(outcome=PowersOutcome.CONFIRMED, represented=Represented(name="ООО «Лес»", powers=powers))
    empowered = RepresentativeEmpowered(representative=clerk, request_id=request, powers=powers)
    await history.take(*asked)
    assert "Записей нет." in text_of(await opened(history, signed_in(Role.HEAD), firm))
    await history.take(delivered(envelope(seen, thread_id=request, client_id=firm, seq=4)), about_client(firm, empowered))
    for client in (firm, clerk):
        page = text_of(await opened(history, signed_in(Role.HEAD), client))
        assert (TEXT in page, "ЗИ-7/2026" in page, "Проверены полномочия представителя" in page) == (True, True, True)
    assert "Полномочия представителя подтверждены" in text_of(await opened(history, signed_in(Role.HEAD), firm))


@pytest.mark.requirement("N-4.6", "D-25")
async def test_it_is_read_page_by_page_without_gap_or_double_and_each_page_is_a_look(history: Keeping, signed_in: SignedIn) -> None:
    client = uuid4()
    numbers = [f"ЗИ-{number}/2026" for number in range(1, 21)]  # four entries each
    await history.take(*spread([request_of(client, reg_no=number) for number in numbers]))
    headers, told, query, pages = signed_in(Role.HEAD), list[str](), "", 0
    while True:
        answer = await opened(history, headers, client, query)
        told += re.findall(r"<strong>([^<]+)</strong>", answer.text)
        pages += 1
        onward = re.search(r'href="(\?cursor=[^"]+)"', answer.text)
        if onward is None:
            break
        query = onward[1]
    assert pages == -(-len(told) // ON_A_PAGE) == 2
    assert [told.count(title) for title in ("Сообщение клиента", "Запрос зарегистрирован")] == [20, 20]
    assert "К началу истории" in text_of(answer)
    assert len(await looks(history)) == pages
    assert (await opened(history, headers, NOBODY, query)).status_code == 400, "a cursor goes on with its own question alone"


@pytest.mark.requirement("N-4.6", "D-25")
async def test_it_is_narrowed_by_kind_channel_point_and_days_in_its_address_and_goes_on_by_the_same(
    history: Keeping, signed_in: SignedIn
) -> None:
    client = uuid4()
    numbers = [f"ЗИ-{number}/2026" for number in range(1, 61)]
    await history.take(*spread([request_of(client, reg_no=number) for number in numbers]), *request_of(client, channel="vk", point="group"))
    headers = signed_in(Role.HEAD)

    async def titles(query: str) -> tuple[list[str], str | None]:
        answer = await opened(history, headers, client, query)
        assert answer.status_code == 200, text_of(answer)
        onward = re.search(r'href="(\?[^"]*cursor=[^"]+)"', answer.text)
        return re.findall(r"<strong>([^<]+)</strong>", answer.text), unescape(onward[1]) if onward else None

    first, onward = await titles("?kind=messages&channel=site&point=&first=&last=")
    assert onward is not None
    assert "kind=messages" in onward
    second, end = await titles(onward)
    assert (first + second, end) == (["Сообщение клиента"] * 60, None)
    assert (await titles("?channel=vk&point=group"))[0].count("Сообщение клиента") == 1
    day = AT.date().isoformat()
    assert (await titles(f"?kind=messages&first={day}&last={day}"))[1] is not None
    assert await titles("?last=2025-12-31") == ([], None)
    page = (await opened(history, headers, client, "?point=group")).text
    assert '<option value="group" selected>group</option>' in page, "a point that is on no list is called by its code"
    assert '<option value="site">сайт</option>' in page
    filters = [orjson.loads(look["open"])["filter"] for look in await looks(history)]
    assert filters[0] == {"client": str(client), "kind": "messages", "channel": "site"}


@pytest.mark.requirement("N-4.6")
async def test_a_made_up_filter_is_refused_on_a_page_that_says_so(history: Keeping, signed_in: SignedIn) -> None:
    answer = await opened(history, signed_in(Role.HEAD), NOBODY, "?kind=everything")
    assert (answer.status_code, "Такого отбора нет" in text_of(answer)) == (400, True)


@pytest.mark.requirement("N-4.6", "R-20")
async def test_what_the_desk_may_show_within_its_page_nobody_else_may(history: Keeping, signed_in: SignedIn) -> None:
    answer = await opened(history, signed_in(Role.HEAD), NOBODY)
    assert f"frame-ancestors 'self' {DESK}" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
