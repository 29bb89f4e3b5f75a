"""Saved views above the register: kept, shown as links, shared, renamed, removed; each in its owner's hands."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.integration.intake.people import Browser, Office, is_quiet, office, text_of
from tests.stack import Database

pytestmark = pytest.mark.requirement("N-8.3", "E-1")

LINK = re.compile(r'<a class="govuk-link" href="/desk/requests\?([^"]*)"( aria-current="page")?>([^<]*)</a>')
MINE = {"who": "mine", "due": "overdue"}
NAME = 'Мои <b>"просроченные"</b> & срочные'


@pytest.fixture
async def bureau(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request)) as found:
        yield found


async def shown(browser: Browser, query: str = "") -> list[tuple[str, str, str]]:
    """Address, whether it is the present one, and name of each view above the table."""
    page = (await browser.get(f"/requests{query}")).text
    found = re.search(r'<nav class="web-onward" aria-label="Сохранённые отборы">(.*?)</nav>', page, re.DOTALL)
    return LINK.findall(found[1]) if found else []


async def view_id(bureau: Office, name: str) -> str:
    return str(await bureau.town.value("SELECT view_id FROM views WHERE name = $1", name))


async def test_a_view_is_a_link_above_the_table_until_it_is_removed_and_its_address_is_the_filters_alone(bureau: Office) -> None:
    _, oleg = await bureau.somebody("oleg", "executor")
    for _ in range(2):  # the same form twice
        answer = await oleg.post("/requests/views", name=NAME, **MINE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/requests?who=mine&due=overdue")
    escaped = "Мои &lt;b&gt;&#34;просроченные&#34;&lt;/b&gt; &amp; срочные"
    assert await shown(oleg) == [("due=overdue&amp;who=mine", "", escaped)]
    assert await shown(oleg, "?who=mine&due=overdue") == [("due=overdue&amp;who=mine", ' aria-current="page"', escaped)]
    assert await shown(bureau.admin) == []
    one = await view_id(bureau, NAME)
    assert (await oleg.post(f"/requests/views/{one}", **{f"name-{one}": "Мои"})).status_code == 303
    assert [name for _, _, name in await shown(oleg)] == ["Мои"]
    assert "Срок: просрочен; Поручен: мне" in text_of(await oleg.get("/requests/views"))
    for status in (303, 404):
        assert (await oleg.post(f"/requests/views/{one}/remove")).status_code == status
    assert await shown(oleg) == []


async def test_a_view_for_everybody_is_seen_by_all_staff_and_changed_by_who_may_share_alone(bureau: Office) -> None:
    _, oleg = await bureau.somebody("oleg", "executor")
    _, head = await bureau.somebody("head", "head")
    assert (await bureau.admin.post("/requests/views", name="Срочные", shared="yes", urgency="urgent")).status_code == 303
    assert (await oleg.post("/requests/views", name="Чужим", shared="yes", urgency="urgent")).status_code == 403
    one = await view_id(bureau, "Срочные")
    assert [name for _, _, name in await shown(oleg)] == ["Срочные"]
    assert "общий Запланированная Вершинина Ольга" in text_of(await oleg.get("/requests/views"))
    fields = {f"name-{one}": "Самые срочные", f"shared-{one}": "yes"}
    assert (await oleg.post(f"/requests/views/{one}", **fields)).status_code == 404
    assert (await oleg.post(f"/requests/views/{one}/remove")).status_code == 404
    assert (await head.post(f"/requests/views/{one}", **fields)).status_code == 303
    assert [name for _, _, name in await shown(oleg)] == ["Самые срочные"]


async def test_a_view_without_a_name_or_with_a_taken_one_is_told_so_and_keeps_what_was_typed(bureau: Office) -> None:
    await bureau.admin.post("/requests/views", name="Мои", **MINE)
    for name, filters, status in (("", MINE, 422), ("x" * 101, MINE, 422), ("мои", {"due": "soon"}, 409)):
        answer = await bureau.admin.post("/requests/views", name=name, **filters)
        assert (answer.status_code, f'value="{name}"' in answer.text, 'id="name-error"' in answer.text) == (status, True, True)
        assert f'name="due" value="{filters["due"]}"' in answer.text, "the filters are not lost"
    assert (await bureau.admin.post("/requests/views", name="Мои", due="never")).status_code == 400
    _, auditor = await bureau.somebody("auditor", "auditor")
    assert (await auditor.get("/requests/views")).status_code == 403
    assert (await auditor.post("/requests/views", name="Мои", **MINE)).status_code == 403
