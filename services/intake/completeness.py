"""What the law needs before a request gets its number: a name, a contact, a question (8-FZ art. 18; design.md 3)."""

import re

from libs.events.vocabulary import Flag

GREETINGS = frozenset(
    (
        *("здравствуйте", "здравствуй", "привет", "приветствую", "алло", "hello", "hi", "start"),
        *("добрый", "доброе", "доброго", "день", "дня", "утро", "утра", "вечер", "вечера", "времени", "суток"),
        *("уважаемые", "уважаемый", "уважаемая"),
    )
)
WORD = re.compile(r"[^\W\d_]{2,}")
WORDS_OF_A_QUESTION = 2


def has_name(name: str | None) -> bool:
    """A surname or the name of an organisation: at least one word; nobody has to prove it (8-FZ art. 18)."""
    return bool(name and WORD.search(name))


def has_question(texts: tuple[str, ...]) -> bool:
    """«Здравствуйте» alone asks nothing: at least two words remain when greetings are taken away."""
    words = [word.lower() for text in texts for word in WORD.findall(text)]
    return len([word for word in words if word not in GREETINGS]) >= WORDS_OF_A_QUESTION


def missing(name: str | None, reachable: bool, texts: tuple[str, ...]) -> tuple[Flag, ...]:
    """What is still missing, as flags; empty when the request can be registered."""
    lacks = []
    if not has_name(name):
        lacks.append(Flag.NO_NAME)
    if not reachable:
        lacks.append(Flag.NO_CONTACT)
    if not has_question(texts):
        lacks.append(Flag.NO_QUESTION)
    return tuple(lacks)
