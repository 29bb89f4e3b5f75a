"""Numbers and codes as people type them: small letters, blanks, dashes, and Cyrillic letters that look like Latin ones."""

import re

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no 0, O, 1, I: read aloud they are taken for each other
CODE_LENGTH = 12
REFERENCE_LENGTH = 10

_LOOK_ALIKES = str.maketrans("АВЕКМНРСТУХ", "ABEKMHPCTYX")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212.]+")
_CODE = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")
_REFERENCE = re.compile(f"[{ALPHABET}]{{{REFERENCE_LENGTH}}}")


def code_of(typed: str) -> str | None:
    """The tracking code that is meant, or None when no code looks like this."""
    code = plain(typed)
    return code if _CODE.fullmatch(code) else None


def number_of(typed: str) -> str:
    """A reference in its own shape; anything else is a register number and stays as it is, blanks around it aside."""
    bare = plain(typed)
    return f"{bare[:5]}-{bare[5:]}" if _REFERENCE.fullmatch(bare) else typed.strip()


def in_groups(code: str) -> list[str]:
    """Groups of four, to copy by hand or to read aloud."""
    bare = plain(code)
    return [bare[start : start + 4] for start in range(0, len(bare), 4)]


def plain(typed: str) -> str:
    """In large Latin letters, with nothing in between."""
    return _BETWEEN.sub("", typed.upper()).translate(_LOOK_ALIKES)
