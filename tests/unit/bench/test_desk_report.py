"""The day at the desk is told by kinds of pages, each beside what it takes alone and what it must be."""

import pytest

from bench.desk.ledger import Ledger, Wait
from bench.desk.probing import Probed
from bench.desk.report import line, lines


def waits(kind: str, *milliseconds: float) -> list[Wait]:
    return [Wait(kind, 0, ms, 200) for ms in milliseconds]


@pytest.mark.parametrize(
    ("kind", "longest", "met"),
    [("register next", 301.0, False), ("search name", 300.0, True), ("export xlsx", 10_001.0, False), ("export csv", 9_000.0, True)],
)
def test_registers_and_searches_have_300_ms_and_files_ten_seconds(kind: str, longest: float, met: bool) -> None:
    assert line(kind, [longest] * 20, []).met is met


def test_other_pages_are_told_without_a_limit() -> None:
    assert line("card", [900.0], []).met is None


def test_each_kind_is_told_beside_what_it_takes_alone() -> None:
    crowd, alone = Ledger(waits=waits("card", 10, 30, 20) + waits("start", 5)), Ledger(waits=waits("card", 7, 9))
    card, start = lines(crowd, alone, {"card": 4.0})
    assert (card.kind, card.count, card.p50, card.longest, card.alone, card.cost) == ("card", 3, 20, 30, (8, 9), 4.0)
    assert (start.kind, start.alone, start.cost) == ("start", None, None)


def test_the_event_loop_is_told_as_it_was_while_a_file_was_made() -> None:
    probed = Probed([(1.0, 2.0), (2.0, 250.0), (9.0, 3.0)])
    assert probed.during([Wait("export csv", 1.5, 1_000, 200)]) == [250.0]
