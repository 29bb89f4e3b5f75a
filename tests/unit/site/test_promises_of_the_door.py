"""The site's client against intake's own HTTP door: they agree on every field, so the twin of the other tests is not a fairy tale."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError, MessageRefusedError
from frontends.site.intake_words import Attached
from frontends.site.request_form import RequestForm
from libs.chassis.access.frontends import FrontendKeys, hash_of
from libs.chassis.ops import problems
from libs.chassis.ops.clock import FixedClock
from libs.chassis.ops.refusals import Busy
from libs.chassis.ops.telemetry import Telemetry
from libs.events.vocabulary import AdditionalChannel, Attachment, Status
from services.intake import api, person_api
from services.intake.domain.acceptance import Accepted
from services.intake.domain.correcting import Correction, DataNotValid
from services.intake.domain.inbound import Inbound
from services.intake.domain.last_days import TransitionForbidden
from services.intake.domain.request import Request, Step
from services.intake.domain.said import reaches
from services.intake.person import AddressNotValid, Clarification, EmailNotValid, LinkNotValid, Mine, Person, RequestNotFound
from tests.unit.site.conftest import NOW
from tests.unit.site.door_twin import CODE, KEY, NUMBER, REFERENCE, TOKEN

FULL = RequestForm(
    external_id=f"form-{UUID(int=1)}",
    dialogue=f"form-{UUID(int=2)}",
    text="Какие участки сданы?\n🙂",
    name="Петрова Анна",
    kind="citizen",
    email="anna@example.ru",
    phone="+7 912 345-67-89",
    postal="г. Обск",
    channel="phone",
    wanted_form="written",
)
FILE = Attached(upload_id=str(UUID(int=3)), name="Скан.pdf", type="application/pdf", size=7, sha256="0" * 64)


@dataclass
class People:
    """Stands for intake's use cases behind the door."""

    inbound: list[Inbound] = field(default_factory=list)
    emails: list[str | None] = field(default_factory=list)
    additional: list[AdditionalChannel | None] = field(default_factory=list)
    busy: bool = False
    withdrawn: bool = False
    finished: bool = False
    corrections: list[Correction] = field(default_factory=list)
    clarified: list[tuple[str, str, str, tuple[Attachment, ...]]] = field(default_factory=list)
    reminded: list[tuple[str, str]] = field(default_factory=list)

    async def put(self, inbound: Inbound) -> Accepted:
        if self.busy:
            raise Busy(5)
        self.inbound.append(inbound)
        return Accepted(
            request_id=uuid4(),
            client_id=uuid4(),
            reference=REFERENCE,
            tracking_code=CODE,
            reg_no=NUMBER,
            status=Status.REGISTERED,
            due_on=date(2026, 12, 20),
            again=False,
        )

    async def status(self, number: str, code: str) -> Mine:
        if (number, code) != (NUMBER, CODE):
            raise RequestNotFound
        steps = (Step(NOW, Status.RECEIVED, "Принят."), Step(None, Status.REGISTERED, "Есть номер."))
        now = Status.WITHDRAWN if self.withdrawn else Status.REGISTERED
        told = Request(status=now, reference=REFERENCE, reg_no=NUMBER, received_at=NOW, email="anna@example.ru", steps=steps)
        return Mine(uuid4(), None, told)

    async def change_email(self, number: str, code: str, email: str | None, _traceparent: str | None) -> str | None:
        await self.status(number, code)
        if email == "bad":
            raise EmailNotValid
        self.emails.append(email)
        return email

    async def change_additional(
        self, number: str, code: str, additional: AdditionalChannel | None, _traceparent: str | None
    ) -> AdditionalChannel | None:
        await self.status(number, code)
        if additional is not None and not reaches(additional):
            raise AddressNotValid
        self.additional.append(additional)
        return additional

    async def withdraw(self, number: str, code: str, _reason: str | None, _traceparent: str | None) -> None:
        await self.status(number, code)
        if self.finished:
            raise TransitionForbidden(Status.ANSWERED)
        self.withdrawn = True

    async def correct(self, number: str, code: str, wanted: Correction, _traceparent: str | None) -> None:
        await self.status(number, code)
        if wanted.name == "123":
            raise DataNotValid
        self.corrections.append(wanted)

    async def clarify(self, frontend: str, number: str, code: str, said: Clarification, _traceparent: str | None) -> None:
        await self.status(number, code)
        if self.finished:
            raise TransitionForbidden(Status.ANSWERED)
        self.clarified.append((frontend, *said))

    async def remind(self, known_by: str, frontend: str) -> None:
        self.reminded.append((known_by, frontend))

    async def confirm(self, token: str, _traceparent: str | None) -> str:
        if token != TOKEN:
            raise LinkNotValid
        return "anna@example.ru"


