"""Logs: one JSON object a line, and nothing in it that could be personal.

An allow-list, not a deny-list: a field passes only when its name is on the list and its value is plain; what was withheld is named.
Exceptions are told by type, code and place (`failures`). The text of a foreign library's record passes only when that library is trusted;
otherwise its place in the source stands for it.
"""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, TextIO, cast
from uuid import UUID

import structlog
from structlog.typing import EventDict, WrappedLogger

from libs.chassis.ops import failures

# Ids, codes, counts and places; a service adds its own with `configure(keys=...)`.
KEYS = frozenset(
    (
        *(
            "account",
            "attempt",
            "attempts",
            "bytes",
            "code",
            "consumer",
            "count",
            "door",
            "error",
            "event",
            "event_id",
            "frontend",
            "group",
        ),
        *("host", "journal", "lag", "name", "offset", "outcome", "partition", "pending", "port", "position", "producer", "reason"),
        *("records", "retry_in_seconds", "route", "run", "seconds", "shard", "signal", "status", "stopped", "task", "topic", "type"),
        *("version", "where", "withheld", "year"),
    )
)
TRUSTED = ("uvicorn", "aiokafka")  # read: their INFO and above hold hosts, topics, offsets and codes only
TALKATIVE = ("aiokafka",)  # every rebalance lists every partition: only its warnings are told
MAX_TEXT = 200

Fields = dict[str, object]


def no_trace() -> str | None:
    return None


def configure(
    *,
    service: str,
    level: str = "INFO",
    keys: Iterable[str] = (),
    trusted: tuple[str, ...] = TRUSTED,
    traceparent: Callable[[], str | None] = no_trace,
    stream: TextIO | None = None,
) -> None:
    """Once, in `main`: every log line of this process, our own and the libraries', goes through one formatter."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonLines(service, KEYS | frozenset(keys), trusted, traceparent))
    handler.addFilter(WorthTelling(trusted))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.raiseExceptions = False  # a record that can't be formatted would be printed with its arguments
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            _exception_as_error,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


class WorthTelling(logging.Filter):
    """Drops what libraries tell for their own debugging: it may hold whole records."""

    def __init__(self, trusted: tuple[str, ...]) -> None:
        super().__init__()
        self._trusted = trusted

    def filter(self, record: logging.LogRecord) -> bool:
        if _is_ours(record):
            return True
        told = _is_trusted(record, self._trusted) and not _is_trusted(record, TALKATIVE)
        return record.levelno >= (logging.INFO if told else logging.WARNING)


class JsonLines(logging.Formatter):
    def __init__(self, service: str, keys: frozenset[str], trusted: tuple[str, ...], traceparent: Callable[[], str | None]) -> None:
        super().__init__()
        self._service = service
        self._keys = keys
        self._trusted = trusted
        self._traceparent = traceparent

    def format(self, record: logging.LogRecord) -> str:
        line: Fields = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
        }
        line.update(self._own(cast(EventDict, record.msg)) if _is_ours(record) else self._foreign(record))
        if trace := self._traceparent():
            line["trace"] = trace.split("-")[1]
        return json.dumps(line)

    def _own(self, fields: Mapping[str, Any]) -> Fields:
        passed = {"event": plain(fields.get("event"))} | {key: plain(value) for key, value in fields.items() if key in self._keys}
        withheld = sorted(key for key in fields if key not in self._keys)
        return {**passed, "withheld": withheld} if withheld else passed

    def _foreign(self, record: logging.LogRecord) -> Fields:
        if _is_trusted(record, self._trusted):
            fields: Fields = {"event": _text_of(record)}
        else:
            fields = {"event": "text withheld, see where", "where": f"{failures.short_path(record.pathname)}:{record.lineno}"}
        if record.exc_info and isinstance(record.exc_info[1], BaseException):
            fields["error"] = failures.describe(record.exc_info[1])
        return fields


def plain(value: object) -> object:
    """A value that says no more than an id, a code or a number can; anything else only by its type."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, UUID | date):
        return str(value)
    if isinstance(value, BaseException):
        return failures.describe(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return f"<{type(value).__name__}>"


def _is_ours(record: logging.LogRecord) -> bool:
    return isinstance(record.msg, dict) and hasattr(record, "_logger")


def _is_trusted(record: logging.LogRecord, trusted: tuple[str, ...]) -> bool:
    return any(record.name == name or record.name.startswith(f"{name}.") for name in trusted)


def _text_of(record: logging.LogRecord) -> str:
    if isinstance(record.args, tuple):
        args: Any = tuple(failures.type_name(arg) if isinstance(arg, BaseException) else arg for arg in record.args)
        record = logging.makeLogRecord({**record.__dict__, "args": args})
    return record.getMessage().strip().split("\n", 1)[0][:MAX_TEXT]


def _exception_as_error(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    told = fields.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told
    if isinstance(error, BaseException):
        fields["error"] = error
    return fields


def _uncaught(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.stdlib.get_logger("process").critical("uncaught exception, the process ends", error=error)


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        structlog.stdlib.get_logger("process").error("uncaught exception in a thread", error=args.exc_value)
