"""With the database's disk full a frontend is told to come again, what comes by Kafka waits, and nothing is lost."""

import pytest

from tests.full_disk import full_disk
from tests.integration.intake.town import Town, number_of, said
from tests.stack import Database, eventually


@pytest.mark.requirement("D-14", "R-7")
async def test_with_the_disk_full_the_door_answers_503_and_afterwards_everything_is_registered(town: Town, database: Database) -> None:
    async with full_disk(database, "intake"):
        refused = await town.site.post(said("form"))
        await town.vk.send(said("by kafka"))
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        assert await town.value("SELECT count(*) FROM events") == 0

    async def taken() -> bool:
        return (await town.site.post(said("form"))).status_code in (200, 201)

    await eventually(taken)
    form = (await town.site.post(said("form"))).json()
    receipt = await town.vk.receipt("by kafka")
    assert sorted(number_of(number) for number in (form["register_number"], receipt.reg_no)) == [1, 2]
    assert await town.value("SELECT count(*) FROM dead_letters") == 0
