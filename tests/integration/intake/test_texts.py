"""Ready-made texts by the desk's forms: written, approved, put into a draft without a script, and told what is wrong with them."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role
from libs.events.contracts.intake_answers import DraftPrepared
from tests.examples import anna
from tests.integration.intake.people import Browser, Office, office, text_of
from tests.integration.intake.test_desk_pages import CLASSIFIED, card, do, facts, taken_in, version_on
from tests.stack import Database

pytestmark = pytest.mark.requirement("A-3.6.1")

TITLE, TEXT = "Порядок аренды", "Здравствуйте, {name}! На запрос № {number} отвечаем до {due}."
CODE = "poriadok-arendy"
INSERT = {"insert": "yes", "text-block": CODE}
FORM = {"prepare-draft-scope": "full", "prepare-draft-form": "electronic"}


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    async with office(database, quiet=True) as found:
        yield found


async def post(browser: Browser, path: str, **fields: str) -> httpx.Response:
    """As the page of the texts posts: with the version that it shows."""
    return await browser.post(path, version=version_on(await browser.get("/texts")), **fields)


async def assigned(bureau: Office) -> UUID:
    request_id = await taken_in(bureau)
    await do(bureau.admin, request_id, "classify", **CLASSIFIED)
    assert (await do(bureau.admin, request_id, "assign", **{"assign-unit": "land"})).status_code == 303
    return request_id


async def draft(browser: Browser, request_id: UUID, **fields: str) -> httpx.Response:
    """The form of a draft, with one of its buttons."""
    version = version_on(await card(browser, request_id))
    return await browser.post("/draft", version=version, card_id=str(request_id), **fields)


def text_in(page: httpx.Response) -> str:
    found = re.search(r'<textarea[^>]*id="prepare-draft-text"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)
    assert found
    return found[1]


async def test_what_the_head_approved_is_put_into_a_draft_behind_what_was_typed_and_nothing_is_saved_by_it(bureau: Office) -> None:
    _, executor = await bureau.somebody("lesnik", "executor", unit="land")
    _, head = await bureau.somebody("glava", "head")
    answer = await post(executor, "/texts", **{"_new.title": TITLE, "_new.text": TEXT})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/texts?done=written")
    request_id = await assigned(bureau)
    assert "Вставить заготовку" not in text_of(await executor.get(f"/requests/{request_id}"))
    early = await draft(executor, request_id, **INSERT)
    assert (early.status_code, "руководитель её ещё не одобрил" in text_of(early)) == (404, True)
    assert "ждёт одобрения" in text_of(await head.get("/texts"))
    assert (await post(head, f"/texts/{CODE}/approve", number="1")).status_code == 303
    typed = {**FORM, "prepare-draft-text": "Добрый день.", "prepare-draft-form_reason": "по телефону"}
    page = await draft(executor, request_id, **typed, **INSERT)
    assert page.status_code == 200, text_of(page)
    number = (await bureau.town.request("site", "m-1"))["reg_no"]
    filled = f"Здравствуйте, {anna.name}! На запрос № {number} отвечаем до 16 декабря 2026 года."
    assert text_in(page) == f"Добрый день.\n\n{filled}"
    assert 'value="по телефону"' in page.text
    assert not any(isinstance(fact, DraftPrepared) for fact in await facts(bureau, request_id))
    shown = text_of(await executor.get(f"/requests/{request_id}/texts"))
    assert filled in shown
    saved = {**FORM, "prepare-draft-text": text_in(page)}
    assert (await draft(executor, request_id, **saved)).status_code == 303
    [prepared] = [fact for fact in await facts(bureau, request_id) if isinstance(fact, DraftPrepared)]
    assert prepared.text == f"Добрый день.\n\n{filled}"
    left = await draft(executor, request_id, **FORM, **{"prepare-draft-text": "Здравствуйте, {name}!"})
    assert (left.status_code, "осталась вставка в фигурных скобках" in text_of(left)) == (400, True)


async def test_a_gap_that_nothing_fills_is_told_by_its_name_and_what_was_typed_stays(bureau: Office) -> None:
    _, executor = await bureau.somebody("lesnik", "executor", unit="land")
    page = await post(executor, "/texts", **{"_new.title": TITLE, "_new.text": "Ваш номер {nomer}."})
    assert page.status_code == 400
    assert "Таких вставок нет: {nomer}" in text_of(page)
    assert "Ваш номер {nomer}." in page.text
    empty = await post(executor, "/texts", **{"_new.title": " ", "_new.text": ""})
    assert (empty.status_code, 'id="_new.title-error"' in empty.text, 'id="_new.text-error"' in empty.text) == (422, True, True)
    assert "Заготовок пока нет." in text_of(await executor.get("/texts"))


async def test_of_two_who_change_the_texts_at_once_the_second_is_told_and_a_version_nobody_read_is_not_approved(bureau: Office) -> None:
    _, executor = await bureau.somebody("lesnik", "executor", unit="land")
    _, head = await bureau.somebody("glava", "head")
    await post(executor, "/texts", **{"_new.title": TITLE, "_new.text": TEXT})
    read = version_on(await head.get("/texts"))
    await post(executor, f"/texts/{CODE}", **{f"{CODE}.title": TITLE, f"{CODE}.text": "Иначе."})
    late = await head.post(f"/texts/{CODE}/approve", version=read, number="1")
    assert (late.status_code, "Страницу изменили, пока вы с ней работали" in text_of(late)) == (409, True)
    blind = await post(head, f"/texts/{CODE}/approve", number="1")
    assert (blind.status_code, "Заготовку изменили" in text_of(blind)) == (409, True)
    assert (await post(head, f"/texts/{CODE}/approve", number="2")).status_code == 303
    assert (await post(head, f"/texts/{CODE}/close")).status_code == 303
    assert "Закрытые заготовки" in text_of(await head.get("/texts"))


async def test_who_answers_writes_texts_the_head_alone_approves_and_the_act_bears_their_role(bureau: Office) -> None:
    writing, head = frozenset((Role.EXECUTOR, Role.REGISTRAR, Role.HEAD)), frozenset((Role.HEAD,))
    found = {(one.method, one.path): one.roles for one in guarded_routes(bureau.town.service.app) if "text" in one.path}
    assert found == {
        ("GET", "/desk/texts"): writing,
        ("POST", "/desk/texts"): writing,
        ("POST", "/desk/texts/{code}"): writing,
        ("POST", "/desk/texts/{code}/approve"): head,
        ("POST", "/desk/texts/{code}/close"): head,
        ("GET", "/desk/requests/{request_id:uuid}/texts"): frozenset((Role.EXECUTOR,)),
    }
    account_id, executor = await bureau.somebody("lesnik", "executor", unit="land")
    await post(executor, "/texts", **{"_new.title": TITLE, "_new.text": TEXT})
    assert (await executor.post(f"/texts/{CODE}/approve", version="1", number="1")).status_code == 403
    rows = await bureau.town.rows("SELECT actor_role, actor_id FROM events WHERE type = 'TextBlockWritten'")
    assert rows == [{"actor_role": "executor", "actor_id": account_id}]
    changes = text_of(await bureau.admin.get("/settings/changes"))
    assert [said for said in ("Заготовка ответа", TITLE, "Запланированный Сергей") if said not in changes] == []
