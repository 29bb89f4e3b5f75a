"""Codes of list entries, made from their titles: small Latin letters, digits and dashes, the same for ever."""

import re
from collections.abc import Container
from itertools import count
from typing import Final

LONGEST: Final = 40
CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LETTERS: Final = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэё", "abvgdeziiklmnoprstufyee", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "iu", "я": "ia", "ь": "", "ъ": ""}
)


def code_of(title: str, taken: Container[str]) -> str:
    """A code that none of `taken` is: «Отдел кадров» becomes otdel-kadrov, the second one otdel-kadrov-2."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower().translate(_LETTERS)).strip("-")
    stem = plain[:LONGEST].rstrip("-") or "entry"
    numbered = (f"{stem}-{number}" for number in count(2))
    return stem if stem not in taken else next(code for code in numbered if code not in taken)
