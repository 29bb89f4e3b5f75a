"""A representative's request goes its way; the registrar sees the paper, and one that was taken back is known again."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.events.contracts.intake_clients import ClientIdentified, RepresentativeDismissed, RepresentativeEmpowered
from libs.events.contracts.intake_requests import PowersChecked
from libs.events.topics import CLIENTS, REQUESTS
from tests.examples import anna
from tests.integration.intake.people import Office, office, text_of
from tests.integration.intake.town import body_of, said
from tests.stack import Database

pytestmark = [pytest.mark.requirement("E-11"), pytest.mark.usefixtures("fresh_kafka")]

PAPER = {"paper": "power-of-attorney", "number": "77 АА 1234567", "issued_on": "2026-01-10", "valid_until": "2026-12-31"}
FIRM = {"name": "ООО «Запланированный лес»", "kind": "legal_entity", "powers": PAPER}


async def asked(bureau: Office, name: str, represented: dict[str, Any] = FIRM) -> dict[str, Any]:
    """By a representative, at the site."""
    body = body_of(said(name, dialogue=name, received_at=bureau.clock.now())) | {"represented": represented}
    answer = await bureau.town.site.ask("messages", body)
    assert answer.status_code == 201, answer.text
    return await bureau.town.request("site", name)


async def check(bureau: Office, request_id: UUID, version: int, **fields: str) -> httpx.Response:
    """As the form of the card posts it, with what stands in it."""
    told = PAPER | {"name": FIRM["name"], "outcome": "confirmed"} | fields
    typed = {f"check-powers-{field}": str(value) for field, value in told.items()}
    return await bureau.admin.post(f"/requests/{request_id}/check-powers", version=str(version), **typed)


async def test_powers_are_told_checked_and_taken_back_and_what_is_asked_by_them_later_is_flagged_and_kept(database: Database) -> None:
    async with office(database) as bureau:
        town = bureau.town
        first = await asked(bureau, "m-1")
        request_id, clerk = first["request_id"], first["client_id"]
        assert (first["status"], first["flags"]) == ("registered", ["powers-unchecked"])
        card = text_of(await bureau.admin.get(f"/requests/{request_id}"))
        assert f"За кого спрашивают {FIRM['name']} Полномочия Доверенность № 77 АА 1234567" in card
        assert "ещё не проверены" in card
        assert "полномочия представителя не проверены" in card

        assert "почему полномочия не подтверждены" in text_of(await check(bureau, request_id, 3, outcome="refused"))
        over = await check(bureau, request_id, 3, valid_until="2026-11-15")
        assert "подтвердить полномочия нельзя" in text_of(over)
        assert (await check(bureau, request_id, 3)).status_code == 303
        card = text_of(await bureau.admin.get(f"/requests/{request_id}"))
        assert "подтверждены" in card
        assert "полномочия представителя не проверены" not in card
        assert "Полномочия представителя проверены" in card

        heard = await town.listener.until(lambda: [one for one in town.listener.on(REQUESTS.name) if isinstance(one.fact, PowersChecked)])
        firm = heard[0].envelope.client_id
        assert firm not in (None, clerk), "the request is in the history of who is represented"
        assert (heard[0].envelope.thread_id, heard[0].record.key) == (request_id, str(request_id).encode())
        await town.listener.until(lambda: town.listener.facts(CLIENTS.name, RepresentativeEmpowered))
        own = [one for one in town.listener.on(CLIENTS.name) if one.envelope.client_id == firm]
        assert [type(one.fact) for one in own] == [ClientIdentified, RepresentativeEmpowered]
        assert (own[1].fact.representative, own[1].fact.request_id, own[1].envelope.thread_id) == (clerk, request_id, firm)

        assert (await asked(bureau, "m-2"))["flags"] == ["powers-unchecked"]
        version = await town.value("SELECT max(version) FROM events WHERE stream = $1", f"request-{request_id}")
        done = await check(bureau, request_id, version, outcome="withdrawn", reason="Отозвана нотариально.")
        assert done.status_code == 303, text_of(done)
        later = await asked(bureau, "m-3", FIRM | {"powers": PAPER | {"number": "77аа1234567"}})
        assert (later["status"], later["flags"]) == ("registered", ["powers-unchecked", "powers-withdrawn"])
        assert (await asked(bureau, "m-4", FIRM | {"powers": PAPER | {"valid_until": "2026-11-15"}}))["flags"] == [
            "powers-expired",
            "powers-unchecked",
            "powers-withdrawn",
        ]
        assert (await asked(bureau, "m-5", FIRM | {"powers": PAPER | {"number": "another"}}))["flags"] == ["powers-unchecked"]
        await town.listener.until(lambda: town.listener.facts(CLIENTS.name, RepresentativeDismissed))
        stored = str(await town.rows("SELECT open FROM events")) + str(await town.rows("SELECT * FROM identities"))
        assert not [told for told in ("Запланированный лес", "1234567", anna.name) if told in stored]


async def test_an_unknown_paper_is_refused_at_the_door_with_its_field(database: Database) -> None:
    async with office(database) as bureau:
        body = body_of(said("m-1", received_at=bureau.clock.now())) | {"represented": FIRM | {"powers": {"paper": "a-word-of-honour"}}}
        answer = await bureau.town.site.ask("messages", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "wrong-schema")
        assert [error["field"] for error in answer.json()["errors"]] == ["represented.powers.paper"]
