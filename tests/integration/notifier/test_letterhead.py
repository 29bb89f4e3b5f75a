"""Letters go out in the name that the authority gave itself last, and a trial letter goes once and says what became of it."""

import signal
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.events.contracts.authority_events import ProfileSet, TopicSet, TrialLetterAsked
from libs.events.envelope import Envelope, encode
from libs.events.fact import Event
from libs.events.topics import AUTHORITY, DELIVERIES, TRIALS
from libs.events.vocabulary import Status
from tests.integration.notifier.conftest import Notifying, as_process
from tests.integration.notifier.test_notices import email, heard
from tests.stack import ROOT, eventually
from tests.unit.notifier.examples import by_site, envelope

FILE_NAME = "Департамент земельных и лесных отношений Приобской области"
OTHER = ProfileSet(
    name="Служба лесного надзора Заречного края",
    short_name="Служба",
    act="приказ от 01.02.2026 № 7",
    postal_address="100000, г. Заречный, ул. Лесная, д. 1",
    phones=("+7 000 111-11-11",),
    hours="с 9:00 до 18:00",
    time_zone="Asia/Omsk",
    signatory="Руководитель И. И. Озёрова",
)
EMPTY_FILE = ROOT / "local" / "authority-empty.toml"


async def decided(notifying: Notifying, event: Event, seq: int, *, times: int = 1, **around: Any) -> Envelope:
    """As intake publishes it, and again."""
    made = envelope(event, request="demo", seq=seq, event_id=uuid4(), client_id=None, point=None, **around)
    for _ in range(times):
        await notifying.kafka.send_and_wait(AUTHORITY.name, encode(made), key=b"demo")
    return made


async def kept(notifying: Notifying, version: int) -> None:
    async def is_kept() -> bool:
        async with notifying.database.superuser() as db:
            return bool(await db.fetchval("SELECT version FROM notifier.profile") == version)

    await eventually(is_kept, what=f"the profile of version {version} is kept")


async def letter_of(notifying: Notifying, request: str) -> tuple[str, str]:
    """From whom the next letter is, and its text."""
    await notifying.changed(request, Status.REGISTERED, by_site, email(f"{request}@example.org"))
    await notifying.become(request, "accepted", "accepted")
    letter = notifying.sink.to(f"{request}@example.org")[-1]
    text = letter.get_body(("plain",))
    assert text is not None
    return sender_of(letter), str(text.get_content())


def sender_of(letter: EmailMessage) -> str:
    """Without spaces: Python's reader puts some between the encoded words of a name."""
    return "".join(str(letter["From"]).split())


def run_together(name: str) -> str:
    return "".join(name.split())


def parts(profile: ProfileSet) -> Sequence[str]:
    return (profile.name, profile.signatory, profile.postal_address, profile.phones[0], profile.hours)


@pytest.mark.requirement("N-0.1")
async def test_the_next_letters_hold_the_new_data_of_the_authority_and_nothing_of_the_old(notifying: Notifying) -> None:
    async with notifying.running():
        assert run_together(FILE_NAME) in (await letter_of(notifying, "before"))[0]
        await decided(notifying, TopicSet(code="water", title="Вода"), 1)
        await decided(notifying, OTHER, 3, times=2)
        await kept(notifying, 3)
        await decided(notifying, OTHER.model_copy(update={"hours": "круглосуточно"}), 4)

        async def is_new() -> bool:
            return "круглосуточно" in (await letter_of(notifying, f"after-{uuid4().hex}"))[1]

        await kept(notifying, 4)
        await eventually(is_new, what="letters know the new hours")
        late, after_it = OTHER.model_copy(update={"name": "Служба, какой она была раньше"}), uuid4()
        await decided(notifying, late, 2)
        await decided(notifying, TrialLetterAsked(letter_id=after_it, address="vershinina@example.org"), 5)
        await notifying.become(str(after_it), "accepted")
        await kept(notifying, 4)
    async with notifying.running():  # and a new process knows it before its first letter
        sender, text = await letter_of(notifying, "restarted")
    assert run_together(OTHER.name) in sender
    assert all(part in text for part in (*parts(OTHER)[:-1], "круглосуточно"))
    assert "Приобск" not in text
    assert "+7 (383)" not in text
    async with notifying.database.superuser() as db:
        assert OTHER.signatory.encode() not in await db.fetchval("SELECT sealed FROM notifier.profile"), "sealed at rest"


