"""The search for gaps as a rule: whatever the order in which numbers come, exactly what did not come is missing."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.topics import CLIENTS, DELIVERIES, INBOUND, OUTBOUND, REQUESTS, TOPICS
from services.history.domain.gaps import LONGEST_PAUSE, Aggregate, Gap, Heard, hear, is_numbered
from tests.unit.history.told import AT

GRACE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)


def heard(*batches: list[int]) -> Heard:
    """What is known after these batches, a second from each to the next."""
    known = Heard()
    for place, batch in enumerate(batches):
        known = hear(known, batch, AT + place * SECOND, GRACE)
    return known


def missing(known: Heard) -> list[tuple[int, int]]:
    return [(gap.first, gap.last) for gap in known.gaps]


def numbers_missing(known: Heard) -> set[int]:
    return {number for gap in known.gaps for number in range(gap.first, gap.last + 1)}


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[int]], set[int]]:
    """Numbers from 1 on in any order and any batches, some of them twice, some of them never; the second are those that came."""
    count = draw(st.integers(1, 40))
    came = draw(st.sets(st.integers(1, count), min_size=1))
    repeated = draw(st.lists(st.sampled_from(sorted(came)), max_size=10))
    order = draw(st.permutations([*came, *repeated]))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=6)) | {0, len(order)})
    return [order[start:end] for start, end in pairwise(cuts)], came


@pytest.mark.requirement("D-18")
@given(st.integers(1, 60).flatmap(lambda count: st.tuples(st.permutations(range(1, count + 1)), st.lists(st.integers(1, count)))))
def test_any_order_with_repetitions_of_all_numbers_ends_without_a_gap(told: tuple[list[int], list[int]]) -> None:
    order, repeated = told
    known = heard(*([number] for number in [*order, *repeated]))
    assert (known.highest, known.gaps, known.contiguous) == (len(order), (), len(order))


@pytest.mark.requirement("D-18")
@given(deliveries())
def test_exactly_what_never_came_is_missing_whatever_the_order_and_the_batches(told: tuple[list[list[int]], set[int]]) -> None:
    batches, came = told
    known = heard(*batches)
    assert known.highest == max(came)
    assert numbers_missing(known) == set(range(1, max(came) + 1)) - came
    assert known.contiguous == min(numbers_missing(known), default=max(came) + 1) - 1


@pytest.mark.requirement("D-18")
@given(deliveries())
def test_gaps_stand_in_order_apart_from_each_other_and_are_no_younger_than_they_are(told: tuple[list[list[int]], set[int]]) -> None:
    batches, _ = told
    known = heard(*batches)
    assert all(gap.first <= gap.last for gap in known.gaps)
    assert all(one.last + 1 < other.first for one, other in pairwise(known.gaps))
    again = hear(known, [known.highest], AT + timedelta(days=1), GRACE)
    assert again == known, "what came again changes nothing"


@pytest.mark.requirement("D-18")
def test_the_first_events_of_an_aggregate_may_be_missing_too() -> None:
    assert missing(heard([3])) == [(1, 2)]


@pytest.mark.requirement("D-18")
def test_what_is_left_of_a_gap_is_as_old_as_the_whole_was_and_keeps_count_of_its_reminders() -> None:
    [whole] = heard([10]).gaps
    asked = whole.asked_at(AT + GRACE, GRACE)
    left = hear(Heard(10, (asked,)), [3, 4, 9, 12], AT + timedelta(hours=1), GRACE).gaps
    assert [(gap.first, gap.last) for gap in left] == [(1, 2), (5, 8), (11, 11)]
    assert [(gap.noticed_at, gap.asked) for gap in left[:2]] == [(AT, 1)] * 2
    assert left[2].noticed_at == AT + timedelta(hours=1)


@pytest.mark.requirement("D-18", "R-12")
def test_a_gap_is_first_asked_for_after_the_grace_and_then_at_growing_pauses() -> None:
    [gap] = heard([1, 3]).gaps
    assert gap.ask_at == AT + GRACE
    pauses = []
    for _ in range(14):
        now = gap.ask_at
        gap = gap.asked_at(now, GRACE)
        pauses.append(gap.ask_at - now)
    assert pauses[:3] == [2 * GRACE, 4 * GRACE, 8 * GRACE]
    assert pauses[-1] == LONGEST_PAUSE
    assert gap.asked == 14


@pytest.mark.requirement("D-18")
def test_a_number_far_ahead_is_one_gap_and_takes_no_time() -> None:
    assert missing(heard([1], [2**63 - 1])) == [(2, 2**63 - 2)]


@pytest.mark.requirement("D-18", "R-8")
@pytest.mark.parametrize(
    ("producer", "topic", "numbered"),
    [
        ("intake", REQUESTS.name, True),
        ("intake", CLIENTS.name, True),
        ("notifier", DELIVERIES.name, True),
        ("notifier", OUTBOUND.of("vk"), True),
        ("vk", INBOUND.of("vk"), False),
        ("intake", INBOUND.of("site"), False),
        ("vk", REQUESTS.name, False),
        ("intake", REQUESTS.dead_letters, False),
        ("intake", "no.topic.of.ours", False),
    ],
)
def test_only_our_own_services_numbers_count(producer: str, topic: str, numbered: bool) -> None:
    assert is_numbered(producer, topic) is numbered


@pytest.mark.requirement("D-18", "R-12")
def test_what_is_told_of_a_gap_names_whose_it_is_and_both_ends() -> None:
    aggregate = Aggregate("intake", REQUESTS.name, "a-1")
    told = Gap(first=3, last=5, noticed_at=AT, ask_at=AT).told_of(aggregate)
    assert told.payload() == {"producer": "intake", "topic": REQUESTS.name, "aggregate_id": "a-1", "from_seq": 3, "to_seq": 5}
    assert aggregate.thread_id == Aggregate("intake", REQUESTS.name, "a-1").thread_id
    assert len({Aggregate("intake", topic.name, "a-1").thread_id for topic in TOPICS}) == len(TOPICS)
