"""A frontend in Python, by HTTP and by Kafka. Kafka needs one package: pip install aiokafka

python client.py http "Как получить справку?" | kafka "Как получить справку?" | notices
Told by the environment: the variables of docs/frontends/README.md. OTKLIK_DIALOGUE_SECRET is your own and never changes.
"""

import asyncio
import hmac
import json
import os
import ssl
import sys
import time
import uuid
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPError, Request, urlopen

TOLD = os.environ


def now() -> str:
    return datetime.now(UTC).isoformat()


def message(text: str) -> dict[str, Any]:
    """What a person wrote. external_id is your own id of the message: sending it again never makes a second request."""
    return {
        "external_id": TOLD.get("MESSAGE_ID") or str(uuid.uuid4()),
        "received_at": now(),
        "dialogue": TOLD.get("DIALOGUE") or "ivanova@example.org",
        "sender": {"name": "Иванова Анна Петровна"},
        "contacts": {"email": "ivanova@example.org"},
        "text": text,
    }


def by_http(text: str) -> dict[str, Any]:
    body = json.dumps(message(text)).encode()  # made once: what is sent again is the same
    headers = {"Authorization": f"Bearer {TOLD['OTKLIK_KEY']}", "Content-Type": "application/json"}
    while True:
        pause = 5.0
        try:
            with urlopen(Request(f"{TOLD['OTKLIK_HTTP']}/v1/messages", body, headers), timeout=60) as answer:
                return {"http": answer.status, **json.load(answer)}
        except HTTPError as refusal:
            if refusal.code < 500 and refusal.code != 408:
                return {"http": refusal.code, **json.load(refusal)}
            pause = float(refusal.headers.get("Retry-After", pause))
        except (OSError, HTTPException) as none:
            print(f"no answer: {none}", file=sys.stderr)  # whether it was kept is not known
        time.sleep(pause)  # then the same again


def key_of(dialogue: str) -> bytes:
    """One dialogue is one key, so its messages stay in order; an HMAC, because keys must not be personal."""
    return hmac.digest(TOLD["OTKLIK_DIALOGUE_SECRET"].encode(), dialogue.encode(), "sha256").hex().encode()


def envelope(kind: str, key: bytes, payload: dict[str, Any]) -> bytes:
    around = {"event_id": str(uuid.uuid4()), "type": kind, "version": 1, "authority": TOLD["OTKLIK_AUTHORITY"]}
    around |= {"aggregate_id": key.decode(), "thread_id": str(uuid.UUID(key[:32].decode())), "producer": TOLD["OTKLIK_FRONTEND"]}
    return json.dumps(around | {"occurred_at": now(), "recorded_at": now(), "payload": payload}).encode()


def entry() -> dict[str, Any]:
    tls = TOLD.get("OTKLIK_KAFKA_TLS") != "no"  # without it only on one machine
    way = {"security_protocol": "SASL_SSL", "ssl_context": ssl.create_default_context()} if tls else {"security_protocol": "SASL_PLAINTEXT"}
    way |= {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": TOLD["OTKLIK_KAFKA_USER"], "sasl_plain_password": TOLD["OTKLIK_KEY"]}
    return way | {"bootstrap_servers": TOLD["OTKLIK_KAFKA"]}


def topic(kind: str) -> str:
    return f"channel.{kind}.{TOLD['OTKLIK_FRONTEND']}.v1"


def doors(kind: str) -> tuple[Any, Any]:
    """A producer for the inbound topic, and a consumer that begins with the oldest record and commits what was dealt with."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # the HTTP door needs nothing but Python

    group = f"{TOLD['OTKLIK_FRONTEND']}.example"
    reader = AIOKafkaConsumer(topic(kind), **entry(), group_id=group, auto_offset_reset="earliest", enable_auto_commit=False)
    return AIOKafkaProducer(**entry(), acks="all", enable_idempotence=True), reader


async def by_kafka(text: str) -> dict[str, Any]:
    said = message(text)
    writer, reader = doors("receipts")
    async with writer, reader:
        key = key_of(said["dialogue"])
        await writer.send_and_wait(topic("inbound"), envelope("MessageReceived", key, said), key)
        while True:
            record = json.loads((await reader.getone()).value)
            await reader.commit()
            if record["payload"].get("external_id") == said["external_id"]:  # other types come with newer releases
                return {"type": record["type"], **record["payload"]}


async def notices() -> None:
    writer, reader = doors("outbound")
    async with writer, reader:
        async for record in reader:
            notice = (told := json.loads(record.value))["payload"]
            if told["type"] == "ReplyHandedOver":  # others come with newer releases
                print(f"{notice['dialogue']}: {notice['text']}", flush=True)  # here your program writes to the person
                report = envelope("DeliveryReported", record.key, {"notice_id": notice["notice_id"], "outcome": "delivered"})
                await writer.send_and_wait(topic("inbound"), report, record.key)
            await reader.commit()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["http" | "kafka" as door, text]:
            receipt = by_http(text) if door == "http" else asyncio.run(by_kafka(text))
            print(json.dumps(receipt, ensure_ascii=False, indent=2))
        case ["notices"]:
            asyncio.run(notices())
        case _:
            print(__doc__)
