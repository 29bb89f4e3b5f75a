"""Which Java is taken, and with which flags."""

from pathlib import Path

import pytest

from local import java
from local.java import Java


def pretend(folder: Path, text: str) -> Path:
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho '{text}' >&2\n", "utf-8")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("said", "major"),
    [('openjdk version "17.0.15" 2025-04-15', 17), ('openjdk version "25" 2025-09-16', 25), ('java version "1.8.0_392"', 1)],
)
def test_the_version_is_read_from_what_java_says(tmp_path: Path, said: str, major: int) -> None:
    found = java.ask(pretend(tmp_path, said))
    assert found is not None
    assert found.major == major


def test_a_java_that_is_none_is_passed_over(tmp_path: Path) -> None:
    assert java.ask(pretend(tmp_path, "Unable to locate a Java Runtime")) is None
    assert java.ask(tmp_path / "absent") is None


def test_a_java_that_is_too_old_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, 'java version "11.0.2"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert java.on_machine() is None


def test_a_start_up_archive_needs_other_flags_from_25_on() -> None:
    archive = Path("/x.archive")
    assert Java(Path("java"), "17.0.1").archive_flag(archive) == "-XX:SharedArchiveFile=/x.archive"
    assert Java(Path("java"), "25.0.2").archive_flag(archive) == "-XX:AOTCache=/x.archive"
    assert Java(Path("java"), "17.0.1").training_flag(archive) == "-XX:ArchiveClassesAtExit=/x.archive"
    assert Java(Path("java"), "25.0.2").training_flag(archive) == "-XX:AOTCacheOutput=/x.archive"
