"""An authority says in the browser who it is: at once, without a restart, for every process, and nobody's word is lost."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role
from libs.events.contracts.authority_events import ProfileSet, TopicSet
from libs.events.topics import AUTHORITY
from tests.integration.intake.people import NAME, Office, is_quiet, office, text_of
from tests.integration.intake.settings import OTHER_NAME, PROFILE, decisions, do, done, entry, error_at, page, taken_in, version_on
from tests.integration.intake.town import listening, serving
from tests.stack import ROOT, Database, eventually

DEMO_NAME = "Департамент земельных и лесных отношений"


@pytest.fixture
async def bureau(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request)) as found:
        yield found


@pytest.mark.requirement("R-25", "E-1")
async def test_the_settings_are_open_to_administrators_alone(bureau: Office) -> None:
    routes = [route for route in guarded_routes(bureau.town.service.app) if route.path.startswith("/desk/settings")]
    assert len(routes) == 12
    assert {route.roles for route in routes} == {frozenset((Role.ADMINISTRATOR,))}
    _, others = await bureau.somebody("registrar", "registrar", "head", "auditor")
    for path in ("", "/profile", "/mail", "/changes", "/units"):
        assert (await others.get(f"/settings{path}")).status_code == 403
        assert (await bureau.browser().get(f"/settings{path}")).headers["location"].startswith("/desk/sign-in")
    answer = await others.post("/settings/topics", version="0", **entry(title="Вода"))
    assert (answer.status_code, await decisions(bureau)) == (403, [])
    foreign = await bureau.admin.post_from({"sec-fetch-site": "cross-site"}, "/settings/topics", version="0", **entry(title="Вода"))
    assert (foreign.status_code, await decisions(bureau)) == (403, [])


@pytest.mark.requirement("N-0.1")
async def test_a_new_profile_is_on_the_next_page_and_the_day_is_that_of_its_time_zone(bureau: Office) -> None:
    assert DEMO_NAME in text_of(await bureau.browser().get("/sign-in"))
    shown = text_of(await done(bureau.admin, "profile", PROFILE))
    assert "Сохранено" in shown
    for path in ("/sign-in", "/me", "/settings"):
        assert OTHER_NAME in text_of(await bureau.admin.get(path))
        assert DEMO_NAME not in text_of(await bureau.admin.get(path))
    [fact] = await decisions(bureau)
    assert isinstance(fact, ProfileSet)
    assert (fact.phones, fact.act) == (("+7 (383) 111-11-11", "112"), "Порядок, утверждённый приказом от 01.02.2026 № 7")
    await done(bureau.admin, "profile", PROFILE)
    assert len(await decisions(bureau)) == 1, "the same again is no decision"
    changes = text_of(await page(bureau.admin, "/changes"))
    assert all(word in changes for word in ("Сведения об органе власти", OTHER_NAME, "16 ноября 2026", NAME))
    bureau.clock.move_to(datetime(2026, 11, 16, 17, 30, tzinfo=UTC))  # the next day in Novosibirsk, in Omsk not yet
    await taken_in(bureau)
    assert (await bureau.town.request("site", "m-1"))["due_on"].isoformat() == "2026-12-16"


@pytest.mark.requirement("N-0.1")
async def test_what_is_wrong_in_the_profile_is_said_at_its_field_and_what_was_typed_stays(bureau: Office) -> None:
    for field, value, says in [
        ("name", " ", "Заполните это поле."),
        ("name", "Д" * 301, "Слишком длинное значение: допустимо не больше 300 знаков."),
        ("name", "=?utf-8?b?0Y8=?=", "Уберите знаки «=?»"),
        ("name", "Служба\x00", "Значение записано не по образцу."),
        ("phones", "позвоните нам", "Укажите телефоны цифрами"),
        ("phones", "\n".join(["112"] * 21), "Укажите телефоны цифрами"),
        ("time_zone", "Europe/Paris", "Выберите часовой пояс из списка."),
        ("time_zone", "../../etc/passwd", "Выберите часовой пояс из списка."),
    ]:
        answer = await do(bureau.admin, "profile", PROFILE | {field: value})
        assert (answer.status_code, says in error_at(answer, field)) == (422, True), (field, value, text_of(answer))
        assert PROFILE["signatory"] in answer.text
    for version in ("", "-1", "x", "9" * 10):
        assert (await bureau.admin.post("/settings/profile", version=version, **PROFILE)).status_code == 400
    assert await decisions(bureau) == []


@pytest.mark.requirement("N-0.1", "R-2")
async def test_of_two_who_change_the_same_the_second_sees_what_the_first_did(bureau: Office) -> None:
    _, second = await bureau.somebody("second", "administrator")
    read = version_on(await page(second, "/profile"))
    await done(bureau.admin, "profile", PROFILE)
    late = await second.post("/settings/profile", version=read, **PROFILE | {"hours": "круглосуточно"})
    shown = text_of(late)
    assert late.status_code == 409
    assert "Страницу изменили, пока вы с ней работали" in shown
    assert f"Сведения об органе власти: {OTHER_NAME}" in shown
    assert f"({NAME}, 16 ноября 2026" in shown
    assert 'value="круглосуточно"' in late.text
    again = await second.post("/settings/profile", version=version_on(late), **PROFILE | {"hours": "круглосуточно"})
    assert again.status_code == 303
    assert (await second.post("/settings/topics", version=read, **entry(title="Вода"))).status_code == 303, "another part is no clash"


@pytest.mark.requirement("N-0.1", "R-2")
async def test_of_many_at_the_same_moment_exactly_one_wins(bureau: Office) -> None:
    version = version_on(await page(bureau.admin, "/topics"))
    answers = await asyncio.gather(
        *(bureau.admin.post("/settings/topics", version=version, **entry(title=f"Тема {n}", code=f"topic-{n}")) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [303, *[409] * 7]
    assert [type(fact) for fact in await decisions(bureau)] == [TopicSet]


@pytest.mark.requirement("N-0.1", "R-8")
async def test_another_process_knows_within_seconds_and_frontends_ask_for_news_alone(bureau: Office, database: Database) -> None:
    key = bureau.town.site.headers
    async with serving(database, consumer_group="intake-second") as second:
        assert (await second.http.get("/v1/authority")).status_code == 401
        before = await second.http.get("/v1/authority", headers=key)
        assert before.json()["name"].startswith(DEMO_NAME)
        tag = before.headers["etag"]
        unchanged = await second.http.get("/v1/authority", headers=key | {"if-none-match": tag})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
        await done(bureau.admin, "profile", PROFILE)

        async def is_told() -> bool:
            answer = await second.http.get("/v1/authority", headers=key | {"if-none-match": tag})
            return answer.status_code == 200 and answer.json()["name"] == OTHER_NAME

        await eventually(is_told, seconds=15, what="the second process knows the new name")
        told = (await second.http.get("/v1/authority", headers=key)).json()
    assert told["time_zone"] == "Asia/Omsk"
    assert {"code": "internal", "title": "Внутреннее обращение", "kind": "internal", "where": ""} in told["points"]
    assert (told["terms"]["answer_days"], told["terms"]["extension_days"]) == (30, 15)
    assert "signatory" not in told


@pytest.mark.requirement("N-0.1", "N-4.1")
async def test_what_was_decided_is_published_for_history_in_its_order(database: Database, fresh_kafka: str) -> None:
    async with office(database) as bureau, listening(fresh_kafka, AUTHORITY.name) as listener:
        await done(bureau.admin, "topics", entry(title="Водные объекты"))
        await done(bureau.admin, "profile", PROFILE)
        heard = await listener.until(lambda: len(listener.on(AUTHORITY.name)) == 2 and listener.on(AUTHORITY.name), "both decisions")
    assert [(one.fact.type_name(), one.envelope.seq, one.record.key) for one in heard] == [
        ("TopicSet", 1, b"demo"),
        ("ProfileSet", 2, b"demo"),
    ]
    assert {one.envelope.actor.role for one in heard} == {"administrator"}


@pytest.mark.requirement("N-0.1", "E-1")
async def test_an_empty_installation_says_what_is_left_to_do_and_invents_no_name(database: Database, fresh_kafka: str) -> None:
    assert fresh_kafka
    async with office(database, authority_file=ROOT / "local" / "authority-empty.toml") as bureau:
        start = await page(bureau.admin)
        for href in ("profile#name", "profile#phones", "topics", "units", "mail"):
            assert f'href="/desk/settings/{href}"' in start.text
        assert "регистратора" not in text_of(start), "the first administrator registers, too"
        assert "исполнителя" in text_of(start)
        assert re.search(r"<title>[А-Яа-я ]+</title>", (await bureau.browser().get("/sign-in")).text), "no name, and no dash before one"
        refused = await do(bureau.admin, "mail", {"address": "ivanova@example.ru"})
        assert (refused.status_code, "без него ни одно письмо не уходит" in error_at(refused, "address")) == (409, True)
        await done(bureau.admin, "profile", PROFILE)
        await done(bureau.admin, "topics", entry(title="Земля"))
        await done(bureau.admin, "units", entry(title="Отдел земли", topic__zemlia="yes"))
        await bureau.open("executor", "executor", "head", unit="otdel-zemli")
        left = text_of(await page(bureau.admin)).partition("Что осталось настроить")[2].partition("Разделы")[0]
        assert left.split() == ["Проверить", "почтовый", "сервер", "пробным", "письмом"]
