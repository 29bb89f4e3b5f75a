"""Notices from a status change to the person, on real Kafka, PostgreSQL and SMTP."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from libs.chassis.bus.topics import apply
from libs.events.contracts.intake_requests import RequestChannelsChanged
from libs.events.envelope import decode
from libs.events.topics import DELIVERIES, OUTBOUND, REQUESTS, wanted
from libs.events.vocabulary import Status, Target
from tests.integration.notifier.conftest import Notifying, figure
from tests.stack import eventually
from tests.unit.notifier.examples import NAME, by_email, by_site, by_vk, code_asked, envelope, new_address, typed_only
from tests.unit.notifier.test_mime import HEADERS

JOURNEY = [
    *(Status.RECEIVED, Status.REGISTERED, Status.CLASSIFIED, Status.ASSIGNED, Status.AWAITING_CLARIFICATION, Status.ASSIGNED),
    *(Status.DRAFTING, Status.ON_APPROVAL, Status.APPROVED, Status.ANSWERED, Status.CLOSED),
]

BAD_ADDRESSES = ("a@example.org\r\nBcc: x@y.z", "a@example.org, b@example.org", "not an address", f"{'a' * 5_000}@example.org")


def email(address: str, **changed: Any) -> Target:
    return by_email.model_copy(update={"address": address, **changed})


async def heard(bootstrap: str, topic: str, count: int, request: str) -> list[dict[str, Any]]:
    """Payloads of a topic that belong to one request or notice, in the order of Kafka."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    found: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(20):
            while len(found) < count:
                record = await consumer.getone()
                made = decode(record.value)
                if made.payload.get("request_id") == request or record.key == request.encode():
                    found.append({"type": made.type, "key": record.key.decode(), **made.payload})
    finally:
        await consumer.stop()
    return found


@pytest.mark.requirement("N-3.3", "N-3.5", "D-21")
async def test_each_visible_change_reaches_the_original_channel_and_the_e_mail_in_order(notifying: Notifying, fresh_kafka: str) -> None:
    async with notifying.running():
        for status in JOURNEY:
            await notifying.changed("journey", status, by_site, email("journey@example.org"), reg_no=f"{status}")
            await notifying.changed("journey", status, by_site, email("journey@example.org"), visible=False)
        rows = await notifying.become("journey", *["accepted"] * 2 * len(JOURNEY))
        facts = await heard(fresh_kafka, DELIVERIES.name, 4 * len(JOURNEY), "journey")
    originals, duplicates = ([row for row in rows if row["role"] == role] for role in ("original", "email"))
    assert [row["status"] for row in originals] == JOURNEY
    assert [row["duplicate_of"] for row in duplicates] == [row["notice_id"] for row in originals]
    numbers = [subject.split(":")[0] for subject in notifying.sink.subjects("journey@example.org")]
    assert numbers == [f"Запрос № {status}" for status in JOURNEY]
    assert [fact["type"] for fact in facts].count("NotificationQueued") == 2 * len(JOURNEY)
    assert [fact["type"] for fact in facts].count("NotificationSent") == 2 * len(JOURNEY)
    assert {fact["key"] for fact in facts} == {"journey"}
    sent = {fact["notice_id"]: fact["provider_ref"] for fact in facts if fact["type"] == "NotificationSent" and fact["channel"] == "email"}
    assert set(sent.values()) == {letter["Message-ID"] for letter in notifying.sink.to("journey@example.org")}


@pytest.mark.requirement("N-3.5", "D-29")
async def test_while_the_relay_is_down_the_original_channel_is_told_and_the_e_mail_follows_when_it_is_back(
    notifying: Notifying, fresh_kafka: str
) -> None:
    await notifying.sink.stop()
    async with notifying.running(breaker_failures=2) as service:
        for _ in range(3):
            await notifying.changed("relay-down", Status.REGISTERED, by_vk, email("later@example.org"))
        await eventually(lambda: _figure(service, "otklik_channel_breaker_open", channel="email"), what="the breaker opens")
        replies = await heard(fresh_kafka, OUTBOUND.of("vk"), 3, "k" * 32)
        assert all(NAME not in reply["text"] and "№ ЗИ-15/2026" in reply["text"] for reply in replies)
        assert {reply["dialogue"] for reply in replies} == {"peer-2000001"}
        assert [row["state"] for row in await notifying.rows("relay-down") if row["role"] == "original"] == ["accepted"] * 3
        attempts = [row["attempt"] for row in await notifying.rows("relay-down") if row["role"] == "email"]
        assert attempts[1:] == [0, 0], "a later notice is not tried before the earlier one"
        await notifying.sink.start()
        await notifying.become("relay-down", *["accepted"] * 6)
        assert len(notifying.sink.to("later@example.org")) == 3
        assert not figure(service, "otklik_channel_breaker_open", channel="email")


