"""The one setting that says where objects lie, and the shelf that it means."""

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


class ObjectSettings(FrozenSettings):
    """What a service is told that keeps objects, and a command that copies them."""

    objects: Annotated[str, AfterValidator(_address)] = Field(
        min_length=1,
        description="where the bytes of attachments lie, sealed, for this service alone: a folder, or s3://bucket/prefix?endpoint=https://…",
    )
    objects_access_key: SecretStr | None = Field(None, description="who enters the bucket; absent: objects lie in a folder")
    objects_secret_key: SecretStr | None = Field(None, description="that one's secret key")
    objects_ca_file: Path | None = Field(None, description="PEM file of who signed the bucket's certificate; absent: a public authority")


def shelf_of(settings: ObjectSettings) -> Shelf:
    """Raises `WrongSettings`. Nothing is looked at but files of certificates: a service starts while its bucket is away."""
    if not settings.objects.startswith(SCHEME):
        return Directory(Path(settings.objects))
    access, secret = settings.objects_access_key, settings.objects_secret_key
    if access is None or secret is None:
        raise WrongSettings("OTKLIK_OBJECTS names a bucket: set OTKLIK_OBJECTS_ACCESS_KEY and OTKLIK_OBJECTS_SECRET_KEY, too")
    try:
        ca = settings.objects_ca_file.read_bytes() if settings.objects_ca_file else None
    except OSError as error:
        raise WrongSettings(f"OTKLIK_OBJECTS_CA_FILE can't be read: {error}") from None
    parts = urlsplit(settings.objects)
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
