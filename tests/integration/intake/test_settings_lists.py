"""The authority's lists are its own: what is added is used at once, what is closed is offered no more, and old codes stay readable."""

from collections.abc import AsyncIterator

import pytest

from libs.events.contracts.authority_events import Audience, PointClosed, PointSet, UnitSet
from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.vocabulary import Flag
from tests.integration.intake.people import Office, is_quiet, office, text_of
from tests.integration.intake.settings import card, classify, decisions, do, done, entry, error_at, page, taken_in, version_on
from tests.integration.intake.town import said
from tests.stack import Database

SCRIPT = "<script>alert(1)</script> 100 %s %(name)s"


@pytest.fixture
async def bureau(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request)) as found:
        yield found


@pytest.mark.requirement("N-6.1", "N-8.4")
async def test_what_is_added_to_the_lists_is_used_at_once_by_cards_accounts_and_filters(bureau: Office) -> None:
    request_id = await taken_in(bureau)
    await done(bureau.admin, "topics", entry(title="Водные объекты"))
    await done(bureau.admin, "units", entry(title="Отдел водных отношений") | {"_new.topic.vodnye-obekty": "yes"})
    await done(bureau.admin, "types", entry(title="Запрос о воде", regime="8-fz", code="water"))
    shown = text_of(await card(bureau.admin, request_id))
    assert all(title in shown for title in ("Водные объекты", "Отдел водных отношений", "Запрос о воде"))
    answer = await classify(bureau.admin, request_id, type="water", topic="vodnye-obekty", unit="otdel-vodnykh-otnoshenii")
    assert answer.status_code == 303, text_of(answer)
    await bureau.open("executor", "executor", unit="otdel-vodnykh-otnoshenii")
    found = await bureau.admin.get("/requests?topic=vodnye-obekty&unit=otdel-vodnykh-otnoshenii&type=water")
    assert found.text.count('class="govuk-link web-number"') == 1
    wrong = await classify(bureau.admin, request_id, topic="vodnye-obekty", unit="land")
    assert wrong.status_code == 409, "another unit does not deal with it"


@pytest.mark.requirement("A-1.1", "N-8.4")
async def test_a_closed_entry_is_offered_no_more_but_what_was_sorted_by_it_keeps_its_title(bureau: Office) -> None:
    first, second = await taken_in(bureau, "m-1"), await taken_in(bureau, "m-2")
    account_id, _ = await bureau.open("of-land", "executor", unit="land")
    assert (await classify(bureau.admin, first)).status_code == 303
    version = version_on(await card(bureau.admin, first))
    handed = await bureau.admin.post(f"/requests/{first}/assign", version=version, **{"assign-unit": "land", "assign-executor": ""})
    assert handed.status_code == 303, text_of(handed)
    for path in ("topics/land/close", "units/land/close"):
        assert "Запись закрыта" in text_of(await done(bureau.admin, path))
    kept = text_of(await card(bureau.admin, first))
    assert "Земельные участки" in kept
    assert "Отдел земельных отношений" in kept
    assert "Земельные участки" not in text_of(await card(bureau.admin, second)), "not offered"
    refused = await classify(bureau.admin, second)
    assert (refused.status_code, "Такого значения нет в справочнике" in text_of(refused)) == (400, True)
    register = await bureau.admin.get("/requests?topic=land")
    assert (register.status_code, "Земельные участки (закрыто)" in text_of(register)) == (200, True)
    assert "Отдел земельных отношений" not in text_of(await bureau.admin.get("/accounts"))
    assert "Отдел земельных отношений (закрыто)" in text_of(await bureau.admin.get(f"/accounts/{account_id}"))
    moved = await bureau.admin.post(f"/accounts/{account_id}/roles", unit="land", **{"role-executor": "yes", "role-checker": "yes"})
    assert (moved.status_code, "Выберите подразделение из списка" in text_of(moved)) == (400, True)
    assert "Закрытые записи" in text_of(await page(bureau.admin, "/topics"))
    await done(bureau.admin, "topics/land", entry("land", title="Земля и участки"))
    await done(bureau.admin, "units/land", entry("land", title="Отдел земли", topic__land="yes"))
    assert (await classify(bureau.admin, second)).status_code == 303
    assert "Земля и участки" in text_of(await card(bureau.admin, first))
    await done(bureau.admin, "units/land/close")
    assert (await do(bureau.admin, "units/land/close")).status_code == 303, "closed twice is closed once"
    assert [fact.type_name() for fact in await decisions(bureau)] == ["TopicClosed", "UnitClosed", "TopicSet", "UnitSet", "UnitClosed"]


