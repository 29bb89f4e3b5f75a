"""The archive of attachments in a copy: from whatever they lie on to whatever they come back to, as they were sealed."""

import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from cli.backup_objects import missing, pack, unpack
from libs.chassis.store.bucket import PART_BYTES
from libs.chassis.store.objects import Directory, Shelf
from tests.buckets import Buckets

pytestmark = pytest.mark.requirement("E-5", "E-13")


async def pieces(*every: bytes) -> AsyncIterator[bytes]:
    for piece in every:
        yield piece


async def stored(shelf: Shelf, of: object) -> bytes:
    return b"".join([piece async for piece in shelf.get(of)])  # type: ignore[arg-type]


@pytest.mark.parametrize("there", ["folder", "bucket"])
@pytest.mark.parametrize("back", ["folder", "bucket"])
async def test_attachments_come_back_byte_for_byte_from_wherever_to_wherever(
    buckets: Buckets, tmp_path: Path, there: str, back: str
) -> None:
    source: Shelf = buckets.shelf() if there == "bucket" else Directory(tmp_path / "there")
    target: Shelf = buckets.shelf() if back == "bucket" else Directory(tmp_path / "back")
    small, large, swept = uuid4(), uuid4(), uuid4()
    whole = {small: b"small", large: bytes(range(256)) * (PART_BYTES // 100)}
    for object_id, raw in whole.items():
        await source.put(object_id, pieces(raw))
    archive = tmp_path / "objects.tar"
    assert await pack(source, [small, large, swept], archive) == 2
    await target.put(small, pieces(whole[small]))
    await target.put(large, pieces(whole[large][: PART_BYTES + 1]))  # a restore that was killed in the middle
    for _ in range(2):
        assert await unpack(archive, target) == 2
        assert {object_id: await stored(target, object_id) for object_id in whole} == whole
    assert await missing(target, [small, large, swept]) == 1
    assert await missing(None, [small, large]) == 2


async def test_what_a_foreign_archive_holds_beside_objects_is_passed_over(tmp_path: Path) -> None:
    archive, target = tmp_path / "objects.tar", Directory(tmp_path / "back")
    (tmp_path / "x").write_bytes(b"x")
    with tarfile.open(archive, "w") as made:
        for name in ("../../etc/passwd", "A" * 32, f"{uuid4()}"):
            made.add(tmp_path / "x", name)
    assert await unpack(archive, target) == 0
    assert not (tmp_path / "back").exists()