@pytest.mark.requirement("N-3.5", "D-29")
async def test_while_the_original_channel_is_down_the_e_mail_arrives_and_the_original_follows_when_it_is_back(
    notifying: Notifying, fresh_kafka: str
) -> None:
    gone = by_vk.model_copy(update={"frontend": "ghost", "dialogue_key": "ghost-dialogue"})
    async with notifying.running():
        await notifying.changed("gateway-down", Status.REGISTERED, gone, email("now@example.org"))
        await eventually(lambda: _letters(notifying, "now@example.org"))
        await notifying.become("gateway-down", "accepted", "accepted")
        await apply(fresh_kafka, wanted(("ghost",)))
    async with notifying.running():
        [reply] = await heard(fresh_kafka, OUTBOUND.of("ghost"), 1, "ghost-dialogue")
    assert "№ ЗИ-15/2026" in reply["text"]
    assert len(notifying.sink.to("now@example.org")) == 1


@pytest.mark.requirement("N-3.5", "D-14", "R-6")
async def test_a_change_that_is_delivered_again_tells_nobody_twice(notifying: Notifying) -> None:
    async with notifying.running():
        made = await notifying.changed("again", Status.REGISTERED, by_vk, email("again@example.org"))
        await notifying.become("again", "accepted", "accepted")
        for _ in range(3):
            await notifying.publish(made)
        async with notifying.database.superuser() as db:
            await db.execute("DELETE FROM notifier.inbox")  # its ids are forgotten after sixty days: then the notice's own id has to do
        await notifying.publish(made)
        await notifying.changed("after", Status.REGISTERED, by_site, email("after@example.org"))
        await notifying.become("after", "accepted", "accepted")
        await eventually(lambda: _inbox(notifying, made.event_id))
        rows = await notifying.rows("again")
    assert len(rows) == 2
    assert len(notifying.sink.to("again@example.org")) == 1
    assert await notifying.facts(rows[1]["notice_id"]) == ["NotificationQueued", "NotificationSent"]
    async with notifying.database.superuser() as db:
        assert await db.fetchval("SELECT count(*) FROM notifier.events WHERE type = 'ReplyHandedOver'") == 1


@pytest.mark.requirement("N-3.5")
async def test_a_refused_address_fails_for_good_with_a_code_and_does_not_stop_the_others(notifying: Notifying) -> None:
    notifying.sink.recipients["unknown@example.org"] = "550 5.1.1 No such person Аделаида".encode().decode("latin-1")
    async with notifying.running():
        await notifying.changed("refused", Status.REGISTERED, by_site, email("unknown@example.org"))
        await notifying.changed("refused", Status.ASSIGNED, by_site, email("unknown@example.org"))
        await notifying.changed("fine", Status.REGISTERED, by_site, email("fine@example.org"))
        rows = await notifying.become("refused", "accepted", "failed", "accepted", "failed")
        await notifying.become("fine", "accepted", "accepted")
    assert [row["reason"] for row in rows] == [None, "smtp-550-5.1.1", None, "smtp-550-5.1.1"]
    assert all(row["sealed"] is None for row in rows)


@pytest.mark.requirement("N-3.3", "N-3.5")
async def test_a_deferred_letter_comes_again_and_holds_up_only_the_later_ones_of_its_request(notifying: Notifying) -> None:
    notifying.sink.texts["busy@example.org"] = "451 4.7.1 Come again later"
    async with notifying.running() as service:
        await notifying.changed("deferred", Status.REGISTERED, by_site, email("busy@example.org"))
        await notifying.changed("deferred", Status.CLOSED, by_site, email("busy@example.org"))
        await notifying.changed("free", Status.REGISTERED, by_site, email("free@example.org"))
        await notifying.become("free", "accepted", "accepted")
        rows = await notifying.become("deferred", "accepted", "deferred", "accepted", "planned")
        assert rows[1]["reason"] == "smtp-451-4.7.1"
        assert rows[1]["sealed"] is not None
        assert not figure(service, "otklik_channel_breaker_open", channel="email"), "what one address says is not the channel's trouble"
        notifying.sink.texts.clear()
        await notifying.become("deferred", *["accepted"] * 4)
    subjects = notifying.sink.subjects("busy@example.org")
    assert [subject.split(": ")[1] for subject in subjects] == ["зарегистрирован", "завершён"]
    facts = await notifying.facts(rows[1]["notice_id"])
    assert facts[0] == "NotificationQueued"
    assert set(facts[1:-1]) == {"NotificationFailed"}
    assert facts[-1] == "NotificationSent"


