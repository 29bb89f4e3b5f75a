"""The audit that docs/operations/integrity.md gives to a stranger works as it stands there, with nothing of ours."""

import asyncio
import base64
import re
import sys
from pathlib import Path

import pytest

from services.history.domain.heads import Signer
from tests.integration.history.keeping import Keeping
from tests.integration.history.signing import key_of, signing
from tests.unit.history.told import IN_SITE, delivered, delivery, envelope, message, request_of

pytestmark = pytest.mark.requirement("R-18", "D-19", "N-4.7")
PAGE = (Path(__file__).parents[3] / "docs" / "operations" / "integrity.md").read_text("utf-8")


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


async def audited(history: Keeping, folder: Path) -> tuple[int, str]:
    """Exit code, and what it said last."""
    async with history.database.superuser() as db:
        await db.execute("SET TIME ZONE 'UTC'")
        rows = [row[0] for row in await db.fetch(block("sql"))]
    (folder / "rows.txt").write_text("\n".join(rows), "utf-8")
    (folder / "audit.py").write_text(block("python"), "utf-8")
    public = base64.b64encode(Signer(key_of(history)).public_key).decode()
    command = (sys.executable, "audit.py", public, str(history.settings.heads_file), "rows.txt")
    told = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await told.communicate()
    return told.returncode or 0, out.decode().strip().splitlines()[-1]


async def filled(history: Keeping) -> None:
    texts = ['Кавычки «» " и \\ обратная черта', "строка\nи ещё\tодна", "\u2028 \x7f emoji 🙂", "<script>&amp;</script>"]
    await history.take(*(delivered(envelope(message(), point=text), IN_SITE) for text in texts))
    await history.take(delivery(b"\xff no event"), *request_of(None))
    await signing(history).sign()


async def test_the_audit_of_the_page_finds_an_untouched_log_sound(history: Keeping, tmp_path: Path) -> None:
    await filled(history)
    assert await audited(history, tmp_path) == (0, "sound")


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ("UPDATE log SET actor_id = 'x' WHERE (shard, position) = ({shard}, 1)", "row 1 was changed"),
        ("DELETE FROM log WHERE (shard, position) = ({shard}, 1)", "missing"),
        ("DELETE FROM log WHERE shard = {shard}", "are gone"),
    ],
)
async def test_the_audit_of_the_page_finds_what_was_tampered_with(history: Keeping, tmp_path: Path, act: str, says: str) -> None:
    await filled(history)
    [place] = await history.rows("SELECT shard FROM history.log_heads WHERE position > 1 LIMIT 1")
    await history.tamper(act.format(**place))
    code, said = await audited(history, tmp_path)
    assert code == 1
    assert says in said


async def test_the_audit_of_the_page_finds_an_edited_file_of_heads(history: Keeping, tmp_path: Path) -> None:
    await filled(history)
    path = history.settings.heads_file
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    code, said = await audited(history, tmp_path)
    assert code == 1
    assert "missing or changed" in said
