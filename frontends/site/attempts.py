"""How often one address may guess a code, ask for one, or bring files; counted in this process. The code's 60 bits are the second line."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import Response

from libs.web.pages import Pages

WINDOW_MINUTES = 10
WRONG_CODES = (
    "С этого компьютера или из этой сети много раз ввели неверный код. Подождите десять минут и попробуйте снова.",
    "Если вы потеряли код, позвоните нам: мы расскажем, что с запросом.",
)
HOME_NETWORK_BITS = 64  # what one household gets in IPv6


@dataclass(frozen=True)
class Attempts:
    """Counts failures and files, not looks: a library's whole reading room may share one address."""

    limiter: MovingWindowRateLimiter
    rate: RateLimitItemPerMinute

    @classmethod
    def allowed(cls, failures: int) -> "Attempts":
        return cls(MovingWindowRateLimiter(MemoryStorage()), RateLimitItemPerMinute(failures, WINDOW_MINUTES))

    @property
    def window_seconds(self) -> int:
        return WINDOW_MINUTES * 60

    async def exhausted(self, request: Request) -> bool:
        return not await self.limiter.test(self.rate, _address(request))

    async def count(self, request: Request) -> None:
        await self.limiter.hit(self.rate, _address(request))


def too_many_attempts(pages: Pages, request: Request, attempts: Attempts, said: tuple[str, ...] = WRONG_CODES) -> Response:
    return pages.show_message(
        request,
        "Слишком много попыток",
        *said,
        status=429,
        headers={"retry-after": str(attempts.window_seconds)},
        path="/status",
    )


def _address(request: Request) -> str:
    if request.client is None:
        return "unknown"
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(int(address) >> (128 - HOME_NETWORK_BITS))
    return str(address)
