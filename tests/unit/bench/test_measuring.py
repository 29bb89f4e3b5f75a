"""Rounds go by turns, and what is told of them is what their values say."""

import os

import pytest

from bench.figures import FIGURES, HISTORY_INGEST, INTAKE_HTTP, STORES, Figure, Peer, Result, at_least, at_most, values_of
from bench.measuring import Measure, Round, by_turns, cores_of, percentile
from bench.table import costs_of, remarks_of, row_of, verdict


@pytest.mark.parametrize(
    ("values", "percent", "wanted"),
    [([5.0], 50, 5.0), ([5.0], 99, 5.0), ([3.0, 1.0, 2.0], 50, 2.0), (list(range(1, 101)), 99, 99), (list(range(1, 101)), 100, 100)],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], percent: float, wanted: float) -> None:
    assert percentile(values, percent) == wanted


def measuring(name: str, order: list[str], *rounds: Round) -> Measure:
    left = iter(rounds)

    async def measure() -> Round:
        order.append(name)
        return next(left)

    return measure


async def test_ours_the_floor_and_peers_are_measured_by_turns() -> None:
    order: list[str] = []
    told: list[str] = []
    rates = {"ours": (10, 12), "floor": (40, 44), "peer": (8, 9)}
    measures = {name: measuring(name, order, *(Round(rate=rate) for rate in each)) for name, each in rates.items()}
    measured = await by_turns(2, measures, told.append)
    assert order == ["ours", "floor", "peer"] * 2
    assert {name: tuple(each.rate for each in rounds) for name, rounds in measured.items()} == rates
    assert told == ["round 1 of 2: ours 10/s, floor 40/s, peer 8/s", "round 2 of 2: ours 12/s, floor 44/s, peer 9/s"]


async def test_a_figure_without_a_floor_is_measured_alone() -> None:
    told: list[str] = []
    alone = Round(rate=10, latencies_ms=[5, 1200])
    assert await by_turns(1, {"ours": measuring("ours", [], alone)}, told.append) == {"ours": [alone]}
    assert told == ["round 1 of 1: ours 10/s (p99 1,200 ms)"]


def rounds_of(**rates: tuple[float, ...]) -> dict[str, list[Round]]:
    return {name: [Round(rate=rate) for rate in each] for name, each in rates.items()}


def test_values_are_medians_and_the_ratio_is_that_of_neighbouring_rounds() -> None:
    ours = [Round(rate=rate, latencies_ms=[1, 2, 3]) for rate in (100, 10, 50)]
    floor = rounds_of(floor=(200, 40, 200))  # in the second round the machine was busy with something else
    assert values_of({"ours": ours, **floor}) == {"rate": 50, "floor": 200, "ratio": 0.25, "p50_ms": 2, "p99_ms": 3}
    assert values_of(rounds_of(ours=(7,))) == {"rate": 7}


def test_ours_is_held_against_the_better_peer_of_each_round_and_who_is_fed_apart_from_who_is_bare() -> None:
    peers = (Peer("a", "", fed=True), Peer("b", "", fed=True), Peer("c", "", fed=False))
    values = values_of(rounds_of(ours=(100, 100, 100), a=(50, 200, 80), b=(40, 25, 90), c=(400, 200, 100)), peers)
    assert values == {"rate": 100, "a": 80, "b": 40, "c": 200, "over_fed": 100 / 90, "over_bare": 0.5}


def test_what_else_a_round_marks_is_told_as_its_median() -> None:
    rounds = [Round(rate=1, marks={"registered_s": seconds}) for seconds in (50, 70, 60)]
    assert values_of({"ours": rounds}) == {"rate": 1, "registered_s": 60}


def test_a_limit_holds_a_value_against_its_bound_and_an_absent_value_meets_none() -> None:
    assert at_least("rate", 720).met({"rate": 720})
    assert not at_least("rate", 720).met({"rate": 719})
    assert at_most("p99_ms", 200).met({"p99_ms": 200})
    assert not at_most("p99_ms", 200).met({"p99_ms": 201})
    assert not at_most("p99_ms", 200).met({})


