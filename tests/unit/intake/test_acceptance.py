"""How a message becomes a request (R-19), told message by message."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.events.contracts.intake_clients import ClientIdentified
from libs.events.contracts.intake_requests import (
    RequestReceived,
    RequestRegistered,
    RequestRevised,
    RequestStatusChanged,
    RequestSupplemented,
)
from libs.events.vocabulary import AdditionalChannel, Attachment, ClientKind, Contacts, Flag, Sender, Status
from services.intake.deadlines import TermRules
from services.intake.domain.inbound import Door, Inbound, TextTooLarge
from services.intake.domain.register import NumberAssigned
from services.intake.oddities import PointRule
from tests.examples import GREETING, NOW, QUESTION, anna, boris, message, revised
from tests.spec import like
from tests.unit.intake.desk import inbound, intake, intake_with, later

hello = message("m-1", dialogue="d", sender=Sender(), contacts=Contacts(), text=GREETING)
from_vk = message("m-1", text=QUESTION, sender=anna.sender, contacts=Contacts())


@pytest.mark.requirement("N-8.2", "N-4.4", "R-19")
def test_a_complete_message_becomes_a_request_with_a_number_and_a_date() -> None:
    outcome = (
        intake.given()
        .when(inbound())
        .then(
            like(ClientIdentified, kind=ClientKind.CITIZEN, name=anna.name),
            like(RequestReceived, text=QUESTION, flags=(), channel="site"),
            NumberAssigned,
            like(RequestRegistered, reg_no="ЗИ-1/2026", number=1, client_kind=ClientKind.CITIZEN),
            like(
                RequestStatusChanged, from_status=None, to_status=Status.REGISTERED, visible=True, reg_no="ЗИ-1/2026", addressee=anna.name
            ),
        )
    )
    assert (outcome.state.last.reg_no, outcome.state.last.status, outcome.state.last.again) == ("ЗИ-1/2026", Status.REGISTERED, False)


@pytest.mark.requirement("N-8.2")
def test_the_next_request_gets_the_next_number() -> None:
    outcome = intake.given(inbound()).when(inbound(message("m-2", boris)))
    assert outcome.fact(RequestRegistered).number == 2


@pytest.mark.requirement("D-24", "N-7.3")
def test_the_same_message_again_changes_nothing_and_gets_the_same_receipt() -> None:
    outcome = intake.given(inbound()).when(inbound()).then_nothing()
    first, again = outcome.state.told
    assert again.again
    assert (again.reference, again.tracking_code, again.reg_no) == (first.reference, first.tracking_code, first.reg_no)


@pytest.mark.requirement("D-24")
def test_the_same_id_of_another_frontend_is_another_message() -> None:
    outcome = intake.given(inbound()).when(inbound(from_vk, "vk"))
    assert outcome.fact(RequestRegistered).number == 2


@pytest.mark.requirement("N-2.2", "R-21")
def test_another_text_under_the_same_id_is_kept_beside_the_first_and_flagged() -> None:
    other = inbound(message(text="Прошу сообщить порядок покупки участка."))
    outcome = intake.given(inbound()).when(other).then(like(RequestRevised, text=other.message.text, flags=(Flag.TEXT_CHANGED,)))
    assert len(outcome.state.requests) == 1


@pytest.mark.requirement("N-2.2")
def test_an_edit_that_the_frontend_calls_one_is_not_odd() -> None:
    edit = inbound(revised(text="Прошу сообщить порядок покупки участка."))
    intake.given(inbound()).when(edit).then(like(RequestRevised, flags=()))


@pytest.mark.requirement("N-2.2", "D-24")
def test_an_earlier_text_that_is_delivered_late_does_not_undo_the_edit() -> None:
    edit = inbound(revised(text="Прошу сообщить порядок покупки участка."))
    intake.given(inbound(), edit).when(inbound()).then_nothing()


@pytest.mark.requirement("N-2.2")
def test_a_person_may_edit_back_to_the_first_text() -> None:
    edit = inbound(revised(text="Прошу сообщить порядок покупки участка."))
    intake.given(inbound(), edit).when(inbound(revised())).then(like(RequestRevised, text=QUESTION))


@pytest.mark.requirement("D-24", "R-8")
@pytest.mark.parametrize("text", [QUESTION, "Прежний текст, до правки."])
def test_what_intake_published_itself_is_passed_over_when_it_comes_back(text: str) -> None:
    copy = inbound(message(text=text), door=Door.OWN_RECORD)
    intake.given(inbound()).when(copy).then_nothing()


@pytest.mark.requirement("R-8")
def test_a_copy_whose_request_was_lost_is_taken_like_a_new_message() -> None:
    outcome = intake.given().when(inbound(door=Door.OWN_RECORD))
    assert outcome.fact(RequestRegistered).number == 1


@pytest.mark.requirement("R-19")
def test_a_greeting_gets_no_number_until_name_contact_and_question_are_there() -> None:
    greeting = inbound(hello)
    named = later(1, message("m-2", dialogue="d", sender=Sender(name=anna.name), contacts=Contacts(), text="Это я."))
    asked = later(2, message("m-3", dialogue="d", sender=Sender(), contacts=Contacts()))
    reachable = later(3, message("m-4", dialogue="d", sender=Sender(), text="Вот мой адрес."))

    first = intake.given().when(greeting)
    assert first.fact(RequestReceived).flags == (Flag.NO_NAME, Flag.NO_CONTACT, Flag.NO_QUESTION)
    assert first.fact(RequestStatusChanged).to_status is Status.RECEIVED
    assert (first.state.last.reg_no, first.state.last.due_on) == (None, None)
    intake.given(greeting).when(named).then(RequestSupplemented, like(RequestStatusChanged, to_status=Status.RECEIVED))
    intake.given(greeting, named).when(asked).then(RequestSupplemented, like(RequestStatusChanged, to_status=Status.RECEIVED))
    last = (
        intake.given(greeting, named, asked)
        .when(reachable)
        .then(
            RequestSupplemented,
            NumberAssigned,
            like(RequestRegistered, reg_no="ЗИ-1/2026", reg_at=reachable.arrived_at),
            like(RequestStatusChanged, from_status=Status.RECEIVED, to_status=Status.REGISTERED),
        )
    )
    assert len(last.state.requests) == 1


@pytest.mark.requirement("R-19")
def test_what_still_lacks_is_told_once_and_again_only_when_it_is_less() -> None:
    greeting = inbound(hello)
    still_hello = later(1, message("m-2", dialogue="d", sender=Sender(), contacts=Contacts(), text="Добрый день!"))
    intake.given(greeting).when(still_hello).then(RequestSupplemented)
    told = intake.given().when(greeting).fact(RequestStatusChanged)
    assert "фамилию, имя и отчество" in told.explanation
    assert "какую информацию" in told.explanation


@pytest.mark.requirement("R-19")
def test_after_the_number_a_further_message_of_the_dialogue_is_a_request_of_its_own() -> None:
    next_question = later(1, message("m-2", text="Прошу сообщить часы приёма."))
    outcome = intake.given(inbound()).when(next_question)
    assert outcome.fact(RequestRegistered).number == 2


@pytest.mark.requirement("R-19")
def test_an_edit_that_completes_the_request_registers_it() -> None:
    unclear = inbound(message(text=GREETING))
    outcome = intake.given(unclear).when(inbound(revised(text=QUESTION)))
    assert outcome.fact(RequestRegistered).number == 1


@pytest.mark.requirement("R-19")
def test_where_the_registrar_gives_the_numbers_a_complete_message_waits_for_them() -> None:
    outcome = intake_with(register_at_once=False).given().when(inbound())
    outcome.then(ClientIdentified, like(RequestReceived, flags=()), like(RequestStatusChanged, to_status=Status.RECEIVED))
    assert "в течение трёх дней" in outcome.fact(RequestStatusChanged).explanation


@pytest.mark.requirement("N-8.2", "A-2.1.4")
def test_who_waits_for_a_number_is_told_the_days_that_this_authority_takes() -> None:
    slow: dict[str, Any] = {"register_at_once": False, "terms": TermRules(register_days=1)}
    outcome = intake_with(**slow).given().when(inbound())
    assert "в течение одного дня" in outcome.fact(RequestStatusChanged).explanation
    reception = PointRule("site", "external", oral=True)
    outcome = intake_with(**slow, points=(reception,)).given().when(inbound())
    assert "в тот же день" in outcome.fact(RequestStatusChanged).explanation, "what is spoken is registered on its day"


@pytest.mark.requirement("N-7.6")
@pytest.mark.parametrize("written", ["{reference}", "{reg_no}", " зи-1 / 2026 "])
def test_a_reply_that_names_the_request_of_its_own_dialogue_joins_it(written: str) -> None:
    told = intake.given().when(inbound()).state.last
    thread_ref = written.format(reference=told.reference.lower(), reg_no=told.reg_no)
    reply = later(1, message("m-2", text="Уточняю: участок у реки.", thread_ref=thread_ref))
    intake.given(inbound()).when(reply).then(like(RequestSupplemented, flags=(), text=reply.message.text))


@pytest.mark.requirement("N-7.6", "R-21")
@pytest.mark.parametrize("thread_ref", ["ЗИ-1/2026", "нет такого", "\U0001f600", "' OR 1=1 --"])
def test_a_reference_to_anothers_request_joins_nothing_and_is_flagged(thread_ref: str) -> None:
    stranger = later(1, message("m-2", boris, thread_ref=thread_ref))
    outcome = intake.given(inbound()).when(stranger)
    assert outcome.fact(RequestReceived).flags == (Flag.THREAD_UNKNOWN,)
    assert outcome.state.last.reference != outcome.state.told[0].reference


@pytest.mark.requirement("N-7.6")
def test_a_wrong_reference_stays_flagged_when_the_message_joins_its_own_open_dialogue() -> None:
    mine = inbound(message("m-2", boris, text=GREETING))
    outcome = intake.given(inbound(), mine).when(later(1, message("m-3", boris, thread_ref="ЗИ-1/2026")))
    assert outcome.fact(RequestSupplemented).flags == (Flag.THREAD_UNKNOWN,)


@pytest.mark.requirement("R-20")
@pytest.mark.parametrize(
    ("frontend", "changed"),
    [
        pytest.param("vk", {"dialogue": "another"}, id="another dialogue"),
        pytest.param("ok", {}, id="another frontend"),
        pytest.param("vk", {"sender": boris.sender}, id="another account in a group chat"),
    ],
)
def test_nobody_completes_the_request_of_another_person(frontend: str, changed: dict[str, Any]) -> None:
    greeting = inbound(message("m-1", dialogue="chat", sender=anna.sender, text=GREETING), "vk")
    told: dict[str, Any] = {"dialogue": "chat", "sender": anna.sender, "text": QUESTION} | changed
    outcome = intake.given(greeting).when(inbound(message("m-2", **told), frontend))
    assert len(outcome.state.requests) == 2
    assert outcome.state.told[0].tracking_code != outcome.state.last.tracking_code


@pytest.mark.requirement("R-20", "R-21")
def test_a_frontend_that_gives_all_its_records_one_thread_and_key_mixes_nobody_up() -> None:
    shared: dict[str, Any] = {"dialogue_thread": inbound().dialogue_thread, "dialogue_key": "same"}
    outcome = intake.given(inbound(message(text=GREETING), **shared)).when(inbound(message("m-2", boris), **shared))
    assert len(outcome.state.requests) == 2


@pytest.mark.requirement("A-1.2.3", "R-21")
@pytest.mark.parametrize(("point", "frontend", "kept"), [("колодец", "site", "other"), (None, "kiosk", "other"), (None, "vk", "vk")])
def test_an_unknown_point_becomes_other_and_is_flagged(point: str | None, frontend: str, kept: str) -> None:
    outcome = intake.given().when(inbound(message(sender=anna.sender), frontend, point=point))
    assert [facts.point for facts in outcome.state.known.facts] == [kept] * len(outcome.facts)
    assert (Flag.UNKNOWN_POINT in outcome.fact(RequestReceived).flags) is (kept == "other")
    assert outcome.state.last.reg_no == "ЗИ-1/2026"


@pytest.mark.requirement("A-3.3", "A-1.2.1", "R-21")
@pytest.mark.parametrize(
    ("kind", "point", "flagged"),
    [
        (ClientKind.INTERNAL, "site", True),
        (ClientKind.INTERNAL, "internal", False),
        (ClientKind.INTERNAL, "post", False),
        (ClientKind.CITIZEN, "internal", True),
        (ClientKind.UNKNOWN, "internal", False),
        (None, "internal", False),
    ],
)
def test_a_person_at_a_point_for_others_is_kept_and_flagged(kind: ClientKind | None, point: str, flagged: bool) -> None:
    outcome = intake.given().when(inbound(message(sender=Sender(name=anna.name, kind=kind)), point=point))
    assert outcome.fact(RequestReceived).flags == ((Flag.WRONG_AUDIENCE,) if flagged else ())
    assert outcome.fact(RequestRegistered).client_kind is (kind or ClientKind.UNKNOWN)


@pytest.mark.requirement("A-1.2.2", "A-1.2.1", "N-2.1")
@pytest.mark.parametrize("kind", [kind for kind in ClientKind if kind is not ClientKind.UNKNOWN])
def test_each_kind_of_client_is_registered_as_what_they_are(kind: ClientKind) -> None:
    outcome = intake.given().when(inbound(message(sender=Sender(name=anna.name, kind=kind)), point="post"))
    assert outcome.fact(RequestRegistered).client_kind is kind
    assert outcome.fact(ClientIdentified).kind is kind


@pytest.mark.requirement("R-21")
@pytest.mark.parametrize(
    ("said_at", "point", "flagged"),
    [
        (NOW - timedelta(days=3653), "site", True),
        (NOW + timedelta(days=3653), "site", True),
        (NOW - timedelta(days=31), "post", False),
        (datetime(1, 1, 1, tzinfo=UTC), "post", True),
        (NOW - timedelta(days=29), "site", False),
    ],
)
def test_with_a_clock_far_off_the_time_of_the_door_counts(said_at: datetime, point: str, flagged: bool) -> None:
    outcome = intake.given().when(inbound(message(received_at=said_at), point=point))
    fact = outcome.fact(RequestReceived)
    assert fact.flags == ((Flag.CLOCK_OFF,) if flagged else ())
    assert fact.received_at == (NOW if flagged else said_at)
    assert outcome.fact(RequestRegistered).reg_at == NOW


@pytest.mark.requirement("R-21", "N-3.4")
def test_without_a_contact_the_message_is_kept_and_flagged() -> None:
    outcome = intake.given().when(inbound(message(contacts=Contacts(email="это не адрес", phone="нет"))))
    assert outcome.fact(RequestReceived).flags == (Flag.BAD_EMAIL, Flag.NO_CONTACT)
    assert outcome.state.last.reg_no is None


@pytest.mark.requirement("R-19", "N-7.4")
def test_a_dialogue_that_can_be_answered_in_is_contact_enough() -> None:
    outcome = intake.given().when(inbound(from_vk, "vk"))
    assert outcome.fact(RequestRegistered).number == 1


@pytest.mark.requirement("R-20")
def test_the_same_account_is_the_same_client() -> None:
    outcome = intake.given(inbound(from_vk, "vk")).when(
        later(1, message("m-2", sender=anna.sender, text="Прошу сообщить часы приёма."), "vk")
    )
    assert ClientIdentified not in map(type, outcome.facts)
    assert outcome.state.told[0].client_id == outcome.state.last.client_id


@pytest.mark.requirement("R-20")
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            inbound(message("m-2", boris, contacts=Contacts(phone=anna.phone, email=anna.email))), id="phone and e-mail of a family"
        ),
        pytest.param(inbound(message("m-2")), id="name and e-mail, not confirmed"),
        pytest.param(inbound(message("m-2", sender=anna.sender), "ok"), id="the same account id on another platform"),
    ],
)
def test_anything_weaker_is_another_client(other: Inbound) -> None:
    outcome = intake.given(inbound(message(sender=anna.sender), "vk")).when(other)
    assert outcome.state.told[0].client_id != outcome.state.last.client_id


@pytest.mark.requirement("N-2.2", "R-21")
def test_a_text_is_taken_up_to_200_kib_and_refused_beyond() -> None:
    fits = "я" * (100 * 1024)
    assert intake.given().when(inbound(message(text=fits))).fact(RequestReceived).text == fits
    intake.given().when(inbound(message(text=fits + "!"))).then_refused(TextTooLarge)


@pytest.mark.requirement("R-21")
@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"text": "\x01" * 45_000}, id="control characters that JSON writes six times as long"),
        pytest.param({"sender": Sender(name="я" * 125_000)}, id="an endless name"),
        pytest.param(
            {"attachments": [Attachment(upload_id="1", name="я" * 3_000, type="text/plain", size=1, sha256="0" * 64)] * 50},
            id="attachments",
        ),
    ],
)
def test_a_message_that_would_not_fit_into_an_event_is_refused(changed: dict[str, Any]) -> None:
    intake.given().when(inbound(message(**changed))).then_refused(TextTooLarge)


@pytest.mark.requirement("N-3.1", "N-3.2", "N-3.5")
def test_the_status_names_where_it_is_told_to_as_chosen_at_that_moment() -> None:
    by_phone = message(sender=anna.sender, additional_channel=AdditionalChannel(channel="phone", address=anna.phone))
    changed = intake.given().when(inbound(by_phone, "vk")).fact(RequestStatusChanged)
    assert [(target.role, target.channel, target.address) for target in changed.targets] == [
        ("original", "frontend", None),
        ("additional", "phone", anna.phone),
        ("email", "email", anna.email),
    ]
    assert (changed.targets[0].frontend, changed.targets[0].dialogue) == ("vk", by_phone.dialogue)
    assert not changed.targets[2].confirmed
    assert changed.targets[2].confirm_token
