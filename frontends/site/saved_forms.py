"""A form that is not finished yet: put by at intake under a seal that opens with the person's code alone, and destroyed after some days."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from frontends.site import tracking
from frontends.site.intake_door import IntakeDoor
from frontends.site.intake_words import Attached
from libs.chassis.ops.clock import Clock
from libs.web.sealed_cookies import Seal

CODE_LENGTH: Final = 16  # eighty bits: nothing else is asked of who comes back
LONGEST_SECONDS: Final = 31 * 24 * 3600  # intake destroys it sooner

_CODE: Final = re.compile(f"[{tracking.ALPHABET}]{{{CODE_LENGTH}}}")


@dataclass(frozen=True, kw_only=True)
class SavedForms:
    """Neither the code nor what it opens is kept here, and intake has never the code."""

    door: IntakeDoor
    secret: bytes = field(repr=False)
    clock: Clock

    async def keep(self, code: str | None, values: dict[str, str], files: tuple[Attached, ...]) -> tuple[str, datetime]:
        """Under its code, or a new one; until when. Raises `IntakeUnavailableError`."""
        code = code or "".join(secrets.choice(tracking.ALPHABET) for _ in range(CODE_LENGTH))
        sealed = self._seal(code).sealed({"values": values, "files": [file.model_dump() for file in files]})
        return code, await self.door.keep_form(_name(code), sealed, [file.upload_id for file in files])

    async def open(self, code: str) -> dict[str, Any] | None:
        """None: nothing is kept under it. Raises `IntakeUnavailableError`."""
        sealed = await self.door.open_form(_name(code))
        return None if sealed is None else self._seal(code).opened(sealed)

    async def forget(self, code: str) -> None:
        """Raises `IntakeUnavailableError`; then it is destroyed when its days are over."""
        await self.door.forget_form(_name(code))

    def _seal(self, code: str) -> Seal:
        return Seal("saved form", self.secret + code.encode(), LONGEST_SECONDS, self.clock)


def code_of(typed: str) -> str | None:
    """The code of a saved form that is meant, or None when none looks like this."""
    code = tracking.plain(typed)
    return code if _CODE.fullmatch(code) else None


def _name(code: str) -> str:
    return hashlib.sha256(f"saved form {code}".encode()).hexdigest()
