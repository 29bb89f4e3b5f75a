"""Apache Kafka on one machine: format its storage once, start it, ask whether it answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local import jars
from local.java import QUICK_START, Java
from local.places import DOWNLOADS
from local.program import Program, run, spawn

CLUSTER_ID = "b3RrbGlrLWxvY2FsLW9uZQ"
API_VERSIONS = struct.pack(">hhih6s", 18, 0, 1, 6, b"otklik")  # the one request that every broker of every version answers
TEMPLATE = Path(__file__).with_name("server.properties")
LOGGING = Path(__file__).with_name("log4j2.yaml")


@dataclass(frozen=True)
class Kafka:
    """A broker with its storage in `directory`; foreign frontends have a listener of their own, where they sign in."""

    directory: Path
    port: int
    frontends_port: int
    controller_port: int
    java: Java

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def settings(self) -> Path:
        return self.directory / "server.properties"

    @property
    def archive(self) -> Path:
        return DOWNLOADS / f"kafka-{jars.KAFKA_VERSION}-java-{self.java.version}.archive"

    def prepare(self) -> None:
        """Write the settings and format the storage; safe to repeat."""
        self.directory.mkdir(parents=True, exist_ok=True)
        filled = (
            TEMPLATE.read_text("utf-8")
            .split("\n", 1)[1]
            .format(
                port=self.port,
                frontends_port=self.frontends_port,
                controller_port=self.controller_port,
                data=self.directory / "data",
            )
        )
        self.settings.write_text(filled, "utf-8")
        formatted = self.directory / "formatted"
        if not formatted.exists():
            arguments = ("format", "--ignore-formatted", "--cluster-id", CLUSTER_ID, "--config", str(self.settings))
            run(self.command("kafka.tools.StorageTool", *arguments))
            formatted.touch()

    def command(self, main: str, *arguments: str, flags: tuple[str, ...] = ()) -> tuple[str, ...]:
        java = (str(self.java.executable), *QUICK_START, *flags)
        return (*java, f"-Dlog4j2.configurationFile={LOGGING}", "-cp", jars.class_path(), main, *arguments)

    def program(self) -> Program:
        flags = (self.java.archive_flag(self.archive),) if self.archive.exists() else ()
        return Program(
            name="kafka",
            argv=self.command("kafka.Kafka", str(self.settings), flags=flags),
            answers=lambda: answers(self.port),
            stop_seconds=40.0,
            talkative=True,
        )


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a broker is there and serves requests, not just whether its port is open."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=2) as connection:
        connection.sendall(struct.pack(">i", len(API_VERSIONS)) + API_VERSIONS)
        reply = connection.recv(10)
        return len(reply) == 10 and reply[4:8] == b"\0\0\0\1"  # size, then the number of our request, then the error code
    return False


async def train(kafka: Kafka, patience: float = 60.0) -> None:
    """Run a second broker for a moment, at low priority, to write the archive from which later ones start in half the time."""
    unfinished = kafka.archive.with_suffix(f".{os.getpid()}")
    await asyncio.to_thread(kafka.prepare)
    command = kafka.command("kafka.Kafka", str(kafka.settings), flags=(kafka.java.training_flag(unfinished),))
    arguments = spawn(kafka.program())
    process = await asyncio.create_subprocess_exec("nice", *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **arguments)
    try:
        async with asyncio.timeout(patience):
            while process.returncode is None and not await asyncio.to_thread(answers, kafka.port):
                await asyncio.sleep(0.2)
            process.terminate()
            await process.wait()
        unfinished.replace(kafka.archive)
    except (TimeoutError, OSError, ProcessLookupError):
        pass  # the next start tries again; without an archive Kafka only starts more slowly
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        unfinished.unlink(missing_ok=True)
        shutil.rmtree(kafka.directory, ignore_errors=True)
