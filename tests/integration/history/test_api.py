"""The internal door: who may ask, by what, page by page; and every look stands in the log before its answer goes out."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role
from libs.chassis.access.tokens import new_private_key
from libs.events.envelope import Actor
from services.history.domain.questions import AUDITORS, READERS
from tests.integration.history.conftest import SignedIn
from tests.integration.history.keeping import Keeping, headers_of
from tests.unit.history.told import (
    AT,
    IN_SITE,
    about_client,
    delivered,
    envelope,
    identified,
    message,
    reference_of,
    registered,
    request_of,
)

OPERATOR = (Role.OPERATOR,)
NOBODY = UUID(int=7)
EVERY_LOOK = ("/v1/entries?channel=site", f"/v1/entries/{NOBODY}", f"/v1/clients/{NOBODY}/history")


async def audits(history: Keeping) -> list[dict[str, Any]]:
    """What was written down, oldest first."""
    return await history.rows("SELECT * FROM history.log WHERE type = 'HistoryViewed' ORDER BY occurred_at, position")


def code(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    return answer.status_code, answer.json()["code"]


@pytest.mark.requirement("D-25", "R-25")
async def test_every_route_names_its_roles(history: Keeping) -> None:
    routes = {(route.method, route.path): route.roles for route in guarded_routes(history.app) if route.path.startswith("/v1")}
    assert routes == {
        ("GET", "/v1/entries"): frozenset((*READERS, *AUDITORS)),
        ("GET", "/v1/entries/{event_id}"): frozenset((*READERS, *AUDITORS)),
        ("GET", "/v1/clients/{client_id}/history"): frozenset(READERS),
        ("GET", "/v1/attachments/{upload_id}"): frozenset(READERS),
    }


@pytest.mark.requirement("D-25", "R-25")
@pytest.mark.parametrize("path", EVERY_LOOK)
async def test_without_a_token_nobody_comes_in_and_nobody_but_the_named_roles(history: Keeping, signed_in: SignedIn, path: str) -> None:
    forged = headers_of(new_private_key(), "account-7", Role.HEAD)
    for headers in ({}, {"Authorization": "Bearer x"}, forged):
        assert code(await history.http.get(path, headers=headers)) == (401, "not-signed-in")
    for role in (Role.SRE, Role.ADMINISTRATOR, Role.EDITOR, Role.MAILER, Role.SURVEYOR):
        assert code(await history.http.get(path, headers=signed_in(role))) == (403, "not-allowed")
    assert await history.count() == 0


@pytest.mark.requirement("D-25", "N-4.4")
async def test_staff_find_entries_by_each_filter(history: Keeping, signed_in: SignedIn) -> None:
    client, stranger = uuid4(), uuid4()
    mine = request_of(client, channel="vk", point="vk", reg_no="ЗИ-7/2026")
    await history.take(*mine, *request_of(stranger, reg_no="ЗИ-8/2026"))
    by_staff = envelope(registered(), client_id=client, seq=9, actor=Actor(role="registrar", id="account-3"))
    await history.take(delivered(by_staff), delivered(envelope(registered(), actor=Actor(role="client", id="account-3"))))
    [received] = await history.rows("SELECT * FROM history.log WHERE client_id = $1 AND type = 'RequestReceived'", client)
    request, thread = received["request_id"], received["thread_id"]

    async def types(**filters: object) -> list[str]:
        return sorted(entry["type"] for entry in await history.entries(signed_in(*OPERATOR), **filters))

    whole = ["MessageReceived", "RequestReceived", "RequestRegistered", "RequestStatusChanged"]
    assert await types(request=request) == whole
    assert await types(number="зи-7/2026") == whole
    reference = reference_of(UUID(request))
    assert await types(number=f"{reference[:5]}-{reference[5:]}".lower()) == whole
    assert await types(client=client) == sorted([*whole, "RequestRegistered"])
    assert await types(client=client, request=request) == whole
    assert await types(client=stranger, request=request) == []
    assert await types(thread=thread) == whole[1:]
    assert await types(channel="vk") == whole
    assert await types(point="vk") == whole
    assert await types(client=client, type="RequestReceived") == ["RequestReceived"]
    assert await types(staff="account-3") == ["RequestRegistered"]
    assert await types(number="нет такого") == []


@pytest.mark.requirement("D-25")
async def test_a_period_includes_its_beginning_and_not_its_end(history: Keeping, signed_in: SignedIn) -> None:
    told = [envelope(message(), occurred_at=AT + timedelta(hours=hour)) for hour in range(4)]
    await history.take(*(delivered(each, IN_SITE) for each in told))
    period = {"from": (AT + timedelta(hours=1)).isoformat(), "to": (AT + timedelta(hours=3)).isoformat()}
    found = await history.entries(signed_in(*OPERATOR), **period)
    assert [entry["event_id"] for entry in found] == [str(each.event_id) for each in told[1:3]]
    assert len(await history.entries(signed_in(*OPERATOR), **{"from": AT.isoformat()}, type="MessageReceived")) == 4


@pytest.mark.requirement("D-25")
async def test_pages_follow_each_other_without_gap_or_double_while_the_log_grows(history: Keeping, signed_in: SignedIn) -> None:
    told = [envelope(message(), occurred_at=AT + timedelta(seconds=number // 10)) for number in range(95)]
    await history.take(*(delivered(each, IN_SITE) for each in told))
    seen: list[dict[str, Any]] = []
    cursor: dict[str, object] = {}
    pages = 0
    while True:
        answer = (await history.ask(signed_in(*OPERATOR), channel="site", limit=20, **cursor)).json()
        seen, pages = seen + answer["entries"], pages + 1
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
        await history.take(delivered(envelope(message(), occurred_at=AT + timedelta(days=1)), IN_SITE))
    assert pages == 5
    assert len(seen) == 95 + 4
    places = [(entry["occurred_at"], entry["shard"], entry["position"]) for entry in seen]
    assert places == sorted(set(places))
    assert {str(each.event_id) for each in told} <= {entry["event_id"] for entry in seen}


@pytest.mark.requirement("D-25", "R-21")
@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("", "nothing-asked"),
        ("limit=5", "nothing-asked"),
        ("channel=site&cursor=AAAA", "wrong-cursor"),
        ("channel=site&cursor=%00", "wrong-cursor"),
        ("channel=site&cursor=%D0%B6", "wrong-cursor"),
        ("channel=site&limit=501", "wrong-schema"),
        ("channel=site&limit=0", "wrong-schema"),
        ("channel=site&colour=red", "wrong-schema"),
        ("client=not-a-uuid", "wrong-schema"),
        ("thread=7", "wrong-schema"),
        ("channel=%D0%98%D0%B2%D0%B0%D0%BD", "wrong-schema"),
        ("staff=%D0%98%D0%B2%D0%B0%D0%BD", "wrong-schema"),
        ("number=a%00b", "wrong-schema"),
        ("request=a%27%3B--", "wrong-schema"),
        ("from=yesterday", "wrong-schema"),
        ("from=1790000000", "wrong-schema"),
        ("from=9999-12-31T23:59:59-14:00", "wrong-schema"),
        ("to=0001-01-01T00:00:00%2B14:00&number=7", "wrong-schema"),
        ("from=2026-01-01T00:00:00", "wrong-schema"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "period-reversed"),
    ],
)
async def test_a_made_up_question_is_refused_with_a_stable_code(history: Keeping, signed_in: SignedIn, query: str, refused: str) -> None:
    answer = await history.http.get(f"/v1/entries?{query}", headers=signed_in(*OPERATOR))
    assert code(answer) == (400, refused)
    assert await history.count() == 0


@pytest.mark.requirement("D-25")
async def test_a_cursor_of_another_question_is_refused(history: Keeping, signed_in: SignedIn) -> None:
    await history.take(*(delivered(envelope(message()), IN_SITE) for _ in range(3)))
    cursor = (await history.ask(signed_in(*OPERATOR), channel="site", limit=2)).json()["next"]
    assert code(await history.ask(signed_in(*OPERATOR), channel="vk", limit=2, cursor=cursor)) == (400, "wrong-cursor")
    assert (await history.ask(signed_in(*OPERATOR), channel="site", limit=1, cursor=cursor)).status_code == 200


@pytest.mark.requirement("D-25")
async def test_one_entry_is_shown_with_its_place_and_its_payload_opened(history: Keeping, signed_in: SignedIn) -> None:
    told = envelope(message(), point="site", correlation_id=uuid4())
    await history.take(delivered(told, IN_SITE))
    answer = await history.http.get(f"/v1/entries/{told.event_id}", headers=signed_in(*OPERATOR))
    assert answer.headers["cache-control"] == "no-store"
    entry = answer.json()
    assert entry["payload"] == told.payload
    [row] = await history.rows("SELECT * FROM history.log WHERE event_id = $1", told.event_id)
    assert (entry["shard"], entry["position"]) == (row["shard"], row["position"])
    for name in ("type", "version", "producer", "aggregate_id", "seq", "point"):
        assert entry[name] == getattr(told, name)
    assert entry["actor"] == {"role": "frontend", "id": "site"}
    assert entry["correlation_id"] == str(told.correlation_id)
    assert code(await history.http.get(f"/v1/entries/{uuid4()}", headers=signed_in(*OPERATOR))) == (404, "entry-not-found")


@pytest.mark.requirement("D-25")
async def test_every_look_is_written_down_with_who_in_which_role_by_what_and_how_much(history: Keeping, signed_in: SignedIn) -> None:
    client = uuid4()
    batch = request_of(client)
    await history.take(*batch)
    who = signed_in(Role.SRE, Role.CHECKER, account="account-42")
    await history.ask(who, client=client, limit=2)
    await history.http.get(f"/v1/clients/{client}/history", headers=who)
    [first] = await history.rows("SELECT event_id FROM history.log WHERE type = 'RequestReceived'")
    await history.http.get(f"/v1/entries/{first['event_id']}", headers=who)
    nobody = uuid4()
    await history.http.get(f"/v1/entries/{nobody}", headers=who)
    told = [json.loads(row["open"]) for row in await audits(history)]
    assert {(look["operator"], look["role"]) for look in told} == {("account-42", "checker")}
    assert [(look["filter"], look["count"]) for look in told] == [
        ({"client": str(client)}, 2),
        ({"client": str(client)}, 4),
        ({"entry": str(first["event_id"])}, 1),
        ({"entry": str(nobody)}, 0),
    ]
    sent = await history.rows("SELECT topic, event_id FROM history.outbox ORDER BY id")
    assert [row["event_id"] for row in sent] == [row["event_id"] for row in await audits(history)]
    assert (await history.verified()).sound


@pytest.mark.requirement("D-25", "R-17")
async def test_a_name_typed_as_a_number_does_not_get_into_the_audit(history: Keeping, signed_in: SignedIn) -> None:
    await history.take(*request_of(uuid4(), reg_no="ЗИ-7/2026"))
    await history.ask(signed_in(*OPERATOR), number="Иванова Анна")
    await history.ask(signed_in(*OPERATOR), number="ЗИ-7/2026")
    told = [json.loads(row["open"]) for row in await audits(history)]
    assert [(look["filter"], look["count"]) for look in told] == [({"number": "unknown"}, 0), ({"number": "ЗИ-7/2026"}, 4)]


@pytest.mark.requirement("D-25")
async def test_no_answer_goes_out_when_the_look_can_not_be_written_down(history: Keeping, signed_in: SignedIn) -> None:
    client = uuid4()
    await history.take(*request_of(client))
    await history.tamper("REVOKE INSERT ON log FROM history")
    for path in (f"/v1/entries?client={client}", f"/v1/clients/{client}/history"):
        answer = await history.http.get(path, headers=signed_in(*OPERATOR))
        assert code(answer) == (503, "unavailable")
        assert "Прошу" not in answer.text


@pytest.mark.requirement("D-25", "R-25")
async def test_an_auditor_sees_who_looked_and_nothing_else_and_readers_do_not(history: Keeping, signed_in: SignedIn) -> None:
    client = uuid4()
    await history.take(*request_of(client))
    await history.ask(signed_in(Role.OPERATOR, account="account-9"), client=client)
    auditor = signed_in(Role.AUDITOR, account="auditor-1")
    found = await history.entries(auditor, **{"from": "2000-01-01T00:00:00Z"})
    assert [(entry["type"], entry["payload"]["operator"]) for entry in found] == [("HistoryViewed", "account-9")]
    by_staff = await history.entries(auditor, staff="account-9")
    assert [entry["event_id"] for entry in by_staff] == [found[0]["event_id"]]
    assert await history.entries(auditor, client=client) == []
    assert code(await history.ask(auditor, type="RequestReceived")) == (403, "not-allowed")
    assert code(await history.http.get(f"/v1/clients/{client}/history", headers=auditor)) == (403, "not-allowed")
    [request] = await history.rows("SELECT event_id FROM history.log WHERE type = 'RequestReceived'")
    assert code(await history.http.get(f"/v1/entries/{request['event_id']}", headers=auditor)) == (404, "entry-not-found")
    assert (await history.http.get(f"/v1/entries/{found[0]['event_id']}", headers=auditor)).status_code == 200
    reader = signed_in(Role.HEAD)
    assert code(await history.ask(reader, type="HistoryViewed")) == (403, "not-allowed")
    assert code(await history.http.get(f"/v1/entries/{found[0]['event_id']}", headers=reader)) == (404, "entry-not-found")
    seen = await history.entries(reader, **{"from": "2000-01-01T00:00:00Z"})
    assert "HistoryViewed" not in {entry["type"] for entry in seen}
    both = await history.entries(signed_in(Role.HEAD, Role.AUDITOR), **{"from": "2000-01-01T00:00:00Z"})
    assert {"HistoryViewed", "RequestReceived"} <= {entry["type"] for entry in both}


@pytest.mark.requirement("D-26", "D-25")
async def test_one_clients_history_is_read_by_index(history: Keeping, signed_in: SignedIn) -> None:
    """As the planner does it for this very question, with so many other entries that reading them all would show."""
    client = uuid4()
    await history.take(*(delivered(envelope(message()), IN_SITE) for _ in range(2_000)))
    await history.take(*request_of(client), about_client(client, identified()))
    await history.tamper("ANALYZE log", "ANALYZE thread_links")
    async with history.database.superuser() as db:
        await db.execute("SELECT pg_stat_reset()")
    await history.entries(signed_in(*OPERATOR), client=client)

    async with history.database.superuser() as db:
        read = await db.fetchval(
            "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE schemaname = 'history' AND relname LIKE 'log\\_2%'"
        )
    assert int(read) == 0