@pytest.mark.requirement("N-3.5")
async def test_original_and_duplicate_never_wait_for_each_other(notifying: Notifying) -> None:
    notifying.sink.texts["original@example.org"] = "451 4.7.1 Come again later"
    async with notifying.running():
        for status in (Status.REGISTERED, Status.ASSIGNED, Status.CLOSED):
            await notifying.changed("apart", status, email("original@example.org", role="original"), email("duplicate@example.org"))
        await notifying.become("apart", "deferred", "accepted", "planned", "accepted", "planned", "accepted")
    assert len(notifying.sink.to("duplicate@example.org")) == 3


@pytest.mark.requirement("N-3.5")
async def test_a_letter_is_given_up_after_the_time_that_is_set(notifying: Notifying) -> None:
    notifying.sink.recipients["*"] = "450 4.2.0 Not now"
    async with notifying.running(notice_give_up_hours=0.5 / 3600):
        await notifying.changed("given-up", Status.REGISTERED, by_site, email("never@example.org"))
        rows = await notifying.become("given-up", "accepted", "failed")
    assert rows[1]["reason"] == "smtp-450-4.2.0"
    assert rows[1]["attempt"] > 1


@pytest.mark.requirement("N-3.3")
async def test_what_goes_by_post_or_phone_waits_for_staff_and_keeps_its_content(notifying: Notifying) -> None:
    by_post = Target(role="original", channel="post", address="630099, г. Обск, а/я 7")
    async with notifying.running():
        for status in (Status.REGISTERED, Status.ASSIGNED, Status.ANSWERED):
            await notifying.changed("paper", status, by_post, email("paper@example.org"))
        rows = await notifying.become("paper", "waiting_for_staff", "accepted", "accepted", "waiting_for_staff", "accepted")
    assert [row["channel"] for row in rows] == ["post", "email", "email", "post", "email"]
    for row in (rows[0], rows[3]):
        assert row["sealed"] is not None
        assert await notifying.facts(row["notice_id"]) == ["NotificationQueued"]


@pytest.mark.requirement("N-3.4")
async def test_an_address_that_was_only_typed_gets_nothing_personal(notifying: Notifying) -> None:
    typed = typed_only.model_copy(update={"address": "typed@example.org"})
    async with notifying.running():
        await notifying.changed("typed", Status.REFUSED, by_site, typed, explanation="Сведения об участке на улице Лесной закрыты.")
        await eventually(lambda: _letters(notifying, "typed@example.org"))
    [letter] = notifying.sink.to("typed@example.org")
    whole = str(letter["Subject"]) + "".join(str(part.get_content()) for part in letter.iter_parts())
    assert "Запрос № ЗИ-15/2026: отказано" in whole
    assert "https://otklik.example.org/confirm/one-time-token" in whole
    assert not any(personal in whole for personal in (NAME, "Аделаида", "Лесной"))


@pytest.mark.requirement("N-3.2", "N-3.4")
async def test_a_new_address_gets_one_letter_with_the_link_that_confirms_it(notifying: Notifying) -> None:
    event = new_address(typed_only.model_copy(update={"address": "new@example.org"}))
    made = envelope(event, request="moved", seq=4, event_id=uuid4())
    dropped = RequestChannelsChanged(email=None)
    async with notifying.running():
        await notifying.publish(made)
        await notifying.become("moved", "accepted")
        async with notifying.database.superuser() as db:
            await db.execute("DELETE FROM notifier.inbox")
        await notifying.publish(made)
        await notifying.publish(envelope(dropped, request="moved", seq=5, event_id=uuid4()))
        await notifying.changed("moved", Status.CLOSED, by_site)
        [row, _] = await notifying.become("moved", "accepted", "accepted")
    [letter] = notifying.sink.to("new@example.org")
    whole = str(letter["Subject"]) + "".join(str(part.get_content()) for part in letter.iter_parts())
    assert "Запрос № ЗИ-15/2026: в работе" in whole
    assert "https://otklik.example.org/confirm/one-time-token" in whole
    assert not any(personal in whole for personal in (NAME, "Аделаида"))
    assert await notifying.facts(row["notice_id"]) == ["NotificationQueued", "NotificationSent"]


@pytest.mark.requirement("E-10", "D-14", "R-6")
async def test_a_code_that_was_asked_for_once_goes_out_once_however_often_kafka_brings_it(notifying: Notifying) -> None:
    made = envelope(code_asked(by_vk, email("code@example.org")), request="lost-code", seq=4, event_id=uuid4())
    async with notifying.running():
        await notifying.publish(made)
        await notifying.become("lost-code", "accepted", "accepted")
        for _ in range(2):
            await notifying.publish(made)
        async with notifying.database.superuser() as db:
            await db.execute("DELETE FROM notifier.inbox")
        await notifying.publish(made)
        await eventually(lambda: _inbox(notifying, made.event_id), what="it was taken once more")
        await notifying.changed("after", Status.REGISTERED, by_site, email("after@example.org"))
        await notifying.become("after", "accepted", "accepted")
        rows = await notifying.rows("lost-code")
        async with notifying.database.superuser() as db:
            replies = await db.fetchval("SELECT count(*) FROM notifier.events WHERE type = 'ReplyHandedOver'")
    [letter] = notifying.sink.to("code@example.org")
    assert "7K3M Q9TX A2BC" in "".join(str(part.get_content()) for part in letter.iter_parts())
    assert [await notifying.facts(row["notice_id"]) for row in rows] == [["NotificationQueued", "NotificationSent"]] * 2
    assert replies == 1


