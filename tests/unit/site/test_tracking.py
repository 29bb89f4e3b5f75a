"""Numbers and codes come as people type them or hear them."""

import pytest

from frontends.site.tracking import ALPHABET, code_of, in_groups, number_of

CODE = "7K3MQ9TXA2BC"


@pytest.mark.requirement("E-10")
@pytest.mark.parametrize(
    "typed",
    [
        "7K3MQ9TXA2BC",
        "7k3m-q9tx-a2bc",
        " 7K3M Q9TX A2BC ",
        "7K3M–Q9TX—A2BC",
        "7К3М Q9ТХ А2ВС",  # the letters that both alphabets share, typed on a Russian keyboard
        "7к3м q9тх а2вс",
        "7K3M.Q9TX.A2BC\u00a0",
    ],
)
def test_a_code_is_understood_however_it_is_typed(typed: str) -> None:
    assert code_of(typed) == CODE


@pytest.mark.parametrize("typed", ["", "7K3MQ9TXA2B", "7K3MQ9TXA2BCD", "7K3MQ9TXA2B0", "7K3MQ9TXA2BЖ", "7K3MQ9TXA2B\0", "🙂" * 12])
def test_what_is_no_code_is_seen_at_once(typed: str) -> None:
    assert code_of(typed) is None


@pytest.mark.requirement("E-10")
@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("hj4km 7pqrs", "HJ4KM-7PQRS"),
        ("HJ4KM7PQRS", "HJ4KM-7PQRS"),
        (" ЗИ-123/2026 ", "ЗИ-123/2026"),
        ("ЗИ-2026/15", "ЗИ-2026/15"),
    ],
)
def test_a_reference_gets_its_shape_and_a_register_number_stays(typed: str, number: str) -> None:
    assert number_of(typed) == number


def test_codes_have_no_signs_that_are_taken_for_each_other() -> None:
    assert not set("01IO") & set(ALPHABET)


def test_a_code_is_shown_in_groups_of_four() -> None:
    assert in_groups(CODE) == ["7K3M", "Q9TX", "A2BC"]
    assert in_groups("7K3M-Q9TX-A2BC") == ["7K3M", "Q9TX", "A2BC"]