@pytest.mark.requirement("A-1.1", "A-3.3", "A-1.2.3", "N-1.1")
async def test_a_point_counts_from_its_first_day_to_its_last_and_by_its_act_and_old_events_keep_its_code(bureau: Office) -> None:
    town, now = bureau.town, bureau.clock.now()

    async def comes_by(name: str, point: str) -> tuple[str, list[str]]:
        await town.site.post(said(name, received_at=now), point)
        row = await town.request("site", name)
        return row["point"], [flag for flag in row["flags"] if flag in (Flag.UNKNOWN_POINT, Flag.WRONG_AUDIENCE)]

    assert await comes_by("m-1", "kiosk") == ("other", [Flag.UNKNOWN_POINT])
    act = "приказ от 01.11.2026 № 49/1-О"
    told = {"title": "Киоск в холле", "kind": "both", "act": act, "since": "2026-11-01", "until": "2026-11-16"}
    await done(bureau.admin, "points", entry(**told, code="kiosk"))
    await done(bureau.admin, "points", entry(title="Новая приёмная", kind="external", since="2026-11-17", code="office"))
    assert await comes_by("m-2", "kiosk") == ("kiosk", [])
    assert await comes_by("m-3", "office") == ("other", [Flag.UNKNOWN_POINT])
    assert await comes_by("m-4", "other") == ("other", [Flag.UNKNOWN_POINT])
    await done(bureau.admin, "points/kiosk/close")
    assert await comes_by("m-5", "kiosk") == ("other", [Flag.UNKNOWN_POINT])
    assert (await town.request("site", "m-2"))["point"] == "kiosk"
    fact = (await decisions(bureau))[0]
    assert isinstance(fact, PointSet)
    assert (fact.act, fact.kind, str(fact.until)) == (act, Audience.BOTH, "2026-11-16")
    assert act in text_of(await page(bureau.admin, "/changes"))


@pytest.mark.requirement("A-1.1", "A-3.3", "E-19")
async def test_a_list_is_loaded_whole_by_its_act_and_what_it_leaves_out_is_closed(bureau: Office) -> None:
    shown = await page(bureau.admin, "/load-points")
    assert "Внутреннее обращение; внутренние; internal" in shown.text
    act = "приказ от 01.11.2026 № 49/1-О"
    lines = "Официальный сайт; внешние; site\r\n\r\nКиоск в холле\tвсе\r\nвнутреннее обращение; внутренние\r\n"
    assert "Перечень загружен" in text_of(await done(bureau.admin, "load-points", {"act": act, "points": lines}))
    facts = await decisions(bureau)
    assert [fact.code for fact in facts if isinstance(fact, PointSet)] == ["site", "kiosk-v-kholle", "internal"]
    assert {fact.code for fact in facts if isinstance(fact, PointClosed)} == {"phone", "vk", "telegram", "ok", "post", "email", "in_person"}
    assert {fact.act for fact in facts if isinstance(fact, PointSet)} == {act}
    await bureau.town.site.post(said("m-1", received_at=bureau.clock.now()), "kiosk-v-kholle")
    assert (await bureau.town.request("site", "m-1"))["point"] == "kiosk-v-kholle"
    await done(bureau.admin, "load-points", {"act": act, "points": lines})
    assert len(await decisions(bureau)) == len(facts), "the same list again is no decision"
    for points, says in [
        ("", "Заполните это поле."),
        ("Киоск; всем подряд", "Строка 1 не читается"),
        ("Сайт\nКиоск; все; Код", "Строка 2 не читается"),
        ("Киоск; все; k; лишнее", "Строка 1 не читается"),
        ("Киоск; все; a\nКиоск; все; b", "уже есть запись с таким названием"),
        ("Киоск; все; a\nЗал; все; a", "Такой код уже есть"),
        ("Иное; все; other", "Такой код уже есть"),
    ]:
        answer = await do(bureau.admin, "load-points", {"act": act, "points": points})
        assert (answer.status_code in (409, 422), says in error_at(answer, "points")) == (True, True), (points, text_of(answer))
    assert error_at(await do(bureau.admin, "load-points", {"points": "Киоск"}), "act") == "Ошибка: Заполните это поле."


@pytest.mark.requirement("A-1.1", "N-7.1", "E-19")
async def test_on_which_card_a_point_is_taken_down_and_where_it_is_are_data_and_stay_when_the_list_is_loaded_anew(bureau: Office) -> None:
    where = "+7 (383) 000-18-02, круглосуточно"
    await done(bureau.admin, "points", entry(title="Вторая линия", kind="external", card="phone", code="second"))
    await done(bureau.admin, "points/phone", entry("phone", title="Справочный телефон", kind="external", card="phone", where=where))
    shown = text_of(await bureau.admin.get("/new/phone"))
    assert all(title in shown for title in ("Вторая линия", "Справочный телефон"))
    lines = "Справочный телефон; внешние; phone\nВторая линия; внешние; second\nОфициальный сайт; внешние; site"
    await done(bureau.admin, "load-points", {"act": "приказ от 02.11.2026 № 50", "points": lines})
    assert "Вторая линия" in text_of(await bureau.admin.get("/new/phone"))
    told = (await bureau.town.service.http.get("/v1/authority", headers=bureau.town.site.headers)).json()
    assert [point["where"] for point in told["points"]] == [where, "", ""]
    assert where in text_of(await page(bureau.admin, "/changes"))
    await done(bureau.admin, "points/second", entry("second", title="Вторая линия", kind="external", card=""))
    assert "Вторая линия" not in text_of(await bureau.admin.get("/new/phone"))
    assert (await bureau.admin.get("/new/reception")).status_code == 404, "no point is left for that card"


