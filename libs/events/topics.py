"""The one table of topics: who produces, who consumes, how many partitions, how long (R-14).

Frontends are data: a row with `<frontend>` in its name is a pattern, and each frontend has topics of its own.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid5

FRONTEND = re.compile(r"[a-z][a-z0-9-]*")  # no braces: FastStream reads them as a path parameter
DIALOGUES = UUID("6d6f7a5e-64ac-5a0f-9a55-0e6f746b6c69")
DAY_MS = 24 * 60 * 60 * 1000
DESK = "desk"  # the frontend of what staff type in: it has topics as any other, and no key, because intake writes for it


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic, or with `<frontend>` in its name a family of them. `contract` is a key of contracts.CONTRACTS."""

    name: str
    contract: str
    key: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int = 12
    retention_days: int = 14

    @property
    def per_frontend(self) -> bool:
        return "<frontend>" in self.name

    def of(self, frontend: str) -> str:
        """The name of this family's topic for one frontend."""
        if not FRONTEND.fullmatch(frontend) or len(frontend) > 40:
            raise ValueError(f"a frontend's name is lower-case latin letters, digits and dashes, not {frontend!r}")
        return self.name.replace("<frontend>", frontend)

    @property
    def pattern(self) -> str:
        """A regular expression that matches this topic's names, and never a dead-letter topic's."""
        return "^" + re.escape(self.name).replace("<frontend>", FRONTEND.pattern) + "$"

    @property
    def dead_letters(self) -> str:
        return self.name.removesuffix(".v1") + ".dlq.v1"


INBOUND = Topic(
    name="channel.inbound.<frontend>.v1",
    contract="channel.inbound",
    key="HMAC of the dialogue",
    producers=("<frontend>", "intake"),
    consumers=("intake", "notifier", "history"),
)
RECEIPTS = Topic(
    name="channel.receipts.<frontend>.v1",
    contract="channel.receipts",
    key="HMAC of the dialogue",
    producers=("intake",),
    consumers=("<frontend>", "history"),
)
OUTBOUND = Topic(
    name="channel.outbound.<frontend>.v1",
    contract="channel.outbound",
    key="HMAC of the dialogue",
    producers=("notifier",),
    consumers=("<frontend>", "history"),
)
REQUESTS = Topic(
    name="intake.requests.v1", contract="intake.requests", key="request id", producers=("intake",), consumers=("notifier", "history")
)
CLIENTS = Topic(name="intake.clients.v1", contract="intake.clients", key="client id", producers=("intake",), consumers=("history",))
ATTACHMENTS = Topic(
    name="intake.attachments.v1",
    contract="intake.attachments",
    key="request id",
    producers=("intake",),
    consumers=("history",),
    partitions=1,
)
DELIVERIES = Topic(
    name="notifier.deliveries.v1",
    contract="notifier.deliveries",
    key="request id",
    producers=("notifier",),
    consumers=("history",),
)
TRIALS = Topic(
    name="notifier.trials.v1",
    contract="notifier.trials",
    key="letter id",
    producers=("notifier",),
    consumers=("intake", "history"),
    partitions=1,
)
HISTORY = Topic(
    name="history.events.v1", contract="history.events", key="thread id", producers=("history",), consumers=("intake", "notifier")
)
STAFF = Topic(name="staff.events.v1", contract="staff.events", key="account id", producers=("intake",), consumers=("notifier", "history"))

AUTHORITY = Topic(
    name="authority.events.v1", contract="authority.events", key="authority code", producers=("intake",), consumers=("notifier", "history")
)
AUDIT = Topic(name="audit.events.v1", contract="audit.events", key="account id", producers=("intake",), consumers=("history",))

TOPICS = (INBOUND, RECEIPTS, OUTBOUND, REQUESTS, CLIENTS, ATTACHMENTS, DELIVERIES, TRIALS, HISTORY, STAFF, AUTHORITY, AUDIT)
BY_CONTRACT = {topic.contract: topic for topic in TOPICS}


@dataclass(frozen=True)
class Wanted:
    """A topic as it must exist on the broker."""

    name: str
    partitions: int
    retention_ms: int


def dead_letter_topic(topic: str) -> str:
    """The dead-letter topic of a source topic."""
    return topic.removesuffix(".v1") + ".dlq.v1"


def wanted(frontends: tuple[str, ...]) -> list[Wanted]:
    """Every topic of an installation with these frontends and the desk, dead-letter topics (one partition, 30 days) included."""
    every = dict.fromkeys((*frontends, DESK))
    names = [(topic, topic.of(frontend)) for topic in TOPICS if topic.per_frontend for frontend in every]
    names += [(topic, topic.name) for topic in TOPICS if not topic.per_frontend]
    rows = [Wanted(name, topic.partitions, topic.retention_days * DAY_MS) for topic, name in names]
    rows += [Wanted(dead_letter_topic(name), 1, 30 * DAY_MS) for topic, name in names if set(topic.consumers) - {"history", "<frontend>"}]
    return rows


@lru_cache(maxsize=1024)
def topic_of(name: str) -> Topic | None:
    """The row that a concrete topic belongs to."""
    return next((topic for topic in TOPICS if re.fullmatch(topic.pattern, name)), None)


@lru_cache(maxsize=1024)
def frontend_of(name: str) -> str | None:
    """The frontend of a concrete topic; consumers take the channel from here, never from the record (R-8)."""
    topic = topic_of(name)
    if topic is None or not topic.per_frontend:
        return None
    head, tail = topic.name.split("<frontend>")
    return name.removeprefix(head).removesuffix(tail)


def dialogue_key(key: bytes | None, thread_id: UUID) -> str:
    """The dialogue of a channel.inbound record: its Kafka key, or without a usable one the thread that its envelope names."""
    try:
        return key.decode() if key and len(key) <= 200 else str(thread_id)
    except UnicodeDecodeError:
        return str(thread_id)


def dialogue_thread(frontend: str, key: str) -> UUID:
    """The thread of a dialogue. Whoever reads channel.inbound takes this one, never the envelope's: it would reach into others' threads."""
    return uuid5(DIALOGUES, f"{frontend}\n{key}")
