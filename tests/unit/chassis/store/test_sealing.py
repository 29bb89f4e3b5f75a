"""Sealing and the commitment that binds a ciphertext to one plaintext (R-17)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.store.sealing import KEY_BYTES, NONCE_BYTES, BrokenSeal, commitment, new_key, seal, unseal

KEY = bytes(range(KEY_BYTES))


@pytest.mark.requirement("R-17", "D-19", "N-2.2")
@given(st.binary(), st.binary())
def test_what_was_sealed_is_opened_byte_for_byte(plain: bytes, place: bytes) -> None:
    assert unseal(KEY, seal(KEY, plain, place), place) == plain


@pytest.mark.requirement("R-17", "D-19")
@given(st.data())
def test_a_changed_bit_another_key_or_another_place_break_the_seal(data: st.DataObject) -> None:
    sealed = seal(KEY, b"text", b"place")
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    for key, bytes_, place in (
        (KEY, bytes(changed), b"place"),
        (new_key(), sealed, b"place"),
        (KEY, sealed, b"other"),
        (KEY, sealed[:-1], b"place"),
    ):
        with pytest.raises(BrokenSeal):
            unseal(key, bytes_, place)


@pytest.mark.requirement("R-17")
@pytest.mark.parametrize("sealed", [b"", b"x", b"x" * NONCE_BYTES, b"x" * (NONCE_BYTES + 15)])
def test_bytes_that_are_too_short_to_be_sealed_break_the_seal_and_nothing_else(sealed: bytes) -> None:
    with pytest.raises(BrokenSeal):
        unseal(KEY, sealed, b"place")


@pytest.mark.requirement("R-17")
def test_the_same_text_is_never_sealed_to_the_same_bytes() -> None:
    assert len({seal(KEY, b"text", b"place") for _ in range(100)}) == 100
    assert len({new_key() for _ in range(100)}) == 100


@pytest.mark.requirement("R-18", "D-19")
def test_a_commitment_fits_one_key_one_nonce_and_one_text() -> None:
    sealed = seal(KEY, b"text", b"place")
    bound = commitment(KEY, sealed, b"text")
    assert bound == commitment(KEY, sealed, b"text")
    assert bound not in (
        commitment(KEY, sealed, b"other"),
        commitment(new_key(), sealed, b"text"),
        commitment(KEY, seal(KEY, b"text", b"place"), b"text"),
    )
