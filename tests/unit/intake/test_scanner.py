"""The virus scanner's protocol, against the simulator that speaks it (E-5)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.events.vocabulary import FileState
from services.intake.uploads.scanner import Clamd, ScannerAway, Verdict, verdict
from simulators import clamd
from tests.unit.intake.files import EICAR, PDF

pytestmark = pytest.mark.requirement("E-5")


async def pieces(*every: bytes) -> AsyncIterator[bytes]:
    for piece in every:
        yield piece


async def test_a_clean_file_is_clean_and_the_test_virus_is_found_wherever_it_is_cut() -> None:
    simulator = clamd.Clamd()
    async with simulator.listening() as address:
        scanner = Clamd(address, 5)
        assert await scanner.scan(pieces(PDF)) == Verdict(FileState.CLEAN)
        assert await scanner.scan(pieces()) == Verdict(FileState.CLEAN)
        assert await scanner.scan(pieces(b"", b"x" * 300_000, b"y")) == Verdict(FileState.CLEAN)
        for cut in range(len(EICAR)):
            assert await scanner.scan(pieces(EICAR[:cut], EICAR[cut:])) == Verdict(FileState.INFECTED, clamd.NAME)
    assert simulator.seen[:3] == [len(PDF), 0, 300_001]


@pytest.mark.parametrize(
    ("mood", "found"),
    [("too-large", "INSTREAM size limit exceeded. ERROR"), ("doubtful", "Heuristics.Limits.Exceeded.MaxFileSize")],
)
async def test_what_the_scanner_could_not_look_into_is_not_called_clean(mood: clamd.Mood, found: str) -> None:
    async with clamd.Clamd(mood=mood).listening() as address:
        assert await Clamd(address, 5).scan(pieces(*[b"x" * 65_536] * 100)) == Verdict(FileState.UNSURE, found)


async def test_a_file_over_the_scanners_own_limit_is_not_called_clean() -> None:
    async with clamd.Clamd(limit_bytes=100_000).listening() as address:
        assert (await Clamd(address, 5).scan(pieces(*[b"x" * 65_536] * 100))).state is FileState.UNSURE


@pytest.mark.parametrize("mood", ["silent", "hangs-up"])
async def test_a_scanner_that_does_not_answer_is_away(mood: clamd.Mood) -> None:
    async with clamd.Clamd(mood=mood).listening() as address:
        with pytest.raises(ScannerAway):
            await Clamd(address, 0.2).scan(pieces(PDF))


async def test_a_scanner_that_is_not_there_is_away(tmp_path: Path) -> None:
    async with clamd.Clamd().listening() as address:
        pass
    for gone in (address, f"unix://{tmp_path}/clamd.sock"):
        with pytest.raises(ScannerAway):
            await Clamd(gone, 5).scan(pieces(PDF))


async def test_bytes_that_can_not_be_read_are_no_fault_of_the_scanner() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PDF
        raise FileNotFoundError

    async with clamd.Clamd().listening() as address:
        with pytest.raises(FileNotFoundError):
            await Clamd(address, 5).scan(broken())


async def test_a_unix_socket_serves_as_well(tmp_path: Path) -> None:
    simulator = clamd.Clamd()
    server = await asyncio.start_unix_server(simulator._serve, tmp_path / "clamd.sock")
    async with server:
        assert await Clamd(f"unix://{tmp_path}/clamd.sock", 5).scan(pieces(EICAR)) == Verdict(FileState.INFECTED, clamd.NAME)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("stream: OK", FileState.CLEAN),
        ("stream: Win.Test.EICAR_HDB-1 FOUND", FileState.INFECTED),
        ("stream: Heuristics.Encrypted.PDF FOUND", FileState.UNSURE),
        ("stream: Can't allocate memory ERROR", FileState.UNSURE),
        ("", FileState.UNSURE),
        ("OK", FileState.UNSURE),
        ("stream: OK FOUND", FileState.INFECTED),
    ],
)
def test_every_answer_but_a_plain_ok_leaves_doubt_or_a_finding(answer: str, state: FileState) -> None:
    assert verdict(answer).state is state
