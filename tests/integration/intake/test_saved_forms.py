"""Half-written forms that a frontend puts by: kept for seven days with their files, then destroyed (N-7.3)."""

from datetime import timedelta

import pytest

from services.intake.saved_forms import KEPT
from services.intake.uploads.handlers import LOOSE_FOR
from tests.integration.intake.people import office
from tests.integration.intake.test_attachments import objects, upload, uploads_of
from tests.stack import Database, eventually

pytestmark = pytest.mark.requirement("N-7.3")
NAME = "0a" * 32


async def test_a_saved_form_is_the_frontends_own_stays_with_its_files_and_is_destroyed_when_its_days_are_over(database: Database) -> None:
    async with office(database, quiet=True) as bureau:
        site, vk = bureau.town.site, bureau.town.vk
        file = (await upload(site)).json()["upload_id"]
        told = {"name": NAME, "uploads": [file]}
        _, kept = [await site.ask("saved-forms", told | {"sealed": sealed}) for sealed in ("first", "second")]
        assert (kept.status_code, kept.headers["cache-control"]) == (201, "no-store")
        opened = await site.ask("saved-forms/open", {"name": NAME})
        assert opened.json() == {"sealed": "second", "kept_until": kept.json()["kept_until"]}
        assert (await vk.ask("saved-forms/open", {"name": NAME})).json()["code"] == "saved-form-not-found"
        assert NAME not in str(await bureau.town.rows("SELECT encode(mark, 'hex') FROM saved_forms"))
        bureau.clock.move(LOOSE_FOR + timedelta(minutes=1))
        assert (await uploads_of(bureau).sweep(), len(objects(database))) == (0, 1)
        bureau.clock.move(KEPT)
        assert (await site.ask("saved-forms/open", {"name": NAME})).status_code == 404, "before the timer has come to it"

        async def destroyed() -> bool:
            return not await bureau.town.value("SELECT count(*) FROM saved_forms")

        await eventually(destroyed, what="the form is destroyed")
        assert (await uploads_of(bureau).sweep(), objects(database)) == (1, [])


async def test_what_was_sent_is_forgotten_at_once_and_twice_is_no_mistake(database: Database) -> None:
    async with office(database, quiet=True) as bureau:
        site = bureau.town.site
        await site.ask("saved-forms", {"name": NAME, "sealed": "half"})
        assert [(await site.ask("saved-forms/forget", {"name": NAME})).status_code for _ in range(2)] == [204, 204]
        assert await bureau.town.value("SELECT count(*) FROM saved_forms") == 0
        assert await bureau.town.value("SELECT count(*) FROM timers WHERE kind = 'expire-saved-form'") == 0
        wrong = await site.ask("saved-forms", {"name": "code", "sealed": "half"})
        assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong-schema")
