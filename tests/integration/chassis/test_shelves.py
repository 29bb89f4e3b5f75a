"""A directory and a bucket keep the same promises; `tests.buckets.SERVER` tries them on another S3-compatible store."""

import asyncio
import os
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import obstore
import pytest

from libs.chassis.store.bucket import PART_BYTES, Bucket, BucketAway, bucket_of
from libs.chassis.store.objects import Directory, Objects, Shelf
from libs.chassis.store.sealing import BrokenSeal
from tests.buckets import Buckets
from tests.stack import ROOT

KEY = b"k" * 32
pytestmark = pytest.mark.requirement("E-5")


@pytest.fixture(params=["directory", "bucket"])
def shelf(request: pytest.FixtureRequest, buckets: Buckets, tmp_path: Path) -> Shelf:
    return Directory(tmp_path / "objects") if request.param == "directory" else buckets.shelf()


async def pieces(*every: bytes) -> AsyncIterator[bytes]:
    for piece in every:
        yield piece


async def read(stored: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in stored])


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES])
async def test_an_object_of_any_size_comes_back_byte_for_byte(shelf: Shelf, size: int) -> None:
    object_id, raw = uuid4(), bytes(range(251)) * (size // 251 + 1)
    await shelf.put(object_id, pieces(raw[: size // 3], raw[size // 3 : size]))
    assert await shelf.size(object_id) == size
    assert await read(shelf.get(object_id)) == raw[:size]


@pytest.mark.requirement("R-2")
async def test_what_lies_there_is_never_written_over(shelf: Shelf) -> None:
    object_id, first = uuid4(), b"first" * PART_BYTES
    await shelf.put(object_id, pieces(first))
    with pytest.raises(FileExistsError):
        await shelf.put(object_id, pieces(b"second"))
    assert await read(shelf.get(object_id)) == first


@pytest.mark.requirement("R-2")
async def test_of_two_that_write_the_same_object_at_once_one_wins_and_nothing_is_mixed(shelf: Shelf) -> None:
    object_id, both = uuid4(), (b"a" * 3 * PART_BYTES, b"b" * 2 * PART_BYTES)
    outcomes = await asyncio.gather(*(shelf.put(object_id, pieces(raw)) for raw in both), return_exceptions=True)
    [won] = [raw for raw, outcome in zip(both, outcomes, strict=True) if outcome is None]
    assert {type(outcome) for outcome in outcomes} == {type(None), FileExistsError}
    assert await read(shelf.get(object_id)) == won


async def test_what_is_not_there_is_told_apart_from_a_store_that_is_away(shelf: Shelf) -> None:
    object_id = uuid4()
    with pytest.raises(FileNotFoundError):
        await read(shelf.get(object_id))
    assert await shelf.size(object_id) is None
    await shelf.remove(object_id)


async def test_what_was_removed_is_gone_and_its_neighbour_is_not(shelf: Shelf) -> None:
    object_id, neighbour = uuid4(), uuid4()
    await shelf.put(object_id, pieces(b"x" * 2 * PART_BYTES))
    await shelf.put(neighbour, pieces(b"y"))
    for _ in range(2):
        await shelf.remove(object_id)
    assert (await shelf.size(object_id), await shelf.size(neighbour)) == (None, 1)
    await shelf.put(object_id, pieces(b"z"))
    assert await read(shelf.get(object_id)) == b"z"


@pytest.mark.parametrize("size", [1, 2 * PART_BYTES + 1])
async def test_a_stream_that_breaks_off_leaves_nothing(shelf: Shelf, size: int) -> None:
    async def breaks_off() -> AsyncIterator[bytes]:
        yield b"x" * size
        raise ConnectionResetError

    object_id = uuid4()
    with pytest.raises(ConnectionResetError):
        await shelf.put(object_id, breaks_off())
    assert await shelf.size(object_id) is None
    await shelf.put(object_id, pieces(b"again"))


async def test_a_file_of_any_length_passes_in_pieces_and_is_never_held_whole(shelf: Shelf) -> None:
    object_id, count = uuid4(), 20

    async def long_one() -> AsyncIterator[bytes]:
        for number in range(count):
            yield bytes([number]) * PART_BYTES

    objects = Objects(shelf)
    tracemalloc.start()
    try:
        await objects.write(object_id, KEY, long_one())
        size = 0
        async for piece in objects.read(object_id, KEY):
            size += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == count * PART_BYTES
    assert peak < 8 * PART_BYTES


@pytest.mark.requirement("R-17")
async def test_a_bucket_holds_nothing_in_clear_and_a_part_that_is_lost_or_foreign_is_noticed(buckets: Buckets) -> None:
    object_id, plain = uuid4(), b"secret" * PART_BYTES
    bucket = buckets.shelf()
    store = bucket._store
    objects = Objects(bucket)
    await objects.write(object_id, KEY, pieces(plain))
    assert b"secret" not in await read(bucket.get(object_id))
    names = [meta["path"] for meta in await obstore.list(store, prefix=object_id.hex).collect_async()]
    last = max(names)
    kept = bytes(await (await obstore.get_async(store, last)).bytes_async())
    await obstore.delete_async(store, last)
    with pytest.raises(BrokenSeal):
        await read(objects.read(object_id, KEY))
    await obstore.put_async(store, last, kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(BrokenSeal):
        await read(objects.read(object_id, KEY))
    await obstore.put_async(store, last, kept)
    assert await read(objects.read(object_id, KEY)) == plain


@pytest.mark.requirement("R-1")
async def test_the_parts_that_a_killed_process_left_in_a_bucket_are_removed_with_the_object(buckets: Buckets) -> None:
    bucket, object_id = buckets.shelf(), uuid4()
    parts = asyncio.Event()

    async def hangs() -> AsyncIterator[bytes]:
        yield b"x" * 2 * PART_BYTES
        parts.set()
        await asyncio.Event().wait()

    class Killed(Bucket):
        async def remove(self, object_id: object) -> None:
            """It lives no more."""

    killed = asyncio.create_task(Killed(bucket._store).put(object_id, hangs()))
    await parts.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    assert await bucket.size(object_id) == 2 * PART_BYTES
    with pytest.raises(BrokenSeal):
        await read(Objects(bucket).read(object_id, KEY))
    await bucket.remove(object_id)
    assert await bucket.size(object_id) is None


@pytest.mark.requirement("R-1")
async def test_who_gives_up_in_the_middle_of_a_part_leaves_nothing_that_comes_later(buckets: Buckets) -> None:
    bucket, object_id = buckets.shelf(), uuid4()
    under_way, go_on = threading.Event(), threading.Event()

    class Slow(Bucket):
        def _put_part(self, name: str, part: bytes) -> None:
            if name.endswith("1"):
                under_way.set()
                go_on.wait(10)
            super()._put_part(name, part)

    putting = asyncio.create_task(Slow(bucket._store).put(object_id, pieces(b"x" * 3 * PART_BYTES)))
    await asyncio.to_thread(under_way.wait, 10)
    putting.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await bucket.size(object_id) is None


@pytest.mark.requirement("R-1")
def test_a_process_that_ends_right_after_an_answer_ends_well(buckets: Buckets) -> None:
    told = {f"OTKLIK_{name.upper()}": value for name, value in buckets.told().items()}
    program = (
        "import asyncio, uuid\n"
        "from libs.chassis.store.shelves import ObjectSettings, shelf_of\n"
        "asyncio.run(shelf_of(ObjectSettings.read()).size(uuid.uuid4()))\n"
    )
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ | told, check=False).returncode == 0


Answers = Callable[[str], tuple[int, str] | None]


@asynccontextmanager
async def store_that(answers: Answers) -> AsyncIterator[tuple[str, list[str]]]:
    """A store that answers as it is told, or not at all; its address, and the heads of the requests that came."""
    came: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode():
            lower = head.lower()
            if "content-length: " in lower:
                await reader.readexactly(int(lower.split("content-length: ")[1].split("\r\n")[0]))
            came.append(head)
            if (said := answers(head)) is None:
                continue
            status, code = said
            body = f"<Error><Code>{code}</Code></Error>" if code else ""
            writer.write(f'HTTP/1.1 {status} x\r\nETag: "1"\r\nContent-Length: {len(body)}\r\n\r\n{body}'.encode())

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", came


def every_way(bucket: Bucket) -> list[Callable[[], Awaitable[object]]]:
    object_id = uuid4()
    return [
        lambda: bucket.put(object_id, pieces(b"x")),
        lambda: read(bucket.get(object_id)),
        lambda: bucket.size(object_id),
        lambda: bucket.remove(object_id),
    ]


@pytest.mark.requirement("D-14", "R-4")
async def test_a_bucket_that_is_away_silent_or_closed_to_us_is_never_taken_for_one_that_lacks_the_object(buckets: Buckets) -> None:
    for ask in every_way(buckets.shelf(endpoint="http://127.0.0.1:1")):
        with pytest.raises(BucketAway) as away:
            await ask()
        assert away.value.code == "no-answer"
    for status, code in ((403, "AccessDenied"), (403, "SignatureDoesNotMatch"), (404, "NoSuchBucket")):
        async with store_that(lambda _, answer=(status, code): answer) as (endpoint, _):  # type: ignore[misc]
            for ask in every_way(buckets.shelf(endpoint=endpoint)):
                with pytest.raises(BucketAway) as away:
                    await ask()
                assert away.value.code == code
    async with store_that(lambda _: None) as (endpoint, _):
        told = {"prefix": "", "region": "x", "access_key": "who", "secret_key": "whose", "ca": None}
        for ask in every_way(Bucket(bucket_of("silent", endpoint=endpoint, seconds=0.2, **told))):  # type: ignore[arg-type]
            with pytest.raises(BucketAway):
                await ask()


@pytest.mark.requirement("R-4")
async def test_a_bucket_that_stumbles_is_asked_again_and_every_request_is_signed(buckets: Buckets) -> None:
    answers = iter([(500, "InternalError"), (503, "SlowDown"), (200, "")])
    async with store_that(lambda _: next(answers)) as (endpoint, came):
        await buckets.shelf(endpoint=endpoint, access_key="who", secret_key="whose-secret").put(uuid4(), pieces(b"x"))
    assert len(came) == 3
    for head in came:
        assert "if-none-match: *" in head.lower()
        assert "AWS4-HMAC-SHA256 Credential=who/" in head
        assert "whose-secret" not in head


async def test_a_bucket_that_does_not_exist_is_away(buckets: Buckets) -> None:
    for ask in every_way(buckets.shelf(name="nobody-made-this-one")):
        with pytest.raises(BucketAway) as away:
            await ask()
        assert away.value.code == "NoSuchBucket"
