"""What is made up is refused by the pages of the desk, and a wrong sign-in by its own. One office for all."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.intake.people import ANOTHER, LOGIN, PASSWORD, Office, office, text_of
from tests.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bureau(stack: Stack) -> AsyncIterator[Office]:
    async with stack.lent_database("intake") as database, office(database) as made:
        yield made


@pytest.mark.requirement("E-14", "N-8.3")
@pytest.mark.parametrize(
    "query", ["status=lost", "type=unknown", "due=yesterday", "order=best", "after=1_2026-01-01", "after=x", "unit=%00", "urgency=1"]
)
async def test_a_made_up_filter_or_cursor_is_refused_with_what_to_do(bureau: Office, query: str) -> None:
    answer = await bureau.admin.get(f"/requests?{query}")
    assert answer.status_code == 400
    assert "Откройте реестр и выберите отбор заново" in text_of(answer)


@pytest.mark.requirement("E-14", "N-8.3")
@pytest.mark.parametrize("same", ["1", "x" * 36, "%00"])
async def test_a_made_up_id_of_the_same_text_is_refused(bureau: Office, same: str) -> None:
    assert (await bureau.admin.get(f"/requests?same={same}")).status_code == 400


@pytest.mark.requirement("E-1")
@pytest.mark.parametrize(
    "onward",
    ["https://example.org/desk/", "//example.org", "/\\example.org", "/desk/../v1", "/desk/sign-in/code", "/preferences", "/desk/%2e%2e"],
)
async def test_a_link_leads_nowhere_but_to_the_desk(bureau: Office, onward: str) -> None:
    assert (await bureau.browser().sign_in(next=onward)).headers["location"] == "/desk"


@pytest.mark.requirement("E-1")
@pytest.mark.parametrize(("login", "password"), [(LOGIN, ANOTHER), ("nobody", PASSWORD), (LOGIN, ""), ("", ""), (LOGIN, "\x00")])
async def test_a_wrong_login_and_a_wrong_password_are_answered_alike(bureau: Office, login: str, password: str) -> None:
    browser = bureau.browser()
    answer = await browser.sign_in(login, password)
    assert (answer.status_code, browser.token) == (403, None)
    assert "логин или пароль не подходят" in text_of(answer)
    assert PASSWORD not in answer.text
