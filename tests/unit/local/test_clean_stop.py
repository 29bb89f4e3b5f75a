"""After an unclean stop the last events are published again, before any service starts (R-15)."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from local import clean_stop
from local.logs import Screen
from local.places import Places
from local.start import NotStarted, Start
from local.supervisor import Supervisor


class Told(Start):
    """A start that only notes which commands it would run."""

    def __init__(self, places: Places, *, fails: bool = False) -> None:
        environ = {"DATABASE_URL": "postgresql://admin@127.0.0.1/otklik", "KAFKA_BOOTSTRAP": "127.0.0.1:9092"}
        super().__init__(places, environ, Supervisor(places, Screen(places)))
        self.fails = fails
        self.ran: list[tuple[str, ...]] = []

    async def administer(self, arguments: tuple[str, ...], told: Mapping[str, str]) -> None:
        assert "OTKLIK_POSTGRES_DSN" in told
        self.ran.append(arguments)
        if self.fails:
            raise NotStarted("down")


@pytest.mark.requirement("R-15")
async def test_a_first_start_and_one_after_a_clean_stop_publish_nothing(tmp_path: Path) -> None:
    here = Places(tmp_path)
    for _ in range(2):
        start = Told(here)
        await start.make_good()
        assert (start.ran, start.made_good) == ([], True)
        assert clean_stop.was_unclean(here), "until everything has stopped"
        clean_stop.end(here)


@pytest.mark.requirement("R-15", "R-12")
async def test_after_an_unclean_stop_every_publisher_speaks_again_and_every_consumer_finds_its_place(tmp_path: Path) -> None:
    here = Places(tmp_path)
    clean_stop.begin(here)
    start = Told(here)
    await start.make_good()
    assert start.ran == [
        ("republish", "intake", "--last-minutes", "10"),
        ("republish", "notifier", "--last-minutes", "10"),
        ("topics", "resume", "intake"),
        ("topics", "resume", "history"),
        ("topics", "resume", "notifier"),
    ]
    assert start.made_good


@pytest.mark.requirement("R-15")
async def test_what_could_not_be_published_is_tried_again_at_the_next_start(tmp_path: Path) -> None:
    here = Places(tmp_path)
    clean_stop.begin(here)
    start = Told(here, fails=True)
    await start.make_good()
    assert not start.made_good, "so that a clean stop leaves the mark"
    assert clean_stop.was_unclean(here)
