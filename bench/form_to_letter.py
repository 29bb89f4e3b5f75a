"""From the post at the HTTP door to the letter in the relay's hands, by intake, notifier and history as real processes."""

import asyncio

from bench.load import Order, send
from bench.measuring import Round, by_turns
from bench.messages import email
from bench.plan import Measured, Plan, WrongRun
from bench.smtp_sink import SmtpSink
from bench.stage import Service, Stage

RATE = 20.0
LEAST_SECONDS = 5.0  # a hundred letters a round: fewer have no 99th percentile
WARM_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
GROUP = "bench-form-to-letter"
NOTIFIER_GROUP = "notifier"  # its consumers bear the same name wherever they run
LOOK_SECONDS = 0.05


class _Run:
    def __init__(self, stage: Stage, services: dict[str, Service], sink: SmtpSink) -> None:
        self._stage = stage
        self._services = services
        self._sink = sink
        self._round = 0

    async def letters(self, seconds: float) -> Round:
        """Each message has an address of its own; its letter is known by it."""
        self._round += 1
        prefix = f"round{self._round}"
        watch = self._stage.pids(**self._services)
        port, key = self._services["intake"].port, self._stage.keys["site"]
        report = await send(Order(port=port, key=key, prefix=prefix, seconds=seconds, rate=RATE, watch=watch))
        if report.created != len(report.sent_at):
            raise WrongRun(f"not every message was registered: answers by status {report.answers}")
        posted = {email(prefix, number): at for number, at in report.sent_at.items()}
        await self._all_there(set(posted))
        latencies = [(self._sink.arrived[address][0][0] - at) * 1000 for address, at in posted.items()]
        return Round(rate=report.rate, latencies_ms=latencies, cores=report.cores)

    async def _all_there(self, addresses: set[str]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    if addresses <= self._sink.arrived.keys():
                        return
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            missing = len(addresses - self._sink.arrived.keys())
            raise WrongRun(f"{missing} of {len(addresses)} letters did not come within {PATIENCE_SECONDS:g} s") from None


async def measure(stage: Stage, plan: Plan) -> Measured:
    database = await stage.new_database()
    groups = {name: f"{GROUP}-{name}" for name in ("intake", "history", "notifier")}
    await stage.begin([*groups.values(), NOTIFIER_GROUP])
    async with (
        SmtpSink() as sink,
        stage.running("notifier", database, groups["notifier"], smtp_port=sink.port) as notifier,
        stage.running("history", database, groups["history"]) as history,
        stage.running("intake", database, groups["intake"]) as intake,
    ):
        run = _Run(stage, {"intake": intake, "history": history, "notifier": notifier}, sink)
        await run.letters(WARM_SECONDS)
        rounds, _ = await by_turns(plan.rounds, lambda: run.letters(max(plan.seconds, LEAST_SECONDS)), None, plan.tell)
        return Measured(rounds=rounds, notes={"letters": sink.letters})
