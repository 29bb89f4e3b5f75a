"""A real process under uvicorn: it serves, drains at SIGTERM and ends with 0 (D-28)."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

PROCESS = """
import asyncio, os, sys
from fastapi import FastAPI
from libs.chassis.ops import logs, problems
from libs.chassis.ops.settings import ProcessSettings
from libs.chassis.ops.stop import Background, Stopping, run, serve

settings = ProcessSettings.read()
logs.configure(service="sample", level=settings.log_level)

async def main():
    app = FastAPI()
    asked = asyncio.Event()

    @app.get("/")
    async def hello():
        return "hello"

    @app.get("/slow")
    async def slow():
        asked.set()
        await stopped.wait()
        return "finished"

    stopped = asyncio.Event()
    problems.install(app, body_limit_bytes=1000)

    async def drains(stopping):
        await stopping.wait()
        stopped.set()
        print("drained", flush=True)

    async def tells_when_asked(stopping):
        await asked.wait()
        print("asked", flush=True)

    background = Background()
    background.add("drains", drains)
    background.add("tells", tells_when_asked, once=True)
    if "hang" in sys.argv:
        async def hangs(stopping):
            await asyncio.Event().wait()
        background.add("hangs", hangs)
    await serve(app, settings, background)

run(main)
print("end of main", flush=True)
"""


class Sample:
    """The process of this test."""

    def __init__(self, *arguments: str, port: int = 0) -> None:
        told = {"OTKLIK_AUTHORITY_FILE": "none", "OTKLIK_HTTP_PORT": str(port), "OTKLIK_STOP_SECONDS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROCESS, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | told,
            cwd=Path(__file__).parents[4],
            text=True,
        )
        self.lines: list[str] = []

    def until(self, words: str) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if words in line:
                return line
        raise AssertionError(f"{words!r} was never said:\n{''.join(self.lines)}")

    def end(self) -> int:
        code = self.process.wait(timeout=10)
        assert self.process.stdout
        self.lines += self.process.stdout.read().splitlines(keepends=True)
        return code


def address(line: str) -> str:
    event = str(json.loads(line)["event"])
    return "http://" + event.split("http://")[1].split()[0]


@pytest.fixture
def sample() -> Iterator[Sample]:
    yield from started()


@pytest.fixture
def hanging_sample() -> Iterator[Sample]:
    yield from started("hang")


def started(*arguments: str) -> Iterator[Sample]:
    made = Sample(*arguments)
    yield made
    made.process.kill()
    made.process.wait()
    assert made.process.stdout
    made.process.stdout.close()


@pytest.mark.requirement("D-28")
def test_at_sigterm_the_request_in_hand_is_answered_loops_drain_and_the_exit_code_is_0(sample: Sample) -> None:
    base = address(sample.until("running on"))
    answer = httpx.get(base)
    assert answer.json() == "hello"
    assert "server" not in answer.headers
    with httpx.Client(base_url=base) as client, client.stream("GET", "/", headers={"x": "y"}):
        pass
    with socket.create_connection(("127.0.0.1", int(base.rsplit(":", 1)[1]))) as slow:
        slow.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        sample.until("asked")
        sample.process.send_signal(signal.SIGTERM)
        answered = b""
        while b"finished" not in answered and (part := slow.recv(4096)):
            answered += part
        assert answered.startswith(b"HTTP/1.1 200")
    assert sample.end() == 0
    said = "".join(sample.lines)
    assert "drained" in said
    assert "end of main" in said
    assert "Traceback" not in said


@pytest.mark.requirement("D-28")
def test_a_loop_that_hangs_does_not_keep_the_process(hanging_sample: Sample) -> None:
    hanging_sample.until("running on")
    hanging_sample.process.send_signal(signal.SIGINT)
    assert hanging_sample.end() == 0
    assert "hangs" in {json.loads(line)["task"] for line in hanging_sample.lines if "is cancelled" in line}


def test_a_port_that_is_taken_ends_the_process_with_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sample = Sample(port=taken.getsockname()[1])
        assert sample.end() != 0
    assert sample.process.stdout
    sample.process.stdout.close()
    assert "end of main" not in "".join(sample.lines)