@pytest.mark.requirement("N-1.3", "N-8.4")
async def test_a_type_may_promise_an_answer_sooner_than_the_law_but_never_later(bureau: Office) -> None:
    request_id = await taken_in(bureau)
    law = (await bureau.town.request("site", "m-1"))["due_on"].isoformat()
    late = await do(bureau.admin, "types", entry(title="Не спеша", regime="8-fz", answer_days="31"))
    assert (late.status_code, "статьёй 18" in error_at(late, "_new.answer_days")) == (400, True)
    for days in ("0", "-5", "десять", "1.5"):
        wrong = await do(bureau.admin, "types", entry(title="Не спеша", regime="8-fz", answer_days=days))
        assert (wrong.status_code, "от 1 до 30" in error_at(wrong, "_new.answer_days")) == (422, True), days
    await done(bureau.admin, "types", entry(title="Скорый ответ", regime="8-fz", answer_days="10", code="quick"))
    assert (await classify(bureau.admin, request_id, type="quick")).status_code == 303
    assert (law, (await bureau.town.request("site", "m-1"))["due_on"].isoformat()) == ("2026-12-16", "2026-11-26")
    shown = text_of(await card(bureau.admin, request_id))
    assert "Срок — 10 календарных дней (орган власти обещает ответить раньше, чем требует закон)" in shown
    told = (await bureau.town.facts("site", "m-1"))[-1]
    assert isinstance(told, RequestStatusChanged)
    assert (told.visible, str(told.due_on)) == (True, "2026-11-26")
    assert (await classify(bureau.admin, request_id)).status_code == 303
    assert (await bureau.town.request("site", "m-1"))["due_on"].isoformat() == law


async def test_titles_and_codes_are_refused_or_shown_as_they_are_never_run(bureau: Office) -> None:
    await done(bureau.admin, "topics", entry(title=SCRIPT))
    await done(bureau.admin, "units", entry(title=f"Отдел {SCRIPT}") | {"_new.topic.script-alert-1-script-100-s-name-s": "yes"})
    request_id = await taken_in(bureau)
    for path in ("/settings/topics", "/settings/units", "/settings/changes", "/accounts", "/requests", f"/requests/{request_id}"):
        shown = await bureau.admin.get(path)
        assert (shown.status_code, SCRIPT in shown.text, "&lt;script&gt;" in shown.text) == (200, False, True), path
    for fields, field, says in [
        ({"title": ""}, "title", "Заполните это поле."),
        ({"title": "   "}, "title", "Заполните это поле."),
        ({"title": "Я" * 201}, "title", "не больше 200 знаков"),
        ({"title": "Вода\x00"}, "title", "не по образцу"),
        ({"title": "Вода", "code": "Вода"}, "code", "строчные латинские буквы"),
        ({"title": "Вода", "code": "../x"}, "code", "строчные латинские буквы"),
        ({"title": "Вода", "code": "land"}, "code", "Такой код уже есть"),
        ({"title": "земельные УЧАСТКИ"}, "title", "уже есть запись с таким названием"),
    ]:
        answer = await do(bureau.admin, "topics", entry(**fields))
        assert (answer.status_code in (409, 422), says in error_at(answer, f"_new.{field}")) == (True, True), (fields, text_of(answer))
    unknown = await do(bureau.admin, "topics/nothing", entry("nothing", title="Вода"))
    assert (unknown.status_code, "Такой записи в справочнике нет" in text_of(unknown)) == (404, True)
    assert (await bureau.admin.post("/settings/topics/nothing/close", version="9")).status_code == 404
    assert (await bureau.admin.get("/settings/nothing")).status_code == 404
    gone = await do(bureau.admin, "units", entry(title="Отдел воды", topic__gone="yes"))
    assert (gone.status_code, "Одной из отмеченных тем больше нет" in error_at(gone, "_new.topics")) == (400, True)
    days = await do(bureau.admin, "points", entry(title="Киоск", kind="both", since="2026-11-02", until="2026-11-01"))
    assert (days.status_code, "не может быть раньше" in error_at(days, "_new.until")) == (400, True)
    facts = await decisions(bureau)
    assert [type(fact).__name__ for fact in facts] == ["TopicSet", "UnitSet"]
    assert isinstance(facts[1], UnitSet)
