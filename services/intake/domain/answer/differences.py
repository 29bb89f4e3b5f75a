"""What changed from one version of a text to the next, word by word, so that a head reads what is new and not all of it again."""

import re
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

WORDS = re.compile(r"\S+\s*|\s+")  # each with the space behind it: spaces apart are all alike, and to look among them takes long
MOST_WORDS = 4_000  # comparing takes their square; longer texts are shown whole


class Kind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class Piece(NamedTuple):
    kind: Kind
    text: str


def differences(before: str, after: str) -> list[Piece]:
    """Pieces that, without the added ones, make `before`, and without the removed ones `after`."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        return [Piece(Kind.SAME, after)] if before == after else [Piece(Kind.REMOVED, before), Piece(Kind.ADDED, after)]
    found: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Piece(Kind.SAME, "".join(old[a:b])))
            continue
        found += [piece for piece in (Piece(Kind.REMOVED, "".join(old[a:b])), Piece(Kind.ADDED, "".join(new[c:d]))) if piece.text]
    return found
