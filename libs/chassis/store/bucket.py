"""Objects in a bucket of an S3-compatible store (decision 0033), in parts of our own: nothing lies there that can't be seen and swept.

Part n of an object is `<id>/<n>`; only its last part is shorter than the others. Whoever has put part 0 owns the object, because a part is
put only where there is none. The seal says whether the parts are all there: a tail that is missing is an end that came too early.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Final, TypeVar
from uuid import UUID

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

PART_BYTES: Final = 1024 * 1024  # as much memory as each upload and each download holds
PART_SECONDS: Final = 20.0
PARTS_AT_ONCE: Final = 32
CONNECT: Final = timedelta(seconds=5)
RETRIES: Final = 3
RETRY_SECONDS: Final = 10.0
NO_BUCKET: Final = "NoSuchBucket"
CODE: Final = re.compile(r"<Code>(\w{1,60})</Code>")

Answer = TypeVar("Answer")


class BucketAway(OSError):
    """The store does not answer, does not let us in, or has no such bucket: whoever asked comes again later. `code` is its own word."""

    def __init__(self, said: str) -> None:
        found = CODE.search(said)
        self.code = found[1] if found else "no-answer"
        super().__init__(f"the bucket of objects: {self.code}")


def bucket_of(
    name: str,
    *,
    prefix: str,
    endpoint: str | None,
    region: str,
    access_key: str,
    secret_key: str,
    ca: bytes | None,
    seconds: float = PART_SECONDS,
) -> S3Store:
    """Nothing is asked of the store here. What not every such store knows is not used: bulk removal, addresses with the bucket's name."""
    return S3Store(
        name,
        prefix=prefix or None,
        config={
            "region": region,
            "access_key_id": access_key,
            "secret_access_key": secret_key,
            "disable_bulk_delete": True,
            **({"endpoint": endpoint} if endpoint else {}),
        },
        client_options={
            "connect_timeout": CONNECT,
            "timeout": timedelta(seconds=seconds),
            "allow_http": (endpoint or "").startswith("http://"),
            **({"root_certificate": ca} if ca else {}),
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
    )


class Bucket:
    """A shelf in a bucket that this service alone may read.

    It is asked in threads of its own: obstore's coroutines answer from a thread that aborts a process which ends at that very moment.
    """

    def __init__(self, store: S3Store) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(PARTS_AT_ONCE, thread_name_prefix="bucket")

    async def put(self, object_id: UUID, stored: AsyncIterator[bytes]) -> None:
        done = 0
        try:
            async for part in _in_parts(stored):
                await self._answered(partial(self._put_part, _name(object_id, done), part))
                done += 1
        except BaseException:
            if done:  # before the first part the object may be somebody else's
                with suppress(OSError):  # the sweep comes for it
                    await self.remove(object_id)
            raise

    async def get(self, object_id: UUID) -> AsyncGenerator[bytes, None]:
        for number in count():
            try:
                part = await self._answered(partial(self._part, _name(object_id, number)))
            except FileNotFoundError:
                if number == 0:
                    raise
                return
            yield part
            if len(part) < PART_BYTES:
                return

    async def remove(self, object_id: UUID) -> None:
        names = [name for name, _ in await self._parts(object_id)]
        if names:
            await self._answered(partial(obstore.delete, self._store, names))

    async def size(self, object_id: UUID) -> int | None:
        sizes = [size for _, size in await self._parts(object_id)]
        return sum(sizes) if sizes else None

    def _put_part(self, name: str, part: bytes) -> None:
        obstore.put(self._store, name, part, mode="create", use_multipart=False)

    def _part(self, name: str) -> bytes:
        return bytes(obstore.get(self._store, name).bytes())

    async def _parts(self, object_id: UUID) -> list[tuple[str, int]]:
        listed = await self._answered(lambda: obstore.list(self._store, prefix=object_id.hex).collect())
        return [(meta["path"], meta["size"]) for meta in listed]

    async def _answered(self, ask: Callable[[], Answer]) -> Answer:
        """Raises FileNotFoundError, FileExistsError and `BucketAway`."""
        asked = asyncio.get_running_loop().run_in_executor(self._threads, ask)
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            await asyncio.gather(asked, return_exceptions=True)  # a part that came after its object was removed no sweep would find
            raise
        except FileNotFoundError as error:
            if NO_BUCKET in str(error):
                raise BucketAway(str(error)) from error
            raise
        except AlreadyExistsError as error:
            raise FileExistsError from error
        except BaseError as error:
            raise BucketAway(str(error)) from error


def _name(object_id: UUID, number: int) -> str:
    return f"{object_id.hex}/{number:05d}"


async def _in_parts(stored: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, all parts but the last of one size; nothing at all is one empty part."""
    waiting, is_first = bytearray(), True
    async for piece in stored:
        waiting += piece
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
            is_first = False
    if waiting or is_first:
        yield bytes(waiting)
