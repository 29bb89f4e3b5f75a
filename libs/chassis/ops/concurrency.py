"""How many requests a door works on at once: whoever would only wait for a connection to the database is told to come again."""

from collections.abc import AsyncIterator

from libs.chassis.ops.refusals import Busy

RETRY_AFTER_SECONDS = 2


class Crowded(Busy):
    """More requests are being answered than this door takes at once."""

    code = "too-many-at-once"
    says = "Сейчас слишком много обращений к службе. Повторите запрос через несколько секунд."


class ConcurrencyLimit:
    """A dependency of a router's routes."""

    def __init__(self, limit: int) -> None:
        self._free = limit

    async def __call__(self) -> AsyncIterator[None]:
        if self._free <= 0:
            raise Crowded(RETRY_AFTER_SECONDS)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
