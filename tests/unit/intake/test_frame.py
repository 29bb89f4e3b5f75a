"""What the desk answers when a form can't be taken: what somebody spent time on stays in their browser, a password never does."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SessionDoor, SignedIn
from libs.chassis.ops.settings import load_authority
from libs.web import assets
from libs.web.masthead import Masthead
from services.intake.pages import frame
from tests.integration.intake.people import text_of
from tests.stack import AUTHORITY_FILE

TYPED = {"text": 'Первая\r\nвторая & "третья" <b>', "name": "Запланированная Анна"}


async def nobody(_token: str) -> SignedIn | None:
    return None


async def broken(_token: str) -> SignedIn | None:
    raise ConnectionRefusedError


async def post(path: str, *, store_is_there: bool) -> httpx.Response:
    """To a desk where nobody is signed in, or whose database is away."""
    door = SessionDoor(nobody if store_is_there else broken)(Role.OPERATOR)
    router = APIRouter()

    @router.post("/new/phone")
    @router.post("/me/password")
    async def take(_: Annotated[SignedIn, Depends(door)]) -> None:
        raise AssertionError("nobody comes in")

    app = FastAPI()
    frame.mounted(
        app, frame.desk_pages(assets.load(), lambda: Masthead.of(load_authority(AUTHORITY_FILE)), demo=False), [router], 10_000, 10_000
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk", cookies={"desk": "token"}) as browser:
        return await browser.post(path, data=TYPED)


@pytest.mark.requirement("E-1", "E-14", "N-2.2")
@pytest.mark.parametrize(
    ("store_is_there", "status", "says"),
    [(True, 401, "Время сеанса истекло"), (False, 503, "Система временно недоступна")],
)
async def test_a_card_that_can_not_be_taken_stays_in_the_browser_letter_by_letter(store_is_there: bool, status: int, says: str) -> None:
    answer = await post("/desk/new/phone", store_is_there=store_is_there)
    assert answer.status_code == status
    assert says in text_of(answer)
    assert '<form method="post" action="/desk/new/phone">' in answer.text
    assert 'name="text" value="Первая\r\nвторая &amp; &#34;третья&#34; &lt;b&gt;"' in answer.text
    assert ("Войдите в новой вкладке" in answer.text) is store_is_there
    assert answer.headers.get("retry-after") == (None if store_is_there else "60")


@pytest.mark.requirement("E-1")
@pytest.mark.parametrize("store_is_there", [True, False])
async def test_a_password_is_written_into_no_page(store_is_there: bool) -> None:
    answer = await post("/desk/me/password", store_is_there=store_is_there)
    assert answer.status_code == (303 if store_is_there else 503)
    assert TYPED["name"] not in answer.text
