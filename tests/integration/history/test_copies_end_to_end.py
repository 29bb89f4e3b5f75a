"""From the upload door of intake to history's own copy, over Kafka and the place between the two (E-5)."""

from urllib.parse import quote, unquote
from uuid import UUID

import pytest

from libs.chassis.access.roles import Role
from libs.chassis.store.objects import Directory
from libs.chassis.store.shelves import hand_over_of
from services.intake.settings import IntakeSettings
from tests.integration.cli.copies import both, copied, drained, say, uploaded
from tests.running import settings_of
from tests.stack import Database, eventually

NAUGHTY = '\u202e«Скан» \U0001f4a5; filename="evil.exe"\r\n<b>\'.txt'
SHOWN = "«Скан» \U0001f4a5; filename=evil.exeb'.txt"
RAW = "Прошу приложить: \u202e \ufeff Ёё\r\n".encode() * 50_000


@pytest.mark.requirement("E-5", "N-2.2", "D-14")
async def test_what_a_person_attached_is_given_by_history_byte_for_byte_whatever_becomes_of_intakes_own(
    database: Database, fresh_kafka: str
) -> None:
    assert fresh_kafka
    async with both(database) as (intake, history):
        file = await uploaded(database, intake, RAW, NAUGHTY)
        [number] = await say(database, intake, "m-0", attachments=[file])
        kept = await copied(database, history, number)
        assert kept["attachment"] == file | {"name": SHOWN}
        own = Directory(database.stack.parts.directory / f"{database.name}-objects")
        await own.remove(UUID(file["upload_id"]))
        token = database.stack.staff_token(Role.OPERATOR)
        answer = await history.get(f"/v1/attachments/{kept['upload_id']}", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.content == RAW) == (200, True)
        header = answer.headers["content-disposition"]
        assert (header.startswith("attachment; "), unquote(header.partition("filename*=UTF-8''")[2])) == (True, SHOWN)
        assert quote("evil") in header
        between = hand_over_of(settings_of(IntakeSettings, database.environment("intake")))

        async def taken_back() -> bool:
            return await between.size(UUID(kept["object_id"])) is None

        await eventually(taken_back, what="nothing lies between the two any more")
        await drained(database)
