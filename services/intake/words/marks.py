"""What the index keeps of a request: HMACs of its words, of its people's names and contacts, and of all it says. Pure (decision 0027)."""

import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from libs.events.contracts.intake_requests import (
    HistoricalEntryImported,
    HistoricalRequestImported,
    PersonalDataCorrected,
    RequestAdditionalChannelChanged,
    RequestChannelsChanged,
    RequestReceived,
    RequestRevised,
    RequestSupplemented,
)
from libs.events.fact import Event
from libs.events.vocabulary import AdditionalChannel, Contacts
from services.intake import tracking
from services.intake.words import normal

BYTES = 8
SHORTEST_PREFIX = 3
LONGEST_PREFIX = 20
MOST_WORDS = 4_000  # of one request; a text of 200 KiB of different words would take seconds
LEAST_TO_COMPARE = 4  # «прошу ответить» says the same in a thousand requests


class Marks:
    """HMAC-SHA-256 of a word and its kind, cut to eight bytes, as PostgreSQL's bigint holds them."""

    def __init__(self, key: bytes) -> None:
        self._key = tracking.fingerprint(key, "words")

    def of(self, kind: str, value: str) -> int:
        mac = hmac.digest(self._key, f"{kind}\x00{value}".encode("utf-8", "surrogatepass"), "sha256")
        return int.from_bytes(mac[:BYTES], signed=True)

    def word(self, lemma: str) -> int:
        return self.of("word", lemma)

    def name(self, part: str) -> int:
        """Of a part of a name, or of its beginning."""
        return self.of("name", part[:LONGEST_PREFIX])

    def contact(self, address: str) -> int:
        """Of a phone or an e-mail address in its normal form."""
        return self.of("contact", address)

    def text(self, lemmas: Iterable[str]) -> int | None:
        """The same for texts of the same words, in any order and form; None when there are too few to tell."""
        known = sorted(set(lemmas))
        return self.of("text", " ".join(known)) if len(known) >= LEAST_TO_COMPARE else None


@dataclass
class Said:
    """All that the events of one request say, old versions of a text included: it is found by these, too."""

    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    contacts: set[str] = field(default_factory=set)
    first: str | None = None
    """The newest text of its first message."""


def of_request(marks: Marks, facts: Sequence[Event]) -> tuple[list[int], int | None]:
    """Marks of everything that a request is found by, and the one of what it asks."""
    said = said_in(facts)
    words = {marks.word(lemma) for lemma in islice(_lemmas(said.texts), MOST_WORDS)}
    names = {marks.name(start) for name in said.names for part in normal.name_parts(name) for start in prefixes(part)}
    contacts = {marks.contact(address) for address in said.contacts}
    return sorted(words | names | contacts), marks.text(asked(said.first or "", said.names))


def asked(text: str, names: Iterable[str]) -> frozenset[str]:
    """Lemmas of what is asked: without figures and the person's own name, so that a form that thousands sign stays one."""
    own = {lemma for name in names for lemma in normal.lemmas_of(name)}
    return frozenset(lemma for lemma in normal.lemmas_of(text) if lemma not in own and lemma.isalpha())


def prefixes(part: str) -> Iterator[str]:
    """A part of a name from its third letter on, and whole when it is shorter."""
    for end in range(min(SHORTEST_PREFIX, len(part)), min(len(part), LONGEST_PREFIX) + 1):
        yield part[:end]


def said_in(facts: Iterable[Event]) -> Said:  # noqa: C901 - one case for each fact
    said, first = Said(), None
    for fact in facts:
        match fact:
            case RequestReceived() | RequestSupplemented():
                first = first or fact.message_ref
                _noted(said, fact.sender.name, fact.contacts, fact.additional_channel)
                said.texts += [fact.text, *(attached.name for attached in fact.attachments)]
                said.first = fact.text if said.first is None else said.first
            case RequestRevised():
                said.texts.append(fact.text)
                said.first = fact.text if fact.message_ref == first else said.first
            case RequestChannelsChanged():
                _noted(said, None, Contacts(email=fact.email), None)
            case PersonalDataCorrected():
                _noted(said, fact.name, fact.contacts, None)
            case RequestAdditionalChannelChanged():
                _noted(said, None, Contacts(), fact.additional)
            case HistoricalRequestImported():
                _noted(said, fact.client_name, Contacts(), None)
                said.texts += [fact.foreign_no, fact.subject or ""]
                said.first = fact.subject
            case HistoricalEntryImported():
                said.texts.append(fact.what)
            case _:
                pass
    for text in said.texts:
        said.contacts.update(normal.phones_in(text), normal.emails_in(text))
    return said


def contacts_of(contacts: Contacts, additional: AdditionalChannel | None) -> Iterator[str]:
    """Phones and e-mail addresses in the form that they are looked for."""
    by_mail = [contacts.email, additional.address if additional and additional.channel == "email" else None]
    by_phone = [contacts.phone, additional.address if additional and additional.channel == "phone" else None]
    yield from (address for typed in by_mail if typed and (address := normal.email(typed)))
    yield from (number for typed in by_phone if typed and (number := normal.phone(typed)))


def _noted(said: Said, name: str | None, contacts: Contacts, additional: AdditionalChannel | None) -> None:
    if name:
        said.names.append(name)
    said.contacts.update(contacts_of(contacts, additional))
    said.texts += [contacts.postal or "", additional.address if additional and additional.channel == "post" else ""]


def _lemmas(texts: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for text in texts:
        for word in normal.words(text):
            for lemma in normal.lemmas(word):
                if lemma not in seen:
                    seen.add(lemma)
                    yield lemma
