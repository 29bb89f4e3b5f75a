"""Files at the site's form as people attach them: on a phone, without JavaScript, after a mistake elsewhere (E-5)."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import sideways, violations
from tests.unit.intake.files import EICAR, PDF, PNG
from tests.unit.site.door_twin import DoorTwin

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.requirement("E-5")]
SEND = "main button[type=submit]"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = {"Скан паспорта.pdf": PDF, "план участка.png": PNG, "квитанция.txt": EICAR}
    for name, raw in made.items():
        (tmp_path / name).write_bytes(raw)
    return [tmp_path / name for name in made]


async def test_files_are_attached_without_javascript_and_stay_after_a_mistake_elsewhere(
    without_javascript: Page, door: DoorTwin, files: list[Path]
) -> None:
    page = without_javascript
    await page.goto("/request")
    await page.fill("#text", "Какие участки сданы в аренду?")
    await page.fill("#email", "anna@example.ru")
    await page.set_input_files("#files", files[:2])
    await page.click(SEND)
    await expect(page.locator(".govuk-error-summary")).to_be_visible()
    await expect(page.locator("label[for=drop-0]")).to_have_text("Скан паспорта.pdf")
    await expect(page.locator("label[for=drop-1]")).to_have_text("план участка.png")
    assert not await sideways(page)
    await page.fill("#name", "Петрова Анна Сергеевна")
    await page.click("label[for=drop-1]")
    await page.click(SEND)
    await expect(page.locator("h1")).to_have_text("Запрос принят")
    assert [file["name"] for file in door.messages[0]["attachments"]] == ["Скан паспорта.pdf"]
    assert [raw for _, raw in door.uploads] == [PDF, PNG]


async def test_a_file_that_is_not_taken_is_told_at_its_field_and_the_page_is_accessible(
    desktop: Page, door: DoorTwin, files: list[Path]
) -> None:
    await desktop.goto("/request")
    await desktop.fill("#text", "Какие участки сданы в аренду?")
    await desktop.fill("#name", "Петрова Анна Сергеевна")
    await desktop.fill("#email", "anna@example.ru")
    await desktop.set_input_files("#files", files)
    await desktop.click(SEND)
    await expect(desktop.locator("#files-error")).to_contain_text("квитанция.txt: В файле найден вирус")
    assert await violations(desktop) == []
    await desktop.locator(".govuk-error-summary a").click()
    await expect(desktop.locator("#files")).to_be_focused()
    assert door.messages == []
    await desktop.click("text=English")
    await expect(desktop.locator("label[for=drop-0]")).to_have_text("Скан паспорта.pdf")
    await desktop.set_input_files("#files", files[2])
    await desktop.click(SEND)
    await expect(desktop.locator("#files-error")).to_contain_text("There is a virus in the file")
    assert await violations(desktop) == []