@pytest.mark.requirement("N-0.1")
async def test_without_a_name_letters_wait_and_go_as_soon_as_there_is_one_without_what_nobody_said(notifying: Notifying) -> None:
    async with notifying.running(authority_file=EMPTY_FILE):
        await notifying.changed("nameless", Status.REGISTERED, by_site, email("nameless@example.org"))
        await notifying.become("nameless", "accepted", "planned")
        nothing = OTHER.model_copy(update=dict.fromkeys(("short_name", "act", "postal_address", "hours", "signatory"), ""))
        await decided(notifying, nothing.model_copy(update={"phones": ()}), 1, authority="authority")
        await notifying.become("nameless", "accepted", "accepted")
    [letter] = notifying.sink.to("nameless@example.org")
    assert run_together(OTHER.name) in sender_of(letter)
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        text = str(body.get_content())
        assert OTHER.name in text
        assert all(part not in text for part in ("Справки", "Часы работы", "None", "\n\n\n", "<br>"))


@pytest.mark.requirement("N-0.1", "R-6")
async def test_a_trial_letter_goes_once_and_what_the_server_said_is_told_once(notifying: Notifying, fresh_kafka: str) -> None:
    good, bad = uuid4(), uuid4()
    notifying.sink.recipients["nobody@example.org"] = "550 5.1.1 Adelaida Planted does not live here"
    async with notifying.running():
        await decided(notifying, TrialLetterAsked(letter_id=good, address="vershinina@example.org"), 1, times=3)
        await decided(notifying, TrialLetterAsked(letter_id=bad, address="nobody@example.org"), 2)
        await notifying.become(str(good), "accepted")
        await notifying.become(str(bad), "failed")
        told = [await heard(fresh_kafka, TRIALS.name, 1, str(letter)) for letter in (good, bad)]
        deliveries = await heard(fresh_kafka, DELIVERIES.name, 2, str(bad))
    assert [(one["sent"], one["reason"]) for [one] in told] == [(True, None), (False, "smtp-550-5.1.1")]
    assert [one["type"] for one in deliveries] == ["NotificationQueued", "NotificationFailed"]
    [letter] = notifying.sink.to("vershinina@example.org")
    assert (letter["Subject"], run_together(FILE_NAME) in sender_of(letter)) == ("Пробное письмо", True)
    async with notifying.database.superuser() as db:
        assert await db.fetchval("SELECT count(*) FROM notifier.events WHERE stream LIKE 'trial-%'") == 2
        assert await db.fetchval("SELECT count(*) FROM notifier.notices WHERE sealed IS NOT NULL") == 0, "no address is left"


@pytest.mark.requirement("N-0.1", "R-6")
@pytest.mark.parametrize(("refusal", "reason"), [("451 4.3.0 try later", "smtp-451-4.3.0"), ("gone", "relay-gone")])
async def test_a_trial_is_not_tried_again_and_says_what_is_wrong(notifying: Notifying, refusal: str, reason: str) -> None:
    letter_id = uuid4()
    if refusal == "gone":
        await notifying.sink.stop()
    else:
        notifying.sink.recipients["*"] = refusal
    async with notifying.running():
        await decided(notifying, TrialLetterAsked(letter_id=letter_id, address="vershinina@example.org"), 1)
        [row] = await notifying.become(str(letter_id), "failed")
    assert (row["reason"], row["attempt"]) == (reason, 1)


@pytest.mark.requirement("R-6", "D-14")
async def test_killed_in_the_middle_of_a_trial_the_next_process_ends_it_under_the_same_id(notifying: Notifying) -> None:
    letter_id = UUID(int=uuid4().int)
    notifying.sink.mute = True
    async with as_process(notifying, smtp_timeout_seconds=30) as process:
        await decided(notifying, TrialLetterAsked(letter_id=letter_id, address="vershinina@example.org"), 1)

        async def is_taken() -> bool:
            return bool(notifying.sink.letters)

        await eventually(is_taken, what="the letter is taken, nothing is acknowledged")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    notifying.sink.mute = False
    await notifying.leases_run_out()
    async with notifying.running():
        await notifying.become(str(letter_id), "accepted")
    assert len({letter["Message-ID"] for letter in notifying.sink.to("vershinina@example.org")}) == 1
    async with notifying.database.superuser() as db:
        assert await db.fetchval("SELECT count(*) FROM notifier.events WHERE stream LIKE 'trial-%'") == 1
