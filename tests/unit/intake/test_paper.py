"""A print of the register that is cut off says so: nobody takes the first rows for all of them."""

from datetime import date
from uuid import UUID

import httpx
import pytest
from starlette.requests import Request

from libs.chassis.ops.settings import load_authority
from libs.events.vocabulary import Status
from libs.web import assets
from libs.web.masthead import Masthead
from services.intake.domain.filters import After
from services.intake.domain.request import Request as State
from services.intake.overview import RegisterPage, RegisterRow
from services.intake.pages import frame, titles
from tests.examples import NOVOSIBIRSK, anna
from tests.integration.intake.people import text_of
from tests.stack import AUTHORITY_FILE

SCOPE = {"type": "http", "method": "GET", "path": "/desk/requests/print", "query_string": b"", "headers": []}


@pytest.mark.requirement("N-8.3", "E-17")
@pytest.mark.parametrize("cut_off", [True, False])
def test_a_print_that_is_cut_off_says_so(cut_off: bool) -> None:
    authority = load_authority(AUTHORITY_FILE)
    pages = frame.desk_pages(assets.load(), lambda: Masthead.of(authority), demo=False)
    row = RegisterRow(request_id=UUID(int=1), request=State(reg_no="ЗИ-1/2026", status=Status.REGISTERED, name=anna.name), overdue=True)
    after = After(rank=1, act_on=date(2026, 12, 16), request_id=UUID(int=1)) if cut_off else None
    answer = pages.show(
        Request(SCOPE),
        "page/paper_register.html",
        page=RegisterPage(rows=[row], after=after),
        names={},
        most=500,
        today=date(2026, 11, 16),
        zone=NOVOSIBIRSK,
        titles=titles,
        authority_titles={},
    )
    shown = text_of(httpx.Response(200, content=bytes(answer.body)))
    assert "ЗИ-1/2026" in shown
    assert "просрочен" in shown
    assert ("не больше 500" in shown) is cut_off
