"""What alarms and autoscaling are told of the queue of notices (D-27)."""

import pytest
from prometheus_client import CollectorRegistry

from services.notifier.figures import Figures


class Told:
    """The figures of one channel, at a time that the test sets."""

    def __init__(self) -> None:
        self.at = 100.0
        self.registry = CollectorRegistry()
        self.figures = Figures(self.registry, lambda: self.at)

    def email(self) -> tuple[float | None, float | None]:
        names = ("otklik_notices_unfinished", "otklik_notices_oldest_due_age_seconds")
        unfinished, age = (self.registry.get_sample_value(name, {"channel": "email"}) for name in names)
        return unfinished, age


@pytest.mark.requirement("R-12")
def test_what_waits_grows_older_while_nobody_looks() -> None:
    told = Told()
    told.figures.queue([("email", 3, 4.0)])
    told.at += 60
    assert told.email() == (3, 64)


@pytest.mark.requirement("R-12")
def test_a_queue_that_was_worked_off_is_empty_and_of_no_age() -> None:
    told = Told()
    told.figures.queue([("email", 3, 4.0)])
    told.figures.queue([])
    told.at += 1_000
    assert told.email() == (0, 0)
    told.figures.queue([("email", 1, 2.0)])
    assert told.email() == (1, 2)
