"""Users, passwords and rights on the broker. aiokafka's admin client has no call for them, so the requests are sent by its client itself.

SCRAM: the broker keeps a salted hash, and the password never travels.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, RequestTimedOutError, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Schema, TaggedFields

from libs.chassis.bus.acls import Acl
from libs.chassis.bus.entry import reach

MECHANISM = "SCRAM-SHA-512"
SHA_512, ITERATIONS, SALT_BYTES = 2, 4096, 32  # passwords are 32 random bytes: more rounds would guard nothing
NO_SUCH_USER, NO_AUTHORIZER = 91, 54
ANY, ALLOW = 1, 3
ASK_TIMES, ASK_AGAIN_SECONDS = 300, 0.1
RESOURCES = {"topic": 2, "group": 3}
PATTERNS = {"literal": 3, "prefixed": 4}
OPERATIONS = {"read": 3, "write": 4}
TEXT = CompactString("utf-8")

Right = tuple[str, int, str, int, int]  # user, kind of resource, its name, pattern, operation


class NoAuthorizer(Exception):
    """The broker checks no rights: whoever reaches it may do everything, so credentials would be a pretence."""


class NotChanged(KafkaError):  # type: ignore[misc]
    """The broker refused a change of users or rights; the text is its own."""


class AlterUsersResponse(Response):  # type: ignore[misc]  # aiokafka tells no types
    API_KEY = 51
    API_VERSION = 0
    RESULT = ("user", TEXT), ("error_code", Int16), ("error_message", TEXT), ("tags", TaggedFields)
    SCHEMA = Schema(("throttle_time_ms", Int32), ("results", CompactArray(*RESULT)), ("tags", TaggedFields))


class AlterUsersRequestV0(RequestStruct):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = AlterUsersResponse
    DELETION = ("user", TEXT), ("mechanism", Int8), ("tags", TaggedFields)
    UPSERTION = (
        *(("user", TEXT), ("mechanism", Int8), ("iterations", Int32)),
        *(("salt", CompactBytes), ("salted", CompactBytes), ("tags", TaggedFields)),
    )
    SCHEMA = Schema(("deletions", CompactArray(*DELETION)), ("upsertions", CompactArray(*UPSERTION)), ("tags", TaggedFields))


class AlterUsers(Request[AlterUsersRequestV0]):  # type: ignore[misc]
    """AlterUserScramCredentials (KIP-554)."""

    API_KEY = 51

    def __init__(self, *, remove: Collection[str] = (), passwords: dict[str, str] | None = None) -> None:
        self._deletions: list[Any] = [(user, SHA_512, {}) for user in remove]
        self._upsertions: list[Any] = [(user, SHA_512, ITERATIONS, *salted(password), {}) for user, password in (passwords or {}).items()]

    def build(self, request_struct_class: type[AlterUsersRequestV0]) -> AlterUsersRequestV0:
        return request_struct_class(self._deletions, self._upsertions, {})


def salted(password: str) -> tuple[bytes, bytes]:
    """A new salt, and what the broker keeps instead of the password (RFC 5802)."""
    salt = secrets.token_bytes(SALT_BYTES)
    return salt, hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)


async def let_in(bootstrap: str, user: str, password: str, acls: Collection[Acl]) -> None:
    """Ends when it counts: the broker takes changes in their order, so once it knows the rights it knows the password too."""
    async with _client(bootstrap) as client:
        await _alter(client, AlterUsers(passwords={user: password}))
        await _allow(client, acls)


async def allow(bootstrap: str, acls: Collection[Acl]) -> None:
    """Give these rights; those that are there already stay."""
    async with _client(bootstrap) as client:
        await _allow(client, acls)


async def shut_out(bootstrap: str, users: Collection[str]) -> None:
    """Take rights and passwords of these users away. Rights are asked for at every request, so open connections end in refusals."""
    async with _client(bootstrap) as client:
        for user in users:
            reply = await _send(client, DeleteAclsRequest(ANY, None, ANY, f"User:{user}", None, ANY, ANY))
            _raise(reply["filter_responses"])
        await _alter(client, AlterUsers(remove=users))
        await _until(client, lambda rights: not any(user in users for user, *_ in rights))


async def users_with_rights(bootstrap: str) -> set[str]:
    """Users that any right is given to."""
    async with _client(bootstrap) as client:
        return {user for user, *_ in await _rights(client)}


async def _allow(client: AIOKafkaClient, acls: Collection[Acl]) -> None:
    wanted = {_right(acl) for acl in acls}
    for user, kind, name, pattern, operation in sorted(wanted):
        reply = await _send(client, CreateAclsRequest(kind, name, pattern, f"User:{user}", "*", operation, ALLOW))
        _raise(reply["creation_responses"])
    await _until(client, wanted.issubset)


async def _until(client: AIOKafkaClient, holds: Callable[[set[Right]], bool]) -> None:
    """A change is answered when the controller has it; the broker acts on it a moment later."""
    for _ in range(ASK_TIMES):
        if holds(await _rights(client)):
            return
        await asyncio.sleep(ASK_AGAIN_SECONDS)
    raise RequestTimedOutError("the broker does not act on a change of rights")


async def _rights(client: AIOKafkaClient) -> set[Right]:
    reply = await _send(client, DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY))
    _raise([reply])
    return {
        (
            acl["principal"].removeprefix("User:"),
            place["resource_type"],
            place["resource_name"],
            place["resource_pattern_type"],
            acl["operation"],
        )
        for place in reply["resources"]
        for acl in place["acls"]
    }


def _right(acl: Acl) -> Right:
    return acl.user, RESOURCES[acl.resource], acl.name, PATTERNS[acl.pattern], OPERATIONS[acl.operation]


async def _alter(client: AIOKafkaClient, request: AlterUsers) -> None:
    reply = await _send(client, request)
    _raise([result for result in reply["results"] if result["error_code"] != NO_SUCH_USER])


def _raise(results: Collection[dict[str, Any]]) -> None:
    for result in results:
        code = result["error_code"]
        if code == NO_AUTHORIZER:
            raise NoAuthorizer
        if code:
            raise NotChanged(f"{result['error_message'] or for_code(code).__name__} ({code})")


async def _send(client: AIOKafkaClient, request: Request[Any]) -> dict[str, Any]:
    """To any broker: what only the controller may do, it hands on."""
    reply: dict[str, Any] = (await client.send(client.get_random_node(), request)).to_object()
    return reply


@asynccontextmanager
async def _client(bootstrap: str) -> AsyncIterator[AIOKafkaClient]:
    client = AIOKafkaClient(**reach(bootstrap), request_timeout_ms=30_000)
    try:
        await client.bootstrap()
        node = client.get_random_node()
        if not await client.ready(node):
            raise KafkaError(f"broker {node} is not ready")
        yield client
    finally:
        await client.close()
