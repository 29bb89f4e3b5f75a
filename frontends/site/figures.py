"""What the site counts for Prometheus."""

from prometheus_client import CollectorRegistry, Counter


class Figures:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter("otklik_site_messages", "Forms sent to intake, by what became of them", ["outcome"], registry=registry)
        for outcome in ("accepted", "refused", "not-accepted", "undecided"):
            self._messages.labels(outcome)

    def message(self, outcome: str) -> None:
        """`outcome` is accepted, refused, not-accepted or undecided."""
        self._messages.labels(outcome).inc()
