"""The desk's door: a request goes from its receipt to an executor by commands; what may not be is refused and changes nothing."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role
from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.topics import REQUESTS
from libs.events.vocabulary import Contacts, Sender
from services.intake.transitions import DESK
from tests.integration.intake.town import Town, founded, number_of, said
from tests.stack import Database

CLASSIFY = {"command": "classify", "type": "information", "topic": "land", "urgency": "urgent", "unit": "land", "client_kind": "citizen"}
ASSIGN = {"command": "assign", "unit": "land", "executor": "account-9"}
ASK = {"command": "ask-clarification", "question": "О каком участке идёт речь?"}
WITHDRAW = {"command": "withdraw"}


class Clerk:
    """Somebody at the desk."""

    def __init__(self, town: Town, *roles: Role, who: str = "staff-1", unit: str | None = None) -> None:
        self._http = town.service.http
        self._headers = {"Authorization": f"Bearer {town.database.stack.staff_token(*roles, who=who, unit=unit)}"}

    async def look(self, request_id: UUID) -> Any:
        answer = await self._http.get(f"/v1/desk/requests/{request_id}", headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def try_to(self, request_id: UUID, do: Any, version: int) -> httpx.Response:
        body = {"version": version, "do": do}
        return await self._http.post(f"/v1/desk/requests/{request_id}/commands", json=body, headers=self._headers)

    async def do(self, request_id: UUID, do: Any) -> Any:
        answer = await self.try_to(request_id, do, (await self.look(request_id))["version"])
        assert answer.status_code == 200, answer.text
        return answer.json()


async def taken_in(town: Town, name: str = "m-1", **changed: Any) -> UUID:
    await town.site.post(said(name, **changed))
    return UUID(str((await town.request("site", name))["request_id"]))


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["detail"]
    return answer.status_code, answer.json()["code"]


@pytest.mark.requirement("R-25", "N-8.1")
async def test_every_route_of_the_desk_names_its_roles(town: Town) -> None:
    routes = {(route.method, route.path): route.roles for route in guarded_routes(town.service.app) if route.path.startswith("/v1/desk/")}
    assert routes == {
        ("GET", "/v1/desk/requests/{request_id}"): DESK,
        ("POST", "/v1/desk/requests/{request_id}/commands"): DESK,
    }


@pytest.mark.requirement("N-8.4", "N-8.5", "N-6.1", "S-5", "S-7", "S-8", "S-11", "S-12", "S-15")
async def test_a_request_goes_from_its_receipt_to_an_executor(town: Town) -> None:
    clerk = Clerk(town, Role.REGISTRAR)
    message = said()
    request_id = await taken_in(town)
    assert (await clerk.look(request_id))["possible"] == ["S-5", "S-13", "S-14", "S-15", "S-19", "S-20", "S-28"]
    classified = await clerk.do(request_id, CLASSIFY)
    assert (classified["status"], classified["classification"]["urgency"]) == ("classified", "urgent")
    assigned = await clerk.do(request_id, ASSIGN)
    assert (assigned["status"], assigned["unit"], assigned["executor"]) == ("assigned", "land", "account-9")
    assert (await clerk.do(request_id, ASK))["status"] == "awaiting_clarification"
    await town.site.post(said("m-2", dialogue=message.dialogue, text="Об участке у реки."))
    assert (await clerk.look(request_id))["status"] == "assigned"
    await town.site.post(said("m-3", dialogue=message.dialogue, text="Прошу сообщить порядок покупки леса."))
    assert await town.value("SELECT count(*) FROM requests") == 2, "what comes after the answer is another request"
    assert (await Clerk(town, Role.HEAD).do(request_id, ASSIGN | {"unit": "office", "reason": "Отпуск."}))["unit"] == "office"
    types = await town.types("site", "m-1")
    assert [name for name in types if name != "RequestStatusChanged"] == [
        *("RequestReceived", "RequestRegistered", "RequestClassified", "RequestAssigned", "ClarificationRequested"),
        *("RequestSupplemented", "ClarificationReceived", "RequestReassigned"),
    ]


@pytest.mark.requirement("N-3.3", "S-11", "D-13")
async def test_what_the_desk_does_is_published_with_who_did_it_and_what_the_person_is_told(town: Town) -> None:
    clerk = Clerk(town, Role.REGISTRAR, Role.OPERATOR)
    request_id = await taken_in(town)
    for command in (CLASSIFY, ASSIGN, ASK):
        await clerk.do(request_id, command)
    await town.site.post(said("m-2", dialogue=said().dialogue, text="Об участке у реки."))
    await town.listener.until(lambda: len(town.listener.facts(REQUESTS.name, RequestStatusChanged)) == 5, "all is published")
    heard = town.listener.on(REQUESTS.name)
    assert [one.envelope.seq for one in heard] == list(range(1, len(heard) + 1))
    by_staff = {one.envelope.type for one in heard if one.envelope.actor and one.envelope.actor.role == "registrar"}
    assert by_staff == {"RequestClassified", "RequestAssigned", "ClarificationRequested", "RequestStatusChanged"}
    told = [fact for fact in town.listener.facts(REQUESTS.name, RequestStatusChanged) if fact.visible]
    assert [fact.to_status.value for fact in told] == ["registered", "classified", "awaiting_clarification", "assigned"]
    assert all(fact.targets and fact.explanation for fact in told)
    assert "Уточнение получено" in told[-1].explanation


@pytest.mark.requirement("S-1", "N-8.2")
async def test_where_the_registrar_gives_the_numbers_they_have_no_gap_either(database: Database, fresh_kafka: str) -> None:
    async with founded(database, register_at_once=False) as town:
        clerk = Clerk(town, Role.REGISTRAR)
        ids = [await taken_in(town, f"m-{n}", dialogue=f"d-{n}") for n in range(5)]
        answers = await asyncio.gather(*(clerk.do(request_id, {"command": "register"}) for request_id in ids))
        assert sorted(number_of(answer["register_number"]) for answer in answers) == [1, 2, 3, 4, 5]
        assert {answer["status"] for answer in answers} == {"registered"}
        again = await clerk.try_to(ids[0], {"command": "register"}, answers[0]["version"])
        assert refused(again) == (409, "transition-forbidden")


@pytest.mark.requirement("S-13", "E-7")
async def test_a_repeated_request_is_merged_into_the_first_one_and_both_have_their_numbers(town: Town) -> None:
    clerk = Clerk(town, Role.REGISTRAR)
    sender = Sender(name="Запланированная Анна Петровна", account="site-1")
    first, second = [await taken_in(town, name, dialogue=name, sender=sender) for name in ("m-1", "m-2")]
    merged = await clerk.do(second, {"command": "merge", "into": str(first), "reason": "Тот же вопрос."})
    assert (merged["status"], merged["register_number"]) == ("merged", (await town.request("site", "m-2"))["reg_no"])
    unknown = await clerk.try_to(
        first, {"command": "merge", "into": str(uuid4()), "reason": "Тот же."}, (await clerk.look(first))["version"]
    )
    assert refused(unknown) == (404, "case-not-found")


@pytest.mark.requirement("S-3", "S-4", "R-19")
async def test_what_was_set_aside_gets_no_number_by_a_further_message_until_it_is_taken_up(town: Town) -> None:
    clerk = Clerk(town, Role.REGISTRAR)
    lacking = said(text="Здравствуйте!")
    request_id = await taken_in(town, text=lacking.text)
    reference = (await town.request("site", "m-1"))["reference"]
    await clerk.do(request_id, {"command": "set-aside", "reason": "Только приветствие."})
    await town.site.post(said("m-2", dialogue=lacking.dialogue, thread_ref=reference, text="Прошу сообщить порядок аренды."))
    assert (await clerk.look(request_id))["status"] == "not_a_request"
    taken_up = await clerk.do(request_id, {"command": "take-up", "reason": "Это запрос."})
    assert (taken_up["status"], "S-1" in taken_up["possible"]) == ("received", True)
    assert (await clerk.do(request_id, {"command": "register"}))["status"] == "registered"


@pytest.mark.requirement("D-1", "E-1")
async def test_of_two_who_read_the_same_version_the_first_wins_and_the_second_is_told(town: Town) -> None:
    clerk = Clerk(town, Role.REGISTRAR)
    request_id = await taken_in(town)
    version = (await clerk.look(request_id))["version"]
    answers = await asyncio.gather(*(clerk.try_to(request_id, CLASSIFY, version) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert refused(late) == (409, "changed-meanwhile")
    assert late.json()["version"] == version + 2
    assert (await town.types("site", "m-1")).count("RequestClassified") == 1


@pytest.mark.requirement("E-1", "N-8.1", "R-25")
async def test_without_a_token_nobody_acts_and_with_another_role_nobody_does_the_registrars_work(town: Town) -> None:
    request_id = await taken_in(town)
    version = (await Clerk(town, Role.OPERATOR).look(request_id))["version"]
    path = f"/v1/desk/requests/{request_id}"
    for headers in ({}, {"Authorization": "Bearer x"}, town.site.headers):
        assert refused(await town.service.http.get(path, headers=headers)) == (401, "not-signed-in")
        answer = await town.service.http.post(f"{path}/commands", json={"version": version, "do": WITHDRAW}, headers=headers)
        assert refused(answer) == (401, "not-signed-in")
    for role in (Role.EXECUTOR, Role.HEAD, Role.OPERATOR, Role.SRE, Role.EDITOR):
        assert refused(await Clerk(town, role).try_to(request_id, CLASSIFY, version)) == (403, "not-allowed")
    assert refused(await Clerk(town, Role.REGISTRAR).try_to(uuid4(), WITHDRAW, 1)) == (404, "case-not-found")


@pytest.mark.requirement("E-14")
async def test_the_desk_door_shows_nothing_that_the_person_wrote(town: Town) -> None:
    message = said(contacts=Contacts(email="anna@example.ru", phone="+7 913 000-00-01"))
    request_id = await taken_in(town, contacts=message.contacts)
    shown = str(await Clerk(town, Role.REGISTRAR).look(request_id))
    assert message.sender.name
    assert not [word for word in (message.text, message.sender.name, "anna@", "913") if word in shown]
