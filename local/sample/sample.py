"""All sample data of one seed."""

from dataclasses import dataclass
from datetime import date
from random import Random
from zoneinfo import ZoneInfo

from local.sample.clients import SampleClient, clients
from local.sample.contacts import SampleContact, contacts


@dataclass(frozen=True)
class Sample:
    """Clients, and their contacts in the order of their arrival; every client has at least asked once."""

    clients: list[SampleClient]
    contacts: list[SampleContact]


def sample(seed: int, until: date, zone: ZoneInfo) -> Sample:
    """The same for the same arguments, on every machine; the last contact lies at most on `until`."""
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    known = list(clients(random))
    asked = list(contacts(random, known, until, zone))
    return Sample(known, asked)
