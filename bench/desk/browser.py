"""One colleague's browser: its cookies, its page, the stream of news that the page opens; each page is timed by its kind."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

import httpx
import orjson

from bench.desk.ledger import NO_ANSWER, SEE_OTHER, Ledger, Wait

PATIENCE_SECONDS = 300.0  # as browsers have it
AGAIN_SECONDS = 1.0  # as the stream itself asks browsers to wait
OWN_FORM = {"sec-fetch-site": "same-origin", "accept-language": "ru"}


@dataclass(frozen=True, kw_only=True)
class Page:
    """What came; `to`: where it leads instead."""

    status: int
    text: str
    to: str | None = None


@dataclass
class News:
    """The newest version of the open card that the browser was told of."""

    version: int = 0


class Browser:
    """`ledger` notes what each page cost."""

    def __init__(self, address: str, ledger: Ledger) -> None:
        self._ledger = ledger
        self._client = httpx.AsyncClient(base_url=address, headers=OWN_FORM, timeout=PATIENCE_SECONDS, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, kind: str, path: str) -> Page:
        return await self._ask(kind, self._client.build_request("GET", path))

    async def post(self, kind: str, path: str, fields: Mapping[str, str]) -> Page:
        """A redirect is not followed: the page behind it is another one."""
        return await self._ask(kind, self._client.build_request("POST", path, data=dict(fields)))

    async def _ask(self, kind: str, request: httpx.Request) -> Page:
        at, began = time.time(), time.perf_counter()
        try:
            answer = await self._client.send(request)
        except httpx.HTTPError:
            page = Page(status=NO_ANSWER, text="")
        else:
            to = answer.headers["location"] if answer.status_code == SEE_OTHER else None
            page = Page(status=answer.status_code, text=answer.text, to=to)
        self._ledger.waits.append(Wait(kind, at, (time.perf_counter() - began) * 1000, page.status))
        return page

    @asynccontextmanager
    async def watching(self, path: str) -> AsyncIterator[News]:
        """The stream of an open card, as long as the card is open; where it ends the browser asks anew."""
        news = News()
        stream = asyncio.create_task(self._listen(path, news))
        try:
            yield news
        finally:
            stream.cancel()
            with suppress(asyncio.CancelledError):
                await stream

    async def _listen(self, path: str, news: News) -> None:
        while True:
            with suppress(httpx.HTTPError):
                async with self._client.stream("GET", path, timeout=None) as answer:
                    async for line in answer.aiter_lines():
                        if line.startswith("data:"):
                            news.version = int(orjson.loads(line.removeprefix("data:"))["version"])
                            self._ledger.live += 1
            await asyncio.sleep(AGAIN_SECONDS)
