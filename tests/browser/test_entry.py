"""Staff enter by a provider on another site in a real browser, which keeps strict cookies to itself while that site leads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, expect

from local.embedded import free_ports
from tests.browser.conftest import PHONE, sideways, violations
from tests.integration.intake import providers
from tests.integration.intake.people import office
from tests.integration.intake.providers import certified
from tests.integration.intake.test_entry import link
from tests.serving import on_a_port
from tests.stack import Database

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.requirement("E-1", "R-25")]


@asynccontextmanager
async def phone(chromium: Browser, address: str, *, java_script: bool) -> AsyncIterator[Page]:
    made = await chromium.new_context(base_url=address, locale="ru-RU", viewport=PHONE, java_script_enabled=java_script)
    async with made as context:
        yield await context.new_page()


async def through_the_provider(page: Page, login: str) -> None:
    await page.goto("/desk/sign-in")
    await page.get_by_role("button", name="Войти через организацию").click()
    if await page.locator("input[name=login]").count():
        await page.fill("input[name=login]", login)
        await page.fill("input[name=password]", "any")
        await page.click("button[type=submit]")
        await page.click("button[type=submit]")  # the consent


async def looks_right(page: Page) -> None:
    assert await violations(page) == []
    assert await sideways(page) <= 0


@pytest.mark.parametrize("java_script", [True, False])
async def test_there_and_back_and_out_in_a_real_browser(chromium: Browser, database: Database, fresh_kafka: str, java_script: bool) -> None:
    [port] = free_ports(1)
    desk = f"http://localhost:{port}"  # another site than 127.0.0.1, where the provider is
    async with certified(desk_url=desk) as provider:
        told = providers.settings(provider.issuer, desk_url=desk)
        async with (
            office(database, start=datetime.now(UTC), **told) as made,
            on_a_port(made.town.service.app, port),
            phone(chromium, desk, java_script=java_script) as page,
        ):
            account_id, _ = await made.somebody("sergeev", "executor", unit="land")
            await through_the_provider(page, "u-1")
            await expect(page.get_by_role("heading", name="Войти не удалось")).to_be_visible()
            if java_script:
                await looks_right(page)
            await link(made, account_id)
            await page.context.clear_cookies(domain="127.0.0.1")  # so that the last page before ours is the provider's
            await through_the_provider(page, "u-1")
            await expect(page).to_have_url(f"{desk}/desk/")
            await expect(page.get_by_role("heading", name="Дела")).to_be_visible()
            await page.goto("/desk/me")
            await expect(page.get_by_role("heading", name="Сменить пароль")).to_be_visible()
            if java_script:
                await looks_right(page)
            await page.get_by_role("button", name="Выйти").click()
            await expect(page.get_by_role("heading", name="Вы вышли")).to_be_visible()
            if java_script:
                await looks_right(page)
            await page.get_by_role("button", name="Выйти и из службы входа").click()
            assert page.url.startswith(provider.issuer)
            await page.goto("/desk/sign-in")
            await expect(page.get_by_role("button", name="Войти через организацию")).to_be_visible()
            if java_script:
                await looks_right(page)
