"""History signs the ends of its shards: what moved and no more, into the topic and the file, whatever crashes between the two."""

import asyncio
import base64
import os
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from cli.verify_report import Report
from libs.chassis.ops.settings import WrongSettings
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.outbox import OutboxShard
from libs.events.contracts.history_events import HeadSigned
from libs.events.envelope import decode
from libs.events.topics import HISTORY
from services.history.domain.heads import NO_LINE_BEFORE, Line, PublicKeys, Signer, line_hash, read_line
from services.history.heads_file import HeadsFile
from services.history.main import build
from services.history.settings import HistorySettings
from tests.integration.history.keeping import Keeping, environment
from tests.integration.history.signing import checked, checked_by_topic, key_of, signing
from tests.running import running, settings_of
from tests.stack import Database, eventually
from tests.unit.history.told import IN_SITE, delivered, envelope, message, received

pytestmark = pytest.mark.requirement("R-18", "D-19", "N-4.7")


async def write(history: Keeping, count: int = 20) -> None:
    await history.take(*(delivered(envelope(message()), IN_SITE) for _ in range(count)))


def lines_of(path: Path) -> list[Line]:
    """Every line, each signed by the key of the tests' settings and following the one before it."""
    previous, lines = NO_LINE_BEFORE, []
    for raw in path.read_bytes().splitlines():
        line = read_line(raw)
        assert line is not None
        assert line.previous == previous
        previous = line_hash(raw)
        lines.append(line)
    return lines


async def places(history: Keeping) -> dict[int, tuple[int, str]]:
    rows = await history.rows("SELECT * FROM history.log_heads WHERE position > 0")
    return {row["shard"]: (row["position"], row["hash"].hex()) for row in rows}


async def waiting(history: Keeping) -> list[HeadSigned]:
    """The signed heads in the outbox."""
    process = history.process
    shards = [OutboxShard(process.pool, process.keyring, shard, "test") for shard in range(process.outbox.shards)]
    rows = [row for shard in shards for row in await shard.pending(0, 1_000, [])]
    assert all(row.record.topic == HISTORY.name and row.record.key == str(row.record.thread_id) for row in rows)
    told = [decode(row.record.value) for row in rows]
    return [HeadSigned.model_validate(each.payload) for each in told if each.type == "HeadSigned"]


async def test_the_head_of_every_shard_that_moved_is_signed_into_the_file_and_the_topic(history: Keeping) -> None:
    await write(history)
    signed = await signing(history).sign()
    assert {head.shard: (head.position, head.hash) for head in signed} == await places(history)
    keys = PublicKeys([Signer(key_of(history)).public_key])
    lines = lines_of(history.settings.heads_file)
    assert [line.head for line in lines] == signed
    assert all(keys.signed_head(line.head) and keys.signed_line(line) for line in lines)
    assert sorted(await waiting(history), key=lambda head: head.shard) == signed


async def test_signing_moves_no_head_and_an_idle_log_is_not_signed_again(history: Keeping) -> None:
    await write(history)
    heads, before = signing(history), await places(history)
    assert await heads.sign()
    assert await places(history) == before
    assert await heads.sign() == []
    assert await signing(history).sign() == []
    await history.take(delivered(envelope(received(), seq=1)))
    assert len(await heads.sign()) == 1


async def test_an_empty_log_has_nothing_to_sign(history: Keeping) -> None:
    assert await signing(history).sign() == []
    assert history.settings.heads_file.read_bytes() == b""


async def test_what_is_not_committed_is_not_signed(history: Keeping) -> None:
    await write(history)
    before = await places(history)
    async with history.database.superuser() as db, db.transaction():
        await db.execute("UPDATE history.log_heads SET position = position + 1000")
        signed = await signing(history).sign()
    assert {head.shard: (head.position, head.hash) for head in signed} == before


async def test_a_crash_between_the_topic_and_the_file_signs_once_more_and_harms_nobody(history: Keeping) -> None:
    await write(history)
    signed = await signing(history).sign()
    history.settings.heads_file.write_bytes(b"")  # as if the file had not been written yet
    assert [head.hash for head in await signing(history).sign()] == [head.hash for head in signed]
    assert len(await waiting(history)) == 2 * len(signed)
    assert (await checked(history)).sound