def result(figure: Figure = INTAKE_HTTP, /, **values: float) -> Result:
    rounds = {"ours": [Round(rate=100, cores={"intake": 0.5, "kafka": 0.75, "postgres": 0.0})]}
    return Result(figure=figure, values=values, rounds=rounds, load_average=(0.5, 1.25))


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"rate": 800, "ratio": 0.6, "p99_ms": 90}, "met: ratio ≥ 0.5, rate ≥ 720, p99_ms ≤ 200; moonshot open: ratio ≥ 0.8, is 0.6"),
        ({"rate": 800, "ratio": 0.9, "p99_ms": 90}, "met: ratio ≥ 0.5, rate ≥ 720, p99_ms ≤ 200; moonshot reached"),
        (
            {"rate": 400, "ratio": 0.9, "p99_ms": 90},
            "NOT MET: rate ≥ 720, is 400 (of ratio ≥ 0.5, rate ≥ 720, p99_ms ≤ 200); moonshot open: all that it must reach comes first",
        ),
        (
            {"rate": 800, "ratio": 0.6},
            "NOT MET: p99_ms ≤ 200, is – (of ratio ≥ 0.5, rate ≥ 720, p99_ms ≤ 200); moonshot open: ratio ≥ 0.8, is 0.6",
        ),
    ],
)
def test_the_verdict_names_what_is_not_met_and_what_was_measured_instead(values: dict[str, float], wanted: str) -> None:
    assert verdict(result(**values)) == wanted


def test_a_row_shows_what_there_is_and_the_load_of_the_machine() -> None:
    assert row_of(result(rate=1234, floor=2000, ratio=0.617, p50_ms=12, p99_ms=1500)) == (
        *("intake-http", "1,234/s", "2,000/s", "0.62", "–", "–", "12", "1,500", "no", "no"),
        "0.5 → 1.2",
    )
    assert row_of(result(rate=1))[2:8] == ("–",) * 6


def test_a_row_names_the_better_of_the_peers_that_are_fed_as_ours_is() -> None:
    rates = dict(zip((peer.name for peer in STORES), (9_000.0, 8_000.0, 30_000.0, 20_000.0), strict=True))
    told = result(HISTORY_INGEST, rate=18_000, floor=60_000, ratio=0.3, over_fed=2.0, over_bare=0.6, **rates)
    assert row_of(told)[1:6] == ("18,000/s", "60,000/s", "0.30", "9,000/s", "2.00")
    assert row_of(told)[8:10] == ("yes", "no")
    assert "  peer 30,000/s, ours 0.60 of it: " + STORES[2].title in remarks_of(told)


def test_the_processor_time_of_each_process_is_told_for_one_of_what_is_counted() -> None:
    rounds = [Round(rate=100, cores={"intake": 0.5}), Round(rate=50, cores={"intake": 0.5, "kafka": 0.1}), Round(rate=100, cores={})]
    assert costs_of(rounds) == "intake 5.00 ms"
    assert costs_of([Round(rate=5)]) == ""
    assert list(remarks_of(result(rate=800, ratio=0.6, p99_ms=90)))[1:] == [
        "  published, not measured here: GOV.UK Notify: 360/s",
        "  processor time for each, ours: kafka 7.50 ms, intake 5.00 ms",
    ]


def test_every_figure_has_a_name_of_its_own_and_something_that_it_must_reach() -> None:
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert all(figure.must for figure in FIGURES)


def test_busy_cores_are_those_of_the_process_that_works() -> None:
    with cores_of({"we": os.getpid(), "nobody": 2**22 + 1}) as cores:
        sum(range(3_000_000))
    assert cores.busy["we"] > 0
    assert cores.busy["nobody"] == 0
