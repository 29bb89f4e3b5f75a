"""The client of intake's door keeps its connections, and one that breaks is tried once more."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest

from frontends.site import intake_door
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError
from frontends.site.intake_words import Message
from frontends.site.request_form import RequestForm
from tests.unit.site.conftest import NOW
from tests.unit.site.door_twin import CODE, KEY, REFERENCE, DoorTwin

ACCEPTED = {
    "external_id": "form-1",
    "reference": REFERENCE,
    "tracking_code": CODE,
    "register_number": None,
    "status": "received",
    "status_title": "Запрос принят",
    "due_on": None,
}


def a_message() -> Message:
    return replace(RequestForm.blank(uuid4), text="Вопрос", name="Анна", email="anna@example.ru").message("site", NOW)


@dataclass
class BreakingServer:
    """Reads a request and closes the connection without a word, so many times; then it answers."""

    breaks: int
    connections: int = 0
    bodies: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        self.bodies.append(await reader.readexactly(length))
        if self.breaks > 0:
            self.breaks -= 1
        else:
            body = json.dumps(ACCEPTED).encode()
            writer.write(b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def door_to(server: BreakingServer) -> AsyncIterator[IntakeDoor]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, intake_door.client(f"http://127.0.0.1:{port}", KEY, 1.0) as http:
        yield IntakeDoor(http)


async def test_a_connection_that_breaks_is_tried_once_more_with_the_same_message() -> None:
    server = BreakingServer(breaks=1)
    async with door_to(server) as door:
        accepted = await door.send(a_message())

    assert accepted.reference == REFERENCE
    assert len(server.bodies) == 2
    assert server.bodies[0] == server.bodies[1]


async def test_twice_broken_nobody_knows() -> None:
    server = BreakingServer(breaks=2)
    async with door_to(server) as door:
        with pytest.raises(IntakeUnavailableError) as raised:
            await door.send(a_message())

    assert raised.value.undecided
    assert server.connections == 2


async def test_where_nobody_listens_nothing_was_accepted() -> None:
    async with intake_door.client("http://127.0.0.1:9", KEY, 1.0) as http:
        with pytest.raises(IntakeUnavailableError) as raised:
            await IntakeDoor(http).send(a_message())

    assert not raised.value.undecided


async def test_the_door_says_whether_intake_lives(door: DoorTwin) -> None:
    async with intake_door.client(door.url, KEY, 1.0) as http:
        await IntakeDoor(http).check()
