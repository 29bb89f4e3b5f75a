"""Frontends at both doors that never give up: what was not acknowledged is offered again under the same id."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from types import TracebackType
from typing import Any, Self

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from bench import messages
from bench.evidence import Offered
from bench.stage import Stage
from libs.chassis.ops.identifiers import TimeOrderedIds
from libs.chassis.ops.settings import load_authority
from libs.events.envelope import encode
from libs.events.topics import INBOUND
from local.processes import AUTHORITY

FORM, MESSENGER = "site", "vk"
IN_TWO_PARTS = 5  # every fifth form comes without a name first, and is told of twice
AGAIN_SECONDS = 0.3
ANSWER_SECONDS = 20.0
LONGEST_SECONDS = 300.0
FINAL = range(400, 429)  # what no repetition would change


class Refused(Exception):
    """A door refused what it has to take."""


class Offering:
    """`offered` grows with each message; a message stands there before it is sent."""

    def __init__(self, stage: Stage, intake_port: int) -> None:
        self.offered: list[Offered] = []
        self.refused: list[str] = []
        self._stage = stage
        self._numbers = count(1)
        self._ids = TimeOrderedIds()
        self._authority = load_authority(AUTHORITY).code
        self._under_way: set[asyncio.Task[None]] = set()
        key = stage.keys[FORM]
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{intake_port}", headers={"Authorization": f"Bearer {key}"}, timeout=ANSWER_SECONDS
        )
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        await self._make_producer()
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._http.aclose()
        if self._producer is not None:
            await self._producer.stop()

    async def steadily(self, rate: float, over: asyncio.Event) -> None:
        """So many messages a second at each door until it is over; answers when all are acknowledged."""
        while not over.is_set():
            self.begin_form()
            self.begin_message()
            with suppress(TimeoutError):
                async with asyncio.timeout(1 / rate):
                    await over.wait()
        await self.answered()

    async def answered(self) -> None:
        """Everything that was begun has its answer; who got none for so long that a person would have gone is noted."""
        while self._under_way:
            done, late = await asyncio.wait(self._under_way, timeout=LONGEST_SECONDS)
            self.refused += [f"no answer for {LONGEST_SECONDS:.0f} s"] * len(late)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            await asyncio.gather(*done)
            self._under_way -= done | late

    def begin_form(self) -> Offered:
        number = next(self._numbers)
        offered = self._offer(FORM, f"form-{number}", f"form-{number}", messages.email("form", number))
        self._begin(self._form(number, offered))
        return offered

    def begin_message(self) -> Offered:
        number = next(self._numbers)
        offered = self._offer(MESSENGER, f"message-{number}", f"message-{number}", messages.email("message", number))
        record = messages.inbound(MESSENGER, "message", number, datetime.now(UTC), self._authority, self._ids)
        self._begin(self._send(record.aggregate_id, encode(record), offered))
        return offered

    def _offer(self, frontend: str, external_id: str, matter: str, address: str) -> Offered:
        self.offered.append(Offered(frontend, external_id, matter, address))
        return self.offered[-1]

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Whatever went wrong stays, for who waits for the answers."""
        if not task.cancelled() and task.exception() is None:
            self._under_way.discard(task)

    async def _form(self, number: int, offered: Offered) -> None:
        body = messages.body("form", number, datetime.now(UTC))
        if number % IN_TWO_PARTS == 0:
            first = self._offer(FORM, f"form-{number}-first", offered.matter, offered.address)
            nameless = {**body, "external_id": first.external_id, "sender": {**body["sender"], "name": None}}
            await self._taken(first, nameless)
        await self._taken(offered, body)

    async def _taken(self, offered: Offered, body: dict[str, Any]) -> None:
        try:
            receipt = await self._ask("/v1/messages", body)
        except Refused as error:
            self.refused.append(f"{offered.external_id}: {error}")
            return
        offered.acknowledged = True
        try:
            shown = await self._ask("/v1/status", {"number": receipt["reference"], "tracking_code": receipt["tracking_code"]})
        except Refused:
            offered.shown = False
        else:
            offered.shown = bool(shown["register_number"] == receipt["register_number"])

    async def _ask(self, path: str, body: dict[str, Any]) -> Any:
        while True:
            with suppress(httpx.HTTPError):
                answer = await self._http.post(path, json=body)
                if answer.is_success:
                    return answer.json()
                if answer.status_code in FINAL:
                    raise Refused(f"{path} {answer.status_code}: {answer.text[:300]}")
            await asyncio.sleep(AGAIN_SECONDS)

    async def _send(self, key: str, value: bytes, offered: Offered) -> None:
        while not offered.acknowledged:
            try:
                if self._producer is None:
                    raise KafkaError
                await self._producer.send_and_wait(INBOUND.of(MESSENGER), value, key=key.encode())
                offered.acknowledged = True
            except KafkaError:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _make_producer(self) -> None:
        self._producer = AIOKafkaProducer(bootstrap_servers=self._stage.parts.kafka_bootstrap, acks="all", enable_idempotence=True)
        await self._producer.start()
