"""`otklik verify` against whoever rules the database: a chain computed anew and a cut tail are found by the signatures, and located."""

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.verify_report import Report
from services.history.domain.chain import link
from services.history.domain.entries import KEPT_COLUMNS
from services.history.domain.heads import Signer
from tests.integration.history.keeping import Keeping
from tests.integration.history.signing import checked, key_of, signing
from tests.integration.history.test_verify import command
from tests.unit.history.told import delivered, envelope, received

pytestmark = pytest.mark.requirement("R-18", "D-19", "N-4.7")
ROUNDS, ROWS = 4, 10
Row = dict[str, Any]


@pytest.fixture
async def shard(history: Keeping) -> int:
    """A shard with forty rows, signed at 10, 20, 30 and 40."""
    thread, heads = None, signing(history)
    for _ in range(ROUNDS):
        told = [envelope(received(), thread_id=thread) if thread else envelope(received()) for _ in range(ROWS)]
        thread = thread or told[0].thread_id
        await history.take(*(delivered(each.model_copy(update={"thread_id": thread})) for each in told))
        await heads.sign()
    [place] = await history.rows("SELECT DISTINCT shard FROM history.log")
    return int(place["shard"])


async def recompute(history: Keeping, shard: int, position: int, **changed: object) -> None:
    """As a superuser: changes a row and computes the chain anew from there to its end, the head included."""
    rows = await history.rows("SELECT * FROM history.log WHERE shard = $1 AND position >= $2 - 1 ORDER BY position", shard, position)
    previous, statements = rows[0]["hash"], []
    for row in rows[1:]:
        now = row | (changed if row["position"] == position else {})
        previous = hash_of(previous, now)
        names = [*changed, "hash"] if row["position"] == position else ["hash"]
        new = now | {"hash": previous}
        setting = ", ".join(f"{name} = {literal(new[name])}" for name in names)
        statements.append(f"UPDATE log SET {setting} WHERE shard = {shard} AND position = {row['position']}")  # noqa: S608 - values of ours
    statements.append(f"UPDATE log_heads SET hash = {literal(previous)} WHERE shard = {shard}")  # noqa: S608 - values of ours
    await history.tamper(*statements)


def hash_of(previous: bytes, row: Row) -> bytes:
    place = (row["shard"], row["position"], row["stored_at"])
    return link(previous, place, [row[name] for name in KEPT_COLUMNS], row["commitment"], row["sealed"])


def literal(value: object) -> str:
    return f"'\\x{value.hex()}'" if isinstance(value, bytes) else f"'{value}'"


async def cut(history: Keeping, shard: int, last: int) -> None:
    """As a superuser: takes away all rows behind `last`, their ids, and sets the head back."""
    beyond = f"shard = {shard} AND position > {last}"
    await history.tamper(
        f"DELETE FROM log WHERE {beyond}",  # noqa: S608 - values of ours
        f"DELETE FROM log_ids WHERE {beyond}",  # noqa: S608 - values of ours
        f"UPDATE log_heads SET position = {last}, hash = (SELECT hash FROM log WHERE shard = {shard} AND position = {last})"  # noqa: S608
        f" WHERE shard = {shard}",
    )


def found(report: Report) -> list[tuple[str, int, int | None]]:
    return [(finding.kind, finding.position, finding.last) for finding in report.findings]


async def test_an_untouched_log_agrees_with_its_signatures(history: Keeping, shard: int) -> None:
    report = await checked(history)
    assert report.findings == []
    assert (report.signed, report.uncovered) == (ROUNDS, {})


async def test_a_row_changed_with_the_whole_chain_recomputed_is_found_between_two_signatures(history: Keeping, shard: int) -> None:
    await recompute(history, shard, 17, actor_id="somebody-else")
    assert (await history.verified()).sound
    report = await checked(history)
    assert found(report) == [("rewritten", 11, 20)]
    [finding] = report.findings
    assert finding.shard == shard
    assert "the last signature that fits stands at 10" in finding.says


async def test_a_row_changed_before_the_first_signature_is_found(history: Keeping, shard: int) -> None:
    await recompute(history, shard, 2, open='{"reference":"ANOTHERONE"}')
    assert found(await checked(history)) == [("rewritten", 1, 10)]


