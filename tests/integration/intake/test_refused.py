"""What can't be is refused with its code and changes nothing: at the desk's door and at the page of a request. One town for all."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.chassis.access.roles import Role
from tests.integration.intake.test_desk_door import ASSIGN, CLASSIFY, Clerk, refused, taken_in
from tests.integration.intake.test_person import asking, page, registered
from tests.integration.intake.town import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")


def of_its_own() -> dict[str, Any]:
    """A message that starts a dialogue."""
    return {"name": uuid4().hex, "dialogue": uuid4().hex}


@pytest.mark.requirement("R-21", "N-9.1")
@pytest.mark.parametrize(
    ("do", "code"),
    [
        ({"command": "dance"}, (400, "wrong-schema")),
        ({"command": "withdraw", "more": 1}, (400, "wrong-schema")),
        ({"command": "set-aside", "reason": "  "}, (400, "wrong-schema")),
        ({"command": "ask-clarification", "question": "a\x00b"}, (400, "contains-nul")),
        (None, (400, "wrong-schema")),
        (CLASSIFY | {"type": "dance"}, (400, "unknown-code")),
        (CLASSIFY | {"unit": "forest"}, (409, "unit-not-competent")),
        (CLASSIFY | {"client_kind": "unknown"}, (400, "client-kind-missing")),
        (ASSIGN, (409, "transition-forbidden")),
        ({"command": "extend-deadline", "new_due": "2020-01-01", "reason": "Архив."}, (400, "extension-wrong")),
        ({"command": "merge", "into": str(UUID(int=7)), "reason": "То же."}, (404, "case-not-found")),
    ],
)
async def test_a_bad_command_is_refused_with_its_code_and_changes_nothing(shared_town: Town, do: Any, code: tuple[int, str]) -> None:
    clerk = Clerk(shared_town, Role.REGISTRAR)
    request_id = await taken_in(shared_town, **of_its_own())
    version = (await clerk.look(request_id))["version"]
    assert refused(await clerk.try_to(request_id, do, version)) == code
    assert (await clerk.look(request_id))["version"] == version


@pytest.mark.requirement("N-3.4")
@pytest.mark.parametrize("email", ["нет", "a@", "@b.ru", "a b@c.ru", " ", "a@b.ru\r\nBcc: c@d.ru"])
async def test_an_address_that_can_not_be_one_is_refused_with_the_reason(shared_town: Town, email: str) -> None:
    receipt = await registered(shared_town, **of_its_own())
    answer = await shared_town.site.ask("channels", asking(receipt, email=email))
    assert (answer.status_code, answer.json()["code"]) == (400, "email-not-valid")
    assert (await page(shared_town, receipt))["email_masked"] == "a***@example.ru"


@pytest.mark.requirement("N-3.2", "R-21")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "wrong-schema"),
        ({"additional": {"channel": "pigeon", "address": "loft"}}, "wrong-schema"),
        ({"additional": {"channel": "phone", "address": "нет"}}, "address-not-valid"),
        ({"additional": {"channel": "post", "address": "1 2 3"}}, "address-not-valid"),
    ],
)
async def test_a_change_that_says_nothing_or_reaches_nobody_is_refused_and_changes_nothing(
    shared_town: Town, changes: dict[str, Any], code: str
) -> None:
    receipt = await registered(shared_town, **of_its_own())
    answer = await shared_town.site.ask("channels", asking(receipt, **changes))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (await page(shared_town, receipt))["email_masked"] == "a***@example.ru"
