"""The ids of topics: one that was deleted and made again bears its old name and another id. aiokafka does not ask for them."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.api import RequestHeader_v2, ResponseHeader_v1
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

NAME: Final = CompactString("utf-8")


class TopicId:
    """Sixteen bytes."""

    @staticmethod
    def decode(data: BytesIO) -> UUID:
        return UUID(bytes=data.read(16))


BROKER = CompactArray(("node_id", Int32), ("host", NAME), ("port", Int32), ("rack", NAME), ("tags", TaggedFields))
PARTITION = CompactArray(
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("isr", CompactArray(Int32)),
    ("offline_replicas", CompactArray(Int32)),
    ("tags", TaggedFields),
)
TOPIC = CompactArray(
    ("error_code", Int16),
    ("name", NAME),
    ("topic_id", TopicId),
    ("is_internal", Boolean),
    ("partitions", PARTITION),
    ("authorized_operations", Int32),
    ("tags", TaggedFields),
)
ANSWER = Schema(
    ("throttle_time_ms", Int32),
    ("brokers", BROKER),
    ("cluster_id", NAME),
    ("controller_id", Int32),
    ("topics", TOPIC),
    ("tags", TaggedFields),
)
NULL_ARRAY: Final = b"\x00"  # all topics
FALSE: Final = b"\x00"
NO_TAGS: Final = b"\x00"


class Metadata:
    """Kafka's Metadata request in the version that every broker since 2.8 knows: all topics, and none is made by asking."""

    API_KEY = 3
    API_VERSION = 12

    @property
    def RESPONSE_TYPE(self) -> "Metadata":  # noqa: N802 - aiokafka's name
        return self

    def prepare(self, versions: Mapping[int, tuple[int, int]]) -> "Metadata":
        lowest, highest = versions.get(self.API_KEY, (0, 0))
        if not lowest <= self.API_VERSION <= highest:
            raise IncompatibleBrokerVersion("the broker does not tell the ids of topics")
        return self

    def build_request_header(self, correlation_id: int, client_id: str) -> Any:
        return RequestHeader_v2(self, correlation_id=correlation_id, client_id=client_id)

    def encode(self) -> bytes:
        return NULL_ARRAY + FALSE + FALSE + NO_TAGS

    def parse_response_header(self, data: BytesIO) -> Any:
        return ResponseHeader_v1.decode(data)

    def decode(self, data: BytesIO) -> dict[str, tuple[UUID, int]]:
        topics = ANSWER.decode(data)[4]
        return {name: (topic_id, len(partitions)) for _, name, topic_id, _, partitions, *_ in topics}


async def topic_ids(admin: AIOKafkaAdminClient) -> dict[str, tuple[UUID, int]]:
    """Each topic's id and its number of partitions."""
    client = admin._client
    found: dict[str, tuple[UUID, int]] = await client.send(client.get_random_node(), Metadata())
    return found
