"""Golden files: every stored version of every event as it was first written. `python -m tests.contract.golden_files` writes missing ones.

A file is never changed: its hash stands in SHA256SUMS, and somewhere such a record lies in a log that is kept for five years.
"""

import hashlib
from pathlib import Path

from tests.contract.samples import golden_text
from tests.contract.stored import STORED

FOLDER = Path(__file__).parent / "golden"
SUMS = FOLDER / "SHA256SUMS"


def sums() -> dict[str, str]:
    """File name to hash."""
    lines = SUMS.read_text("utf-8").splitlines() if SUMS.exists() else []
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_missing() -> list[str]:
    """Today's version of each event that has no file yet; returns the names of what was written."""
    FOLDER.mkdir(exist_ok=True)
    known, written = sums(), []
    for event in STORED:
        path = FOLDER / f"{event.type_name()}.v{event.version}.json"
        if not path.exists():
            path.write_text(golden_text(event), "utf-8")
            written.append(path.name)
    known |= {name: digest(FOLDER / name) for name in written}
    SUMS.write_text("".join(f"{known[name]}  {name}\n" for name in sorted(known)), "utf-8")
    return written


if __name__ == "__main__":
    for name in write_missing():
        print(f"wrote {name}")  # noqa: T201 - a command
