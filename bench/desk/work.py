"""A colleague's day: errands of their role, a pause for thinking before each click, and reading again where others were first."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import Random
from uuid import UUID

from bench.desk import letters, reading, typed
from bench.desk.browser import News, Page
from bench.desk.ledger import FORBIDDEN, Act, Ledger
from bench.desk.people import Colleague
from bench.desk.reading import Card, Form, Row
from libs.chassis.access.roles import Role

REGISTER, FIND = "/desk/requests", "/desk/find"
WORDS = ("аренда земельного участка", "межевание", "вырубка леса", "сервитут проезд", "садовое товарищество", "валежник лесничество")
REMEMBERED = 200  # rows that they have seen and may look for again
TRIES = 3  # of a step whose request was changed meanwhile
AMONG_FIRST = 6  # rows of a list that most begin with, and so meet
TURNS_THE_PAGE = 0.3
READS_NEWS = 0.5  # how often somebody looks again when the card says that it was changed
OVERSTEPS = 0.05  # how often somebody tries what another role does
OK, CONFLICT = 200, 409


class DayIsOver(Exception):
    """No click begins any more."""


class Work:
    """`until` is the end of the day on the monotonic clock; `think` is the shortest pause, the longest is twice as long."""

    def __init__(self, who: Colleague, ledger: Ledger, random: Random, *, until: float, think: float) -> None:
        self._who = who
        self._browser = who.browser
        self._ledger = ledger
        self._random = random
        self._until = until
        self._pause = think
        self._seen: deque[Row] = deque(maxlen=REMEMBERED)

    async def day(self) -> None:
        errands = self._errands()
        with suppress(DayIsOver):
            await asyncio.sleep(self._random.uniform(0, 2 * self._pause))  # not all at once in the morning
            while True:
                await self._random.choice(errands)()

    def _errands(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """The more often an errand stands here, the more often it is done."""
        match self._who.role:
            case Role.REGISTRAR:
                return (self._sort, self._sort, self._sort, self._sort, self._take_in, self._close, self._search, self._start)
            case Role.EXECUTOR:
                return (self._own, self._own, self._own, self._browse, self._search, self._start)
            case Role.HEAD:
                return (self._lead, self._lead, self._browse, self._search, self._start, self._review)
            case _:
                return (self._browse, self._search, self._search, self._start)

    async def _start(self) -> None:
        await self._think()
        await self._browser.get("start", "/desk/")

    async def _review(self) -> None:
        await self._think()
        await self._browser.get("indicators", "/desk/indicators")

    async def _sort(self) -> None:
        await self._of_list("status=registered", ("classify", "assign"))

    async def _take_in(self) -> None:
        await self._of_list("status=received", (self._random.choice(("register", "leave-unconsidered", "set-aside")),))

    async def _close(self) -> None:
        await self._of_list("status=classified", (self._random.choice(("redirect", "explain-route", "withdraw", "merge")),))

    async def _own(self) -> None:
        wanted = ("ask-clarification",) if self._random.random() < READS_NEWS else ()
        await self._of_list("who=mine", wanted)

    async def _lead(self) -> None:
        await self._of_list("status=assigned", (self._random.choice(("extend-deadline", "assign")),))

    async def _browse(self) -> None:
        asked = self._random.choice(("", "topic=forest", "urgency=urgent", "unit=land&status=assigned", "order=newest", "due=soon"))
        await self._of_list(asked, ())

    async def _of_list(self, asked: str, wanted: Sequence[str]) -> None:
        """A row of the list, mostly one of the first."""
        rows = await self._list(asked)
        if rows:
            await self._work(rows[min(int(self._random.expovariate(1 / AMONG_FIRST)), len(rows) - 1)], wanted)

    async def _list(self, asked: str) -> list[Row]:
        """The rows by these filters, now and then of a later page."""
        page = await self._shown("register filtered" if asked else "register", f"{REGISTER}?{asked}".rstrip("?"), "register")
        while (onward := reading.onward(page.text)) and self._random.random() < TURNS_THE_PAGE:
            page = await self._shown("register next", onward, "register")
        rows = reading.rows(page.text)
        self._seen.extend(rows)
        return rows

    async def _shown(self, kind: str, path: str, what: str) -> Page:
        await self._think()
        page = await self._browser.get(kind, path)
        self._looked(what, page.status == OK)
        return page

    async def _search(self) -> None:
        kind, words = self._looked_for()
        await self._think()
        page = await self._browser.post(f"search {kind}", FIND, {"text": words})
        if page.to:
            await self._open(UUID(page.to.rpartition("/")[2]))
            return
        self._looked("search", bool(page.status))
        if rows := reading.rows(page.text):
            await self._work(rows[0], ())

    def _looked_for(self) -> tuple[str, str]:
        row = self._random.choice(self._seen) if self._seen else None
        ways = [("words", self._random.choice(WORDS)), ("phone", letters.phone(self._random.randrange(1, letters.PEOPLE, 2)))]
        if row is not None:
            ways += [("number", row.number)]
            ways += [("name", row.name.split()[0])] if row.name.strip("—") else []
        return self._random.choice(ways)

    async def _work(self, row: Row, wanted: Sequence[str]) -> None:
        """The card with its news, and on it one step after the other."""
        await self._think()
        card = await self._open(row.request_id)
        if card is None:
            return
        async with self._browser.watching(card.live) as news:
            for command in wanted:
                card = await self._step(card, command, row, news)
                if card is None:
                    return
            await self._think()
            if self._who.role is Role.EXECUTOR and self._random.random() < OVERSTEPS:
                await self._overstep(card, row)

    async def _open(self, request_id: UUID, path: str = "") -> Card | None:
        return self._card(await self._browser.get("card", path or f"{REGISTER}/{request_id}"))

    def _card(self, page: Page) -> Card | None:
        card = reading.card(page.text)
        self._looked("card", card is not None)
        return card

    async def _step(self, card: Card, command: str, row: Row, news: News) -> Card | None:
        """The card after it; None where it came to nothing."""
        for _ in range(TRIES):
            await self._think()
            if news.version > card.version and self._random.random() < READS_NEWS:
                card = await self._open(row.request_id) or card
            form = card.forms.get(command)
            if form is None:
                return card
            page = await self._post(form, typed.filled(form, row.due_on, self._random), row.request_id)
            if page.to:
                return await self._open(row.request_id, page.to)
            again = self._card(page)
            if page.status != CONFLICT or again is None or again.version == form.version:
                return None
            card = again  # what others changed is read before the next try
        return None

    async def _overstep(self, card: Card, row: Row) -> None:
        """From an old page, or out of curiosity: what only others may."""
        command = "extend-deadline"
        fields = {"version": str(card.version), f"{command}-new_due": "2030-12-02", f"{command}-reason": "Нужно время."}
        page = await self._post(
            Form(action=f"{REGISTER}/{row.request_id}/{command}", command=command, fields=fields), fields, row.request_id
        )
        self._card(page)

    async def _post(self, form: Form, fields: dict[str, str], request_id: UUID) -> Page:
        page = await self._browser.post("step", form.action, fields)
        self._ledger.acts.append(Act(self._who.account, request_id, form.command, form.version, page.status))
        if page.status == FORBIDDEN:
            self._ledger.looks[self._who.account, "forbidden"] += 1
        return page

    async def _think(self) -> None:
        if time.monotonic() >= self._until:
            raise DayIsOver
        await asyncio.sleep(self._random.uniform(self._pause, 2 * self._pause))
        if time.monotonic() >= self._until:
            raise DayIsOver

    def _looked(self, what: str, shown: bool) -> None:
        self._ledger.looks[self._who.account, what] += shown
