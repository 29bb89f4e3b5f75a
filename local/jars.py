"""Apache Kafka's jars: fetched by jgo from exactly the coordinates in `kafka-jars.txt`, each compared with its SHA-256 there.

`python -m local.jars` writes that list anew after a change of the version. It resolves two environments on purpose: in one endpoint the
two coordinates mix their managed versions (an older kafka-clients comes out) and the broker dies. jgo itself lets a changed hash pass.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.places import DOWNLOADS

KAFKA_VERSION = "4.3.1"
LOG4J_VERSION = "2.25.4"  # the one that Kafka 4.3.1 brings; without the binding the broker is silent
LIST = Path(__file__).with_name("kafka-jars.txt")
FOLDER = DOWNLOADS / f"kafka-{KAFKA_VERSION}"
AT_ONCE = 8
TRIES = 3


@dataclass(frozen=True)
class Jar:
    """One line of the list."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


class NoJar(Exception):
    """A jar could not be fetched, or is not the one of the list."""


def class_path(folder: Path = FOLDER) -> str:
    return os.pathsep.join(str(folder / jar.name) for jar in listed())


def listed(path: Path = LIST) -> list[Jar]:
    """The jars of the list, in its order."""
    return [Jar(*line.replace(":", " ").split()) for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def missing(folder: Path, jars: list[Jar]) -> list[Jar]:
    """The jars that are not in the folder or are not what the list says."""
    return [jar for jar in jars if not is_right(folder / jar.name, jar)]


def is_right(path: Path, jar: Jar) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def ensure(folder: Path = FOLDER) -> None:
    """All jars are there and are what the list says; fetches what is missing."""
    absent = missing(folder, listed())
    if absent:
        fetch(absent, folder)


def fetch(jars: list[Jar], folder: Path) -> None:
    """Bring the jars into the folder, several at once; a break leaves whole files only."""
    from jgo.maven import MavenContext  # not needed, and slow to load, once the jars are there

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        context = MavenContext(repo_cache=Path(cache), timeout=60)

        def bring(jar: Jar) -> None:
            artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
            path = resolved(artifact.resolve, jar)
            if not is_right(path, jar):
                raise NoJar(f"{jar.name}: its SHA-256 is not the one in {LIST.name}; nothing was started")
            path.replace(folder / jar.name)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(bring, jars))


def resolved(fetch_it: Callable[[], Path], jar: Jar) -> Path:
    """Asks more than once: one lost connection among 46 is no reason to begin anew."""
    for left in reversed(range(TRIES)):
        try:
            return fetch_it()
        except (OSError, RuntimeError) as error:  # what jgo raises without a network, and for an answer other than 200
            if not left:
                raise NoJar(f"{jar.name} could not be fetched from Maven Central ({error}); the next time it goes on from here") from error
    raise ValueError(TRIES)


def resolve() -> list[Jar]:
    """What Kafka and its log binding need, as jgo resolves them."""
    from jgo.env import EnvironmentBuilder, LinkStrategy
    from jgo.maven import MavenContext

    with tempfile.TemporaryDirectory() as cache:
        context = MavenContext(repo_cache=Path(cache) / "m2", timeout=60)
        builder = EnvironmentBuilder(context=context, link_strategy=LinkStrategy.HARD, cache_dir=Path(cache) / "environments")

        def environment(coordinate: str) -> list[Jar]:
            lock = builder.from_endpoint(coordinate).lockfile
            if lock is None:
                raise NoJar(f"jgo resolved nothing for {coordinate}")
            return [Jar(found.groupId, found.artifactId, str(found.version), str(found.sha256)) for found in lock.dependencies]

        kafka = environment(f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}")
        binding = environment(f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}")
    return kafka + [jar for jar in binding if jar.artifact == "log4j-slf4j-impl"]


def write_list() -> None:
    head = f"# Apache Kafka {KAFKA_VERSION} and its log binding: Maven coordinates and SHA-256. Written by `python -m local.jars`.\n"
    lines = sorted(f"{jar.group}:{jar.artifact}:{jar.version} {jar.sha256}\n" for jar in resolve())
    LIST.write_text(head + "".join(lines), "utf-8")


if __name__ == "__main__":
    write_list()
