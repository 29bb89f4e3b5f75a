"""What a process says of its health, on its own port: GET /health/live, /health/ready[/door], /metrics.

Alive means that every loop still makes progress: a consumer whose loop hangs answers pings for ever (aiokafka#847).
Ready is asked door by door: a form can be taken while Kafka is down (R-4).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry
from starlette.responses import Response

from libs.chassis.ops import metrics
from libs.chassis.ops.failures import type_name

Check = Callable[[], Awaitable[object]]
"""Returns when all is well and raises when it is not."""


class Progress:
    """The pulse of one loop; `now` is a monotonic clock in seconds."""

    def __init__(self, name: str, *, limit_seconds: float, now: Callable[[], float]) -> None:
        self.name = name
        self._limit = limit_seconds
        self._now = now
        self._last = now()

    def beat(self) -> None:
        self._last = self._now()

    @property
    def silent_seconds(self) -> float:
        return self._now() - self._last

    @property
    def alive(self) -> bool:
        return self.silent_seconds <= self._limit


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """The doors of a process and what each needs. `main_door` decides the answer of /health/ready, the others are told beside it."""

    doors: Mapping[str, Mapping[str, Check]]
    main_door: str = "http"
    limit_seconds: float = 2.0

    async def ask(self, door: str) -> dict[str, str]:
        """Each check of a door: `ok`, or the code or the type of what went wrong."""
        checks = self.doors.get(door, {})
        answers = await asyncio.gather(*(self._ask(check) for check in checks.values()))
        return dict(zip(checks, answers, strict=True))

    async def _ask(self, check: Check) -> str:
        try:
            async with asyncio.timeout(self.limit_seconds):
                await check()
        except Exception as error:
            code = getattr(error, "code", None)
            return code if isinstance(code, str) else type_name(error)
        return "ok"


@dataclass(frozen=True, kw_only=True)
class Health:
    """All that the three addresses tell."""

    registry: CollectorRegistry
    readiness: Readiness
    loops: list[Progress] = field(default_factory=list)

    def loop(self, name: str, *, limit_seconds: float, now: Callable[[], float]) -> Progress:
        """A loop that has to beat at least every `limit_seconds`."""
        progress = Progress(name, limit_seconds=limit_seconds, now=now)
        self.loops.append(progress)
        return progress


def routes(health: Health) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> Response:
        alive = all(loop.alive for loop in health.loops)
        silent = {loop.name: {"alive": loop.alive, "silent_seconds": round(loop.silent_seconds, 1)} for loop in health.loops}
        return _answer(alive, {"alive": alive, "loops": silent})

    @router.get("/health/ready")
    async def ready() -> Response:
        names = list(health.readiness.doors)
        asked = await asyncio.gather(*(health.readiness.ask(name) for name in names))
        doors = {name: {"ready": _all_well(checks), "checks": checks} for name, checks in zip(names, asked, strict=True)}
        main = doors.get(health.readiness.main_door, {"ready": True})
        return _answer(bool(main["ready"]), {"ready": main["ready"], "doors": doors})

    @router.get("/health/ready/{door}")
    async def door_ready(door: str) -> Response:
        if door not in health.readiness.doors:
            return _answer(False, {"ready": False, "checks": {"door": "unknown"}})
        checks = await health.readiness.ask(door)
        return _answer(_all_well(checks), {"ready": _all_well(checks), "checks": checks})

    @router.get("/metrics")
    async def figures() -> Response:
        return Response(metrics.render(health.registry), media_type=metrics.CONTENT_TYPE)

    return router


def _all_well(checks: Mapping[str, str]) -> bool:
    return all(answer == "ok" for answer in checks.values())


def _answer(well: bool, body: Mapping[str, object]) -> Response:
    return JSONResponse(body, status_code=200 if well else 503, headers={"Cache-Control": "no-store"})
