"""Invented letters of many words, the same for the same number: what a register of fifty thousand is searched by."""

from datetime import datetime
from random import Random

from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.vocabulary import ClientKind, Contacts, Sender
from local.sample import matters, people
from local.sample.clients import name_of
from local.sample.contacts import place

PEOPLE = 20_000  # who write: some once, some a few times
CAMPAIGN = 40  # every so many a letter that many send in the same words
BARE = 25  # every so many one that asks nothing yet
CAMPAIGN_TEXT = (
    "Просим сообщить, на каком основании вырублен сосновый лес у посёлка Сосновка и когда он будет восстановлен. "
    "Жители обеспокоены, дорога разбита лесовозами. Ответ просим дать письменно."
)


def person(number: int) -> tuple[str, Contacts]:
    """Who they are and how they are reached."""
    random = Random(number)  # noqa: S311 - to be repeated, not to be secret
    name = name_of(random, ClientKind.CITIZEN)
    email = f"{people.in_latin(name.split()[0])}{number}@letters.example.org" if number % 3 == 0 else None
    return name, Contacts(email=email, phone=phone(number) if number % 2 else None)


def phone(number: int) -> str:
    return f"+7 913 {number // 10_000:03}-{number // 100 % 100:02}-{number % 100:02}"


def text(number: int, at: datetime) -> str:
    if number % CAMPAIGN == 0:
        return CAMPAIGN_TEXT
    random = Random(f"text {number}")  # noqa: S311 - as above
    where = place(random, at)
    matter = random.choice(matters.MATTERS[:-1])
    clause, _ = random.choice(matter.asked)
    asking = random.choice(matters.ASKING[False]).format(clause.format(**where))
    return " ".join((random.choice(matters.GREETINGS), asking, random.choice(matter.why).format(**where)))


def received(prefix: str, number: int, at: datetime) -> MessageReceived:
    """Complete, but for every `BARE`th, which greets and leaves it at that."""
    bare = number % BARE == 0
    account = f"id{number}-bare" if bare else f"id{number % PEOPLE}"
    name, contacts = person(number % PEOPLE)
    return MessageReceived(
        external_id=f"{prefix}-{number}",
        received_at=at,
        dialogue=account,
        sender=Sender(name=None if bare and number % 2 else name, kind=ClientKind.CITIZEN, account=account),
        contacts=contacts,
        text="Здравствуйте!" if bare else text(number, at),
    )
