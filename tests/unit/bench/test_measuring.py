"""Rounds go by turns, and what is told of them is what their values say."""

import os

import pytest

from bench.figures import FIGURES, INTAKE_HTTP, Result, at_least, at_most, values_of
from bench.measuring import Round, by_turns, cores_of, percentile
from bench.table import costs_of, remarks_of, row_of, verdict


@pytest.mark.parametrize(
    ("values", "percent", "wanted"),
    [([5.0], 50, 5.0), ([5.0], 99, 5.0), ([3.0, 1.0, 2.0], 50, 2.0), (list(range(1, 101)), 99, 99), (list(range(1, 101)), 100, 100)],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], percent: float, wanted: float) -> None:
    assert percentile(values, percent) == wanted


async def test_ours_and_the_floor_are_measured_by_turns() -> None:
    order: list[str] = []

    async def ours() -> Round:
        order.append("ours")
        return Round(rate=10)

    async def floor() -> Round:
        order.append("floor")
        return Round(rate=40)

    told: list[str] = []
    rounds, floors = await by_turns(2, ours, floor, told.append)
    assert order == ["ours", "floor", "ours", "floor"]
    assert ([each.rate for each in rounds], [each.rate for each in floors]) == ([10, 10], [40, 40])
    assert told == ["round 1 of 2: 10/s, floor 40/s", "round 2 of 2: 10/s, floor 40/s"]


async def test_a_figure_without_a_floor_is_measured_alone() -> None:
    async def ours() -> Round:
        return Round(rate=10, latencies_ms=[5, 1200])

    told: list[str] = []
    assert await by_turns(1, ours, None, told.append) == ([Round(rate=10, latencies_ms=[5, 1200])], [])
    assert told == ["round 1 of 1: 10/s, p99 1,200 ms"]


def test_values_are_medians_and_the_ratio_is_that_of_neighbouring_rounds() -> None:
    ours = tuple(Round(rate=rate, latencies_ms=[1, 2, 3]) for rate in (100, 10, 50))
    floor = tuple(Round(rate=rate) for rate in (200, 40, 200))  # in the second round the machine was busy with something else
    assert values_of(ours, floor) == {"rate": 50, "floor": 200, "ratio": 0.25, "p50_ms": 2, "p99_ms": 3}
    assert values_of((Round(rate=7),), ()) == {"rate": 7}


def test_a_limit_holds_a_value_against_its_bound_and_an_absent_value_meets_none() -> None:
    assert at_least("rate", 720).met({"rate": 720})
    assert not at_least("rate", 720).met({"rate": 719})
    assert at_most("p99_ms", 200).met({"p99_ms": 200})
    assert not at_most("p99_ms", 200).met({"p99_ms": 201})
    assert not at_most("p99_ms", 200).met({})


def result(**values: float) -> Result:
    rounds = (Round(rate=100, cores={"intake": 0.5, "kafka": 0.75, "postgres": 0.0}),)
    return Result(figure=INTAKE_HTTP, values=values, rounds=rounds, floor_rounds=(), load_average=(0.5, 1.25))


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"rate": 800, "ratio": 0.6, "p99_ms": 90}, "met: ratio ≥ 0.5, rate ≥ 720, p99_ms ≤ 200"),
        ({"rate": 800, "ratio": 0.9, "p99_ms": 90}, "met: ratio ≥ 0.5, rate ≥ 720, p99_ms ≤ 200, and the moonshot"),
        ({"rate": 400, "ratio": 0.9, "p99_ms": 90}, "NOT MET: rate ≥ 720 (of ratio ≥ 0.5, rate ≥ 720, p99_ms ≤ 200)"),
    ],
)
def test_the_verdict_names_what_is_not_met(values: dict[str, float], wanted: str) -> None:
    assert verdict(result(**values)) == wanted


def test_a_row_shows_what_there_is_and_the_load_of_the_machine() -> None:
    assert row_of(result(rate=1234, floor=2000, ratio=0.617, p50_ms=12, p99_ms=1500)) == (
        *("intake-http", "1,234/s", "2,000/s", "0.62", "12", "1,500"),
        "0.5 → 1.2",
    )
    assert row_of(result(rate=1))[2:6] == ("–", "–", "–", "–")


def test_the_processor_time_of_each_process_is_told_for_one_of_what_is_counted() -> None:
    rounds = [Round(rate=100, cores={"intake": 0.5}), Round(rate=50, cores={"intake": 0.5, "kafka": 0.1}), Round(rate=100, cores={})]
    assert costs_of(rounds) == "intake 5.00 ms"
    assert costs_of([Round(rate=5)]) == ""
    assert list(remarks_of(result(rate=800, ratio=0.6, p99_ms=90)))[1:] == [
        "  processor time for each, ours: kafka 7.50 ms, intake 5.00 ms"
    ]


def test_every_figure_has_a_name_of_its_own_and_something_that_it_must_reach() -> None:
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert all(figure.must for figure in FIGURES)


def test_busy_cores_are_those_of_the_process_that_works() -> None:
    with cores_of({"we": os.getpid(), "nobody": 2**22 + 1}) as cores:
        sum(range(3_000_000))
    assert cores.busy["we"] > 0
    assert cores.busy["nobody"] == 0