async def test_a_crash_in_the_middle_of_a_line_leaves_a_file_that_goes_on_and_is_sound(history: Keeping) -> None:
    await write(history)
    await signing(history).sign()
    path = history.settings.heads_file
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size - 40)
    half = path.read_bytes()
    [again] = await signing(history).sign()
    assert path.read_bytes().startswith(half + b"\n")
    report = await checked(history)
    assert report.findings == []
    assert report.uncovered == {}
    assert again.shard == max(await places(history))


async def test_two_processes_that_sign_side_by_side_keep_one_chain_of_lines(history: Keeping) -> None:
    one, other = signing(history), signing(history)
    for _ in range(5):
        await write(history, 8)
        await asyncio.gather(one.sign(), other.sign())
    report = await checked(history)
    assert report.findings == []
    lines_of(history.settings.heads_file)


async def test_a_log_that_is_no_longer_the_signed_one_raises_an_alarm_and_is_not_signed_again(history: Keeping) -> None:
    await write(history)
    registry = CollectorRegistry()
    heads = signing(history, figures=registry)
    await heads.sign()
    assert registry.get_sample_value("otklik_history_heads_denied") == 0
    signed_at = registry.get_sample_value("otklik_history_head_signed_timestamp_seconds")
    assert signed_at == pytest.approx(history.process.clock.now().timestamp(), abs=60)
    shard, other = sorted(await places(history))[:2]
    await history.tamper(
        f"UPDATE log SET hash = sha256('x') WHERE (shard, position) = (SELECT shard, position FROM log_heads WHERE shard = {shard})",  # noqa: S608
        f"UPDATE log_heads SET position = position - 1 WHERE shard = {other}",  # noqa: S608 - values of ours
    )
    await write(history, 40)
    assert not {shard, other} & {head.shard for head in await heads.sign()}
    assert registry.get_sample_value("otklik_history_heads_denied") == 2
    assert registry.get_sample_value("otklik_history_head_signed_timestamp_seconds") == signed_at


async def test_after_a_change_of_the_key_the_file_goes_on(history: Keeping) -> None:
    await write(history)
    await signing(history).sign()
    new = bytes(range(32))
    await write(history)
    await signing(history, key=new).sign()
    lines_of(history.settings.heads_file)
    both = [Signer(key_of(history)).public_key, Signer(new).public_key]
    assert (await checked(history, *both)).findings == []
    assert {finding.kind for finding in (await checked(history, both[1])).findings} >= {"head-of-unknown-key"}


async def test_a_file_that_was_cut_while_history_runs_is_signed_anew(history: Keeping) -> None:
    await write(history)
    heads = signing(history)
    signed = await heads.sign()
    history.settings.heads_file.write_bytes(b"")
    assert len(await heads.sign()) == len(signed)


async def test_the_loop_signs_at_once_and_at_the_end(history: Keeping) -> None:
    await write(history)
    heads, stopping = signing(history), Stopping()
    stopping.request()
    await heads.run(stopping)
    assert len(lines_of(history.settings.heads_file)) == len(await places(history))


async def test_a_file_that_cannot_be_written_stops_history_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match="OTKLIK_HEADS_FILE"):
        HeadsFile(tmp_path / "absent" / "heads.jsonl", Signer(bytes(32)))


async def test_the_running_service_signs_into_the_topic_and_the_topic_alone_proves_the_log(
    database: Database, history: Keeping, fresh_kafka: str
) -> None:
    await write(history)
    key = os.urandom(32)
    settings = settings_of(HistorySettings, environment(database, head_signing_key=base64.b64encode(key).decode(), heads_every_seconds=0.2))

    async def covered() -> Report | None:
        report = await checked_by_topic(history, key, fresh_kafka)
        return None if report.uncovered else report

    async with running("history", settings, build):
        report = await eventually(covered, what="the signatures on the topic cover every row")
    assert report.findings == []
    lines = lines_of(settings.heads_file)
    assert len({(line.shard, line.position) for line in lines}) == len(lines) == report.signed
