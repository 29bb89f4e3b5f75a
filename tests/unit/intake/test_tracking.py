"""Codes that a person holds: reference, tracking code, confirmation link."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.ops.identifiers import TimeOrderedIds
from services.intake.domain.inbound import digest
from services.intake.tracking import (
    ALPHABET,
    confirm_token,
    dialogue_mark,
    fingerprint,
    reference,
    request_of,
    same,
    tracking_code,
    typed,
)
from tests.examples import QUESTION, REQUEST_ID, anna, boris, some_id
from tests.unit.intake.desk import KEY

pytestmark = pytest.mark.requirement("E-10")


@given(st.uuids())
def test_codes_are_of_letters_that_nobody_confuses(request_id: UUID) -> None:
    code, shown = tracking_code(KEY, request_id), reference(request_id)
    assert (len(code), len(shown), shown[5]) == (12, 11, "-")
    assert set(code) | set(shown.replace("-", "")) <= set(ALPHABET)


def test_the_alphabet_has_no_letter_that_sounds_or_looks_like_another() -> None:
    assert not set("0O1I") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) == 32


def test_references_of_requests_made_together_differ() -> None:
    ids = TimeOrderedIds()
    assert len({reference(ids.new()) for _ in range(20_000)}) == 20_000


def test_a_code_belongs_to_one_request_and_one_key() -> None:
    code = tracking_code(KEY, REQUEST_ID)
    assert code == tracking_code(KEY, REQUEST_ID)
    assert code != tracking_code(KEY, some_id("another request"))
    assert code != tracking_code(b"x" * 32, REQUEST_ID)
    assert code[:10] != typed(reference(REQUEST_ID))


def test_codes_and_links_that_people_hold_already_are_the_same_in_every_release() -> None:
    assert tracking_code(KEY, REQUEST_ID) == "EUY6H4M239L4"
    assert confirm_token(KEY, REQUEST_ID, anna.email) == "AZMAAAAAcACAAAAAAACgAZkScIV-vxLUQEVuBrMbdo8"
    assert dialogue_mark(KEY, "vk", "peer-1").hex() == "29e7841dbdcbed3b9860a25ca2723c19c48667bfd5e411455a98fa206f543ca0"
    assert digest(KEY, QUESTION).hex() == "057fa7f38273fccf2019d7edff029371b24ca3a1b41905b271f284c70b9dc71a"


@pytest.mark.parametrize(
    "said",
    [
        *("ABEK-MHPC-TYX7", "abek mhpc tyx7", " ABEKMHPCTYX7 ", "a-b-e-k-m-h-p-c-t-y-x-7", "ABEK–MHPC—TYX7", "ABEK\u00a0MHPC\u2011TYX7"),
        *("АВЕК-МНРС-ТУХ7", "авек мнрс тух7", "ABEK−MHPC\tTYX7\n"),
    ],
)
def test_case_blanks_dashes_and_the_keyboards_alphabet_do_not_matter(said: str) -> None:
    assert typed(said) == "ABEKMHPCTYX7"


def test_a_register_number_is_found_however_it_is_typed() -> None:
    assert typed("ЗИ-15/2026") == typed("зи 15/2026") == typed("ЗИ15/2026")
    assert typed("ЗИ-15/2026") != typed("ЗИ-16/2026")


@given(st.text(max_size=100))
def test_whatever_is_typed_is_read_without_an_accident(said: str) -> None:
    code = typed(said)
    assert same(code, code)
    assert not same(code, f"{code}A")


def test_a_link_is_of_its_request_and_dies_with_its_address() -> None:
    token = confirm_token(KEY, REQUEST_ID, anna.email)
    assert request_of(token) == REQUEST_ID
    assert token == confirm_token(KEY, REQUEST_ID, anna.email)
    assert token != confirm_token(KEY, REQUEST_ID, boris.email)
    assert token != confirm_token(KEY, some_id("another request"), anna.email)
    assert anna.email not in token


@pytest.mark.parametrize("token", ["", "A", "ы" * 43, "=" * 43, "A" * 42, "A" * 44, "A" * 200, "a b", "\udcff"])
def test_what_is_no_link_names_no_request(token: str) -> None:
    assert request_of(token) is None


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_a_link(token: str) -> None:
    request_of(token)


def test_a_fingerprint_keeps_purposes_and_parts_apart() -> None:
    prints = {
        fingerprint(KEY, "account", "vk", "1"),
        fingerprint(KEY, "contact", "vk", "1"),
        fingerprint(KEY, "account", "vk1", ""),
        fingerprint(KEY, "account", "v", "k1"),
        fingerprint(b"x" * 32, "account", "vk", "1"),
        dialogue_mark(KEY, "vk", "1"),
    }
    assert len(prints) == 6
