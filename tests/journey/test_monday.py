"""The first Monday of an authority: from an empty installation to twenty contacts that have all gone their way, each with its notices."""

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.tokens import TokenIssuer
from libs.chassis.ops.clock import SystemClock
from libs.events.contracts.channel_inbound import DeliveryReported
from services.intake.production_calendar import by_itself
from tests.journey import contacts
from tests.journey.contacts import CARRIED, CONTACTS, FOREST, LAND, Contact
from tests.journey.desk import PHONE, SEND, Desk, fill, new_page, status_of
from tests.journey.monday import AUTHORITY, SETUP_CODE, Monday, dialogue, message, monday, take_in
from tests.journey.town import Town
from tests.stack import Database, eventually

WRITTEN = """SELECT type, bool_and(event_id IN (SELECT event_id FROM history.log)) AS kept
FROM (SELECT event_id, type FROM intake.events UNION SELECT event_id, type FROM notifier.events) AS written
WHERE type <> 'NumberAssigned' GROUP BY type"""  # the counter of the register is not published
ADMIN, PASSWORD = "glavnaya", "правильная лошадь батарея"
TRIAL_ADDRESS = "glavnaya@example.org"
PROFILE = {
    "name": "Департамент первого понедельника Приобской области",
    "short_name": "Департамент",
    "act": "Порядок взаимодействия с клиентом, утверждённый приказом от 01.02.2026 № 7",
    "postal_address": "630099, г. Обск, ул. Садовая, д. 18",
    "phones": PHONE,
    "hours": "понедельник–пятница с 9:00 до 18:00",
    "signatory": "Руководитель А. С. Верещагина",
}
EXECUTORS = {LAND: "Землемерова Ольга Ильинична", FOREST: "Лесникова Вера Олеговна"}
STAFF = (
    ("registrar", "Запланированная Вершинина Ольга", Role.REGISTRAR, ""),
    ("operator", "Запланированная Тамара", Role.OPERATOR, ""),
    (LAND, EXECUTORS[LAND], Role.EXECUTOR, LAND),
    (FOREST, EXECUTORS[FOREST], Role.EXECUTOR, FOREST),
    ("head", "Запланированный Сергей", Role.HEAD, ""),
)


async def left_to_do(page: Page) -> list[str]:
    await page.goto("/desk/settings")
    return [await one.inner_text() for one in await page.locator("h2:text('Что осталось настроить') + ul li").all()]


async def set_up(page: Page, town: Town) -> None:
    """The first administrator, who the authority is, what it deals with, and that its letters arrive."""
    await page.goto("/desk/set-up")
    await fill(page, code=SETUP_CODE, name="Запланированная Главная Анна", login=ADMIN, password=PASSWORD)
    await page.click(SEND)
    await expect(page.locator("h1")).to_have_text("Настройки")
    assert "Проверить почтовый сервер пробным письмом" in await left_to_do(page)
    await page.goto("/desk/settings/profile")
    await fill(page, **PROFILE)
    await page.click(SEND)
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("Сохранено")
    for code, title in ((LAND, "Земельные участки"), (FOREST, "Лесные участки")):
        await add_entry(page, "topics", code, title)
    for code, title in ((LAND, "Отдел земли"), (FOREST, "Отдел леса")):
        await add_entry(page, "units", code, title, **{f"_new.topic.{code}": "yes"})
    await page.goto("/desk/settings/mail")
    await fill(page, address=TRIAL_ADDRESS)
    await page.click(SEND)

    async def shown_as_sent() -> bool:
        await page.goto("/desk/settings/mail")
        return f"принял письмо на адрес {TRIAL_ADDRESS}" in await page.locator("main").inner_text()

    await eventually(shown_as_sent, what="the trial letter is sent")
    [letter] = await town.letters(TRIAL_ADDRESS)
    assert PROFILE["name"] in letter["text"]


async def add_entry(page: Page, listing: str, code: str, title: str, **more: str) -> None:
    await page.goto(f"/desk/settings/{listing}")
    form = page.locator('[id="_new.form"]')
    await fill(form, **{"_new.code": code, "_new.title": title} | more)
    await form.locator("button[type=submit]").click()
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("Запись добавлена")


