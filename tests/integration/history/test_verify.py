"""`otklik verify` on a real log: a superuser changes, swaps, removes and adds, and each time the place is named."""

import asyncio
import base64
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cli.verify_log import verify
from cli.verify_report import Finding
from libs.chassis.store.keys import WrongMasterKey
from services.history.domain.chain import SHARDS, genesis, link
from services.history.domain.entries import KEPT_COLUMNS
from tests.integration.history.keeping import Keeping
from tests.unit.history.told import IN_SITE, delivered, dialogue_of, envelope, message, received

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.requirement("R-18", "D-19", "N-4.7")


async def filled(history: Keeping, count: int = 40) -> dict[str, Any]:
    """A log with one thread of many entries; answers the row in the middle of its shard."""
    thread = uuid4()
    await history.take(*(delivered(envelope(message(), thread_id=thread), IN_SITE) for _ in range(count)))
    await history.take(*(delivered(envelope(received(), seq=1)) for _ in range(count)))
    rows = await history.rows("SELECT * FROM history.log WHERE thread_id = $1 ORDER BY position", dialogue_of(thread))
    return rows[count // 2]


def places(findings: Iterable[Finding]) -> set[tuple[str, int, int]]:
    return {(finding.kind, finding.shard, finding.position) for finding in findings}


def where(row: dict[str, Any]) -> str:
    return f"shard = {row['shard']} AND position = {row['position']}"


async def test_an_untouched_log_is_sound_and_every_seal_opens_as_it_was_chained(history: Keeping) -> None:
    await filled(history)
    report = await history.verified()
    assert report.findings == []
    assert (report.rows, report.opened, report.destroyed) == (80, 80, 0)
    assert report.heads.keys() == set(range(SHARDS))


async def test_an_empty_log_is_sound(history: Keeping) -> None:
    assert (await history.verified()).sound


@pytest.mark.parametrize(
    "change",
    [
        "occurred_at = occurred_at - interval '1 day'",
        'open = \'{"external_id":"another"}\'',
        "client_id = gen_random_uuid()",
        "actor_id = 'somebody-else'",
        "sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)",
        "sealed = NULL",
        "commitment = sha256('x')",
        "stored_at = stored_at + interval '1 microsecond'",
        "kafka_offset = kafka_offset + 1",
        "hash = sha256('x')",
    ],
)
async def test_a_changed_row_is_found_and_located(history: Keeping, change: str) -> None:
    row = await filled(history)
    await history.tamper(f"UPDATE log SET {change} WHERE {where(row)}")  # noqa: S608 - values of ours
    report = await history.verified(with_keys=False)
    assert ("changed", row["shard"], row["position"]) in places(report.findings)
    assert {finding.position - row["position"] for finding in report.findings} <= {0, 1}
    assert all(finding.shard == row["shard"] for finding in report.findings)


async def test_a_changed_row_whose_hash_was_made_to_fit_is_found_at_the_next(history: Keeping) -> None:
    row = await filled(history)
    [before] = await history.rows("SELECT hash FROM history.log WHERE shard = $1 AND position = $2", row["shard"], row["position"] - 1)
    kept = [("forged" if name == "actor_id" else row[name]) for name in KEPT_COLUMNS]
    forged = link(before["hash"], (row["shard"], row["position"], row["stored_at"]), kept, row["commitment"], row["sealed"])
    await history.tamper(f"UPDATE log SET actor_id = 'forged', hash = '\\x{forged.hex()}' WHERE {where(row)}")  # noqa: S608 - values of ours
    report = await history.verified()
    assert places(report.findings) == {("changed", row["shard"], row["position"] + 1)}


async def test_two_swapped_rows_are_found_and_located(history: Keeping) -> None:
    row = await filled(history)
    shard, one, other = row["shard"], row["position"], row["position"] + 3
    await history.tamper(
        f"UPDATE log SET position = -1 WHERE shard = {shard} AND position = {one}",  # noqa: S608 - values of ours
        f"UPDATE log SET position = {one} WHERE shard = {shard} AND position = {other}",  # noqa: S608 - values of ours
        f"UPDATE log SET position = {other} WHERE shard = {shard} AND position = -1",  # noqa: S608 - values of ours
    )
    report = await history.verified()
    found = places(report.findings)
    assert {("changed", shard, one), ("changed", shard, other), ("moved", shard, one), ("moved", shard, other)} <= found


async def test_a_removed_row_is_found_and_located(history: Keeping) -> None:
    row = await filled(history)
    await history.tamper(f"DELETE FROM log WHERE {where(row)}")  # noqa: S608 - values of ours
    report = await history.verified()
    place = (row["shard"], row["position"])
    assert places(report.findings) == {("removed", *place), ("id-without-row", *place)}


async def test_a_removed_row_is_found_though_its_id_went_with_it_and_the_others_moved_up(history: Keeping) -> None:
    row = await filled(history)
    later = f"shard = {row['shard']} AND position > {row['position']}"
    await history.tamper(
        f"DELETE FROM log WHERE {where(row)}",  # noqa: S608 - values of ours
        f"DELETE FROM log_ids WHERE event_id = '{row['event_id']}'",  # noqa: S608 - values of ours
        f"UPDATE log SET position = -position WHERE {later}",  # noqa: S608 - values of ours
        "UPDATE log SET position = -position - 1 WHERE position < 0",
        f"UPDATE log_ids SET position = position - 1 WHERE {later}",  # noqa: S608 - values of ours
        f"UPDATE log_heads SET position = position - 1 WHERE shard = {row['shard']}",  # noqa: S608 - values of ours
    )
    report = await history.verified()
    assert min(report.findings, key=lambda finding: finding.position).position == row["position"]
    assert {finding.shard for finding in report.findings} == {row["shard"]}


async def test_a_cut_tail_is_found(history: Keeping) -> None:
    row = await filled(history)
    await history.tamper(f"DELETE FROM log WHERE shard = {row['shard']} AND position > {row['position']}")  # noqa: S608 - values of ours
    report = await history.verified()
    assert ("removed", row["shard"], row["position"] + 1) in places(report.findings)


async def test_a_head_that_differs_is_found(history: Keeping) -> None:
    row = await filled(history)
    shard = row["shard"]
    await history.tamper(f"UPDATE log_heads SET hash = sha256('x') WHERE shard = {shard}")  # noqa: S608 - values of ours
    [finding] = (await history.verified()).findings
    assert (finding.kind, finding.shard) == ("head-differs", shard)
    await history.tamper(f"DELETE FROM log_heads WHERE shard = {shard}")  # noqa: S608 - values of ours
    assert {kind for kind, found, _ in places((await history.verified()).findings) if found == shard} == {"head-missing", "beyond-head"}


async def test_a_head_that_was_set_back_is_found(history: Keeping) -> None:
    row = await filled(history)
    await history.tamper(
        f"UPDATE log_heads SET position = {row['position']}, hash = (SELECT hash FROM log WHERE {where(row)}) WHERE shard = {row['shard']}"  # noqa: S608
    )
    report = await history.verified()
    assert ("beyond-head", row["shard"], row["position"] + 1) in places(report.findings)


async def test_a_row_added_beside_the_log_is_found(history: Keeping) -> None:
    row = await filled(history)
    columns = ", ".join(KEPT_COLUMNS[1:])
    await history.tamper(
        f"INSERT INTO log (shard, position, stored_at, event_id, {columns}, hash) SELECT shard, position, stored_at + interval '1 second',"  # noqa: S608
        f" gen_random_uuid(), {columns}, hash FROM log WHERE {where(row)}"
    )
    report = await history.verified()
    place = (row["shard"], row["position"])
    assert {("doubled", *place), ("id-missing", *place)} <= places(report.findings)


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        ("DELETE FROM log_ids WHERE event_id = '{event_id}'", "id-missing"),
        ("UPDATE log_ids SET position = position + 1000 WHERE event_id = '{event_id}'", "moved"),
        ("UPDATE log_ids SET shard = (shard + 1) % 8 WHERE event_id = '{event_id}'", "moved"),
    ],
)
async def test_an_id_table_that_differs_is_found_and_located(history: Keeping, act: str, kind: str) -> None:
    row = await filled(history)
    await history.tamper(act.format(**row))
    report = await history.verified()
    assert (kind, row["shard"], row["position"]) in places(report.findings)


