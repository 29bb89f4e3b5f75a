"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for whoever lost it. No I/O."""

import hmac
import secrets
from datetime import datetime

import pyotp
import segno

STEP_SECONDS = 30
WINDOW = 1  # steps to both sides: clocks of phones differ
RECOVERY_CODES = 8
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_secret() -> str:
    return pyotp.random_base32()


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step of the clock that this code belongs to, or None; every step of the window is looked at, whichever fits."""
    totp, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP_SECONDS
    offered = "".join(code.split()).encode()
    fitting = [step for step in range(now - WINDOW, now + WINDOW + 1) if hmac.compare_digest(totp.generate_otp(step).encode(), offered)]
    return max(fitting, default=None)


def recovery_codes() -> list[str]:
    """Fifty bits each, in two groups."""
    return [f"{_letters(5)}-{_letters(5)}" for _ in range(RECOVERY_CODES)]


def picture(secret: str, login: str, issuer: str) -> str:
    """A QR code for the app, as an address that a page may show; an image of it never leaves the page."""
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)
    return segno.make(address, micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))
