"""What is printed of requests: to whom, with what, and never with the code a second time."""

import re
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from libs.events.vocabulary import AdditionalChannel
from tests.examples import anna
from tests.integration.intake.people import Office, is_quiet, office, text_of
from tests.integration.intake.test_desk_pages import CLASSIFIED, do, taken_in
from tests.stack import Database

KINDS = ("card", "slip", "envelope")


@pytest.fixture
async def bureau(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request), site_url="https://otklik.example.org") as found:
        yield found


def printing(request_id: UUID, kind: str) -> str:
    return f"/requests/{request_id}/print/{kind}"


@pytest.mark.requirement("E-17", "N-0.1")
async def test_the_printed_card_and_slip_hold_number_term_and_words_and_no_code(bureau: Office) -> None:
    request_id = await taken_in(bureau, text="<b>Сколько</b> участков?", contacts=anna.contacts)
    row = await bureau.town.request("site", "m-1")
    for kind in ("card", "slip"):
        page = await bureau.admin.get(printing(request_id, kind))
        shown = text_of(page)
        assert page.status_code == 200
        assert str(row["reg_no"]) in shown
        assert "16 декабря 2026 года" in shown
        assert "Департамент земельных и лесных отношений" in shown
        assert "Код проверки" not in shown
        assert "<style" not in page.text
        assert " style=" not in page.text
    assert "&lt;b&gt;Сколько&lt;/b&gt; участков?" in (await bureau.admin.get(printing(request_id, "card"))).text
    assert "https://otklik.example.org/status" in text_of(await bureau.admin.get(printing(request_id, "slip")))


@pytest.mark.requirement("N-3.2", "E-17")
async def test_an_envelope_bears_the_address_that_the_person_chose_last_and_without_one_there_is_none(bureau: Office) -> None:
    without = await taken_in(bureau, "m-1")
    refused = await bureau.admin.get(printing(without, "envelope"))
    assert (refused.status_code, "нет почтового адреса" in text_of(refused)) == (409, True)
    with_both = await taken_in(
        bureau,
        "m-2",
        dialogue="other",
        contacts=anna.contacts,
        additional_channel=AdditionalChannel(channel="post", address="а/я 7, г. Обск"),
    )
    shown = text_of(await bureau.admin.get(printing(with_both, "envelope") + "?size=dl"))
    assert "а/я 7, г. Обск" in shown
    assert str(anna.postal) not in shown
    assert (await bureau.admin.get(printing(with_both, "envelope") + "?size=a0")).status_code == 400


@pytest.mark.requirement("N-8.3")
async def test_the_register_is_printed_by_the_filters_of_the_screen(bureau: Office) -> None:
    ids = [await taken_in(bureau, f"m-{n}", dialogue=f"d-{n}") for n in range(3)]
    assert (await do(bureau.admin, ids[1], "classify", **CLASSIFIED)).status_code == 303
    link = re.search(r'href="(/desk/requests/print[^"]*)"', (await bureau.admin.get("/requests?status=classified")).text)
    assert link
    shown = text_of(await bureau.admin.http.get(link[1]))
    assert "ЗИ-2/2026" in shown
    assert "ЗИ-1/2026" not in shown
    assert "Запрос информации; Земельные участки" in shown
    assert (await bureau.admin.get("/requests/print?status=lost")).status_code == 400


@pytest.mark.requirement("R-25", "E-1", "E-14")
async def test_nobody_prints_what_their_role_may_not_see(bureau: Office) -> None:
    request_id = await taken_in(bureau, contacts=anna.contacts)
    _, auditor = await bureau.somebody("auditor", "auditor")
    _, executor = await bureau.somebody("lesnik", "executor")
    for path in (*(printing(request_id, kind) for kind in KINDS), "/requests/print"):
        assert (await auditor.get(path)).status_code == 403
        assert (await bureau.browser().get(path)).status_code == 303
        assert (await executor.get(path)).status_code == 200
    assert (await bureau.admin.get(printing(uuid4(), "card"))).status_code == 404
