"""A burst is over when every part has all of it, each noted once and at its own time."""

from collections.abc import Mapping, Sequence

from bench.burst import worked_off


async def test_each_part_is_noted_once_when_it_has_all() -> None:
    steps: list[Mapping[str, int | None]] = [
        {},  # the database is away
        {"registered": 2},
        {"registered": 3},
        {"in_history": 3, "handed_over": None},
        {"handed_over": 2},
        {"handed_over": 3},
    ]
    left = iter(steps)
    noted: list[str] = []
    asked: list[Sequence[str]] = []

    async def ask(parts: Sequence[str]) -> Mapping[str, int | None]:
        asked.append(parts)
        return next(left)

    await worked_off(ask, 3, noted.append, every=0)
    assert noted == ["registered", "in_history", "handed_over"]
    assert asked == [["registered"]] * 3 + [["in_history", "handed_over"]] + [["handed_over"]] * 2
    assert next(left, None) is None
