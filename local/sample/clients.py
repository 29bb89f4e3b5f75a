"""Invented clients of every kind, each with the points that they use."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from libs.events.vocabulary import ClientKind, Contacts
from local.sample import people

KINDS = {
    ClientKind.CITIZEN: 245,
    ClientKind.LEGAL_ENTITY: 42,
    ClientKind.SOLE_TRADER: 30,
    ClientKind.SELF_EMPLOYED: 30,
    ClientKind.INTERNAL: 16,
    ClientKind.FOREIGNER: 12,
    ClientKind.UNREGISTERED_ASSOCIATION: 12,
    ClientKind.DUAL_CITIZEN: 8,
    ClientKind.STATELESS: 5,
}
POINTS = {"phone": 26, "site": 24, "email": 18, "in_person": 10, "vk": 8, "telegram": 7, "ok": 4, "post": 5}
SOCIAL = ("vk", "telegram", "ok")
MANY = frozenset({ClientKind.LEGAL_ENTITY, ClientKind.UNREGISTERED_ASSOCIATION})


@dataclass(frozen=True, kw_only=True)
class SampleClient:
    """`account` is theirs on `platform`; `busy` is how much oftener than others they turn up."""

    number: int
    kind: ClientKind
    name: str
    contacts: Contacts
    points: tuple[str, ...]
    busy: int
    platform: str | None = None
    account: str | None = None

    @property
    def many(self) -> bool:
        """Speaks as «мы»."""
        return self.kind in MANY


def clients(random: Random) -> Iterator[SampleClient]:
    """In an order that does not sort them by kind."""
    kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
    random.shuffle(kinds)
    firms = [f"{form} «{name}»" for form in people.FIRM_FORMS for name in people.FIRMS]
    random.shuffle(firms)
    for number, kind in enumerate(kinds, 1):
        name = firms.pop() if kind is ClientKind.LEGAL_ENTITY else name_of(random, kind)
        points = ("internal",) if kind is ClientKind.INTERNAL else points_of(random)
        platform = next((point for point in points if point in SOCIAL), None)
        yield SampleClient(
            number=number,
            kind=kind,
            name=name,
            contacts=contacts_of(random, number, name, points),
            points=points,
            busy=random.choice((1, 1, 1, 2, 3, 8)),
            platform=platform,
            account=f"sample-{platform}-{number}" if platform else None,
        )


def name_of(random: Random, kind: ClientKind) -> str:
    if kind in (ClientKind.FOREIGNER, ClientKind.STATELESS):
        return random.choice(people.FOREIGN_NAMES)
    if kind is ClientKind.UNREGISTERED_ASSOCIATION:
        town, streets = random.choice(people.TOWNS)
        place = {"town": town, "street": random.choice(streets), "house": random.randint(1, 90), "garden": random.choice(people.GARDENS)}
        return random.choice(people.ASSOCIATIONS).format(**place)
    surname, (son, daughter) = random.choice(people.SURNAMES), random.choice(people.FATHERS)
    if random.random() < 0.45:
        person = f"{surname} {random.choice(people.MEN)} {son}"
    else:
        person = f"{surname}а {random.choice(people.WOMEN)} {daughter}"
    return f"ИП {person}" if kind is ClientKind.SOLE_TRADER else person


def points_of(random: Random) -> tuple[str, ...]:
    wanted = random.choices(list(POINTS), weights=list(POINTS.values()), k=random.choice((1, 2, 2, 3)))
    return tuple(dict.fromkeys(wanted))


def contacts_of(random: Random, number: int, name: str, points: tuple[str, ...]) -> Contacts:
    """What they left of themselves: what their points need, and sometimes more."""
    by_mail = "email" in points or "internal" in points or random.random() < 0.5
    by_post = "post" in points or random.random() < 0.3
    return Contacts(
        email=email_of(number, name, points) if by_mail else None,
        phone=f"+7 383 200-{number // 100:02}-{number % 100:02}" if "phone" in points or not by_mail else None,
        postal=f"{random.choice(people.INDEXES)}, {people.REGION}, {address(random)}" if by_post else None,
    )


def email_of(number: int, name: str, points: tuple[str, ...]) -> str:
    words = [word for word in map(people.in_latin, name.replace("ИП ", "").split()) if word]
    if "internal" in points:
        return f"{words[0]}{number}@department.example"
    if "«" in name:
        return f"office@{people.in_latin(name.partition('«')[2])}{number}.example"
    return f"{words[0]}.{words[1][0]}{number}@example.ru"


def address(random: Random) -> str:
    town, streets = random.choice(people.TOWNS)
    flat = f", кв. {random.randint(1, 120)}" if town.startswith("г.") and random.random() < 0.6 else ""
    return f"{town}, ул. {random.choice(streets)}, д. {random.randint(1, 90)}{flat}"