async def test_an_id_that_no_row_bears_is_found(history: Keeping) -> None:
    await filled(history)
    await history.tamper("INSERT INTO log_ids VALUES (gen_random_uuid(), 2, 5000, now())")
    assert places((await history.verified()).findings) == {("id-without-row", 2, 5000)}


async def test_with_the_keys_a_key_that_was_exchanged_and_a_seal_that_opens_otherwise_are_found(history: Keeping) -> None:
    row = await filled(history)
    await history.tamper(
        f"UPDATE thread_keys SET wrapped = (SELECT wrapped FROM thread_keys WHERE thread_id <> '{row['thread_id']}' LIMIT 1)"  # noqa: S608
        f" WHERE thread_id = '{row['thread_id']}'"
    )
    report = await history.verified()
    assert {finding.kind for finding in report.findings} == {"key-not-opened"}
    assert (await history.verified(with_keys=False)).sound


async def test_a_log_recomputed_around_another_plaintext_still_shows_a_commitment_that_does_not_fit(history: Keeping) -> None:
    """Whoever rewrites the whole chain but lacks the keys can't make a commitment; whoever has them is caught by signed heads, later."""
    row = await filled(history)
    commitment = bytes(32)
    previous, changes = genesis(row["shard"]), []
    for each in await history.rows("SELECT * FROM history.log WHERE shard = $1 ORDER BY position", row["shard"]):
        proof = commitment if each["position"] == row["position"] else each["commitment"]
        place = (each["shard"], each["position"], each["stored_at"])
        previous = link(previous, place, [each[name] for name in KEPT_COLUMNS], proof, each["sealed"])
        changes.append(f"UPDATE log SET commitment = '\\x{proof.hex()}', hash = '\\x{previous.hex()}' WHERE {where(each)}")  # noqa: S608
    changes.append(f"UPDATE log_heads SET hash = '\\x{previous.hex()}' WHERE shard = {row['shard']}")  # noqa: S608 - values of ours
    await history.tamper(*changes)
    assert (await history.verified(with_keys=False)).sound
    assert places((await history.verified()).findings) == {("opens-otherwise", row["shard"], row["position"])}


