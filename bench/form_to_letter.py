"""From the post at the HTTP door to the letter in the relay's hands, by intake, notifier and history as real processes."""

from collections.abc import Sequence
from statistics import median

from bench.load import Order, send
from bench.measuring import OURS, Round, by_turns
from bench.messages import email
from bench.plan import Measured, Plan, WrongRun
from bench.smtp_sink import SmtpSink
from bench.stage import Stage
from bench.town import Town, town
from bench.waiting import until

RATE = 100.0
LEAST_SECONDS = 10.0  # a thousand letters a round: who falls behind has the time to show it
WARM_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
GROUP = "bench-form-to-letter"


class _Run:
    def __init__(self, stage: Stage, of: Town) -> None:
        self._stage = stage
        self._town = of
        self._round = 0
        self.sustained: list[float] = []

    async def letters(self, seconds: float) -> Round:
        """Each message has an address of its own; its letter is known by it."""
        self._round += 1
        prefix = f"round{self._round}"
        watch = self._stage.pids(**self._town.services)
        port, key = self._town.services["intake"].port, self._stage.keys["site"]
        report = await send(Order(port=port, key=key, prefix=prefix, seconds=seconds, rate=RATE, watch=watch))
        if report.created != len(report.sent_at):
            raise WrongRun(f"not every message was registered: answers by status {report.answers}")
        posted = {email(prefix, number): at for number, at in report.sent_at.items()}
        arrived = await _arrivals(self._town.sink, set(posted))
        latencies = [(arrived[address] - at) * 1000 for address, at in posted.items()]
        kept_up = pace([(at, arrived[address]) for address, at in posted.items()])
        self.sustained.append(round(kept_up * RATE, 1))
        return Round(rate=kept_up * RATE, latencies_ms=latencies, cores=report.cores, marks={"kept_up": kept_up})


def pace(times: Sequence[tuple[float, float]]) -> float:
    """How fast letters came beside how fast messages were posted, from the middle of the first fifth to the middle of the last."""
    ordered = sorted(times)
    fifth = max(1, len(ordered) // 5)
    (first_in, first_out), (last_in, last_out) = (
        tuple(median(each[place] for each in some) for place in (0, 1)) for some in (ordered[:fifth], ordered[-fifth:])
    )
    return min(1.0, (last_in - first_in) / (last_out - first_out))


async def _arrivals(sink: SmtpSink, addresses: set[str]) -> dict[str, float]:
    async def all_there() -> bool:
        return addresses <= sink.arrived.keys()

    await until(all_there, PATIENCE_SECONDS, f"not all of {len(addresses)} letters came")
    return {address: sink.arrived[address][0][0] for address in addresses}


async def measure(stage: Stage, plan: Plan) -> Measured:
    async with town(stage, GROUP) as ours:
        run = _Run(stage, ours)
        await run.letters(WARM_SECONDS)
        run.sustained.clear()
        rounds = await by_turns(plan.rounds, {OURS: lambda: run.letters(max(plan.seconds, LEAST_SECONDS))}, plan.tell)
        return Measured(rounds=rounds, notes={f"letters/s sustained of {RATE:g}/s": run.sustained, "letters": ours.sink.letters})
