"""The restore drill: a backup under load, the stores lost, a restore into an empty place, and the town serves on as if nothing had been."""

import asyncio
import base64
import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from bench.checker import Check
from cli.services import SCHEMAS
from local.places import ROOT
from tests.faults.town import SERVICES, Town, asked_for, broken, town, under_load

RATE = 10.0
SECONDS = 20
GOES_ON_SECONDS = 30.0
DRAIN_SECONDS = 90.0
RESTORED = "restored"
# What the time after the copy costs (docs/operations/backup.md): letters of that time are planned and told again, and so are receipts.
AGAIN = re.compile(
    r"(unasked|double): (Notification\w+|ReplyHandedOver|MessageAccepted) |wrong: (notifier\.deliveries|channel\.outbound\.vk)\.v1 "
)


async def otklik(of: Town, database: str, *arguments: object) -> str:
    """What a command said that must succeed; it finds everything that an operator would set."""
    told = of.stage.environment("intake", database, "intake", admin_dsn=database, http_port=0)
    for schema in SCHEMAS:
        told[f"OTKLIK_{schema.name.upper()}_MASTER_KEY"] = base64.b64encode(schema.name.encode().ljust(32, b"-")).decode()
        told[f"OTKLIK_{schema.name.upper()}_PASSWORD"] = of.stage.password
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *map(str, arguments)),
        cwd=ROOT,
        env=os.environ | told,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    text = said.decode("utf-8", "replace")
    of.journal.say(f"otklik {arguments[0]}: {text.strip().splitlines()[-1] if text.strip() else ''}")
    assert process.returncode == 0, text
    return text


async def lose_the_database(of: Town) -> str:
    """All of it at once, under the feet of whoever uses it; answers where an empty one waits."""
    parts = urlsplit(of.database)
    lost = parts.path.strip("/")
    admin = await asyncpg.connect(of.stage.parts.admin_dsn)
    try:
        await admin.execute(f"DROP DATABASE {lost} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {RESTORED}")
    finally:
        await admin.close()
    of.journal.say(f"database {lost} is lost")
    return urlunsplit(parts._replace(path=f"/{RESTORED}"))


def explained(check: Check) -> bool:
    return check.held or (bool(check.ids) and all(AGAIN.match(one) for one in check.ids))


@pytest.mark.requirement("E-13", "D-20", "N-8.2")
async def test_a_backup_under_load_restored_into_an_empty_place_is_verified_and_serves(tmp_path: Path) -> None:
    data, keys, seconds = tmp_path / "data", tmp_path / "keys", asked_for("N", SECONDS)
    async with town("backup-under-load") as drilled:
        async with under_load(drilled, RATE):
            await asyncio.sleep(seconds)
            await otklik(drilled, drilled.database, "backup", data, "--keys-to", keys)
            await asyncio.sleep(seconds)
        await drilled.drained()  # what Kafka has not heard yet no command brings back: docs/operations/backup.md
        letters = drilled.sink.letters
        for name in SERVICES:
            await drilled.stop(name)
        empty = await lose_the_database(drilled)

        restored = await otklik(drilled, empty, "restore", data, "--keys-from", keys)
        since = restored.split("--since ")[1].split()[0]
        await otklik(drilled, empty, "recover", "--since", since)
        drilled.database = empty
        drilled.again += letters  # the notifier hears of them again, and sends them under the same Message-ID
        for name in SERVICES:
            heads = drilled.stage.environment(name, empty, name)["OTKLIK_HEADS_FILE"]
            drilled.tell(name, postgres_dsn=drilled.stage.dsn(empty, name), heads_file=heads)
            await drilled.start(name)
        await drilled.goes_on("the restore", within=GOES_ON_SECONDS)
        drilled.drain_seconds = DRAIN_SECONDS
        wrong = [check for check in await drilled.finish() if not explained(check)]
        assert not broken(wrong, drilled.journal.directory)
