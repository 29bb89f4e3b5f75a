"""What may be said of an exception: its type, its code and where it was raised.

Never its message: asyncpg puts the row's values into it, pydantic the input, SMTP the address,
and personal data never reach logs (E-14).
"""

import re
import traceback
from pathlib import Path
from types import TracebackType

MAX_CAUSES = 3
OUR_FRAMES, LAST_FRAMES = 5, 3
MAX_GROUPED = 5

_CODE_NAMES = ("sqlstate", "code", "errno", "smtp_code")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,60}")


def type_name(error: BaseException) -> str:
    """The type with its module: `asyncpg.exceptions.UniqueViolationError`."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def describe(error: BaseException, *, causes: int = MAX_CAUSES) -> dict[str, object]:
    """The exception and its causes without any value from their messages or locals."""
    said: dict[str, object] = {"type": type_name(error)}
    if code := _code(error):
        said["code"] = code
    if constraint := _identifier(getattr(error, "constraint_name", None)):
        said["constraint"] = constraint
    if frames := _frames(error.__traceback__):
        said["frames"] = frames
    if isinstance(error, BaseExceptionGroup):
        said["errors"] = [describe(inner, causes=causes) for inner in error.exceptions[:MAX_GROUPED]]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes > 0:
        said["cause"] = describe(cause, causes=causes - 1)
    return said


def _code(error: BaseException) -> str | int | None:
    for name in _CODE_NAMES:
        value = getattr(error, name, None)
        if isinstance(value, int):
            return value
        if identifier := _identifier(value):
            return identifier
    return None


def _identifier(value: object) -> str | None:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _frames(trace: TracebackType | None) -> list[str]:
    """The last frames of our own code and the last of all, in order."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(trace)]
    here = f"{Path.cwd()}/"
    ours = [
        place for place, (code, _) in enumerate(frames) if code.co_filename.startswith(here) and "site-packages" not in code.co_filename
    ]
    told = sorted({*ours[-OUR_FRAMES:], *range(max(0, len(frames) - LAST_FRAMES), len(frames))})
    return [f"{short_path(code.co_filename)}:{line} {code.co_name}" for code, line in (frames[place] for place in told)]


def short_path(filename: str) -> str:
    """The path from the root of the project, or from site-packages."""
    path = Path(filename)
    if "site-packages" in path.parts:
        return Path(*path.parts[path.parts.index("site-packages") + 1 :]).as_posix()
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else "/".join(path.parts[-3:])