async def test_a_row_exchanged_for_another_is_found(history: Keeping, shard: int) -> None:
    """Another event under another id: the id table is made to fit too."""
    [row] = await history.rows("SELECT * FROM history.log WHERE shard = $1 AND position = 25", shard)
    other = envelope(received()).event_id
    await history.tamper(f"UPDATE log_ids SET event_id = '{other}' WHERE event_id = '{row['event_id']}'")  # noqa: S608 - values of ours
    await recompute(history, shard, 25, event_id=other)
    assert (await history.verified(with_keys=False)).sound
    assert found(await checked(history)) == [("rewritten", 21, 30)]


async def test_a_cut_tail_is_found_and_located(history: Keeping, shard: int) -> None:
    await cut(history, shard, 24)
    assert (await history.verified()).sound
    report = await checked(history)
    assert found(report) == [("cut", 25, 40)]
    assert report.uncovered[shard].rows == 4


async def test_a_cut_tail_that_grew_again_is_found_and_located(history: Keeping, shard: int) -> None:
    [row] = await history.rows("SELECT * FROM history.log WHERE shard = $1 AND position = 1", shard)
    await cut(history, shard, 24)
    await history.take(*(delivered(envelope(received(), thread_id=row["thread_id"])) for _ in range(ROWS)))
    assert (await history.verified()).sound
    assert found(await checked(history)) == [("rewritten", 21, 30), ("cut", 35, 40)]


async def test_a_row_taken_out_with_the_rest_moved_up_and_recomputed_is_found(history: Keeping, shard: int) -> None:
    later = f"shard = {shard} AND position > 17"
    await history.tamper(
        f"DELETE FROM log_ids WHERE shard = {shard} AND position = 17",  # noqa: S608 - values of ours
        f"DELETE FROM log WHERE shard = {shard} AND position = 17",  # noqa: S608 - values of ours
        f"UPDATE log SET position = -position WHERE {later}",  # noqa: S608 - values of ours
        "UPDATE log SET position = -position - 1 WHERE position < 0",
        f"UPDATE log_ids SET position = position - 1 WHERE {later}",  # noqa: S608 - values of ours
        f"UPDATE log_heads SET position = position - 1 WHERE shard = {shard}",  # noqa: S608 - values of ours
    )
    await recompute(history, shard, 17)
    assert (await history.verified()).sound
    assert found(await checked(history)) == [("rewritten", 11, 20), ("cut", 40, 40)]


async def test_signatures_made_after_the_attack_hide_nothing(history: Keeping, shard: int, tmp_path: Path) -> None:
    await recompute(history, shard, 17, actor_id="somebody-else")
    elsewhere = tmp_path / "after.jsonl"
    assert await signing(history, path=elsewhere).sign()
    assert found(await checked(history, path=elsewhere)) == []
    path = history.settings.heads_file
    both = tmp_path / "both.jsonl"
    both.write_bytes(path.read_bytes() + elsewhere.read_bytes())
    assert ("rewritten", 11, 20) in found(await checked(history, path=both))


async def test_rows_behind_the_last_signature_are_told_and_after_a_while_missed(history: Keeping, shard: int) -> None:
    [row] = await history.rows("SELECT * FROM history.log WHERE shard = $1 AND position = 1", shard)
    await history.take(*(delivered(envelope(received(), thread_id=row["thread_id"])) for _ in range(3)))
    report = await checked(history, signed_before=datetime.now(UTC) - timedelta(hours=1))
    assert report.findings == []
    assert report.uncovered[shard].rows == 3
    assert "not covered yet: 3 rows in 1 shards" in report.summary(with_keys=False)
    assert found(await checked(history, signed_before=datetime.now(UTC) + timedelta(hours=1))) == [("not-signed", 41, 43)]


MOVED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "taken out": lambda lines: [lines[0], *lines[2:]],
    "exchanged": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "first lines gone": lambda lines: lines[1:],
    "made unreadable": lambda lines: [lines[0], b"{", *lines[2:]],
}
CHANGED: dict[str, dict[str, object]] = {
    "moment changed": {"signed_at": "2020-01-01T00:00:00+00:00"},
    "hash changed": {"hash": "0" * 64},
    "position changed": {"position": 21},
    "key changed": {"key_id": "0" * 16},
}


