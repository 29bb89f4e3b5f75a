"""Where things lie and on which ports they listen: the one place that `OTKLIK_STATE` and `OTKLIK_PORT_OFFSET` change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DOWNLOADS = ROOT / ".local" / "downloads"  # the jars are the same for every state directory
BYTECODE = ROOT / ".local" / "bytecode"

PORTS = {
    "postgres": 5532,
    "kafka": 9192,
    "kafka-controller": 9193,
    "kafka-frontends": 9191,
    "smtp": 2525,
    "mail": 8025,
    "site": 8080,
    "intake": 8081,
    "history": 8082,
    "notifier": 8083,
}
LAST_PORT = 65_535
LARGEST_OFFSET = LAST_PORT - max(PORTS.values())


class WrongOffset(Exception):
    """OTKLIK_PORT_OFFSET is no number, or one that leaves no ports; the text says which are possible."""


@dataclass(frozen=True)
class Places:
    """A state directory and the distance of its ports from the usual ones."""

    state: Path = ROOT / ".local"
    port_offset: int = 0

    def port(self, name: str) -> int:
        return PORTS[name] + self.port_offset

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def run(self) -> Path:
        return self.state / "run"

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets.env"

    @property
    def frontend_keys(self) -> Path:
        return self.state / "frontend-keys.json"

    @property
    def heads(self) -> Path:
        """The signed heads of history's log; they outlive the database that they witness for."""
        return self.state / "heads.jsonl"

    @property
    def objects(self) -> Path:
        """The bytes of attachments, sealed; they belong to intake's database and are copied with it."""
        return self.state / "objects"

    @property
    def copies(self) -> Path:
        """History's own copies of them, sealed; they belong to its database and are copied with it."""
        return self.state / "history-objects"

    @property
    def hand_over(self) -> Path:
        """What lies between the two for a moment; no backup needs it."""
        return self.state / "hand-over"

    @property
    def demo(self) -> Path:
        """Whether this is a demonstration: local/installation.py."""
        return self.state / "demo"

    @property
    def sample_loaded(self) -> Path:
        return self.state / "sample-loaded"

    @property
    def accounts_opened(self) -> Path:
        """Whether the accounts of the demonstration are there."""
        return self.state / "accounts-opened"


def places(environ: Mapping[str, str]) -> Places:
    """The places that the environment asks for; raises `WrongOffset`."""
    state = environ.get("OTKLIK_STATE")
    return Places(Path(state).resolve() if state else ROOT / ".local", _offset(environ.get("OTKLIK_PORT_OFFSET") or "0"))


def _offset(said: str) -> int:
    if not said.isdecimal() or int(said) > LARGEST_OFFSET:
        raise WrongOffset(f"OTKLIK_PORT_OFFSET={said} is wrong: a whole number from 0 to {LARGEST_OFFSET}, as ports end at {LAST_PORT}")
    return int(said)
