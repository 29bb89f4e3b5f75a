"""Who may do what on Kafka, derived from the topic table (D-23, R-14). Read and Write imply Describe; what is not listed is forbidden.

Each key of a frontend is a Kafka user of its own, `<frontend>.<start of the key's SHA-256>`. A name of a frontend has no dot, so neither
users nor consumer groups of two frontends can meet, and rights that were taken away never come back with another key.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from libs.events.topics import TOPICS, Topic, dead_letter_topic

FRONTEND = "<frontend>"
HISTORY = "history"
MARK_LENGTH = 12


@dataclass(frozen=True, order=True)
class Acl:
    """One permission: `user` may do `operation` on the topics or groups called `name`, or called so in the beginning."""

    user: str
    resource: str  # topic or group
    name: str
    pattern: str  # literal or prefixed
    operation: str  # read or write

    @property
    def principal(self) -> str:
        return f"User:{self.user}"


def kafka_user(frontend: str, hash_of_key: str) -> str:
    """The Kafka user of one key of a frontend; its password is the key itself."""
    return f"{frontend}.{hash_of_key[:MARK_LENGTH]}"


def frontend_of_user(user: str) -> str | None:
    """The frontend that a Kafka user stands for; none for a service."""
    name, dot, _ = user.rpartition(".")
    return name if dot else None


def of_frontend(frontend: str, user: str) -> list[Acl]:
    """Its own three topics, and consumer groups called `<frontend>.…`. Idempotent producing needs no more than Write (KIP-679)."""
    rights = [Acl(user, "topic", topic.of(frontend), "literal", operation) for topic, operation in _on_topics(FRONTEND)]
    return [*rights, Acl(user, "group", f"{frontend}.", "prefixed", "read")]


def of_services() -> list[Acl]:
    """All our services that the table names. In production each signs in under its own name (deploy/kafka)."""
    named = {who for topic in TOPICS for who in (*topic.producers, *topic.consumers)} - {FRONTEND}
    return [acl for service in sorted(named) for acl in of_service(service)]


def of_service(service: str) -> list[Acl]:
    """The topics of the table, dead-letter topics of those it hears, and consumer groups called as itself.

    History sets nothing aside; it reads what the others did.
    """
    rights = {Acl(service, "topic", *_place(topic), operation) for topic, operation in _on_topics(service)}
    for topic in TOPICS:
        who_sets_aside = set(topic.consumers) - {HISTORY, FRONTEND}
        if service in who_sets_aside or (service == HISTORY and who_sets_aside):
            name, pattern = _place(topic)
            dead_letters = name if pattern == "prefixed" else dead_letter_topic(name)
            rights.add(Acl(service, "topic", dead_letters, pattern, "read" if service == HISTORY else "write"))
    return [*sorted(rights), Acl(service, "group", service, "prefixed", "read")]


def listing(acls: Iterable[Acl]) -> str:
    """One permission a line, for people and for diff."""
    return "".join(f"{acl.principal} {acl.operation:5} {acl.resource:5} {acl.pattern:8} {acl.name}\n" for acl in acls)


def _on_topics(who: str) -> Iterator[tuple[Topic, str]]:
    for topic in TOPICS:
        if who in topic.producers:
            yield topic, "write"
        if who in topic.consumers:
            yield topic, "read"


def _place(topic: Topic) -> tuple[str, str]:
    """A family of topics by its beginning: frontends come and go without a change of the services' rights."""
    return (topic.name.partition(FRONTEND)[0], "prefixed") if topic.per_frontend else (topic.name, "literal")
