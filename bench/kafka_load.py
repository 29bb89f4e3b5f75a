"""A load of records at the Kafka door as a foreign frontend sends them: each on its time, and the broker has it before the next one."""

import asyncio
import time
from collections.abc import Callable

from aiokafka import AIOKafkaProducer

from bench.records import Record


async def send(bootstrap: str, made: Callable[[int], Record], *, seconds: float, rate: float) -> int:
    """How many the broker has; `made` makes each by its number when it is due."""
    count = int(seconds * rate)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    began = time.monotonic()
    try:
        for number in range(count):
            await asyncio.sleep(began + number / rate - time.monotonic())
            topic, key, value = made(number)
            await producer.send_and_wait(topic, value, key=key.encode())
    finally:
        await producer.stop()
    return count