@pytest.mark.requirement("E-14")
async def test_hostile_fields_add_no_header_and_a_bad_address_fails_visibly(notifying: Notifying) -> None:
    hostile = ["Иван\r\nBcc: x@y.z", "=?utf-8?q?a=0ABcc=3A_x=40y.z?=", "И" * 5_000]
    async with notifying.running():
        for n, text in enumerate(hostile):
            fields = {"addressee": text, "reg_no": text, "reference": text, "explanation": text}
            await notifying.changed(f"hostile-{n}", Status.REGISTERED, by_site, email(f"h{n}@example.org"), **fields)
        for n, address in enumerate(BAD_ADDRESSES):
            await notifying.changed(f"address-{n}", Status.REGISTERED, by_site, email(address))
            rows = await notifying.become(f"address-{n}", "accepted", "failed")
            assert rows[1]["reason"] == "bad-address"
        for n in range(len(hostile)):
            await notifying.become(f"hostile-{n}", "accepted", "accepted")
    assert {recipient for recipient, _ in notifying.sink.letters} == {"h0@example.org", "h1@example.org", "h2@example.org"}
    assert [letter.keys() for _, letter in notifying.sink.letters] == [HEADERS] * 3


async def test_an_address_in_cyrillic_letters_is_written_to(notifying: Notifying) -> None:
    async with notifying.running():
        await notifying.changed("cyrillic", Status.REGISTERED, by_site, email("почта@пример.рф"))
        await notifying.changed("cyrillic-domain", Status.REGISTERED, by_site, email("post@пример.рф"))
        await notifying.become("cyrillic", "accepted", "accepted")
        await notifying.become("cyrillic-domain", "accepted", "accepted")
    assert {recipient for recipient, _ in notifying.sink.letters} == {"почта@пример.рф", "post@xn--e1afmkfd.xn--p1ai"}


@pytest.mark.requirement("R-7", "R-21")
async def test_what_cannot_be_read_is_set_aside_and_its_neighbours_go_on(notifying: Notifying) -> None:
    async with notifying.running():
        await notifying.kafka.send_and_wait(REQUESTS.name, b"not json", key=b"poison")
        await notifying.kafka.send_and_wait(REQUESTS.name, None, key=b"poison")
        await notifying.changed("poison", Status.REGISTERED, by_site)
        broken = await notifying.changed("broken", Status.REGISTERED, by_site)
        await notifying.publish(broken.model_copy(update={"event_id": broken.thread_id, "payload": {"to_status": "no-such-status"}}))
        await notifying.become("poison", "accepted")
        await notifying.become("broken", "accepted")
        await eventually(lambda: _dead(notifying, 3))
    async with notifying.database.superuser() as db:
        reasons = [row["reason"] for row in await db.fetch("SELECT reason FROM notifier.dead_letters ORDER BY reason")]
    assert reasons == ["empty-value", "not-json", "wrong-schema"]


async def test_a_target_that_cannot_be_reached_fails_visibly(notifying: Notifying) -> None:
    nowhere = by_vk.model_copy(update={"dialogue_key": None})
    pigeon = Target(role="additional", channel="pigeon", address="loft 7")
    async with notifying.running():
        await notifying.changed("nowhere", Status.REGISTERED, nowhere, pigeon)
        rows = await notifying.become("nowhere", "failed", "failed")
    assert [row["reason"] for row in rows] == ["no-dialogue", "unknown-channel"]


async def _figure(service: Any, name: str, at_least: float = 1, **labels: str) -> bool:
    return figure(service, name, **labels) >= at_least


async def _letters(notifying: Notifying, address: str) -> bool:
    return bool(notifying.sink.to(address))


async def _inbox(notifying: Notifying, event_id: object) -> bool:
    async with notifying.database.superuser() as db:
        return bool(await db.fetchval("SELECT count(*) FROM notifier.inbox WHERE event_id = $1", event_id))


async def _dead(notifying: Notifying, count: int) -> bool:
    async with notifying.database.superuser() as db:
        return int(await db.fetchval("SELECT count(*) FROM notifier.dead_letters")) >= count
