"""The parts that every service is built from, made once by its `main.py` and handed on."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self, TypeVar

import structlog
from fastapi import FastAPI, Request
from starlette.responses import Response

from libs.chassis.bus.consumers import Consumers
from libs.chassis.bus.effect_once import EffectOnce, Handler, OnSetAside
from libs.chassis.bus.entry import Brokers
from libs.chassis.bus.losses import Losses
from libs.chassis.bus.relay import Bell, Relay
from libs.chassis.bus.repair import Repair
from libs.chassis.bus.subscriber import Subscription, new_broker
from libs.chassis.ops import health, logs, metrics, problems
from libs.chassis.ops.clock import Clock, SystemClock
from libs.chassis.ops.disk import Disks
from libs.chassis.ops.garbage import collect_seldom
from libs.chassis.ops.health import Check, Health, Readiness
from libs.chassis.ops.identifiers import Ids, TimeOrderedIds
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.refusals import Unavailable
from libs.chassis.ops.settings import Authority, ServiceSettings, load_authority
from libs.chassis.ops.stop import Background, Stopping, run, serve
from libs.chassis.ops.telemetry import Telemetry
from libs.chassis.store.database import IN_ORDER_OF_INDEX, INFRASTRUCTURE_ERRORS, Pool, open_pool
from libs.chassis.store.dead_letters import DeadLetters, lane_key
from libs.chassis.store.events import EventStore
from libs.chassis.store.inbox import forget_inbox
from libs.chassis.store.keys import Keyring
from libs.chassis.store.lanes import forget_dead_letters
from libs.chassis.store.outbox import Outbox, OutboxShard
from libs.chassis.store.places import Places
from libs.chassis.store.republishing import Published, Republisher
from libs.chassis.store.timers import Timers
from libs.events.contracts import REGISTRY
from libs.events.fact import Event

RELAY_SILENT_SECONDS = 90.0
TIMERS_SILENT_SECONDS = 120.0
HOUSEKEEPING_SECONDS = 3600.0
CLOSE_SECONDS = 3.0
QUEUES = 1  # connections for what else a service takes from a table in order

Settings = TypeVar("Settings", bound=ServiceSettings)
log = structlog.stdlib.get_logger("process")


@dataclass(kw_only=True)
class Process:
    """One running service, but for what it is about."""

    name: str
    settings: ServiceSettings
    authority: Authority
    clock: Clock
    ids: Ids
    telemetry: Telemetry
    pool: Pool
    queue_pool: Pool
    keyring: Keyring
    outbox: Outbox
    store: EventStore
    metrics: Metrics
    health: Health
    doors: dict[str, dict[str, Check]]
    background: Background
    bell: Bell = field(default_factory=Bell)
    timers: Timers = field(init=False)

    def __post_init__(self) -> None:
        self.timers = Timers(self.pool, self.clock, self.metrics)

    @classmethod
    async def open(cls, name: str, settings: ServiceSettings, *, clock: Clock | None = None, ids: Ids | None = None) -> Self:
        """Nothing here needs the database or Kafka to be up (R-4)."""
        telemetry = Telemetry.from_settings(name, settings.otlp_endpoint)
        logs.configure(service=name, level=settings.log_level, traceparent=telemetry.current_traceparent)
        authority = load_authority(settings.authority_file)
        clock, ids = clock or SystemClock(), ids or TimeOrderedIds()
        dsn = settings.postgres_dsn.get_secret_value()
        pool = await open_pool(dsn)
        keyring = Keyring(settings.master_key.get_secret_value(), settings.master_key_id)
        outbox = Outbox(keyring)
        registry = metrics.registry()

        async def database() -> None:
            async with pool.acquire() as db:
                await keyring.check(db)
                await db.fetchval("SELECT 1")

        background = Background()
        registry.register(metrics.HaltedLoops(background.halted))
        registry.register(Disks([settings.disk_path.resolve()]))
        doors: dict[str, dict[str, Check]] = {"http": {"database": database}, "background": {"loops": background.check}}
        return cls(
            name=name,
            settings=settings,
            authority=authority,
            clock=clock,
            ids=ids,
            telemetry=telemetry,
            pool=pool,
            queue_pool=await open_pool(dsn, size=outbox.shards + QUEUES, settings=IN_ORDER_OF_INDEX),
            keyring=keyring,
            outbox=outbox,
            store=EventStore(producer=name, authority=authority.code, keyring=keyring, outbox=outbox, clock=clock, ids=ids),
            metrics=Metrics(registry, clock),
            health=Health(registry=registry, readiness=Readiness(doors=doors)),
            doors=doors,
            background=background,
        )

    @property
    def group(self) -> str:
        """The Kafka consumer group of this service."""
        return self.settings.consumer_group or self.name

    def effect_once(
        self, consumer: str, hears: Sequence[type[Event]], handler: Handler, on_set_aside: OnSetAside | None = None
    ) -> EffectOnce:
        """A consumer whose handler sees each event once, in a transaction with its inbox."""
        effect = EffectOnce(
            consumer=consumer,
            authority=self.authority.code,
            pool=self.pool,
            registry=REGISTRY,
            hears=hears,
            handler=handler,
            dead_letters=DeadLetters(self.keyring, lane_key(self.settings.master_key.get_secret_value())),
            outbox=self.outbox,
            clock=self.clock,
            ids=self.ids,
            metrics=self.metrics,
            telemetry=self.telemetry,
            on_set_aside=on_set_aside,
        )
        self.background.add(f"replay-{consumer}", effect.replay.run)
        return effect

    def republisher(self, kinds: Sequence[Published]) -> Republisher:
        """`kinds` are all that this service publishes from its store."""
        return Republisher(store=self.store, outbox=self.outbox, clock=self.clock, kinds=kinds)

    def repair(self, kinds: Sequence[Published]) -> Repair:
        """Publishes again what history has not heard of this service."""
        return Repair(name=self.name, republisher=self.republisher(kinds), clock=self.clock)

    def connect(self, subscriptions: Sequence[Subscription]) -> None:
        """Run the relay and these subscriptions in the background."""
        bootstrap = brokers_of(self.settings)
        for shard in range(self.outbox.shards):
            progress = self.health.loop(f"relay {shard}", limit_seconds=RELAY_SILENT_SECONDS, now=time.monotonic)
            relay = Relay(
                shard=OutboxShard(self.queue_pool, self.keyring, shard, str(self.ids.new())),
                bootstrap=bootstrap,
                client_id=f"otklik-{self.name}-relay-{shard}",
                bell=self.bell,
                clock=self.clock,
                metrics=self.metrics,
                telemetry=self.telemetry,
                beat=progress.beat,
            )
            self.background.add(f"relay-{shard}", relay.run)
        self.background.add("housekeeping", self._keep_house)
        timers = self.health.loop("timers", limit_seconds=TIMERS_SILENT_SECONDS, now=time.monotonic)
        self.background.add("timers", partial(self.timers.run, beat=timers.beat))
        if subscriptions:
            consumers = Consumers(
                broker=new_broker(bootstrap, client_id=f"otklik-{self.name}"),
                bootstrap=bootstrap,
                subscriptions=subscriptions,
                health=self.health,
                metrics=self.metrics,
                losses=Losses(service=self.name, bootstrap=bootstrap, places=Places(self.pool), clock=self.clock),
                halted=self.background.halted,
                now=time.monotonic,
            )
            self.doors["kafka"] = {"kafka": consumers.ready}
            self.background.add("consumers", consumers.run)

    def keep_going(self, name: str, run: Callable[..., Awaitable[None]], silent_seconds: float, **told: Any) -> None:
        """A loop that tells by its beat that it makes progress; one that is silent for so long is dead."""
        progress = self.health.loop(name, limit_seconds=silent_seconds, now=time.monotonic)
        self.background.add(name, partial(run, beat=progress.beat, **told))

    def app(self, title: str, streams: Collection[str] = ()) -> FastAPI:
        """A FastAPI app with health, metrics, problem details and traces; `streams`: paths that limit their bodies themselves."""
        app = FastAPI(title=title, docs_url=None, redoc_url=None, redirect_slashes=False)
        problems.install(app, body_limit_bytes=self.settings.http_body_limit_bytes, streams=streams)
        for error in INFRASTRUCTURE_ERRORS:
            app.add_exception_handler(error, _unavailable)
        self.telemetry.instrument(app)
        app.include_router(health.routes(self.health))
        return app

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.gather(self.pool.close(), self.queue_pool.close())
        except TimeoutError:
            self.pool.terminate()
            self.queue_pool.terminate()
        self.telemetry.shutdown()

    async def _keep_house(self, stopping: Stopping) -> None:
        async with self.pool.acquire() as db:
            await self.keyring.claim(db)
        while not stopping.requested:
            async with self.pool.acquire() as db:
                await forget_inbox(db, self.clock.now())
                await forget_dead_letters(db, self.clock.now())
            await stopping.sleep(HOUSEKEEPING_SECONDS)


def brokers_of(settings: ServiceSettings) -> Brokers:
    """Kafka's addresses, and who enters there."""
    password = settings.kafka_password.get_secret_value() if settings.kafka_password else None
    return Brokers.entered(settings.kafka_bootstrap, user=settings.kafka_user, password=password, ca_file=settings.kafka_ca_file)


def run_service(name: str, kind: type[Settings], build: Callable[[Process, Settings], Awaitable[FastAPI]]) -> None:
    """The life of a service, from its settings to its end; `build` puts its parts together, for its tests too."""

    async def main() -> None:
        settings = kind.read()
        process = await Process.open(name, settings)
        try:
            app = await build(process, settings)
            collect_seldom()
            await serve(app, settings, process.background)
        finally:
            await process.close()

    run(main)


async def _unavailable(_request: Request, error: Exception) -> Response:
    log.warning("a request is answered with 503", error=error)
    return problems.problem(Unavailable())
