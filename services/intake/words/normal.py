"""Words in the one form that they are kept and looked for in: lemmas, phones in E.164, addresses in small letters. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

import phonenumbers
import pymorphy3

REGION = "RU"
LONGEST_WORD = 64
LIKELY = 0.2  # a reading that is less probable than this is not the word that was meant
READINGS = 2
SHORTEST_PHONE = 5  # digits; the shortest city numbers (completeness.py)
SERVICE_WORDS = frozenset(("PREP", "CONJ", "PRCL", "NPRO", "INTJ"))

WORD = re.compile(r"[^\W_]+(?:[-:/.][^\W_]+)*")
RUSSIAN = re.compile(r"[а-я-]+")
PART = re.compile(r"[^\W_]+")
EMAIL = re.compile(r"[^\s<>()\[\],;:\"«»]+@[^\s<>()\[\],;:\"«»]+\.[^\W\d_]{2,}", re.UNICODE)
PHONE = re.compile(r"(?<![\w:/.-])(?:\+|\b)\d[\d\s()\u2010-\u2015\u2212-]{8,20}\d(?![\w:/])")
PHONE_SIGNS = re.compile(r"[\d\s()+.\u2010-\u2015\u2212-]+")
DASHES = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-") | dict.fromkeys("\u00ad\u200b\u200c\u200d\ufeff\u0301", "")
)


def plain(text: str) -> str:
    """Small letters, one kind of dash, е for ё, without accents over vowels and marks that nobody sees."""
    marked = unicodedata.normalize("NFKC", text).translate(DASHES)
    return marked.lower().replace("ё", "е")


def words(text: str) -> Iterator[str]:
    """Each word as it stands, in small letters; «санкт-петербург» and «54:35:1:2» whole and in their parts."""
    for found in WORD.finditer(plain(text)):
        parts = PART.findall(found[0])
        if len(parts) == 1 or _is_one(found[0], parts):
            yield found[0][:LONGEST_WORD]
        if len(parts) > 1:
            yield from (part[:LONGEST_WORD] for part in parts)


def asked_words(typed: str) -> Iterator[str]:
    """The same of what is looked for: what is one word is not asked for in its parts as well."""
    for found in WORD.finditer(plain(typed)):
        parts = PART.findall(found[0])
        yield from (found[0][:LONGEST_WORD],) if _is_one(found[0], parts) else (part[:LONGEST_WORD] for part in parts)


def _is_one(whole: str, parts: list[str]) -> bool:
    """A compound or a number such as a cadastral one, and no «ул.Садовая» whose blank was forgotten."""
    return "-" in whole or any(part.isdecimal() for part in parts)


@lru_cache(maxsize=100_000)  # texts of one office share their words, and each analysis takes 70 microseconds
def lemmas(word: str) -> tuple[str, ...]:
    """The dictionary forms of a plain word, the likeliest first; none of a preposition, a pronoun or a single letter."""
    if len(word) < 2:
        return ()
    if not RUSSIAN.fullmatch(word):  # the analyser knows nothing of it, and raises at letters that have no name
        return (word,)
    readings = _analyser().parse(word)
    if str(readings[0].tag.POS) in SERVICE_WORDS:
        return ()
    likely = [reading.normal_form for reading in readings if reading.score >= LIKELY] or [readings[0].normal_form]
    return tuple(dict.fromkeys(form.replace("ё", "е")[:LONGEST_WORD] for form in likely))[:READINGS]


def lemmas_of(text: str) -> dict[str, None]:
    """Every dictionary form in a text, each once, in the order of the text."""
    return dict.fromkeys(lemma for word in words(text) for lemma in lemmas(word))


def name_parts(name: str) -> list[str]:
    """«Петрова-Водкина Анна» is found by either half of the surname, too."""
    return list(dict.fromkeys(words(name)))


def phone(typed: str) -> str | None:
    """E.164 of a number that may be one, else its digits when they are enough for a city number; None for anything else."""
    number = plain(typed).strip()
    digits = "".join(str(int(sign)) for sign in number if sign.isdecimal())
    if len(digits) < SHORTEST_PHONE:
        return None
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_possible_number(parsed):
        return digits
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def is_phone(typed: str) -> bool:
    """Whether all that was typed is a number to call."""
    return PHONE_SIGNS.fullmatch(typed.strip()) is not None and phone(typed) is not None


def email(typed: str) -> str | None:
    """In small letters, or None where there is no address."""
    found = EMAIL.search(plain(typed))
    return found[0].strip(".") if found else None


def phones_in(text: str) -> Iterator[str]:
    """Numbers that stand in a text and are long enough to be nothing else."""
    for found in PHONE.finditer(unicodedata.normalize("NFKC", text)):
        if (number := phone(found[0])) is not None and number.startswith("+"):
            yield number


def emails_in(text: str) -> Iterator[str]:
    for found in EMAIL.finditer(plain(text)):
        yield found[0].strip(".")


@cache  # 50 ms and 30 MB, paid by the first word
def _analyser() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer(lang="ru")
