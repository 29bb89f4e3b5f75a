"""The settings that say where objects lie, and the shelves that they mean."""

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, SecretStr

from libs.chassis.ops.settings import FrozenSettings, WrongSettings
from libs.chassis.store.bucket import Bucket, bucket_of
from libs.chassis.store.objects import Directory, Shelf

SCHEME: Final = "s3://"
REGION: Final = "us-east-1"
TOLD: Final = {"endpoint", "region"}


def _address(told: str) -> str:
    if not told.startswith(SCHEME):
        return told
    parts = urlsplit(told)
    more = parse_qsl(parts.query, keep_blank_values=True)
    if not parts.netloc or parts.netloc != parts.hostname or {name for name, _ in more} - TOLD:
        raise ValueError("not s3://bucket/prefix?endpoint=https://host&region=name, whose prefix, endpoint and region may be left out")
    if not dict(more).get("endpoint", "https://").startswith(("https://", "http://")):
        raise ValueError("the endpoint begins with neither https:// nor http://")
    return told


Address = Annotated[str, AfterValidator(_address)]


class ObjectSettings(FrozenSettings):
    """What a service is told that keeps objects, and a command that copies them."""

    objects: Address = Field(
        min_length=1,
        description="where the bytes of attachments lie, sealed, for this service alone: a folder, or s3://bucket/prefix?endpoint=https://…",
    )
    objects_access_key: SecretStr | None = Field(None, description="who enters the bucket; absent: objects lie in a folder")
    objects_secret_key: SecretStr | None = Field(None, description="that one's secret key")
    objects_ca_file: Path | None = Field(None, description="PEM file of who signed the bucket's certificate; absent: a public authority")


class HandOverSettings(FrozenSettings):
    """What the two are told between which files are handed over (decision 0036)."""

    hand_over: Address = Field(
        min_length=1,
        description="where intake puts files for history to fetch, the same for both: a folder, or s3://bucket/prefix?endpoint=https://…",
    )
    hand_over_access_key: SecretStr | None = Field(None, description="who enters that bucket; absent: such files lie in a folder")
    hand_over_secret_key: SecretStr | None = Field(None, description="that one's secret key")
    hand_over_ca_file: Path | None = Field(None, description="PEM file of who signed that bucket's certificate; absent: a public authority")


def shelf_of(settings: ObjectSettings) -> Shelf:
    """Raises `WrongSettings`. Nothing is looked at but files of certificates: a service starts while its bucket is away."""
    entry = (settings.objects_access_key, settings.objects_secret_key, settings.objects_ca_file)
    return _shelf(settings.variable("objects"), settings.objects, *entry)


def hand_over_of(settings: HandOverSettings) -> Shelf:
    """As `shelf_of`."""
    entry = (settings.hand_over_access_key, settings.hand_over_secret_key, settings.hand_over_ca_file)
    return _shelf(settings.variable("hand_over"), settings.hand_over, *entry)


def _shelf(variable: str, address: str, access: SecretStr | None, secret: SecretStr | None, ca_file: Path | None) -> Shelf:
    if not address.startswith(SCHEME):
        return Directory(Path(address))
    if access is None or secret is None:
        raise WrongSettings(f"{variable} names a bucket: set {variable}_ACCESS_KEY and {variable}_SECRET_KEY, too")
    try:
        ca = ca_file.read_bytes() if ca_file else None
    except OSError as error:
        raise WrongSettings(f"{variable}_CA_FILE can't be read: {error}") from None
    parts = urlsplit(address)
    more = dict(parse_qsl(parts.query))
    store = bucket_of(
        parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint=more.get("endpoint"),
        region=more.get("region", REGION),
        access_key=access.get_secret_value(),
        secret_key=secret.get_secret_value(),
        ca=ca,
    )
    return Bucket(store)
