"""The pages of accounts, deputies and hand-over hold what axe asks of them, at 360 pixels and by keyboard."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, expect

from local.embedded import free_ports
from tests.browser.test_entry import looks_right, phone
from tests.integration.intake.people import LOGIN, PASSWORD, office
from tests.integration.intake.test_deputies import appoint
from tests.integration.intake.test_hand_over import in_hands
from tests.serving import on_a_port
from tests.stack import Database

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.requirement("E-1", "N-6.1")]


async def sign_in(page: Page, login: str) -> None:
    await page.goto("/desk/sign-in")
    await page.get_by_label("Логин").fill(login)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Дела")).to_be_visible()


async def test_an_administrator_hands_over_and_a_deputy_takes_up_by_keyboard_on_a_phone(
    chromium: Browser, database: Database, fresh_kafka: str
) -> None:
    [port] = free_ports(1)
    address = f"http://localhost:{port}"
    async with (
        office(database, start=datetime.now(UTC)) as made,
        on_a_port(made.town.service.app, port),
        phone(chromium, address, java_script=True) as page,
    ):
        leaver, _ = await made.somebody("uvolnen", "executor", unit="land")
        taker, _ = await made.somebody("preemnik", "executor", unit="land")
        await in_hands(made, leaver, "m-1")
        await sign_in(page, LOGIN)
        await page.goto(f"/desk/accounts/{leaver}")
        await page.locator("summary", has_text="Назначить замещающего").click()
        await looks_right(page)
        await page.get_by_role("link", name="Передать открытые запросы другому исполнителю").press("Enter")
        await expect(page.get_by_text("Открытых запросов: 1")).to_be_visible()
        await looks_right(page)
        await page.get_by_label("Кому передать").select_option(taker)
        await page.get_by_label("Причина").fill("увольнение")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Передать запросы: 1")).to_be_visible()
        await looks_right(page)
        await page.get_by_role("button", name="Передать запросы: 1").press("Enter")
        await expect(page.get_by_text("Передано: 1")).to_be_visible()
        await looks_right(page)
        assert await appoint(made, leaver, taker) == 303
        await page.get_by_role("button", name="Выйти").press("Enter")
        await sign_in(page, "preemnik")
        await page.goto("/desk/me")
        await page.get_by_role("button", name="Приступить").press("Enter")
        await expect(page.get_by_text("Вы замещаете:")).to_be_visible()
        await looks_right(page)
        await page.get_by_role("button", name="Вернуться к своей работе").press("Enter")
        await expect(page.get_by_text("Вы замещаете:")).not_to_be_visible()
