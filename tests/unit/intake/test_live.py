"""Whoever has a card open learns that it changed and who else has it open, and nobody stays there for ever."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.stop import Stopping
from services.intake.live import GRACE_SECONDS, Live, News

pytestmark = pytest.mark.requirement("N-8.3")

CARD, OTHER = UUID(int=1), UUID(int=2)
LONG = 30.0


def somebody(name: str) -> SignedIn:
    return SignedIn(staff=Staff(id=name.lower(), roles=frozenset({Role.REGISTRAR})), name=name)


VERA, OLEG = somebody("Vera"), somebody("Oleg")


@dataclass
class World:
    """A store whose versions and a clock whose time a test sets."""

    versions: dict[UUID, int] = field(default_factory=dict)
    asked: list[list[UUID]] = field(default_factory=list)
    at: float = 0.0

    async def told(self, request_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        self.asked.append(list(request_ids))
        return {one: self.versions[one] for one in request_ids if one in self.versions}

    def now(self) -> float:
        return self.at


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def live(world: World) -> AsyncIterator[Live]:
    made, stopping = Live(world.told, world.now), Stopping()
    loop = asyncio.create_task(made.keep(stopping, lambda: None))
    yield made
    stopping.request()
    await loop


async def until(stream: AsyncGenerator[News], wanted: News) -> None:
    async with asyncio.timeout(LONG):
        async for news in stream:
            if news == wanted:
                return
    raise AssertionError(f"the stream ended without {wanted}")


async def test_a_change_is_told_to_whoever_has_the_card_open_and_one_query_asks_for_all(live: Live, world: World) -> None:
    world.versions = {CARD: 3, OTHER: 9}
    first, second = live.watch(CARD, VERA, LONG), live.watch(OTHER, OLEG, LONG)
    await until(first, News(version=3, others=()))
    await until(second, News(version=9, others=()))
    world.versions[CARD] = 4
    await until(first, News(version=4, others=()))
    assert [CARD, OTHER] in [sorted(asked) for asked in world.asked]
    await first.aclose()
    await second.aclose()


async def test_each_of_two_is_told_of_the_other_and_of_their_leaving_after_a_moment(live: Live, world: World) -> None:
    hers, his = live.watch(CARD, VERA, LONG), live.watch(CARD, OLEG, LONG)
    await until(hers, News(version=0, others=()))
    await until(his, News(version=0, others=("Vera",)))
    await until(hers, News(version=0, others=("Oleg",)))
    assert live.others(CARD, "somebody else") == ("Oleg", "Vera")
    await his.aclose()
    assert live.others(CARD, "vera") == ("Oleg",)  # he may come again in a second
    world.at += GRACE_SECONDS
    await until(hers, News(version=0, others=()))
    assert live.others(OTHER, "vera") == ()
    await hers.aclose()


async def test_who_has_a_card_open_twice_is_there_until_both_are_closed(live: Live) -> None:
    once, twice = live.watch(CARD, VERA, LONG), live.watch(CARD, VERA, LONG)
    await until(once, News(version=0, others=()))
    await until(twice, News(version=0, others=()))
    await once.aclose()
    assert live.others(CARD, "oleg") == ("Vera",)
    await twice.aclose()


async def test_a_stream_ends_by_itself_so_that_the_browser_asks_for_entry_anew(live: Live) -> None:
    assert [news async for news in live.watch(CARD, VERA, 0.05)] == [News(version=0, others=())]


async def test_when_the_process_stops_every_stream_ends(world: World) -> None:
    live, stopping = Live(world.told, world.now), Stopping()
    loop = asyncio.create_task(live.keep(stopping, lambda: None))
    stream = live.watch(CARD, VERA, LONG)
    await until(stream, News(version=0, others=()))
    stopping.request()
    await loop
    async with asyncio.timeout(LONG):
        assert [news async for news in stream] == []


async def test_cards_that_nobody_has_open_are_forgotten_and_not_asked_for(live: Live, world: World) -> None:
    stream = live.watch(CARD, VERA, LONG)
    await until(stream, News(version=0, others=()))
    await stream.aclose()
    world.at += GRACE_SECONDS
    other = live.watch(OTHER, OLEG, LONG)
    world.versions[OTHER] = 1
    await until(other, News(version=1, others=()))
    world.versions[OTHER] = 2
    await until(other, News(version=2, others=()))
    assert world.asked[-1] == [OTHER]
    await other.aclose()
