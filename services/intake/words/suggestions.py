"""What a request seems to be, read from its words: type, topic, urgency, unit, kind of client, each with the words it was seen by. Pure.

Nothing is applied by itself: the registrar sees the suggestion in the form, with its reason, and confirms or changes it (N-8.4).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from libs.events.vocabulary import ClientKind, Urgency
from services.intake.domain.authority.lists import APPEAL, Lists
from services.intake.words import normal

REQUEST = "8-fz"
# What the laws call by these words: a proposal, an application, a complaint (59-FZ art. 4); a request for information (8-FZ art. 1, 18).
SIGNS: Mapping[str, tuple[str, ...]] = {
    APPEAL: (
        *("жалоба", "жаловаться", "пожаловаться", "обжаловать", "бездействие", "нарушать", "нарушаются права", "нарушены права"),
        *("нарушение прав", "нарушение закона", "принять меры", "привлечь к ответственности", "устранить нарушения", "провести проверку"),
        *("прошу содействия", "предлагаю", "моё предложение", "требовать", "недовольный"),
    ),
    REQUEST: (
        *("прошу сообщить", "прошу разъяснить", "прошу предоставить", "предоставить сведения", "предоставить информацию", "получить копию"),
        *(
            "предоставить копию",
            "направить копию",
            "запрос информации",
            "прошу подсказать",
            "подсказать",
            "хотеть узнать",
            "какие документы",
        ),
        *("в каком порядке", "интересовать"),
    ),
}
ORGANISATION = re.compile(r"\b(?:ООО|АО|ПАО|ЗАО|ОАО|АНО|НКО|МУП|ГУП|ФГУП|ФГБУ|ГБУ|МБУ|МКУ|ТСЖ|СНТ|ТСН|СХПК)\b")
SOLE_TRADER = re.compile(r"\bИП\b")


class NoWord(ValueError):
    """A hint is to be seen by nothing that a text could be read for."""


@dataclass(frozen=True)
class Hint:
    """`phrases`: any of them is enough, all words of one must be there; `gives` is a code by field."""

    phrases: tuple["Phrase", ...]
    gives: Mapping[str, str]


@dataclass(frozen=True)
class Phrase:
    """As it is told, and the dictionary forms of each of its words."""

    told: str
    words: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Suggestion:
    """A code for a field of the classification, and the words or the code of the topic that it was seen by."""

    value: str
    seen_by: tuple[str, ...] = ()
    topic: str | None = None


def phrase(told: str) -> Phrase:
    """Raises `NoWord`."""
    words = tuple(frozenset(forms) for word in normal.asked_words(told) if (forms := normal.lemmas(word)))
    if not words:
        raise NoWord(told)
    return Phrase(told, words)


def hint(phrases: Iterable[str], gives: Mapping[str, str]) -> Hint:
    """Raises `NoWord`."""
    return Hint(tuple(phrase(one) for one in phrases), gives)


def suggested(texts: Iterable[str], name: str | None, hints: Sequence[Hint], lists: Lists) -> dict[str, Suggestion]:
    """By field: type, topic, urgency, unit, client_kind; a field of which the words tell nothing is absent."""
    lemmas = frozenset(lemma for text in texts for lemma in normal.lemmas_of(text))
    known: Mapping[str, Collection[str]] = {
        "type": lists.regime_of,
        "topic": lists.topics,
        "urgency": tuple(Urgency),
        "unit": lists.topics_of,
    }
    hints = [one for one in hints if all(code in known[field] for field, code in one.gives.items())]  # lists may have changed since
    found = {field: best for field in known if (best := _best(field, lemmas, hints))}
    by_law = _by_law(lemmas, lists)
    if "type" not in found and by_law is not None:
        found["type"] = by_law
    if "topic" in found and (unit := _unit(found, lists)) is not None:
        found["unit"] = unit
    if (kind := _kind(name or "")) is not None:
        found["client_kind"] = kind
    return found


def _best(field: str, lemmas: frozenset[str], hints: Sequence[Hint]) -> Suggestion | None:
    """The code that most phrases speak for; of equal ones that which the authority named first."""
    votes: dict[str, tuple[str, ...]] = {}
    for one in hints:
        if field in one.gives and (told := _seen(one.phrases, lemmas)):
            votes[one.gives[field]] = (*votes.get(one.gives[field], ()), *told)
    if not votes:
        return None
    value = max(votes, key=lambda code: len(votes[code]))
    return Suggestion(value, tuple(dict.fromkeys(votes[value])))


def _seen(phrases: Iterable[Phrase], lemmas: frozenset[str]) -> tuple[str, ...]:
    return tuple(one.told for one in phrases if all(not forms.isdisjoint(lemmas) for forms in one.words))


def _by_law(lemmas: frozenset[str], lists: Lists) -> Suggestion | None:
    """A request for information or an appeal: what the text is more, and in doubt the request, which is answered either way."""
    seen = {regime: _seen(map(phrase, signs), lemmas) for regime, signs in SIGNS.items()}
    regime = APPEAL if len(seen[APPEAL]) > len(seen[REQUEST]) else REQUEST
    code = next((code for code, law in lists.regime_of.items() if law == regime), None)
    return Suggestion(code, seen[regime]) if code is not None and seen[regime] else None


def _unit(found: Mapping[str, Suggestion], lists: Lists) -> Suggestion | None:
    """The one that was named, if it deals with the topic, else the one that deals with the fewest topics beside it."""
    topic = found["topic"].value
    named = found.get("unit")
    if named is not None and topic in lists.topics_of.get(named.value, ()):
        return named
    competent = [unit for unit, topics in lists.topics_of.items() if topic in topics]
    unit = min(competent, key=lambda unit: len(lists.topics_of[unit]), default=None)
    return Suggestion(unit, topic=topic) if unit is not None else None


def _kind(name: str) -> Suggestion | None:
    """«ООО», «ИП»: how the name itself says what its bearer is."""
    for mark, kind in ((ORGANISATION, ClientKind.LEGAL_ENTITY), (SOLE_TRADER, ClientKind.SOLE_TRADER)):
        if (found := mark.search(name)) is not None:
            return Suggestion(kind.value, (found[0],))
    return None
