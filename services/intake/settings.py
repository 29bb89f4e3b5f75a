"""What intake is told beside what every service is."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Json, SecretStr, StringConstraints

from libs.chassis.access.passwords import LEAST_MEMORY_KIB, MEMORY_KIB
from libs.chassis.access.provider import is_safe
from libs.chassis.access.roles import Role
from libs.chassis.ops.settings import HttpUrl, MasterKey, PageSettings, ServiceSettings, Text
from libs.chassis.store.shelves import HandOverSettings, ObjectSettings
from libs.chassis.store.timers import EFFECT_SECONDS
from services.intake.domain.uploads.attachments import Unscanned

ScannerAddress = Annotated[str, StringConstraints(pattern=r"^(tcp://[^\s/:]+:[0-9]{1,5}|unix:///\S+)$")]


def _safe(address: str) -> str:
    if not is_safe(address):
        raise ValueError("begins with neither https:// nor http:// and an address of this very machine")
    return address


SafeUrl = Annotated[HttpUrl, AfterValidator(_safe)]
Issuer = Annotated[str, Field(pattern=r"^https?://[^\s?#]+$"), AfterValidator(_safe)]
RolesOf = dict[str, tuple[Role, ...]]


class IntakeSettings(ServiceSettings, PageSettings, ObjectSettings, HandOverSettings):
    """`openid_…`: the authority's own OpenID Connect provider, where it has one; local accounts work beside it."""

    staff_private_key: MasterKey | None = Field(
        None,
        description="raw Ed25519 private key that staff tokens are signed with, base64 of 32 bytes; absent: the desk issues none",
    )
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
    site_url: HttpUrl | None = Field(None, description="address of the site, for slips on paper; absent: they name the phones alone")
    history_url: HttpUrl | None = Field(
        None, description="address of history as browsers see it, at the host of the desk; absent: the desk shows no client's whole history"
    )
    file_limit_bytes: int = Field(25 * 1024 * 1024, gt=0, description="an attached file over this is refused")
    files_limit: int = Field(20, gt=0, le=50, description="files that one dialogue may leave lying before a message names them")
    files_total_limit_bytes: int = Field(100 * 1024 * 1024, gt=0, description="bytes of such files together")
    scanner: ScannerAddress | None = Field(None, description="clamd's address, tcp://host:port or unix:///path; absent: nothing is scanned")
    scanner_seconds: float = Field(20.0, gt=0, lt=EFFECT_SECONDS, description="how long the virus scanner may think about one file")
    unscanned_files: Unscanned = Field(
        Unscanned.QUARANTINE,
        description="without a scanner: quarantine (opened when somebody answers for it) or warn (opened with a warning)",
    )
    session_idle_minutes: int = Field(60, gt=0, description="a session at the desk ends when nobody used it for so long")
    session_hours: int = Field(12, gt=0, description="a session at the desk ends so long after signing in, used or not")
    password_memory_kib: int = Field(
        MEMORY_KIB, ge=LEAST_MEMORY_KIB, description="memory that hashing one password takes: the more, the harder a stolen hash is guessed"
    )
    hand_over_batch: int = Field(100, gt=0, description="requests of somebody who leaves that one press of the button hands over")
    openid_issuer: Issuer | None = Field(None, description="address of the provider as it names itself; absent: local accounts only")
    openid_client_id: Text | None = Field(None, description="name that the provider knows this installation by")
    openid_client_secret: SecretStr | None = Field(None, description="that name's secret")
    desk_url: SafeUrl | None = Field(
        None, description="address of this service as browsers see it; with /desk/sign-in/provider/back the provider sends people back"
    )
    openid_scopes: str = Field(
        "openid profile", pattern=r"^(.* )?openid( .*)?$", description="what the provider is asked for, openid with it"
    )
    openid_subject_claim: Text = Field("sub", description="claim that names a person for ever")
    openid_name_claim: Text = Field("name", description="claim with the full name")
    openid_login_claim: Text = Field("preferred_username", description="claim with a login")
    openid_roles_claim: Text | None = Field(None, description="claim that gives roles, a dot reaches inside: realm_access.roles")
    openid_roles: Json[RolesOf] | None = Field(
        None, description='JSON object, which of our roles each of its values gives: {"desk": ["registrar"]}'
    )
    openid_opens_accounts: bool = Field(False, description="who gets a role so has an account opened at the first entry")
    openid_timeout_seconds: float = Field(10.0, gt=0, description="how long the provider may think")
