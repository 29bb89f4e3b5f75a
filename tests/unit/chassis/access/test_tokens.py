"""A staff token is believed only when this authority's key signed it, for staff, and not too long ago."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from libs.chassis.access.roles import NotSignedIn, Role, Staff
from libs.chassis.access.tokens import AUDIENCE, TokenIssuer, TokenVerifier, new_private_key, public_key_of
from libs.chassis.ops.clock import FixedClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PRIVATE = bytes(range(32))
OPERATOR = Staff(id="staff-17", roles=frozenset({Role.OPERATOR, Role.REGISTRAR}), unit="land")
CLAIMS = {
    "iss": "somewhere",
    "aud": AUDIENCE,
    "sub": "staff-17",
    "roles": ["operator"],
    "iat": NOON.timestamp(),
    "exp": NOON.timestamp() + 600,
}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def issuer(clock: FixedClock) -> TokenIssuer:
    return TokenIssuer(PRIVATE, issuer="somewhere", clock=clock)


@pytest.fixture
def verifier(clock: FixedClock) -> TokenVerifier:
    return TokenVerifier(public_key_of(PRIVATE), issuer="somewhere", clock=clock)


def signed(claims: dict[str, Any], private: bytes = PRIVATE, header: dict[str, Any] | None = None) -> str:
    x = base64.urlsafe_b64encode(public_key_of(private)).rstrip(b"=").decode()
    d = base64.urlsafe_b64encode(private).rstrip(b"=").decode()
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x, "d": d})
    return jwt.encode(header or {"alg": "Ed25519"}, claims, key, algorithms=["Ed25519"])


@pytest.mark.requirement("E-1")
def test_a_token_tells_who_it_is_with_roles_and_unit(issuer: TokenIssuer, verifier: TokenVerifier) -> None:
    told = verifier.verify(issuer.issue(OPERATOR))
    assert told.staff == OPERATOR
    assert told.issued_at == NOON
    assert told.expires_at == NOON + timedelta(minutes=10)


@pytest.mark.requirement("E-1")
def test_a_token_lives_ten_minutes(issuer: TokenIssuer, verifier: TokenVerifier, clock: FixedClock) -> None:
    token = issuer.issue(OPERATOR)
    clock.move(timedelta(minutes=10))
    verifier.verify(token)
    clock.move(timedelta(seconds=30))
    with pytest.raises(NotSignedIn):
        verifier.verify(token)


def test_a_sample_token_may_live_longer(issuer: TokenIssuer, verifier: TokenVerifier, clock: FixedClock) -> None:
    token = issuer.issue(OPERATOR, lifetime=timedelta(days=30))
    clock.move(timedelta(days=29))
    assert verifier.verify(token).staff == OPERATOR


def test_a_fresh_key_pair_works(clock: FixedClock) -> None:
    private = new_private_key()
    token = TokenIssuer(private, issuer="somewhere", clock=clock).issue(OPERATOR)
    assert TokenVerifier(public_key_of(private), issuer="somewhere", clock=clock).verify(token).staff == OPERATOR


@pytest.mark.requirement("E-1")
@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "elsewhere"},
        {"aud": "otklik-frontend"},
        {"exp": NOON.timestamp() - 60},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 1e300},
        {"iat": NOON.timestamp() + 3600},
        {"sub": None},
        {"sub": 17},
        {"roles": None},
        {"roles": "operator"},
        {"roles": [["operator"]]},
        {"unit": {"a": 1}},
    ],
)
def test_signed_claims_of_another_kind_are_refused(verifier: TokenVerifier, changed: dict[str, Any]) -> None:
    assert verifier.verify(signed(CLAIMS)).staff.id == "staff-17"
    with pytest.raises(NotSignedIn):
        verifier.verify(signed(CLAIMS | changed))


def test_a_role_that_this_release_does_not_know_gives_nothing(verifier: TokenVerifier) -> None:
    assert verifier.verify(signed(CLAIMS | {"roles": ["emperor", "head"]})).staff.roles == {Role.HEAD}


@pytest.mark.requirement("E-1")
def test_another_key_s_signature_is_refused(verifier: TokenVerifier) -> None:
    with pytest.raises(NotSignedIn):
        verifier.verify(signed(CLAIMS, private=Ed25519PrivateKey.generate().private_bytes_raw()))


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.requirement("E-1")
def test_a_token_can_not_choose_its_algorithm(verifier: TokenVerifier) -> None:
    public = public_key_of(PRIVATE)
    confused = jwt.encode({"alg": "HS256"}, dict(CLAIMS), OctKey.import_key(public), algorithms=["HS256"])
    unsigned = f"{segment({'alg': 'none'})}.{segment(CLAIMS)}."
    named_anew = f"{segment({'alg': 'EdDSA'})}.{signed(CLAIMS).split('.', 1)[1]}"
    for token in (confused, unsigned, named_anew):
        with pytest.raises(NotSignedIn):
            verifier.verify(token)


def test_a_changed_token_is_refused(verifier: TokenVerifier) -> None:
    header, _, signature = signed(CLAIMS).split(".")
    with pytest.raises(NotSignedIn):
        verifier.verify(f"{header}.{segment(CLAIMS | {'roles': ['administrator']})}.{signature}")


@given(st.one_of(st.text(max_size=200), st.text("ab.=-_", max_size=50), st.just("a" * 5000)))
def test_whatever_comes_instead_of_a_token_is_refused_and_never_breaks(token: str) -> None:
    with pytest.raises(NotSignedIn):
        TokenVerifier(public_key_of(PRIVATE), issuer="somewhere", clock=FixedClock(NOON)).verify(token)