async def open_accounts(day: Monday) -> None:
    """Each gets a temporary password and comes in with it, then with one of their own."""
    page, browser = day.admin, day.admin.context.browser
    assert browser is not None
    for login, name, role, unit in STAFF:
        await page.goto("/desk/accounts")
        await fill(page, name=name, login=login, unit=unit, **{f"role-{role.value}": "yes"})
        await page.click(SEND)
        banner = await page.locator(".govuk-notification-banner__heading").inner_text()
        day.desks[login] = Desk(await new_page(browser, day.town.url("intake")))
        await day.desks[login].sign_in(login, banner.removeprefix("Временный пароль: "), f"{PASSWORD} {login}")


async def sort(day: Monday) -> None:
    """The registrar reads all that came, classifies it and hands it to executors, and decides what is answered in another way."""
    desk = day.desks["registrar"]
    await desk.read_register()
    await desk.act(contacts.spam.number, "set-aside", reason="реклама")
    await desk.act(contacts.nameless.number, "leave-unconsidered", ground="no-name")
    await desk.act(
        contacts.second_of_two.number, "merge", into=contacts.first_of_two.number, reason="клиент спросил о том же другими словами"
    )
    for contact in CONTACTS:
        if contacts.IN_WORK not in contact.told:
            continue
        await desk.act(
            contact.number,
            "classify",
            type=contact.type,
            topic=contact.topic,
            urgency="ordinary",
            unit=contact.topic,
            client_kind=contact.kind,
        )
        await desk.stands("классифицирован")
        if contact is contacts.complaint:
            await desk.act(contact.number, "explain-route", how="Подайте жалобу через портал госуслуг.")
        elif contact is contacts.for_others:
            await desk.act(contact.number, "redirect", to_body="Министерство леса", explanation="Это другая область.")
        else:
            await desk.act(contact.number, "assign", unit=contact.topic, executor=EXECUTORS[contact.topic])
            await desk.stands("передан исполнителю")


async def work(day: Monday) -> None:
    """The head gives one of them more time, an executor asks what another means, and the person answers in the dialogue."""
    laborious, unclear = contacts.laborious, contacts.unclear
    assert laborious.due_on is not None
    later = (laborious.due_on + timedelta(days=days) for days in range(15, 0, -1))
    latest = next(filter(by_itself, later))
    await day.desks["head"].act(laborious.number, "extend-deadline", new_due=latest.isoformat(), reason="нужны сведения из архива")
    asker = day.desks[LAND]
    await asker.act(unclear.number, "ask-clarification", question="О каком участке речь?")
    await asker.stands("запрошено уточнение")
    frontend = day.frontends[unclear.point]
    await frontend.send(message(unclear, len(CONTACTS), "Об участке у моста, номер 54:35:000001:12"), authority=AUTHORITY)
    await frontend.receipt(f"m-{len(CONTACTS)}")
    await asker.page.reload()
    await asker.stands("передан исполнителю")
    await expect(asker.page.locator("main")).to_contain_text("54:35:000001:12")


async def read_letters(day: Monday) -> None:
    """Who left an address got each notice once, in its order."""
    for contact in CONTACTS:
        if contact.email:

            async def came(contact: Contact = contact) -> bool:
                return len(await day.town.letters(contact.email)) >= len(contact.told)

            await eventually(came, what=f"letters of {contact.point}: {contact.told}")
            letters = await day.town.letters(contact.email)
            assert [letter["subject"] for letter in reversed(letters)] == contact.notices


async def read_dialogues(day: Monday) -> None:
    """Messengers and mail were given each notice once, in its order, under the key of the dialogue; they report that they brought it."""
    carried = [contact for contact in CONTACTS if contact.point in CARRIED]
    expected = Counter((contact.point, dialogue(contact), notice) for contact in carried for notice in contact.notices)
    await day.listener.until(lambda: sum(len(day.heard(point)) for point in CARRIED) >= expected.total(), "notices for the dialogues")
    heard = [(point, one) for point in CARRIED for one in day.heard(point)]
    assert Counter((point, one.fact.dialogue, one.fact.text.partition("\n")[0]) for point, one in heard) == expected
    for contact in carried:
        mine = [one.fact.text.partition("\n")[0] for one in day.heard(contact.point) if contact.number in one.fact.text.partition("\n")[0]]
        assert mine == contact.notices
    for point, one in heard:
        assert one.record.key == hashlib.sha256(one.fact.dialogue.encode()).hexdigest().encode()
        report = DeliveryReported(notice_id=one.fact.notice_id, outcome="delivered")
        await day.frontends[point].send(report, key=one.record.key, authority=AUTHORITY)


