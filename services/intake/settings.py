"""What intake is told beside what every service is."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from libs.chassis.ops.settings import PageSettings, ServiceSettings


class IntakeSettings(ServiceSettings, PageSettings):
    frontend_keys_file: Path = Field(description="JSON file with the SHA-256 of each frontend's keys")
    queue_limit: int = Field(2_000, gt=0, description="messages that may wait at the HTTP door before it answers 503")
    journal: str | None = Field(None, description="code of the journal that requests are registered in; absent: the authority's first")
    register_at_once: bool = Field(True, description="complete requests get their number without the registrar")
    deadline_roll: Literal["previous", "next"] = Field("previous", description="where a term ending on a day off goes")
    term_look_seconds: float = Field(60.0, gt=0, description="so often terms are looked at, beside each midnight of the authority")
    setup_code: SecretStr | None = Field(
        None,
        min_length=16,
        description="one-time code that opens the first administrator's account at /desk/set-up; absent: nobody can",
    )
    session_idle_minutes: int = Field(60, gt=0, description="a session at the desk ends when nobody used it for so long")
    session_hours: int = Field(12, gt=0, description="a session at the desk ends so long after signing in, used or not")
