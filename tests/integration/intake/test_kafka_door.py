"""The Kafka door of intake, played by a frontend of somebody else."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.events.contracts.channel_receipts import MessageAccepted, MessageRefused
from libs.events.contracts.intake_requests import RequestReceived, RequestRevised
from libs.events.topics import CLIENTS, INBOUND, RECEIPTS, REQUESTS
from libs.events.vocabulary import ClientKind, Contacts, Flag, Sender
from tests.examples import GREETING, anna, boris, revised
from tests.integration.intake.town import Town, said


@pytest.mark.requirement("D-23", "N-7.4", "N-8.2")
async def test_a_message_is_registered_and_its_frontend_told_so(town: Town) -> None:
    await town.vk.send(said(sender=anna.sender))
    receipt = await town.vk.receipt("m-1")
    assert isinstance(receipt, MessageAccepted)
    assert (receipt.status, receipt.reg_no, len(receipt.tracking_code or "")) == ("registered", f"ЗИ-1/{datetime.now(UTC).year}", 12)
    page = await town.vk.ask("status", {"number": receipt.reg_no, "tracking_code": receipt.tracking_code})
    assert page.json()["reference"] == receipt.reference
    [received, *_] = await town.facts("vk", "m-1")
    assert isinstance(received, RequestReceived)
    assert (received.channel, received.message_ref.frontend) == ("vk", "vk")


@pytest.mark.requirement("D-24", "R-6")
async def test_a_record_that_is_delivered_again_is_ignored(town: Town) -> None:
    await town.vk.send(said())
    await town.vk.receipt("m-1")
    [heard] = town.listener.on(INBOUND.of("vk"))
    await town.vk.send_raw(heard.record.value, key=heard.record.key)
    await town.vk.send(said("last", boris))
    await town.vk.receipt("last")
    assert len(town.vk.receipts("m-1")) == 1
    assert await town.types("vk", "m-1") == ["RequestReceived", "RequestRegistered", "RequestStatusChanged"]


@pytest.mark.requirement("R-19", "R-21", "R-6")
async def test_messages_under_one_event_id_are_each_taken(town: Town) -> None:
    event_id = await town.vk.send(said())
    await town.vk.send(said("m-2", boris, text="Прошу сообщить цену аренды участка."), event_id=event_id)
    await town.site.send(said("s-1", boris, text="Прошу сообщить порядок покупки."), event_id=event_id)
    receipts = [await town.vk.receipt("m-1"), await town.vk.receipt("m-2"), await town.site.receipt("s-1")]
    assert {receipt.status for receipt in receipts} == {"registered"}
    assert await town.value("SELECT count(*) FROM requests") == 3


@pytest.mark.requirement("D-24")
async def test_a_message_that_its_frontend_sends_again_gets_the_same_receipt_again(town: Town) -> None:
    await town.vk.send(said())
    first = await town.vk.receipt("m-1")
    await town.vk.send(said())
    assert await town.vk.receipt("m-1", 2) == first
    assert await town.value("SELECT count(*) FROM requests") == 1


@pytest.mark.requirement("N-2.2", "R-21")
async def test_an_edit_is_a_revision_and_one_that_is_not_called_so_is_flagged(town: Town) -> None:
    await town.vk.send(said("m-1"))
    await town.vk.send(said("m-2", boris))
    await town.vk.send(revised("m-1", text="Прошу сообщить порядок покупки участка."))
    await town.vk.send(said("m-2", boris, text="Прошу сообщить цену аренды."))
    for name, flags in (("m-1", ()), ("m-2", (Flag.TEXT_CHANGED,))):
        await town.vk.receipt(name, 2)
        [fact] = [fact for fact in await town.facts("vk", name) if isinstance(fact, RequestRevised)]
        assert fact.flags == flags


@pytest.mark.requirement("R-19")
async def test_a_greeting_gets_no_number_until_name_and_question_are_there(town: Town) -> None:
    nobody: dict[str, Any] = {"dialogue": "chat 7", "sender": Sender(), "contacts": Contacts()}
    await town.vk.send(said("m-1", **nobody, text=GREETING))
    first = await town.vk.receipt("m-1")
    assert (first.reg_no, first.status, first.due_on) == (None, "received", None)
    assert (await town.request("vk", "m-1"))["flags"] == ["no-name", "no-question"]
    await town.vk.send(said("m-2", **(nobody | {"sender": anna.sender}), text="Это я."))
    second = await town.vk.receipt("m-2")
    assert (second.reg_no, second.reference) == (None, first.reference)
    await town.vk.send(said("m-3", **nobody))
    third = await town.vk.receipt("m-3")
    assert (third.reference, third.tracking_code, third.status) == (first.reference, first.tracking_code, "registered")
    assert (await town.request("vk", "m-3"))["flags"] == []
    await town.vk.send(said("m-4", **nobody, text="Прошу сообщить часы приёма."))
    fourth = await town.vk.receipt("m-4")
    assert fourth.reference != first.reference


@pytest.mark.requirement("N-7.6", "R-20")
async def test_a_reply_joins_a_request_of_its_own_dialogue_and_never_anothers(town: Town) -> None:
    await town.vk.send(said("m-1", anna))
    mine = await town.vk.receipt("m-1")
    await town.vk.send(said("m-2", anna, thread_ref=mine.reg_no, text="Участок у реки."))
    joined = await town.vk.receipt("m-2")
    await town.vk.send(said("m-3", boris, thread_ref=mine.reg_no))
    stranger = await town.vk.receipt("m-3")
    assert joined.reference == mine.reference
    assert stranger.reference != mine.reference
    assert stranger.tracking_code != mine.tracking_code
    assert (await town.request("vk", "m-3"))["flags"] == ["thread-unknown"]
    assert (await town.request("vk", "m-1"))["flags"] == []


@pytest.mark.requirement("R-8", "R-20")
async def test_a_frontend_can_not_reach_into_the_dialogue_of_another(town: Town) -> None:
    greeting = said("m-1", anna, text=GREETING)
    answer = await town.site.post(greeting)
    await town.listener.until(lambda: town.listener.on(RECEIPTS.of("site")), "the site's receipt")
    [received] = [fact for fact in await town.facts("site", "m-1") if isinstance(fact, RequestReceived)]
    await town.vk.send(
        said("m-1", boris, dialogue=greeting.dialogue), key=received.dialogue_key.encode(), thread_id=received.dialogue_thread
    )
    receipt = await town.vk.receipt("m-1")
    assert receipt.reference != answer.json()["reference"]
    assert await town.value("SELECT count(*) FROM requests") == 2


@pytest.mark.requirement("R-8", "R-20")
async def test_a_frontend_that_gives_every_record_one_key_and_thread_mixes_nobody_up(town: Town) -> None:
    same: dict[str, Any] = {"key": b"partition-1", "thread_id": UUID(int=7)}
    await town.vk.send(said("m-1", anna, text=GREETING), **same)
    await town.vk.send(said("m-2", boris), **same)
    assert (await town.vk.receipt("m-1")).reference != (await town.vk.receipt("m-2")).reference


@pytest.mark.requirement("R-17")
@pytest.mark.parametrize("key", [b"+79130000001", "Анна".encode(), b"\xff\xfe", b"x" * 300, b"anna@example.ru"])
async def test_a_key_that_may_be_personal_is_not_handed_on(town: Town, key: bytes) -> None:
    await town.vk.send(said(), key=key)
    await town.vk.receipt("m-1")
    [received, *_] = await town.facts("vk", "m-1")
    assert isinstance(received, RequestReceived)
    assert bytes.fromhex(received.dialogue_key) != key
    [(record, *_)] = town.listener.on(RECEIPTS.of("vk"))
    assert record.key == received.dialogue_key.encode()


@pytest.mark.requirement("R-8", "D-23")
async def test_what_a_frontend_calls_intakes_own_is_not_lost(town: Town) -> None:
    await town.vk.send(said(), producer="intake")
    receipt = await town.vk.receipt("m-1")
    assert receipt.reg_no is not None


@pytest.mark.requirement("A-1.2.3", "A-3.3", "R-21", "N-3.4")
async def test_what_is_odd_is_kept_and_flagged(town: Town) -> None:
    ten_years = timedelta(days=3653)
    now = datetime.now(UTC)
    somebody = Sender(name=anna.name, kind=ClientKind.INTERNAL)
    await town.vk.send(said("point"), point="у колодца")
    await town.vk.send(said("late", dialogue="2", received_at=now - ten_years), occurred_at=now - ten_years, recorded_at=now - ten_years)
    await town.vk.send(said("early", dialogue="3", received_at=now + ten_years))
    await town.vk.send(said("clerk", dialogue="4", sender=somebody))
    await town.site.post(said("contact", contacts=Contacts(email="нет"), dialogue="5"))
    flags = {
        "point": ["unknown-point"],
        "late": ["clock-off"],
        "early": ["clock-off"],
        "clerk": ["wrong-audience"],
    }
    for name, expected in flags.items():
        receipt = await town.vk.receipt(name)
        row = await town.request("vk", name)
        assert receipt.reg_no is not None
        assert row["flags"] == expected
        assert abs(row["received_at"] - now) < timedelta(minutes=5)
        assert row["year"] in {now.year, now.year + 1}
    assert (await town.request("vk", "point"))["point"] == "other"
    assert (await town.request("site", "contact"))["flags"] == ["bad-email", "no-contact"]


@pytest.mark.requirement("R-21")
async def test_terms_run_from_the_brokers_time_whatever_the_producers_clock_says(town: Town) -> None:
    ten_years_ago = datetime.now(UTC) - timedelta(days=3653)
    await town.vk.send(said(received_at=ten_years_ago), timestamp_ms=int(ten_years_ago.timestamp() * 1000))
    receipt = await town.vk.receipt("m-1")
    assert receipt.due_on > datetime.now(UTC).date()
    assert (await town.request("vk", "m-1"))["flags"] == ["clock-off"]


@pytest.mark.requirement("R-20")
async def test_the_same_account_is_the_same_client_and_a_shared_phone_or_address_is_not(town: Town) -> None:
    await town.vk.send(said("m-1", sender=anna.sender, contacts=anna.contacts))
    await town.vk.receipt("m-1")
    await town.vk.send(said("m-2", sender=anna.sender, dialogue="another chat"))
    await town.vk.send(said("m-3", dialogue="a relative's", sender=boris.sender, contacts=anna.contacts))
    await town.site.post(said("m-4", contacts=anna.contacts))
    for name in ("m-2", "m-3"):
        await town.vk.receipt(name)
    annas = await town.client_of("vk", "m-1")
    assert await town.client_of("vk", "m-2") == annas
    assert len({annas, await town.client_of("vk", "m-3"), await town.client_of("site", "m-4")}) == 3
    await town.listener.until(lambda: len(town.listener.facts(CLIENTS.name)) == 3, "three clients on Kafka")
    assert await town.value("SELECT count(*) FROM clients") == 3


@pytest.mark.requirement("N-2.2", "R-21")
async def test_a_text_over_200_kib_is_refused_by_a_receipt_and_harms_no_neighbour(town: Town) -> None:
    await town.vk.send(said("long", text="я" * 500_000))
    await town.vk.send(said("short", boris))
    refused = await town.vk.receipt("long")
    assert refused == MessageRefused(external_id="long", code="too-large", explanation=refused.explanation)
    assert "200 КиБ" in refused.explanation
    assert (await town.vk.receipt("short")).reg_no is not None
    assert await town.value("SELECT count(*) FROM messages WHERE external_id = 'long'") == 0


@pytest.mark.requirement("D-23", "R-21")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"received_at": "вчера"}, "wrong-schema"),
        ({"text": None}, "wrong-schema"),
        ({"dialogue": ""}, "wrong-schema"),
        ({"text": "до\0после"}, "contains-nul"),
    ],
)
async def test_what_can_not_be_read_is_refused_by_a_receipt_as_far_as_it_names_itself(town: Town, wrong: dict[str, Any], code: str) -> None:
    await town.vk.send(said(), payload=said().payload() | wrong)
    refused = await town.vk.receipt("m-1")
    assert refused == MessageRefused(external_id="m-1", code=code, explanation=refused.explanation)
    await town.vk.send(said(), payload=said().payload() | wrong | {"external_id": "x" * 201})
    await town.vk.send(said("m-2"))
    assert (await town.vk.receipt("m-2")).reg_no is not None
    assert len(town.listener.on(RECEIPTS.of("vk"))) == 2
    assert await town.value("SELECT count(*) FROM dead_letters") == 2


@pytest.mark.requirement("N-8.2", "N-4.4")
async def test_every_event_of_a_request_is_published_once_and_in_its_order(town: Town) -> None:
    await town.vk.send(said("m-1", text=GREETING))
    await town.vk.send(said("m-2"))
    await town.vk.receipts_of(["m-1", "m-2"])
    await town.listener.until(lambda: len(town.listener.on(REQUESTS.name)) == 5, "five events")
    told = [(envelope.seq, envelope.type) for _, envelope, _ in town.listener.on(REQUESTS.name)]
    assert told == [
        (1, "RequestReceived"),
        (2, "RequestStatusChanged"),
        (3, "RequestSupplemented"),
        (4, "RequestRegistered"),
        (5, "RequestStatusChanged"),
    ]