async def all_kept(database: Database) -> None:
    """Whatever the services wrote down is in history's log, but for what says itself that it is not published."""

    async def kinds() -> dict[str, bool]:
        async with database.superuser() as db:
            return {row["type"]: row["kept"] for row in await db.fetch(WRITTEN)}

    async def is_kept(kind: str) -> bool:
        return (await kinds())[kind]

    for kind in await kinds():
        await eventually(partial(is_kept, kind), what=f"history holds each {kind}")


async def read_history(day: Monday, since: datetime) -> Counter[str]:
    """What history tells staff of the day, counted by type, once it holds all that the services wrote."""

    async def all_brought() -> bool:
        async with day.town.database.superuser() as db:
            brought: int = await db.fetchval("SELECT count(*) FROM history.log WHERE type = 'NotificationDelivered'")
            return brought >= sum(len(contact.told) for contact in CONTACTS if contact.point in CARRIED)

    await eventually(all_brought, what="what the frontends brought")
    await all_kept(day.town.database)
    issuer = TokenIssuer(day.town.database.stack.staff_key, issuer=AUTHORITY, clock=SystemClock())
    token = issuer.issue(Staff(id="reader", roles=frozenset((Role.OPERATOR,))))
    found: Counter[str] = Counter()
    asked: dict[str, Any] = {"from": since.isoformat(), "limit": 500}
    async with httpx.AsyncClient(base_url=day.town.url("history"), headers={"Authorization": f"Bearer {token}"}) as http:
        while True:
            answer = await http.get("/v1/entries", params=asked)
            assert answer.status_code == 200, answer.text
            found += Counter(entry["type"] for entry in answer.json()["entries"])
            if answer.json()["next"] is None:
                return found
            asked["cursor"] = answer.json()["next"]


def expected_entries() -> dict[str, int]:
    """How often each kind of event must stand in the history of this day."""
    in_work = [contact for contact in CONTACTS if contacts.IN_WORK in contact.told]
    carried = [contact for contact in CONTACTS if contact.point in CARRIED]
    return {
        "RequestReceived": 20,
        "RequestSupplemented": 1,
        "RequestRegistered": sum(contact.is_registered for contact in CONTACTS),
        "RequestClassified": len(in_work),
        "RequestAssigned": len(in_work) - 2,
        "RequestRedirected": 1,
        "DeadlineExtended": 1,
        "ClarificationRequested": 1,
        "ClarificationReceived": 1,
        "RequestNotConsidered": 1,
        "RequestMerged": 1,
        "MessageSetAside": 1,
        "AppealRouteExplained": 1,
        "NotificationDelivered": sum(len(contact.told) for contact in carried),
        "ReplyHandedOver": sum(len(contact.told) for contact in carried),
        "ProfileSet": 1,
        "TopicSet": 2,
        "UnitSet": 2,
        "TrialLetterAsked": 1,
        "TrialLetterEnded": 1,
        "AccountOpened": 1 + len(STAFF),
    }


@pytest.mark.requirement(
    "N-0.1", "N-1.1", "N-3.3", "N-3.5", "N-4.4", "N-7.1", "N-7.3", "N-7.4", "N-7.5", "N-7.7", "N-8.4", "A-2.1.4", "D-13"
)
@pytest.mark.requirement("E-1", "S-1", "S-2", "S-3", "S-5", "S-6", "S-7", "S-9", "S-11", "S-12", "S-13", "S-15")
async def test_the_first_monday_from_an_empty_installation_to_twenty_contacts_on_their_way(
    database: Database, fresh_kafka: str, tmp_path: Path
) -> None:
    assert fresh_kafka
    since = datetime.now(UTC)
    async with monday(database, tmp_path) as day:
        await set_up(day.admin, day.town)
        assert await left_to_do(day.admin) == ["Открыть учётную запись исполнителя", "Открыть учётную запись руководителя"]
        await open_accounts(day)
        assert await left_to_do(day.admin) == []
        await expect(day.admin.locator("main")).to_contain_text("Всё настроено, с системой можно работать.")
        await take_in(day)
        assert len({contact.point for contact in CONTACTS}) == 9
        assert [contact.is_registered for contact in CONTACTS].count(True) == 18
        await sort(day)
        await work(day)
        await read_letters(day)
        await read_dialogues(day)
        assert {contact.number: await status_of(day.site, contact) for contact in CONTACTS} == {
            contact.number: contact.last for contact in CONTACTS
        }
        found = await read_history(day, since)
        assert {kind: found[kind] for kind in expected_entries()} == expected_entries()
