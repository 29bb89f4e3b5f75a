"""The commands of a letter with a relay that takes them at once, whatever it answers to each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

import pytest

from services.notifier.channels import Handing
from services.notifier.domain import Accepted, Deferred, Outcome, Rejected, Unanswered, Unreachable
from services.notifier.smtp_pool import GONE, Relay, SmtpPool

pytestmark = pytest.mark.requirement("N-3.5")

MESSAGE = b"Subject: x\r\n\r\n.one\r\n..two\r\n"
LETTER = [b"MAIL FROM:<otklik@example.org>", b"RCPT TO:<a@example.org>", b"DATA"]


@dataclass
class ScriptedRelay:
    """Answers each command by its first word; `heard` holds what came in one piece."""

    pipelining: bool = True
    answers: dict[bytes, bytes] = field(default_factory=dict)
    heard: list[list[bytes]] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    sessions: int = 0
    open: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        if task := asyncio.current_task():
            self.open.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relay\r\n")
        text: list[bytes] | None = None
        while piece := await reader.read(65536):
            lines = piece.removesuffix(b"\r\n").split(b"\r\n")
            self.heard.append(lines)
            for line in lines:
                if text is None:
                    answer = self._answer(line)
                    text = [] if answer.startswith(b"354") else None
                    writer.write(answer + b"\r\n")
                elif line == b".":
                    self.texts.append(b"\n".join(text))
                    text = None
                    writer.write(self.answers.get(b"TEXT", b"250 taken") + b"\r\n")
                else:
                    text.append(line)

    def _answer(self, line: bytes) -> bytes:
        word = line[:4]
        usual = {b"DATA": b"354 go on", b"EHLO": b"250-relay\r\n250 PIPELINING" if self.pipelining else b"250 relay"}
        return self.answers.get(word, usual.get(word, b"250 2.0.0 fine"))


@asynccontextmanager
async def pool_to(relay: ScriptedRelay, timeout_seconds: float = 30.0) -> AsyncIterator[SmtpPool]:
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pool = SmtpPool(Relay(host="127.0.0.1", port=port, connections=1, timeout_seconds=timeout_seconds), monotonic)
    async with server:
        yield pool
        await pool.close()
        await asyncio.gather(*relay.open)


async def sent(pool: SmtpPool) -> Outcome:
    handing = Handing("otklik@example.org", "a@example.org", MESSAGE)
    try:
        async with pool.line() as line:
            return await handing.over(line)
    except GONE as error:
        return handing.interrupted(error)


@pytest.mark.parametrize(("pipelining", "pieces"), [(True, [LETTER]), (False, [[command] for command in LETTER])])
async def test_commands_go_in_one_piece_only_where_the_relay_offers_it(pipelining: bool, pieces: list[list[bytes]]) -> None:
    relay = ScriptedRelay(pipelining)
    async with pool_to(relay) as pool:
        assert await sent(pool) == Accepted()
        assert await sent(pool) == Accepted()
    assert [piece for piece in relay.heard if piece[0] in LETTER] == pieces * 2
    assert relay.texts == [b"Subject: x\n\n..one\n...two"] * 2
    assert relay.sessions == 1


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("to_data", [b"354 go on all the same", b"503 no recipient"])
@pytest.mark.parametrize(
    ("word", "answer", "outcome"),
    [
        (b"RCPT", b"550 5.1.1 nobody", Rejected("smtp-550-5.1.1")),
        (b"RCPT", b"451 4.7.1 later", Deferred("smtp-451-4.7.1")),
        (b"MAIL", b"452 4.3.1 full", Unreachable("smtp-452-4.3.1")),
    ],
)
async def test_what_is_refused_sends_no_text_and_the_next_letter_goes_on_the_same_connection(
    pipelining: bool, to_data: bytes, word: bytes, answer: bytes, outcome: Outcome
) -> None:
    relay = ScriptedRelay(pipelining, answers={word: answer, b"DATA": to_data})
    async with pool_to(relay) as pool:
        assert await sent(pool) == outcome
        assert b"".join(relay.texts) == b""
        relay.answers.clear()
        assert await sent(pool) == Accepted()
    assert relay.sessions == 1
    assert relay.texts[-1].startswith(b"Subject: x")


@pytest.mark.parametrize(("answer", "outcome"), [(b"554 5.7.1 spam", Rejected("smtp-554-5.7.1")), (b"nonsense", Unanswered())])
async def test_a_refused_text_is_told_by_its_answer(answer: bytes, outcome: Outcome) -> None:
    async with pool_to(ScriptedRelay(answers={b"TEXT": answer})) as pool:
        assert await sent(pool) == outcome


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_that_to_the_next_command() -> None:
    relay = ScriptedRelay(answers={b"TEXT": b"250 taken\r\n550 5.1.1 by the way"})
    async with pool_to(relay) as pool:
        assert await sent(pool) == Accepted()
        assert await sent(pool) == Accepted()


async def test_a_relay_that_says_nothing_to_the_commands_was_not_offered_the_letter() -> None:
    relay = ScriptedRelay(answers={b"MAIL": b"250-it thinks", b"RCPT": b"250-and thinks", b"DATA": b"250-on"})
    async with pool_to(relay, timeout_seconds=0.2) as pool:
        assert await sent(pool) == Unreachable("relay-silent")
    assert relay.texts == []


async def test_no_line_break_begins_another_command() -> None:
    async with pool_to(ScriptedRelay()) as pool, pool.line() as line:
        with pytest.raises(ValueError, match="line break"):
            line.talk.begin(b"RCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>")
