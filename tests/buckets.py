"""An S3-compatible server for tests: a small one that starts at once, or the one that `SERVER` names, to try that by the same tests.

OTKLIK_TEST_BUCKET='s3://bucket?endpoint=https://…' with OTKLIK_OBJECTS_ACCESS_KEY and OTKLIK_OBJECTS_SECRET_KEY beside it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from libs.chassis.store.bucket import Bucket
from libs.chassis.store.shelves import ObjectSettings, shelf_of
from local.embedded import free_ports, start
from local.leash import leash
from local.processes import healthy
from local.program import Program
from tests.running import settings_of

SERVER = "OTKLIK_TEST_BUCKET"
KEYS = ("OTKLIK_OBJECTS_ACCESS_KEY", "OTKLIK_OBJECTS_SECRET_KEY")
NAME = "otklik"


@dataclass(frozen=True)
class Buckets:
    """A bucket, and who may enter it."""

    endpoint: str
    name: str
    access_key: str
    secret_key: str

    def told(self, *, setting: str = "objects", **changed: str) -> dict[str, Any]:
        """The settings of a place of a test's own; `setting` names which, `changed` is another endpoint, name or key."""
        told = {"endpoint": self.endpoint, "name": self.name, "access_key": self.access_key, "secret_key": self.secret_key} | changed
        return {
            setting: f"s3://{told['name']}/{uuid4().hex}?endpoint={told['endpoint']}",
            f"{setting}_access_key": told["access_key"],
            f"{setting}_secret_key": told["secret_key"],
        }

    def shelf(self, **changed: str) -> Bucket:
        shelf = shelf_of(settings_of(ObjectSettings, self.told(**changed)))
        assert isinstance(shelf, Bucket)
        return shelf


@contextmanager
def serving(directory: Path) -> Iterator[Buckets]:
    if address := os.environ.get(SERVER):
        name, _, endpoint = address.removeprefix("s3://").partition("?endpoint=")
        yield Buckets(endpoint, name, *(os.environ[key] for key in KEYS))
        return
    [port] = free_ports(1)
    (directory / "data" / NAME).mkdir(parents=True)
    endpoint = f"http://127.0.0.1:{port}"
    server = Program(
        name="buckets",
        argv=(sys.executable, "-m", "localbucket", str(directory / "data"), "--port", str(port)),
        answers=lambda: healthy(endpoint),
    )
    with leash() as held:
        part = start(server, directory, held)
        try:
            yield Buckets(endpoint, NAME, "tests", "only-for-tests")
        finally:
            part.stop()
