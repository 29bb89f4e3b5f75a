"""The mail catcher: real SMTP in, letters out, failures on demand."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage

import aiosmtplib
import httpx
import pytest

from local.mail.door import Failing, Handler, Mode, Stage, listen
from local.mail.letters import Letter, Letters
from local.mail.pages import build, lines_with_links

SOMEBODY = "ivan@example.org"


class Catcher:
    def __init__(self) -> None:
        self.letters = Letters()
        self.failing = Failing()
        self.port = 0
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(build(self.letters, self.failing)), base_url="http://mail")

    async def send(self, text: str = "Здравствуйте!", to: str = SOMEBODY, patience: float = 5.0) -> None:
        message = EmailMessage()
        message["From"] = "Отклик <otklik@example.org>"
        message["To"] = to
        message["Subject"] = "Обращение зарегистрировано"
        message.set_content(text)
        await aiosmtplib.send(message, hostname="127.0.0.1", port=self.port, timeout=patience)


@pytest.fixture
async def catcher() -> AsyncIterator[Catcher]:
    made = Catcher()
    server = await listen(Handler(made.letters, made.failing), "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    made.failing.set(Mode.OFF)
    await made.http.aclose()
    server.close()


async def test_a_letter_is_listed_as_it_was_sent(catcher: Catcher) -> None:
    await catcher.send("Ваш запрос принят.\n")
    (letter,) = (await catcher.http.get("/api/letters")).json()
    assert letter["to"] == [SOMEBODY]
    assert letter["from"] == "otklik@example.org"
    assert letter["subject"] == "Обращение зарегистрировано"
    assert letter["text"] == "Ваш запрос принят.\n"
    assert letter["headers"]["From"] == "Отклик <otklik@example.org>"
    assert "Subject: " in letter["raw"]


def test_a_senders_name_of_several_encoded_words_is_shown_without_gaps() -> None:
    words = [f"=?utf-8?b?{b64encode(part.encode()).decode()}?=" for part in ("Департамент земель", "ных отношений")]
    raw = f"From: {words[0]}\r\n {words[1]} <otklik@example.org>\r\n\r\n".encode()
    letter = Letter("otklik@example.org", (), raw, datetime.now(UTC))
    assert letter.headers["From"] == "Департамент земельных отношений <otklik@example.org>"


async def test_letters_are_listed_by_recipient_newest_first_and_erased(catcher: Catcher) -> None:
    for to in (SOMEBODY, "anna@example.org", SOMEBODY):
        await catcher.send(to=to)
    assert len((await catcher.http.get("/api/letters", params={"to": SOMEBODY})).json()) == 2
    assert [letter["to"][0] for letter in (await catcher.http.get("/api/letters")).json()][1] == "anna@example.org"
    assert (await catcher.http.delete("/api/letters")).status_code == 204
    assert (await catcher.http.get("/api/letters")).json() == []


async def test_the_pages_show_text_as_text_and_addresses_as_links(catcher: Catcher) -> None:
    await catcher.send("<script>alert(1)</script> https://example.org/?a=1&b=2")
    index = (await catcher.http.get("/")).text
    link = re.search(r'href="(/letters/[0-9a-f]+)"', index)
    assert link is not None
    page = (await catcher.http.get(link.group(1))).text
    assert "&lt;script&gt;" in page
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="noreferrer">' in page
    assert (await catcher.http.get("/letters/absent")).status_code == 404


@pytest.mark.parametrize(("mode", "code"), [("tempfail", 451), ("reject", 550)])
async def test_it_fails_as_it_was_told_until_told_otherwise(catcher: Catcher, mode: str, code: int) -> None:
    await catcher.http.post("/api/fail", json={"mode": mode})
    with pytest.raises((aiosmtplib.SMTPDataError, aiosmtplib.SMTPRecipientsRefused), match=str(code)):
        await catcher.send()
    assert list(catcher.letters) == []
    await catcher.http.post("/api/fail", json={"mode": "off"})
    await catcher.send()
    assert catcher.letters.total == 1


async def test_it_can_fail_for_one_recipient_and_at_a_chosen_stage(catcher: Catcher) -> None:
    told = await catcher.http.post("/api/fail", json={"mode": "tempfail", "stage": "recipient", "recipient": "anna@example.org"})
    assert told.json() == {"mode": "tempfail", "stage": Stage.RECIPIENT, "recipient": "anna@example.org"}
    await catcher.send()
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await catcher.send(to="anna@example.org")


async def test_it_hangs_without_an_answer(catcher: Catcher) -> None:
    await catcher.http.post("/api/fail", json={"mode": "hang"})
    with pytest.raises(aiosmtplib.SMTPTimeoutError):
        await catcher.send(patience=0.3)
    assert list(catcher.letters) == []


async def test_an_answer_can_be_lost_after_the_letter_was_taken(catcher: Catcher) -> None:
    await catcher.http.post("/api/fail", json={"mode": "lost_answer"})
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await catcher.send()
    await asyncio.sleep(0)
    assert catcher.letters.total == 1


async def test_an_unknown_way_to_fail_is_refused(catcher: Catcher) -> None:
    assert (await catcher.http.post("/api/fail", json={"mode": "explode"})).status_code == 422


def test_the_oldest_letters_make_room() -> None:
    letters = Letters(most=3, most_bytes=25)
    for size in (5, 5, 5, 5, 15):
        letters.add(Letter("a@example.org", (SOMEBODY,), b"x" * size, datetime(2026, 11, 22, tzinfo=UTC)))
    assert [len(letter.raw) for letter in letters] == [15, 5, 5]
    letters.add(Letter("a@example.org", (SOMEBODY,), b"x" * 20, datetime(2026, 11, 22, tzinfo=UTC)))
    assert [len(letter.raw) for letter in letters] == [20]
    assert letters.bytes == 20


def test_only_addresses_become_links() -> None:
    assert lines_with_links("a <b>\nhttps://x/ y") == 'a &lt;b&gt;\n<a href="https://x/" rel="noreferrer">https://x/</a> y'
