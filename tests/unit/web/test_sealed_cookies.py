"""A sealed cookie is read by us alone, for its time, under its own name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.ops.clock import FixedClock
from libs.web.sealed_cookies import SealedCookie

NOW = datetime(2026, 11, 22, tzinfo=UTC)
VALUE = {"code": "7K3MQ9TXA2BC", "имя": "Анна"}


def cookie(clock: FixedClock) -> SealedCookie:
    return SealedCookie("receipt", b"the frontend's key", 60, "/request", clock)


def a_request(sent: str = "", scheme: str = "https") -> Request:
    return Request(
        {
            "type": "http",
            "scheme": scheme,
            "server": ("site.test", 443),
            "path": "/",
            "query_string": b"",
            "headers": [(b"cookie", sent.encode())],
        }
    )


def written(by: SealedCookie, scheme: str = "https") -> str:
    answer = Response()
    by.write(a_request(scheme=scheme), answer, VALUE)
    return answer.headers["set-cookie"]


def sent_back(header: str) -> Request:
    return a_request(header.split(";")[0])


def test_what_was_written_is_read_back() -> None:
    sealed = cookie(FixedClock(NOW))

    assert sealed.read(sent_back(written(sealed))) == VALUE


def test_nobody_else_reads_it() -> None:
    header = written(cookie(FixedClock(NOW)))

    assert "7K3M" not in header
    for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/request", "Max-Age=60"):
        assert word in header
    assert "Secure" not in written(cookie(FixedClock(NOW)), scheme="http")


def test_it_lives_for_its_time_whatever_the_browser_says() -> None:
    clock = FixedClock(NOW)
    header = written(cookie(clock))
    clock.move(timedelta(seconds=61))

    assert cookie(clock).read(sent_back(header)) is None


def test_it_stands_for_no_other_cookie_and_no_other_key() -> None:
    sealed = cookie(FixedClock(NOW))
    header = written(sealed)

    assert replace(sealed, name="lookup").read(sent_back(header.replace("receipt=", "lookup="))) is None
    assert replace(sealed, secret=b"another key").read(sent_back(header)) is None


def test_each_page_may_have_one_of_its_own() -> None:
    sealed = cookie(FixedClock(NOW))
    header = written(sealed.at("/request/sent/1"))

    assert "Path=/request/sent/1" in header
    assert sealed.read(sent_back(header)) == VALUE


def test_what_no_browser_would_keep_is_not_written() -> None:
    answer = Response()
    text = "".join(chr(0x430 + number * number % 32) + str(number) for number in range(3000))

    assert not cookie(FixedClock(NOW)).write(a_request(), answer, {"text": text})
    assert "set-cookie" not in answer.headers


def test_its_key_is_not_shown() -> None:
    assert "frontend" not in repr(cookie(FixedClock(NOW)))
