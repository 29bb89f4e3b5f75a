"""Fixtures that all tests share: `stack` (real parts, once a session), `database` and `fresh_kafka` (anew for each test), `log_lines`."""

import asyncio
import io
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import Phase, settings

from local.embedded import embedded
from tests.buckets import Buckets, serving
from tests.mutation.caches import forget
from tests.stack import Database, Stack, shared_stack

settings.register_profile("otklik", deadline=None)  # a busy machine is no defect of the code
FOUND_IS_ENOUGH = [Phase.explicit, Phase.generate]
settings.register_profile("mutants", deadline=None, database=None, derandomize=True, phases=FOUND_IS_ENOUGH)
settings.load_profile("otklik")

SHARED = Path(__file__).parent.parent.parent / "shared"


def pytest_sessionstart() -> None:
    if "MUTANT_UNDER_TEST" in os.environ:
        forget()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Apache Kafka, PostgreSQL and the mail catcher on free ports, with all topics and migrations; or those of `SHARED_STACK`."""
    if shared := shared_stack():
        yield shared
        return
    with embedded(tmp_path_factory.mktemp("stack")) as parts:
        made = Stack(parts)
        asyncio.run(made.prepare())
        yield made


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    """A database of this test's own, with every service's schema."""
    made = await stack.new_database()
    yield made
    await stack.drop_database(made)


@pytest.fixture
async def fresh_kafka(stack: Stack) -> str:
    """The broker's address; consumers begin behind what earlier tests sent."""
    await stack.start_from_here()
    return stack.parts.kafka_bootstrap


@pytest.fixture(scope="session")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    """A small S3-compatible server, or the one that `tests.buckets.SERVER` names."""
    with serving(tmp_path_factory.mktemp("buckets")) as made:
        yield made


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that is not part of the project; where it is absent, its tests are skipped."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the shared data is not here: put it at ../shared/data")
    return SHARED / "data"


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """Where the log goes in this test; logging is global to the process, so afterwards it goes where it went."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    hook, thread_hook = sys.excepthook, threading.excepthook
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hook, thread_hook
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
