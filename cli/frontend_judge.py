"""What is wrong with the records of a frontend's program, in sentences for its author (docs/frontends). Pure."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from libs.events.contracts import REGISTRY, channel_inbound
from libs.events.contracts.channel_inbound import MessageReceived, MessageRevised
from libs.events.envelope import Envelope, Unreadable, decode
from libs.events.registry import NewerVersion, UnknownType
from services.intake.domain.inbound import MAX_TEXT_BYTES
from services.intake.oddities import clock_is_off

KEY = re.compile(rb"[0-9a-f]{32,128}")
TYPES = tuple(event.type_name() for event in channel_inbound.EVENTS)


@dataclass
class Judge:
    """One for one stretch of time: it remembers ids and dialogues, because most rules are about two records."""

    records: dict[UUID, bytes] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    dialogues: dict[bytes, str] = field(default_factory=dict)

    def complaints(self, key: bytes | None, value: bytes | None, arrived: datetime) -> list[str]:
        """None: the record is as it should be."""
        found = [] if key and KEY.fullmatch(key) else ["the key is no HMAC in hex: 32 to 128 of 0-9a-f, never anything personal"]
        try:
            envelope = decode(value)
            event = REGISTRY.read(envelope) if envelope.type in TYPES else None
        except (Unreadable, UnknownType, NewerVersion) as error:
            return [*found, f"it can't be read: {error}"]
        if event is None:
            return [*found, f"its type is {envelope.type}, and this topic takes {', '.join(TYPES)}"]
        found += self._ids(envelope, value or b"")
        if isinstance(event, MessageReceived):
            found += self._message(key or b"", event, envelope.point or "", arrived)
        return found

    def _ids(self, envelope: Envelope, value: bytes) -> list[str]:
        mark = hashlib.sha256(value).digest()
        if self.records.setdefault(envelope.event_id, mark) != mark:
            return ["its event_id stood in another record too: each event has its own"]
        return []

    def _message(self, key: bytes, message: MessageReceived, point: str, arrived: datetime) -> list[str]:
        found = []
        text = message.text.encode()
        if len(text) > MAX_TEXT_BYTES:
            found.append("its text is over 200 KiB and will be refused: send it in parts")
        before = self.texts.get(message.external_id)
        self.texts[message.external_id] = hashlib.sha256(text).digest()
        if before not in (None, self.texts[message.external_id]) and not isinstance(message, MessageRevised):
            found.append(
                "its external_id came before with another text: an edited text is a MessageRevised, another message has another id"
            )
        if clock_is_off(message.received_at, arrived, point):
            found.append("received_at is over 5 minutes ahead or 30 days back: the time of arrival will count")
        if self.keys.setdefault(message.dialogue, key) != key:
            found.append("its dialogue had another key before: one dialogue needs one key, else its messages lose their order")
        if self.dialogues.setdefault(key, message.dialogue) != message.dialogue:
            found.append("its key belonged to another dialogue before: two people would become one")
        return found
