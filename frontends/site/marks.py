"""Marks of answers (SHA-256 in hex), as people copy them from paper."""

import re
from typing import Final

LEAST: Final = 16
GROUP: Final = 8

_LOOK_ALIKES = str.maketrans("аесвАЕСВ", "aecbAECB")
_MARK = re.compile(f"[0-9a-f]{{{LEAST},64}}")


def mark_of(typed: str) -> str | None:
    """The mark, or its beginning, that is meant; None when no mark begins like this."""
    bare = "".join(typed.split()).translate(_LOOK_ALIKES).lower()
    return bare if _MARK.fullmatch(bare) else None


def legible(mark: str) -> str:
    """In groups, so that eyes can compare it with paper."""
    return " ".join(mark[start : start + GROUP] for start in range(0, len(mark), GROUP))
