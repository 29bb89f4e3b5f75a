"""A copy as it lies on disk: a folder named after its time, whole as soon as it bears that name. The keys lie in another place."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from libs.chassis.store.destruction import Destruction

MANIFEST: Final = "manifest.json"
DESTROYED: Final = "destroyed-threads.jsonl"
FORMAT: Final = 1
STAMP: Final = "%Y%m%dT%H%M%SZ"
NAMED: Final = re.compile(r"\d{8}T\d{6}Z")
UNFINISHED: Final = ".unfinished"
KEY_TABLES: Final = ("thread_keys", "dead_letter_keys", "master_keys", "destroyed_threads")


class Unusable(Exception):
    """A copy, a folder or a setting can't be used; the text says why."""


class Head(BaseModel):
    """Where a shard of history's log ended."""

    model_config = ConfigDict(frozen=True)

    shard: int
    position: int
    hash: str


class Manifest(BaseModel):
    """What a copy is of and what is in it, by which it is checked when it is read. Nothing in it is personal or secret."""

    model_config = ConfigDict(frozen=True)

    format: int
    taken_at: datetime
    otklik: str | None
    postgres: str
    heard_until: datetime | None
    revisions: dict[str, list[str]]
    rows: dict[str, int]
    heads: list[Head]
    files: dict[str, str]
    key_files: dict[str, str]

    @property
    def name(self) -> str:
        return self.taken_at.astimezone(UTC).strftime(STAMP)


class Copy:
    """A folder in the making: closed to others, filled under another name, and renamed when everything in it is on the disk."""

    def __init__(self, place: Path, name: str) -> None:
        self.final = place / name
        self.folder = place / f".{name}{UNFINISHED}"
        self.folder.mkdir(mode=0o700, parents=True)

    def file(self, name: str) -> Path:
        """A new file that its owner alone can read."""
        path = self.folder / name
        path.touch(mode=0o600)
        return path

    def written(self) -> int:
        """Bytes so far."""
        return sum(path.stat().st_size for path in self.folder.iterdir())

    def finish(self) -> None:
        for path in [*self.folder.iterdir(), self.folder]:
            _sync(path)
        self.folder.rename(self.final)
        _sync(self.final.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(folder: Path) -> dict[str, str]:
    return {path.name: digest(path) for path in sorted(folder.iterdir())}


def forget_unfinished(place: Path) -> None:
    """What an interrupted backup left; only one runs at a time."""
    for path in place.glob(f".*{UNFINISHED}"):
        shutil.rmtree(path)


def forget_keys(place: Path, now: datetime, days: int) -> list[str]:
    """Copies of keys that are older; a destruction is complete when the last copy of its key is gone."""
    oldest = (now - timedelta(days=days)).astimezone(UTC).strftime(STAMP)
    old = sorted(path for path in place.iterdir() if NAMED.fullmatch(path.name) and path.name < oldest)
    for path in old:
        shutil.rmtree(path)
    return [path.name for path in old]


def found(place: Path, name: str | None = None) -> Path:
    """The copy that a person means: the folder itself, or in a folder of copies the one of that name, else the newest."""
    if NAMED.fullmatch(place.resolve().name):
        return place
    names = sorted(path.name for path in place.iterdir() if NAMED.fullmatch(path.name))
    wanted = name or (names[-1] if names else None)
    if wanted is None or wanted not in names:
        raise Unusable(f"{place} holds no {'copy ' + name if name else 'finished copy'}: name the folder that does")
    return place / wanted


def read_manifest(copy: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate_json((copy / MANIFEST).read_bytes())
    except ValidationError:
        raise Unusable(f"{copy / MANIFEST} is not the manifest of a copy: take another copy") from None
    if manifest.format != FORMAT:
        raise Unusable(f"{copy} has format {manifest.format}, this version reads format {FORMAT}: restore it with the version that made it")
    return manifest


def check(folder: Path, wanted: Mapping[str, str]) -> None:
    """Raises `Unusable` for a file that is not the one that was written."""
    for name, sha256 in wanted.items():
        if not (folder / name).is_file():
            raise Unusable(f"{folder / name} is missing: the copy is not whole, take another one")
        if digest(folder / name) != sha256:
            raise Unusable(f"{folder / name} was changed or damaged: its checksum is not that of the manifest, take another copy")


def read_destroyed(paths: Iterable[Path]) -> dict[str, list[Destruction]]:
    """By service; a last line that a power cut left half written is no line."""
    told: dict[str, set[Destruction]] = {}
    for path in paths:
        text = path.read_text("utf-8")
        for number, line in enumerate(text[: text.rfind("\n") + 1].splitlines(), 1):
            try:
                said = json.loads(line)
                one = Destruction(datetime.fromisoformat(said["destroyed_at"]), UUID(said["thread_id"]))
                told.setdefault(said["service"], set()).add(one)
            except (ValueError, LookupError, TypeError):
                raise Unusable(f"{path}, line {number} is no note of a destruction: mend it, or put an intact list there") from None
    return {service: sorted(done) for service, done in told.items()}


def note_destroyed(path: Path, done: Mapping[str, Sequence[Destruction]]) -> int:
    """Adds what the list lacks and never takes a line away; answers how many it added."""
    known = read_destroyed([path]) if path.exists() else {}
    lines = [
        json.dumps({"service": service, "thread_id": str(one.thread_id), "destroyed_at": one.at.isoformat()})
        for service, every in done.items()
        for one in sorted(set(every) - set(known.get(service, [])))
    ]
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
        file.seek(whole)
        file.write("".join(f"{line}\n" for line in lines).encode())
        file.flush()
        os.fsync(file.fileno())
    return len(lines)