async def test_with_another_master_key_verification_stops_instead_of_accusing(history: Keeping) -> None:
    await filled(history)
    async with history.process.pool.acquire() as db:
        await history.process.keyring.claim(db)
    with pytest.raises(WrongMasterKey):
        await verify(history.database.admin_dsn, bytes(32))


async def test_verification_goes_on_while_history_writes(history: Keeping) -> None:
    await filled(history, 300)

    async def write() -> None:
        for _ in range(20):
            await history.take(*(delivered(envelope(message()), IN_SITE) for _ in range(20)))

    writing = asyncio.create_task(write())
    reports = [await history.verified() for _ in range(5)]
    await writing
    assert [report.findings for report in reports] == [[]] * 5


async def test_progress_is_told_up_to_the_end(history: Keeping) -> None:
    await filled(history)
    told: list[tuple[int, int]] = []
    await verify(history.database.admin_dsn, advance=lambda done, total: told.append((done, total)))
    assert told[-1] == (80, 80)
    assert told == sorted(told)


async def test_the_command_says_the_place_and_ends_with_1_when_something_is_wrong(history: Keeping) -> None:
    row = await filled(history)
    key = base64.b64encode(history.settings.master_key.get_secret_value()).decode()
    code, out = await command(OTKLIK_POSTGRES_DSN=history.database.dsn("history"), OTKLIK_MASTER_KEY=key)
    first, second = out.splitlines()
    assert (code, first) == (0, "sound: 80 rows in 8 shards; 80 seals opened, 0 destroyed")
    assert second.startswith("no signed heads were given")
    await history.tamper(f"UPDATE log SET point = 'elsewhere' WHERE {where(row)}")  # noqa: S608 - values of ours
    code, out = await command(OTKLIK_POSTGRES_DSN=history.database.dsn("history"))
    assert code == 1
    assert f"shard {row['shard']}, position {row['position']}, event {row['event_id']}: changed" in out
    assert "1 findings" in out
    code, out = await command(OTKLIK_MASTER_KEY="not base64", OTKLIK_POSTGRES_DSN=history.database.dsn("history"))
    assert (code, out) == (2, "")


async def command(*options: str, **told: str) -> tuple[int, str]:
    script = f"from cli.main import app; app({['verify', *options]})"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **told}
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await started.communicate()
    assert started.returncode is not None, err
    return started.returncode, out.decode()
