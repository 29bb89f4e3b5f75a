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
    "smtp": 2525,
    "mail": 8025,
    "site": 8080,
    "intake": 8081,
    "history": 8082,
    "notifier": 8083,
}


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


def places(environ: Mapping[str, str]) -> Places:
    """The places that the environment asks for."""
    state = environ.get("OTKLIK_STATE")
    offset = int(environ.get("OTKLIK_PORT_OFFSET") or 0)
    return Places(Path(state).resolve() if state else ROOT / ".local", offset)
