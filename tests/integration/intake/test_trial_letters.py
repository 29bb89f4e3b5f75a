"""A trial of the mail server is asked for once, and what became of it comes back once, however often it is told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from libs.events.contracts.authority_events import TrialLetterAsked, TrialLetterEnded
from libs.events.contracts.notifier_trials import TrialLetterTried
from libs.events.envelope import encode, lone
from libs.events.topics import TRIALS
from tests.integration.intake.people import Office, office, text_of
from tests.integration.intake.settings import decisions, do, done, error_at, page
from tests.stack import Database, eventually

ADDRESS = "planted-vershinina@example.ru"


@pytest.fixture
async def bureau(database: Database, fresh_kafka: str) -> AsyncIterator[Office]:
    assert fresh_kafka
    async with office(database) as found:
        yield found


async def tell(bureau: Office, letter_id: UUID, *, sent: bool, reason: str | None = None, times: int = 1) -> None:
    """As the notifier would, and again."""
    fact = TrialLetterTried(letter_id=letter_id, sent=sent, reason=reason)
    made = lone(fact, event_id=uuid4(), at=datetime.now(UTC), authority="demo", producer="notifier", aggregate_id=str(letter_id))
    kafka = bureau.town.site.kafka
    assert kafka is not None
    for _ in range(times):
        await kafka.send_and_wait(TRIALS.name, encode(made), key=str(letter_id).encode())


async def ended(bureau: Office) -> list[TrialLetterEnded]:
    return [fact for fact in await decisions(bureau) if isinstance(fact, TrialLetterEnded)]


async def asked(bureau: Office) -> UUID:
    shown = text_of(await done(bureau.admin, "mail", {"address": f" {ADDRESS} "}))
    assert f"Отправляется на адрес {ADDRESS}" in shown
    fact = (await decisions(bureau))[-1]
    assert isinstance(fact, TrialLetterAsked)
    assert fact.address == ADDRESS
    return fact.letter_id


@pytest.mark.requirement("N-0.1", "R-6")
async def test_the_page_shows_what_the_mail_server_said_once_however_often_it_is_told(bureau: Office) -> None:
    first = await asked(bureau)
    await tell(bureau, uuid4(), sent=True)  # of a letter that nobody here asked for
    await tell(bureau, first, sent=False, reason="smtp-550-5.1.1", times=3)

    async def has_ended(count: int = 1) -> bool:
        return len(await ended(bureau)) == count

    await eventually(has_ended, what="the outcome")
    shown = text_of(await page(bureau.admin, "/mail"))
    assert "не отправлено" in shown
    assert "почтовый сервер отказал, код 550 5.1.1" in shown
    assert "Проверить почтовый сервер" in text_of(await page(bureau.admin))
    second = await asked(bureau)
    await tell(bureau, first, sent=True)  # too late to matter
    await tell(bureau, second, sent=True, times=2)
    await eventually(lambda: has_ended(2), what="the second outcome")
    assert [(fact.letter_id, fact.sent) for fact in await ended(bureau)] == [(first, False), (second, True)]
    assert f"Почтовый сервер принял письмо на адрес {ADDRESS}" in text_of(await page(bureau.admin, "/mail"))
    assert "Проверить почтовый сервер" not in text_of(await page(bureau.admin))
    assert "служба уведомлений" in text_of(await page(bureau.admin, "/changes"))


@pytest.mark.requirement("N-0.1")
async def test_an_address_that_is_none_is_refused_at_its_field(bureau: Office) -> None:
    for typed in ("", "  ", "vershinina", "a@b", "a" * 330 + "@example.ru", "a@example.ru\r\nBcc: b@example.ru"):
        answer = await do(bureau.admin, "mail", {"address": typed})
        assert (answer.status_code, bool(error_at(answer, "address"))) == (422, True), typed
    assert await decisions(bureau) == []
