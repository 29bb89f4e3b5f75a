"""What somebody tries without the right to it is refused, and it stands in the history with who it was (N-8.1)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from libs.chassis.access.roles import Role
from libs.events.contracts.audit_events import ActRefused
from libs.events.envelope import Actor
from libs.events.topics import AUDIT
from tests.integration.intake.people import office, text_of
from tests.integration.intake.test_desk_door import CLASSIFY, Clerk
from tests.integration.intake.test_desk_pages import card, taken_in, version_on
from tests.integration.intake.town import Town
from tests.stack import Database

pytestmark = [pytest.mark.requirement("N-8.1", "E-1", "R-25")]


async def written_down(town: Town, count: int) -> list[tuple[str, UUID | None, Actor | None]]:
    """So many attempts, in the order in which they were made by each."""

    def told() -> list[tuple[str, UUID | None, Actor | None]]:
        heard = [one for one in town.listener.on(AUDIT.name) if isinstance(one.fact, ActRefused)]
        return [(one.fact.what, one.fact.request_id, one.envelope.actor) for one in heard]

    await town.listener.until(lambda: len(told()) >= count, f"{count} attempts")
    await town.drained()
    await town.listener.read()
    return told()


async def test_an_executor_who_registers_or_classifies_is_refused_and_it_is_written_down(database: Database, fresh_kafka: str) -> None:
    async with office(database, register_at_once=False) as made:
        account_id, executor = await made.somebody("ispolnitel", "executor", unit="land")
        request_id = await taken_in(made)
        version = version_on(await card(made.admin, request_id))
        for command in ("register", "classify"):
            fields = {"version": version, "classify-type": "information", "classify-topic": "land", "classify-urgency": "ordinary"}
            answer = await executor.post(
                f"/requests/{request_id}/{command}", **fields, **{"classify-unit": "land", "classify-client_kind": "citizen"}
            )
            assert (answer.status_code, "роль не даёт права" in text_of(answer)) == (403, True)
        actor = Actor(role="executor", id=account_id)
        assert await written_down(made.town, 2) == [("register", request_id, actor), ("classify", request_id, actor)]
        assert await made.town.types("site", "m-1") == ["RequestReceived", "RequestStatusChanged"]


async def test_at_both_doors_an_act_is_written_down_without_what_was_typed_and_a_look_is_not(database: Database, fresh_kafka: str) -> None:
    async with office(database, start=datetime.now(UTC)) as made:
        account_id, auditor = await made.somebody("auditor", "auditor")
        request_id = await taken_in(made)
        assert (await auditor.get(f"/requests/{request_id}")).status_code == 403
        assert (await auditor.post(f"/requests/{request_id}/classify", version="1")).status_code == 403
        assert (await auditor.post(f"/accounts/{account_id}/roles", reason="Хочу быть администратором")).status_code == 403
        clerk = Clerk(made.town, Role.SURVEYOR)
        assert (await clerk.try_to(request_id, CLASSIFY, 1)).status_code == 403
        told = await written_down(made.town, 3)
        by_auditor = Actor(role="auditor", id=account_id)
        assert [one for one in told if one[2] == by_auditor] == [
            ("POST /requests/{request_id:uuid}/{command}", None, by_auditor),
            ("POST /accounts/{account_id:uuid}/roles", None, by_auditor),
        ]
        [(act, _, other)] = [one for one in told if one[2] != by_auditor]
        assert (act, other and other.role) == ("POST /v1/desk/requests/{request_id}/commands", "surveyor")