@asynccontextmanager
async def intakes_door(people: People, folder: Path, key: str = KEY) -> AsyncIterator[IntakeDoor]:
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"site": [hash_of(KEY)]}), "utf-8")
    app = FastAPI()
    problems.install(app, body_limit_bytes=1024 * 1024)
    routes = api.routes(
        put=people.put,
        frontends=FrontendKeys(keys),
        key=b"k" * 32,
        clock=FixedClock(NOW),
        telemetry=Telemetry(),
    )
    app.include_router(routes)
    app.include_router(
        person_api.routes(person=cast(Person, people), remind=people.remind, frontends=FrontendKeys(keys), telemetry=Telemetry())
    )
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake.test", headers=headers) as http:
        yield IntakeDoor(http)


async def test_a_full_and_a_short_form_are_taken_as_they_are(tmp_path: Path) -> None:
    people = People()
    short = replace(FULL, kind="", phone="", postal="", channel="none", wanted_form="any")
    async with intakes_door(people, tmp_path) as door:
        accepted = await door.send(FULL.message("site", NOW))
        await door.send(short.message("site", NOW))

    assert (accepted.reference, accepted.tracking_code, accepted.register_number) == (REFERENCE, CODE, NUMBER)
    assert accepted.due_on == date(2026, 12, 20)
    taken = people.inbound[0]
    assert taken.message.text == FULL.text
    assert taken.message.contacts.phone == "+79123456789"
    assert taken.message.additional_channel is not None
    assert taken.point == "site"


async def test_the_longest_form_is_taken(tmp_path: Path) -> None:
    people = People()
    async with intakes_door(people, tmp_path) as door:
        await door.send(replace(FULL, text="🙂" * 50_000, postal="я" * 300, name="я" * 300).message("site", NOW))

    assert len(people.inbound) == 1


async def test_the_state_is_told_with_all_its_parts(tmp_path: Path) -> None:
    async with intakes_door(People(), tmp_path) as door:
        found = await door.status(NUMBER, CODE)

    assert found is not None
    assert (found.register_number, found.status, found.email_masked) == (NUMBER, "registered", "a***@example.ru")
    assert [step.at for step in found.steps] == [NOW, None]


@pytest.mark.parametrize(("number", "code"), [("1", CODE), (NUMBER, "AAAAAAAAAAAA"), ("x" * 300, CODE), ("\0", CODE)])
async def test_a_wrong_pair_finds_nothing(tmp_path: Path, number: str, code: str) -> None:
    async with intakes_door(People(), tmp_path) as door:
        assert await door.status(number, code) is None


async def test_the_address_is_changed_dropped_and_refused(tmp_path: Path) -> None:
    people = People()
    async with intakes_door(people, tmp_path) as door:
        changed = await door.change_channels(NUMBER, CODE, {"email": "new@example.ru"})
        dropped = await door.change_channels(NUMBER, CODE, {"email": None})
        assert await door.change_channels(NUMBER, "AAAAAAAAAAAA", {"email": None}) is None
        with pytest.raises(MessageRefusedError) as refused:
            await door.change_channels(NUMBER, CODE, {"email": "bad"})

    assert changed is not None
    assert dropped is not None
    assert (changed.email_masked, dropped.email_masked) == ("n***@example.ru", None)
    assert refused.value.problem.detail == EmailNotValid.says


