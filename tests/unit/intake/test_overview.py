"""What is listed as near its end is what the authority warns of, not a number of ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from libs.chassis.access.roles import Staff
from libs.chassis.ops.clock import FixedClock
from libs.web import languages
from libs.web.assets import REPOSITORY
from services.intake.deadlines import TermRules
from services.intake.domain.filters import SOON, Filters
from services.intake.overview import Overview, ThingsToDo
from services.intake.pages.register.register_pages import soon_in_words
from tests.examples import NOW
from tests.unit.intake.desk import RULES

pytestmark = pytest.mark.requirement("N-8.3", "N-9.1")

DESK = REPOSITORY / "services" / "intake" / "pages" / "translations"


class Asked:
    """Stands for the pool and for the store: notes until which day is asked."""

    until: date | None = None

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[None]:
        yield

    async def things_to_do(self, _db: object, _today: date, soon: date, _account: str, _unit: str | None) -> dict[str, int]:
        self.until = soon
        return dict.fromkeys([field.name for field in fields(ThingsToDo)], 0)

    async def register_rows(self, _db: object, _queue: bool, asked: list[Any], _after: object, _limit: int) -> list[Any]:
        self.until = asked[7]
        return []


@pytest.mark.parametrize("warn_days", [0, 3, 10])
async def test_near_is_as_many_days_as_the_authority_warns_before_on_the_first_page_and_in_the_register(warn_days: int) -> None:
    asked = Asked()
    book = SimpleNamespace(rules=replace(RULES, terms=TermRules(warn_days=warn_days)))
    overview = Overview(pool=cast(Any, asked), store=cast(Any, asked), book=cast(Any, book), clock=FixedClock(NOW))
    last = overview.today() + timedelta(days=warn_days)
    await overview.things_to_do(Staff(id="registrar-1"))
    assert asked.until == last
    asked.until = None
    await overview.places(cast(Any, None), Staff(id="registrar-1"), Filters(due=SOON), None, 10)
    assert asked.until == last


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "Срок истекает сегодня"),
        *((days, f"До конца срока не больше {said}") for days, said in {1: "1 дня", 3: "3 дней", 21: "21 дня"}.items()),
    ],
)
def test_how_near_is_said_in_correct_russian(days: int, words: str) -> None:
    assert soon_in_words(languages.load((DESK,))["ru"], days) == words
