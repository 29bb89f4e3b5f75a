"""PostgreSQL's own programs, pg_dump and pg_restore, run on one database."""

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from local.postgres import programs

LAST_WORDS = 2_000


class ProgramFailed(Exception):
    """It is not there, or it ended with something else than 0; the text says what it said."""


@dataclass(frozen=True)
class Programs:
    """`folder` is where they lie; None: this machine's own ones where it has some, else those on the PATH."""

    dsn: str
    folder: Path | None = None

    async def run(self, name: str, *arguments: str) -> None:
        """Raises `ProgramFailed`. The password goes by the environment: everybody on the machine sees the arguments."""
        place, password = without_password(self.dsn)
        environment = os.environ | ({"PGPASSWORD": password} if password else {})
        command = (self.found(name), f"--dbname={place}", "--no-password", *arguments)
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            _, said = await process.communicate()
        finally:
            if process.returncode is None:  # Ctrl-C, or a neighbour that failed
                process.kill()
                await process.wait()
        if process.returncode:
            raise ProgramFailed(f"{name} ended with {process.returncode}:\n{said.decode('utf-8', 'replace').strip()[-LAST_WORDS:]}")

    def found(self, name: str) -> str:
        """The program's path; raises `ProgramFailed`."""
        folder = self.folder or _of_this_machine()
        found = shutil.which(name, path=str(folder) if folder else None)
        if found is None:
            raise ProgramFailed(f"there is no {name} {f'in {folder}' if folder else 'on the PATH'}: name its folder by --pg-bin")
        return found


def _of_this_machine() -> Path | None:
    try:
        return programs()
    except ModuleNotFoundError:
        return None


def without_password(dsn: str) -> tuple[str, str]:
    """The address that may be seen, and the password."""
    parts = urlsplit(dsn)
    user, _, place = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return urlunsplit(parts._replace(netloc=f"{name}@{place}" if name else place)), unquote(password)
