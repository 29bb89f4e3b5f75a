"""What a process is told by its environment (`OTKLIK_*`), and what the authority's own file says.

Read once, in `main`; whatever is missing is named with what to do, without a stack trace and without any value.
"""

import base64
import binascii
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretBytes,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

KEY_BYTES = 32

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class WrongSettings(SystemExit):
    """Stops the process with a message for whoever starts it."""


def _key(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("not base64; make one with: openssl rand -base64 32") from None


def _of_32_bytes(raw: bytes) -> bytes:
    if len(raw) != KEY_BYTES:
        raise ValueError(f"{len(raw)} bytes instead of {KEY_BYTES}")
    return raw


def _secret_of_32_bytes(secret: SecretBytes) -> SecretBytes:
    _of_32_bytes(secret.get_secret_value())
    return secret


def _postgres(dsn: SecretStr) -> SecretStr:
    if not dsn.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("starts with neither postgresql:// nor postgres://")
    return dsn


MasterKey = Annotated[SecretBytes, BeforeValidator(_key), AfterValidator(_secret_of_32_bytes)]
PublicKey = Annotated[bytes, BeforeValidator(_key), AfterValidator(_of_32_bytes)]
PostgresDsn = Annotated[SecretStr, AfterValidator(_postgres)]
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$"), AfterValidator(lambda url: url.rstrip("/"))]


class FrozenSettings(BaseSettings):
    """Read once from the environment. The descriptions are what the message about a missing one says."""

    model_config = SettingsConfigDict(env_prefix="OTKLIK_", frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True)

    @classmethod
    def read(cls) -> Self:
        """From the environment, or `WrongSettings`."""
        try:
            return cls()
        except ValidationError as error:
            raise WrongSettings(_explained(cls, error)) from None
        except SettingsError as error:
            raise WrongSettings(f"Settings can't be read: {error}") from None

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable of a field."""
        return f"{cls.model_config.get('env_prefix', '')}{field}".upper()


class ProcessSettings(FrozenSettings):
    """What every process is told, a frontend too."""

    authority_file: Path = Field(description="path of the TOML file about the authority, see local/authority.toml")
    http_host: str = Field("127.0.0.1", description="address to listen on")
    http_port: int = Field(ge=0, le=65535, description="port to listen on, each process has its own")
    http_body_limit_bytes: int = Field(1024 * 1024, gt=0, description="a larger request is refused with 413")
    stop_seconds: float = Field(20.0, gt=0, description="how long work in hand may take after SIGTERM")
    otlp_endpoint: HttpUrl | None = Field(None, description="base address of an OTLP/HTTP collector; absent: no traces")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")


class PageSettings(ProcessSettings):
    """What a process with pages is told beside that."""

    demo: bool = Field(False, description="shows on every page that this is a demonstration")
    trusted_proxies: str = Field("", description="addresses of proxies whose X-Forwarded-For and -Proto are believed, comma separated")


class ServiceSettings(ProcessSettings):
    """What every service is told beside that."""

    postgres_dsn: PostgresDsn = Field(description="the service's own role: postgresql://role:password@host:port/database")
    kafka_bootstrap: str = Field(pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$", description="Kafka's brokers, host:port separated by commas")
    kafka_user: Text | None = Field(None, description="name that Kafka asks for; absent: it asks for none, as on one machine")
    kafka_password: SecretStr | None = Field(None, description="that name's password")
    kafka_ca_file: Path | None = Field(None, description="PEM file of who signed Kafka's certificate; absent: no TLS")
    consumer_group: Text | None = Field(None, description="Kafka consumer group; absent: the name of the service")
    master_key: MasterKey = Field(description="key that wraps the keys of threads, base64 of 32 bytes; a lost one is a lost history")
    master_key_id: Text = Field("1", description="name of that key, stored beside what it wraps")
    staff_public_key: PublicKey = Field(description="raw Ed25519 public key that staff tokens are checked with, base64 of 32 bytes")
    disk_path: Path = Field(Path(), description="folder whose file system's free space is told; absent: where the process was started")


def _explained(settings: type[FrozenSettings], error: ValidationError) -> str:
    lines = [f"{settings.__name__} can't be read from the environment:"]
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        field = settings.model_fields.get(name)
        what = "is missing" if problem["type"] == "missing" else f"is wrong ({_plain(problem['msg'])})"
        lines.append(f"  {settings.variable(name)} {what}: {(field.description if field else None) or name}")
    lines.append("`make up` sets them all for one machine.")
    return "\n".join(lines)


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


class _AuthorityPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Journal(_AuthorityPart):
    """A numbering series of the register; `index` stands in its numbers."""

    code: Text
    index: Text


class Point(_AuthorityPart):
    """Where contacts happen, from the authority's list (N-1.1, A-1.1); `kind` says for whom the point is (A-3.3).

    `oral`: people speak there, so what they ask is registered on the day (8-FZ art. 18).
    `card`: on which card of the desk staff take down what comes there; absent: it comes by itself.
    `act`: by which it is on the list, from its day `since` to its day `until`.
    `where`: an address of the web, an e-mail address, or a place with its hours, as people are told.
    """

    code: Text
    title: Text
    where: str = ""
    kind: Literal["internal", "external", "both"] = "external"
    oral: bool = False
    card: Literal["phone", "reception", "post"] | None = None
    act: str = ""
    since: date | None = None
    until: date | None = None


class Disclosure(_AuthorityPart):
    """Something that everybody who calls or comes in is told (N-5.1)."""

    code: Text
    title: Text


class RequestType(_AuthorityPart):
    """What a request may be classified as (N-8.4); `regime` is the law that it goes by.

    `answer_days`: the term that the authority promises for it, where that is shorter than for all.
    """

    code: Text
    title: Text
    regime: Literal["8-fz", "59-fz", "none"] = "none"
    answer_days: int | None = None


class Topic(_AuthorityPart):
    """What requests are about."""

    code: Text
    title: Text


class Unit(_AuthorityPart):
    """A unit of the authority and the topics that it is competent for (N-6.1)."""

    code: Text
    title: Text
    topics: tuple[Text, ...] = ()


class OfficeBreak(_AuthorityPart):
    since: time = Field(alias="from")
    until: time = Field(alias="to")


class OfficeHours(_AuthorityPart):
    """When the reference phones are answered on these weekdays, 1 is Monday (N-7.2); the calendar moves and shortens days."""

    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(min_length=1)
    opens: time = Field(alias="from")
    closes: time = Field(alias="to")
    breaks: tuple[OfficeBreak, ...] = ()

    @property
    def in_order(self) -> bool:
        """Hours and breaks follow one another from morning to evening, in the authority's own time."""
        moments = [self.opens, *(moment for one in self.breaks for moment in (one.since, one.until)), self.closes]
        return not any(moment.tzinfo for moment in moments) and sorted(set(moments)) == moments


class Hint(_AuthorityPart):
    """What a request seems to be when its text holds one of these words; a registrar confirms it (N-8.4)."""

    words: tuple[Text, ...] = Field(min_length=1)
    type: Text | None = None
    topic: Text | None = None
    urgency: Literal["ordinary", "urgent"] | None = None
    unit: Text | None = None

    @property
    def gives(self) -> dict[str, str]:
        """What it speaks for, by field."""
        return {field: value for field in ("type", "topic", "urgency", "unit") if (value := getattr(self, field)) is not None}


TYPES = (
    RequestType(code="information", title="Запрос информации", regime="8-fz"),
    RequestType(code="appeal", title="Обращение гражданина", regime="59-fz"),
    RequestType(code="consultation", title="Консультация"),
    RequestType(code="history", title="Запрос истории взаимодействия"),
    RequestType(code="consent", title="Согласие или его отзыв"),
    RequestType(code="feedback", title="Отзыв, предложение"),
    RequestType(code="other", title="Иное"),
)


JOURNALS = (Journal(code="main", index="ЗИ"),)
OUTGOING = Journal(code="outgoing", index="ИСХ")

POINTS = (
    Point(code="phone", title="Телефон", oral=True, card="phone"),
    Point(code="site", title="Официальный сайт"),
    Point(code="vk", title="ВКонтакте"),
    Point(code="telegram", title="Телеграм"),
    Point(code="ok", title="Одноклассники"),
    Point(code="post", title="Почта", kind="both", card="post"),
    Point(code="email", title="Электронная почта", kind="both", card="post"),
    Point(code="in_person", title="Личный приём", oral=True, card="reception"),
    Point(code="internal", title="Внутреннее обращение", kind="internal", card="post"),
)


PROFILE = ("name", "short_name", "act", "postal_address", "phones", "hours", "signatory")
"""Who the authority is and how it is reached, beside its time zone."""


class Authority(_AuthorityPart):
    """One installation serves one authority, and everything about it is data (N-0.1). `terms`: days, where it promises more.

    A file says at least `code` and `time_zone`, which stand in what is kept for years; the rest is set in the browser or stays empty,
    and what is empty is left out of pages and letters, never filled in.
    """

    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    name: str = ""
    short_name: str = ""
    act: str = ""
    postal_address: str = ""
    phones: tuple[Text, ...] = ()
    hours: str = ""
    time_zone: ZoneInfo
    signatory: str = ""
    journals: tuple[Journal, ...] = Field(JOURNALS, min_length=1)
    outgoing: Journal = OUTGOING
    points: tuple[Point, ...] = POINTS
    types: tuple[RequestType, ...] = TYPES
    topics: tuple[Topic, ...] = ()
    units: tuple[Unit, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    terms: dict[str, int] = {}
    office_hours: tuple[OfficeHours, ...] = ()
    hints: tuple[Hint, ...] = ()

    @property
    def called(self) -> str:
        """Where there is little room."""
        return self.short_name or self.name

    def presenting(self, profile: object) -> Self:
        """As it described itself since: an object that calls the facts by the same names, its time zone by a name of the tz database."""
        told = {name: getattr(profile, name) for name in PROFILE}
        return self.model_copy(update={**told, "time_zone": ZoneInfo(getattr(profile, "time_zone"))})  # noqa: B009 - an object of any type

    def point(self, code: str) -> Point | None:
        return next((point for point in self.points if point.code == code), None)

    def day_of(self, at: datetime) -> date:
        """The day that it is where the authority is."""
        return at.astimezone(self.time_zone).date()

    def journal(self, code: str) -> Journal | None:
        return next((journal for journal in self.journals if journal.code == code), None)


def load_authority(path: Path) -> Authority:
    """From a TOML file, or `WrongSettings`."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        authority = Authority.model_validate(data)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSettings(f"{path} can't be read: {error}. OTKLIK_AUTHORITY_FILE names the file about the authority.") from None
    except ValidationError as error:
        wrong = [f"  {'.'.join(map(str, problem['loc']))}: {_plain(problem['msg'])}" for problem in error.errors(include_url=False)]
        raise WrongSettings("\n".join([f"{path} is not a description of an authority:", *wrong])) from None
    for list_name in ("point", "journal", "type", "topic", "unit", "disclosure"):
        _unique(path, list_name, [one.code for one in getattr(authority, f"{list_name}s")])
    if authority.journal(authority.outgoing.code):
        raise WrongSettings(f"{path}: [outgoing] numbers what leaves, so no [[journals]] may have its code")
    weekdays = [day for hours in authority.office_hours for day in hours.weekdays]
    if len(set(weekdays)) < len(weekdays):
        raise WrongSettings(f"{path}: a weekday stands in [[office_hours]] more than once")
    if not all(hours.in_order for hours in authority.office_hours):
        raise WrongSettings(f"{path}: [[office_hours]] and their breaks follow one another from morning to evening, without a time zone")
    strange = sorted({topic for unit in authority.units for topic in unit.topics} - {topic.code for topic in authority.topics})
    if strange:
        raise WrongSettings(f"{path}: a unit names the topic {', '.join(strange)}, which is not among [[topics]]")
    _check_hints(path, authority)
    return authority


def _check_hints(path: Path, authority: Authority) -> None:
    """A hint that nobody could follow is told at the start, by its number and words."""
    known = {name: {one.code for one in getattr(authority, f"{name}s")} for name in ("type", "topic", "unit")}
    topics_of = {unit.code: unit.topics for unit in authority.units}
    for number, hint in enumerate(authority.hints, 1):
        where = f"{path}: [[hints]] number {number} («{', '.join(hint.words)}»)"
        if not hint.gives:
            raise WrongSettings(f"{where} speaks for nothing: give it a type, a topic, an urgency or a unit")
        strange = [f"{name} {code}" for name, code in hint.gives.items() if code not in known.get(name, {code})]
        if strange:
            raise WrongSettings(f"{where} names the {', '.join(strange)}, which is not on the authority's list")
        if hint.unit and hint.topic and hint.topic not in topics_of[hint.unit]:
            raise WrongSettings(f"{where}: the unit {hint.unit} does not deal with the topic {hint.topic}")


def _unique(path: Path, what: str, codes: list[str]) -> None:
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise WrongSettings(f"{path}: the {what} code {', '.join(twice)} stands there more than once")
