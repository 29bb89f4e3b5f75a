"""An object that was changed anywhere is refused (R-17)."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.store.objects import UNFINISHED, Directory, Objects
from libs.chassis.store.sealed_stream import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, sealed, unsealed
from libs.chassis.store.sealing import BrokenSeal

KEY = b"k" * 32
ID = UUID(int=1)
BLOCK = CHUNK_BYTES + TAG_BYTES
PLAIN = bytes(range(256)) * 1024  # exactly four chunks
pytestmark = pytest.mark.requirement("R-17", "E-5")


async def pieces(*every: bytes) -> AsyncIterator[bytes]:
    for piece in every:
        yield piece


async def stored(plain: bytes = PLAIN, *, key: bytes = KEY, object_id: UUID = ID) -> bytes:
    return b"".join([piece async for piece in sealed(key, object_id, pieces(plain))])


async def opened(raw: bytes, *, key: bytes = KEY, object_id: UUID = ID) -> bytes:
    return b"".join([piece async for piece in unsealed(key, object_id, pieces(raw))])


def blocks(raw: bytes) -> tuple[bytes, list[bytes]]:
    body = raw[HEADER_BYTES:]
    return raw[:HEADER_BYTES], [body[at : at + BLOCK] for at in range(0, len(body), BLOCK)]


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@given(st.lists(st.binary(max_size=3 * CHUNK_BYTES), max_size=4), st.lists(st.integers(1, 3 * BLOCK), max_size=8))
async def test_what_was_sealed_in_pieces_of_any_size_is_read_in_pieces_of_any_size(plain: list[bytes], cuts: list[int]) -> None:
    raw = b"".join([piece async for piece in sealed(KEY, ID, pieces(*plain))])
    read, at = [], 0
    for cut in [*cuts, len(raw)]:
        read.append(raw[at : at + cut])
        at += cut
    assert b"".join([piece async for piece in unsealed(KEY, ID, pieces(*read))]) == b"".join(plain)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
async def test_sizes_around_a_chunk_come_back_as_they_were(size: int) -> None:
    assert await opened(await stored(b"x" * size)) == b"x" * size


@pytest.mark.parametrize("length", [0, 5, HEADER_BYTES, HEADER_BYTES + BLOCK, HEADER_BYTES + 3 * BLOCK, -1, -TAG_BYTES])
async def test_a_file_that_was_cut_off_anywhere_is_refused(length: int) -> None:
    raw = await stored()
    with pytest.raises(BrokenSeal):
        await opened(raw[:length])


@pytest.mark.parametrize("order", [(1, 0, 2, 3), (0, 2, 1, 3), (0, 1, 3, 2), (0, 0, 1, 2, 3), (0, 1, 2, 3, 3), (1, 2, 3)])
async def test_chunks_that_were_moved_repeated_or_left_out_are_refused(order: Sequence[int]) -> None:
    header, parts = blocks(await stored())
    with pytest.raises(BrokenSeal):
        await opened(header + b"".join(parts[place] for place in order))


async def test_a_bit_flipped_anywhere_is_refused() -> None:
    raw = await stored(b"short")
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(BrokenSeal):
            await opened(bytes(changed))


async def test_it_opens_under_its_own_key_and_id_alone_and_a_chunk_of_another_object_is_refused() -> None:
    raw = await stored()
    for key, object_id in ((b"j" * 32, ID), (KEY, UUID(int=2))):
        with pytest.raises(BrokenSeal):
            await opened(raw, key=key, object_id=object_id)
    header, parts = blocks(raw)
    _, others = blocks(await stored())
    with pytest.raises(BrokenSeal):
        await opened(header + parts[0] + others[1] + parts[2] + parts[3])


async def test_the_same_bytes_are_stored_differently_each_time_and_stand_nowhere_in_clear() -> None:
    once, twice = await stored(b"secret" * 1000), await stored(b"secret" * 1000)
    assert once != twice
    assert b"secret" not in once


async def test_a_directory_keeps_an_object_whole_or_not_at_all(tmp_path: Path) -> None:
    directory = Directory(tmp_path / "objects")
    objects = Objects(directory)
    await objects.write(ID, KEY, pieces(PLAIN))
    assert b"".join([piece async for piece in objects.read(ID, KEY)]) == PLAIN
    assert (directory.path(ID).stat().st_mode & 0o777, directory.path(ID).parent.stat().st_mode & 0o777) == (0o600, 0o700)

    async def breaks_off() -> AsyncIterator[bytes]:
        yield PLAIN
        raise ConnectionResetError

    other = UUID(int=257)
    with pytest.raises(ConnectionResetError):
        await objects.write(other, KEY, breaks_off())
    assert files_in(tmp_path) == {ID.hex}
    with pytest.raises(FileNotFoundError):
        [piece async for piece in objects.read(other, KEY)]


async def test_what_a_killed_process_left_half_written_is_removed_with_the_object(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    await directory.put(ID, pieces(b"x"))
    directory.path(ID).with_name(ID.hex + UNFINISHED).touch()
    for _ in range(2):
        await directory.remove(ID)
        assert files_in(tmp_path) == set()
