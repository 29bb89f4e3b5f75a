"""Logging is the one thing of a process that is global: a test that sets it up gets it put back."""

import io
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
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
