"""What the law needs before a request gets its number: a name, a contact, a question (8-FZ art. 18; R-19)."""

import re
from itertools import islice

from libs.events.vocabulary import Flag

GREETINGS = frozenset(
    (
        *("здравствуйте", "здравствуй", "привет", "приветствую", "алло", "hello", "hi", "start"),
        *("добрый", "доброе", "доброго", "день", "дня", "утро", "утра", "вечер", "вечера", "времени", "суток"),
        *("уважаемые", "уважаемый", "уважаемая"),
    )
)
PART = re.compile(r"\S+")
WORD = re.compile(r"[^\W\d_]{2,}")
WORDS_OF_A_QUESTION = 2
WORDS_OF_A_FULL_NAME = 2
DIGITS_OF_A_PHONE = 5


def has_name(name: str | None) -> bool:
    """A surname or the name of an organisation: at least one word; nobody has to prove it (8-FZ art. 18)."""
    return bool(name and WORD.search(name))


def has_full_name(name: str | None) -> bool:
    """A surname with a given name: enough to tell two people at one address apart."""
    return len(WORD.findall(name or "")) >= WORDS_OF_A_FULL_NAME


def has_phone(phone: str | None) -> bool:
    """A number that can be called, and no «нет»: the shortest city numbers have five digits."""
    return sum(sign.isdecimal() for sign in phone or "") >= DIGITS_OF_A_PHONE


def has_postal(postal: str | None) -> bool:
    """A postal address has at least a word."""
    return bool(postal and WORD.search(postal))


def has_question(texts: tuple[str, ...], name: str | None = None) -> bool:
    """«Здравствуйте» alone asks nothing, nor does one's own name or address: at least two other words remain."""
    own = {word.lower() for word in WORD.findall(name or "")}
    parts = (part[0] for text in texts for part in PART.finditer(text) if "@" not in part[0] and "://" not in part[0])
    words = (word.lower() for part in parts for word in WORD.findall(part))
    asked = (word for word in words if word not in GREETINGS and word not in own)
    return len(list(islice(asked, WORDS_OF_A_QUESTION))) == WORDS_OF_A_QUESTION


def missing(name: str | None, reachable: bool, texts: tuple[str, ...]) -> tuple[Flag, ...]:
    """What is still missing, as flags; empty when the request can be registered."""
    lacks = []
    if not has_name(name):
        lacks.append(Flag.NO_NAME)
    if not reachable:
        lacks.append(Flag.NO_CONTACT)
    if not has_question(texts, name):
        lacks.append(Flag.NO_QUESTION)
    return tuple(lacks)
