"""Headers that every answer carries, and a limit on what a form may post."""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRAMED_BY_NOBODY = "frame-ancestors 'none'"
# No inline script or style anywhere, so neither 'unsafe-inline' nor a nonce is needed.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        FRAMED_BY_NOBODY,
    )
)


def framing(address: str) -> dict[str, str]:
    """Headers of a page that shows a page of another service within itself."""
    return {"content-security-policy": f"{CONTENT_SECURITY_POLICY}; object-src {address}; frame-src {address}"}


def framed_by(address: str | None) -> dict[str, str]:
    """Headers of a page that pages at that address, too, may show within themselves."""
    allowed = f"frame-ancestors 'self' {address}" if address else "frame-ancestors 'self'"
    return {
        "content-security-policy": CONTENT_SECURITY_POLICY.replace(FRAMED_BY_NOBODY, allowed),
        "x-frame-options": "SAMEORIGIN",  # for browsers of old alone: others go by frame-ancestors
    }


SAFE_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",  # pages hold personal data; an asset says otherwise itself
}


class SafeHeaders:
    """Adds the safe headers where an answer does not set its own."""

    def __init__(self, app: ASGIApp, also: Mapping[str, str] | None = None) -> None:
        """`also`: what these pages say otherwise."""
        self._app = app
        self._headers = {**SAFE_HEADERS, **(also or {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)


class BodyTooLargeError(Exception):
    """More was posted than any of our forms can hold."""


class BodyLimit:
    """Stops reading a posted form at the limit, whatever its Content-Length says. `larger`: limits of forms with files, by their paths."""

    def __init__(self, app: ASGIApp, limit_bytes: int, larger: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._limit = limit_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read, limit = 0, self._limit_of(scope)

        async def receive_within_limit() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise BodyTooLargeError
            return message

        await self._app(scope, receive_within_limit if scope["type"] == "http" else receive, send)

    def _limit_of(self, scope: Scope) -> int:
        """The larger one only for what is read piece by piece."""
        if scope["type"] != "http" or not Headers(scope=scope).get("content-type", "").startswith("multipart/form-data"):
            return self._limit
        return self._larger.get(scope["path"], self._limit)
