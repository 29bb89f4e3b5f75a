"""What the simulator says of clamd's protocol is what the real one does (E-5). It runs where ClamAV is installed."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.events.vocabulary import FileState
from services.intake.uploads.scanner import Clamd, ScannerAway, Verdict
from tests.stack import eventually
from tests.unit.intake.files import EICAR, PDF, zipped

SETTINGS = """
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}
PidFile {folder}/clamd.pid
Foreground yes
StreamMaxLength 30M
MaxFileSize 30M
MaxScanSize 30M
AlertExceedsMax yes
"""


async def pieces(*every: bytes) -> AsyncIterator[bytes]:
    for piece in every:
        yield piece


@pytest.fixture
async def scanner(tmp_path: Path) -> AsyncIterator[Clamd]:
    """The real one, with a list of one virus: the standard test file."""
    program = shutil.which("clamd") or shutil.which("/usr/sbin/clamd")
    if program is None:
        pytest.skip("clamd is missing: on Debian, apt-get install clamav-daemon")
    (tmp_path / "own.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n", "ascii")
    (tmp_path / "clamd.conf").write_text(SETTINGS.format(folder=tmp_path), "ascii")
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(program, "-c", tmp_path / "clamd.conf", stdout=quiet, stderr=quiet)
    found = Clamd(f"unix://{tmp_path}/clamd.sock", 20)

    async def answers() -> bool:
        try:
            return await found.scan(pieces(PDF)) == Verdict(FileState.CLEAN)
        except ScannerAway:
            return False

    try:
        await eventually(answers, what="clamd answers")
        yield found
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.requirement("E-5")
async def test_the_real_scanner_is_understood(scanner: Clamd) -> None:
    assert (await scanner.scan(pieces(EICAR[:10], EICAR[10:]))).state is FileState.INFECTED
    assert (await scanner.scan(pieces(zipped({"a.txt": EICAR})))).state is FileState.INFECTED
    assert (await scanner.scan(pieces(*[b"x" * 65_536] * 400))).state is FileState.CLEAN
    assert (await scanner.scan(pieces(*[b"x" * 65_536] * 640))).state is FileState.UNSURE