async def test_the_additional_channel_is_chosen_dropped_and_refused(tmp_path: Path) -> None:
    people = People()
    async with intakes_door(people, tmp_path) as door:
        chosen = await door.change_channels(NUMBER, CODE, {"additional": {"channel": "phone", "address": "+79123456789"}})
        await door.change_channels(NUMBER, CODE, {"additional": None})
        with pytest.raises(MessageRefusedError) as refused:
            await door.change_channels(NUMBER, CODE, {"additional": {"channel": "post", "address": "?"}})

    assert chosen is not None
    assert chosen.additional_masked == "+79123***89"
    assert people.additional == [AdditionalChannel(channel="phone", address="+79123456789"), None]
    assert people.emails == []
    assert refused.value.problem.detail == AddressNotValid.says


@pytest.mark.requirement("S-14")
async def test_a_request_is_withdrawn_or_stays_as_it_is_where_it_is_finished_or_not_theirs(tmp_path: Path) -> None:
    people = People()
    async with intakes_door(people, tmp_path) as door:
        assert await door.withdraw(NUMBER, "another code") is None
        people.finished = True
        stays = await door.withdraw(NUMBER, CODE)
        people.finished = False
        gone = await door.withdraw(NUMBER, CODE)
    assert stays is not None
    assert gone is not None
    assert (stays.status, gone.status) == ("registered", "withdrawn")


@pytest.mark.requirement("E-11", "S-12", "E-10")
async def test_corrections_answers_and_reminders_are_taken_as_they_are_and_refused_with_a_reason(tmp_path: Path) -> None:
    people = People()
    async with intakes_door(people, tmp_path) as door:
        assert await door.correct(NUMBER, CODE, {"name": "Петрова", "postal": "г. Обск"}) is not None
        assert await door.correct(NUMBER, "AAAAAAAAAAAA", {"name": "Петрова"}) is None
        assert await door.clarify(NUMBER, CODE, "answer-1", "🙂" * 50_000, [FILE]) is not None
        assert await door.clarify(NUMBER, "AAAAAAAAAAAA", "answer-1", "У реки.", []) is None
        await door.remind("anna@example.ru")
        people.finished = True
        with pytest.raises(MessageRefusedError) as wrong:
            await door.correct(NUMBER, CODE, {"name": "123"})
        with pytest.raises(MessageRefusedError) as late:
            await door.clarify(NUMBER, CODE, "answer-2", "У реки.", [])
    assert people.corrections == [Correction(name="Петрова", postal="г. Обск")]
    assert people.clarified == [("site", "answer-1", "🙂" * 50_000, (Attachment(**FILE.model_dump()),))]
    assert people.reminded == [("anna@example.ru", "site")]
    assert (wrong.value.problem.detail, late.value.is_conflict) == (DataNotValid.says, True)


@pytest.mark.parametrize(("token", "masked"), [(TOKEN, "a***@example.ru"), ("other", None), ("x" * 3000, None)])
async def test_a_link_confirms_or_is_not_valid(tmp_path: Path, token: str, masked: str | None) -> None:
    async with intakes_door(People(), tmp_path) as door:
        confirmed = await door.confirm(token)

    assert (confirmed and confirmed.email_masked) == masked


@pytest.mark.parametrize("trouble", ["busy", "key"])
async def test_a_full_queue_and_a_wrong_key_are_surely_not_accepted(tmp_path: Path, trouble: str) -> None:
    people = People(busy=trouble == "busy")
    async with intakes_door(people, tmp_path, key="another key" if trouble == "key" else KEY) as door:
        with pytest.raises(IntakeUnavailableError) as raised:
            await door.send(FULL.message("site", NOW))

    assert not raised.value.undecided