def edited(lines: list[bytes], how: str) -> list[bytes]:
    if how in MOVED:
        return MOVED[how](lines)
    return [lines[0], json.dumps(json.loads(lines[1]) | CHANGED[how]).encode(), *lines[2:]]


@pytest.mark.parametrize(
    ("how", "kinds"),
    [
        ("taken out", {"heads-file-edited"}),
        ("exchanged", {"heads-file-edited"}),
        ("first lines gone", {"heads-file-edited"}),
        ("moment changed", {"heads-file-edited"}),
        ("hash changed", {"head-forged", "heads-file-edited"}),
        ("position changed", {"head-forged", "heads-file-edited"}),
        ("key changed", {"head-of-unknown-key", "heads-file-edited"}),
        ("made unreadable", {"heads-file-edited"}),
    ],
)
async def test_an_edited_file_of_heads_is_found(history: Keeping, shard: int, how: str, kinds: set[str]) -> None:
    path = history.settings.heads_file
    path.write_bytes(b"\n".join(edited(path.read_bytes().splitlines(), how)) + b"\n")
    assert {finding.kind for finding in (await checked(history)).findings} == kinds


async def test_heads_that_were_cut_at_the_end_leave_old_rows_without_a_signature(history: Keeping, shard: int) -> None:
    path = history.settings.heads_file
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert found(await checked(history, signed_before=datetime.now(UTC) + timedelta(hours=1))) == [("not-signed", 21, 40)]


async def test_a_head_that_another_key_signed_is_found(history: Keeping, shard: int) -> None:
    await recompute(history, shard, 17, actor_id="somebody-else")
    path = history.settings.heads_file
    path.unlink()
    await signing(history, key=bytes(32)).sign()
    assert {finding.kind for finding in (await checked(history)).findings} == {"head-of-unknown-key"}


async def test_the_log_is_held_against_its_signatures_while_history_writes_and_signs(history: Keeping, shard: int) -> None:
    heads, reports = signing(history), []

    async def write() -> None:
        for _ in range(30):
            await history.take(*(delivered(envelope(received())) for _ in range(20)))
            await heads.sign()

    writing = asyncio.create_task(write())
    while not writing.done():
        reports.append(await checked(history))
    await writing
    assert reports
    assert [report.findings for report in reports] == [[]] * len(reports)
    assert (await checked(history)).uncovered == {}


async def test_the_command_says_what_the_signatures_say(history: Keeping, shard: int) -> None:
    path = history.settings.heads_file
    told = {
        "OTKLIK_POSTGRES_DSN": history.database.dsn("history"),
        "OTKLIK_HEADS_FILE": str(path),
        "OTKLIK_HEAD_PUBLIC_KEYS": base64.b64encode(Signer(key_of(history)).public_key).decode(),
    }
    code, out = await command(**told)
    assert (code, out.splitlines()[0]) == (0, "sound: 40 rows in 8 shards; seals not opened: no master key was given")
    assert "4 signatures, the newest of " in out
    assert "they cover every row" in out
    await recompute(history, shard, 17, actor_id="somebody-else")
    code, out = await command("--json", "--heads", str(path), **told)
    said = json.loads(out)
    assert (code, said["sound"], said["signatures"]) == (1, False, 4)
    assert [(each["kind"], each["shard"], each["first"], each["last"]) for each in said["findings"]] == [("rewritten", shard, 11, 20)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"OTKLIK_HEAD_PUBLIC_KEYS": ""},
        {"OTKLIK_HEAD_PUBLIC_KEYS": "not-base64"},
        {"OTKLIK_HEAD_PUBLIC_KEYS": "c2hvcnQ="},
        {"OTKLIK_HEADS_FILE": "/nonexistent/heads.jsonl"},
    ],
)
async def test_the_command_without_what_it_needs_ends_with_2(history: Keeping, shard: int, wrong: dict[str, str]) -> None:
    told = {
        "OTKLIK_POSTGRES_DSN": history.database.dsn("history"),
        "OTKLIK_HEADS_FILE": str(history.settings.heads_file),
        "OTKLIK_HEAD_PUBLIC_KEYS": base64.b64encode(Signer(key_of(history)).public_key).decode(),
    }
    assert await command(**(told | wrong)) == (2, "")
