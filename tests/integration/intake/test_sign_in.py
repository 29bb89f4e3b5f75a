"""Staff sign in at the desk with a password and, where they chose so, a code; what is guessed locks, what rests ends."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta

import pyotp
import pytest

from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role
from libs.chassis.ops.settings import WrongSettings
from libs.events.contracts.staff_events import CredentialsChanged, Ending, SessionRevoked
from libs.events.topics import STAFF
from tests.integration.intake.people import ANOTHER, CODE, LOGIN, NAME, PASSWORD, Browser, Office, is_quiet, office, set_up, text_of
from tests.integration.intake.town import founded_quietly
from tests.stack import Database

pytestmark = [pytest.mark.requirement("E-1")]

OPEN_TO_ALL = {
    ("GET", "/desk"),  # leads to the first page, which asks who is there
    ("GET", "/desk/sign-in"),
    ("POST", "/desk/sign-in"),
    ("GET", "/desk/sign-in/code"),
    ("POST", "/desk/sign-in/code"),
    ("GET", "/desk/sign-in/password"),
    ("POST", "/desk/sign-in/password"),
    ("GET", "/desk/set-up"),
    ("POST", "/desk/set-up"),
    ("GET", "/desk/feeds/{token}.ics"),  # the address is the secret
}


@pytest.fixture
async def at_work(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request)) as made:
        yield made


async def second_factor(browser: Browser, office: Office, password: str = PASSWORD) -> tuple[pyotp.TOTP, list[str]]:
    """Turned on; the app, and the recovery codes that were shown."""
    page = text_of(await browser.get("/me/second-factor"))
    app = pyotp.TOTP("".join(page.partition("Ключ: ")[2].partition("Шесть цифр")[0].split()))
    answer = await browser.post("/me/second-factor", password=password, code=app.at(office.clock.now()))
    assert answer.status_code == 303, text_of(answer)
    shown = text_of(await browser.get("/me"))
    codes = [word for word in shown.partition("Больше они не появятся.")[2].split()[:8] if len(word) == 11]
    assert len(codes) == 8
    return app, codes


@pytest.mark.requirement("R-25", "N-8.1")
async def test_every_page_of_the_desk_names_its_roles_or_is_on_the_list_of_what_is_open(at_work: Office) -> None:
    pages = [route for route in guarded_routes(at_work.town.service.app) if route.path.startswith("/desk")]
    assert {(route.method, route.path) for route in pages if not route.roles} == OPEN_TO_ALL
    accounts = {route.roles for route in pages if route.path.startswith("/desk/accounts")}
    assert accounts == {frozenset((Role.ADMINISTRATOR,))}


async def test_who_has_no_session_is_led_to_the_sign_in_and_back_to_where_they_wanted(at_work: Office) -> None:
    browser = at_work.browser()
    assert (await browser.get("/me")).headers["location"] == "/desk/sign-in?next=%2Fdesk%2Fme"
    answer = await browser.sign_in(next="/desk/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/me")
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "Path=/desk", "SameSite=strict"))
    assert NAME in text_of(await browser.get("/me"))


async def test_five_wrong_passwords_lock_the_account_and_each_further_one_for_longer(at_work: Office) -> None:
    browser = at_work.browser()
    for _ in range(5):
        await browser.sign_in(password=ANOTHER)
    assert (await browser.sign_in()).status_code == 403, "the right one is refused, too"
    assert await at_work.admin.is_in(), "whoever is in stays in"
    at_work.clock.move(timedelta(seconds=61))
    assert (await browser.sign_in(password=ANOTHER)).status_code == 403
    at_work.clock.move(timedelta(seconds=61))
    assert (await browser.sign_in()).status_code == 403, "now it is two minutes"
    at_work.clock.move(timedelta(seconds=60))
    assert (await browser.sign_in(LOGIN.upper())).status_code == 303
    for _ in range(4):
        await browser.sign_in(password=ANOTHER)
    assert (await browser.sign_in()).status_code == 303, "a whole sign-in made the failures good"


async def test_a_session_ends_when_it_rests_for_an_hour_and_after_twelve_whatever_it_did(at_work: Office) -> None:
    browser = at_work.browser()
    await browser.sign_in()
    at_work.clock.move(timedelta(minutes=59))
    assert await browser.is_in()
    at_work.clock.move(timedelta(minutes=61))
    assert not await browser.is_in()
    await browser.sign_in()
    for _ in range(12):
        at_work.clock.move(timedelta(minutes=59))
        assert await browser.is_in()
    at_work.clock.move(timedelta(minutes=13))
    assert not await browser.is_in()


async def test_who_signs_out_is_out_and_a_copy_of_the_cookie_is_worth_nothing(at_work: Office) -> None:
    account_id, browser = await at_work.somebody()
    thief = at_work.browser()
    thief.http.cookies = browser.http.cookies.__class__(browser.http.cookies)
    assert await thief.is_in()
    assert (await browser.post("/sign-out")).headers["location"] == "/desk/sign-in"
    assert not await thief.is_in()
    assert [fact.why for fact in await at_work.facts(account_id) if isinstance(fact, SessionRevoked)] == ["signed-out"]


async def test_a_form_from_another_site_does_nothing(at_work: Office) -> None:
    foreign = {"Origin": "https://example.org"}
    assert (await at_work.admin.post_from(foreign, "/sign-out")).status_code == 403
    assert await at_work.admin.is_in()
    browser = at_work.browser()
    for headers in (foreign, {"Origin": "null"}, {"Origin": "http://service", "Sec-Fetch-Site": "cross-site"}):
        assert (await browser.post_from(headers, "/sign-in", login=LOGIN, password=PASSWORD)).status_code == 403
    assert browser.token is None
    own = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert (await browser.post_from(own, "/sign-in", login=LOGIN, password=PASSWORD)).status_code == 303


async def test_with_a_second_factor_the_password_alone_opens_nothing_and_a_code_is_good_once(at_work: Office) -> None:
    account_id, browser = await at_work.somebody()
    app, _ = await second_factor(browser, at_work)
    at_work.clock.move(timedelta(seconds=60))
    again = at_work.browser()
    assert (await again.sign_in("sergeev")).headers["location"] == "/desk/sign-in/code"
    assert not await again.is_in()
    assert (await again.post("/sign-in/code", code="000000")).status_code == 403
    code = app.at(at_work.clock.now())
    assert (await again.post("/sign-in/code", code=code)).headers["location"] == "/desk"
    assert await again.is_in()
    third = at_work.browser()
    await third.sign_in("sergeev")
    assert (await third.post("/sign-in/code", code=code)).status_code == 403, "a code is good once"
    at_work.clock.move(timedelta(seconds=30))
    assert (await third.post("/sign-in/code", code=app.at(at_work.clock.now()))).status_code == 303
    facts = await at_work.facts(account_id)
    assert [fact.what for fact in facts if isinstance(fact, CredentialsChanged)] == ["password", "password", "second-factor"]


async def test_codes_are_guessed_no_longer_than_passwords(at_work: Office) -> None:
    _, browser = await at_work.somebody()
    app, _ = await second_factor(browser, at_work)
    at_work.clock.move(timedelta(seconds=60))
    guesser = at_work.browser()
    await guesser.sign_in("sergeev")
    for _ in range(4):
        assert (await guesser.post("/sign-in/code", code="000000")).status_code == 403
    assert (await guesser.post("/sign-in/code", code=app.at(at_work.clock.now()))).status_code == 403


async def test_a_recovery_code_takes_the_place_of_the_phone_once(at_work: Office) -> None:
    _, browser = await at_work.somebody()
    _, codes = await second_factor(browser, at_work)
    assert codes[0] not in text_of(await browser.get("/me")), "they are shown once"
    again = at_work.browser()
    await again.sign_in("sergeev")
    assert (await again.post("/sign-in/code", code=codes[0].lower())).status_code == 303
    await again.sign_in("sergeev")
    assert (await again.post("/sign-in/code", code=codes[0])).status_code == 403
    assert (await again.post("/sign-in/code", code=codes[1])).status_code == 303


async def test_what_was_half_proved_ends_with_the_password_it_was_proved_by(at_work: Office) -> None:
    account_id, browser = await at_work.somebody()
    app, _ = await second_factor(browser, at_work)
    half = at_work.browser()
    await half.sign_in("sergeev")
    await at_work.admin.post(f"/accounts/{account_id}/password")
    at_work.clock.move(timedelta(seconds=60))
    assert (await half.post("/sign-in/code", code=app.at(at_work.clock.now()))).status_code == 403
    assert (await at_work.browser().post("/sign-in/code", code="1")).status_code == 403, "nothing was proved at all"


async def test_a_changed_password_ends_the_other_sessions_and_needs_the_old_one(at_work: Office) -> None:
    _, browser = await at_work.somebody()
    other = at_work.browser()
    await other.sign_in("sergeev")
    assert (await browser.post("/me/password", password=ANOTHER, new_password=ANOTHER)).status_code == 403
    assert (await browser.post("/me/password", password=PASSWORD, new_password="короткий")).status_code == 400
    assert (await browser.post("/me/password", password=PASSWORD, new_password=PASSWORD)).status_code == 400
    assert await other.is_in()
    assert (await browser.post("/me/password", password=PASSWORD, new_password=ANOTHER)).status_code == 303
    assert (await browser.is_in(), await other.is_in()) == (True, False)
    assert (await other.sign_in("sergeev")).status_code == 403
    assert (await other.sign_in("sergeev", ANOTHER)).status_code == 303


async def test_who_guesses_the_password_inside_a_session_is_thrown_out_of_it(at_work: Office) -> None:
    account_id, browser = await at_work.somebody()
    for _ in range(5):
        await browser.post("/me/password", password=ANOTHER, new_password=ANOTHER)
    assert not await browser.is_in()
    assert (await at_work.facts(account_id))[-1] == SessionRevoked(why=Ending.LOCKED)


@pytest.mark.requirement("E-14")
@pytest.mark.usefixtures("fresh_kafka")
async def test_no_password_and_no_secret_is_in_an_event_a_log_or_in_clear_in_the_store(
    at_work: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    _, browser = await at_work.somebody()
    app, codes = await second_factor(browser, at_work)
    await browser.sign_in("sergeev", ANOTHER)
    await browser.post("/sign-out")
    town = at_work.town
    await town.drained()
    await town.listener.until(lambda: len(town.listener.on(STAFF.name)) >= 7, "all is published")
    published = b"".join(heard.record.value or b"" for heard in town.listener.on(STAFF.name))
    keys = {(heard.record.key or b"").decode() for heard in town.listener.on(STAFF.name)}
    stored = ""
    for table in ("events", "accounts", "credentials", "sessions"):
        stored += str(await town.rows(f"SELECT * FROM {table}"))  # noqa: S608 - names of ours
    logged = "".join(capsys.readouterr())
    for secret in (PASSWORD, ANOTHER, app.secret, codes[0], CODE, browser.token or "no token", at_work.admin.token or "no token"):
        assert not [what for what in (published.decode(), stored, logged, " ".join(keys)) if secret in what]
    assert not [name for name in (NAME, LOGIN, "sergeev") if name in stored + logged + " ".join(keys)]


async def test_the_first_account_is_opened_once_and_only_with_the_code(database: Database) -> None:
    async with founded_quietly(database, setup_code=CODE) as town:
        browser = Browser(town)
        assert (await browser.get("/sign-in")).headers["location"] == "/desk/set-up"
        assert "Первоначальная настройка" in text_of(await browser.get("/set-up"))
        assert (await set_up(browser, "another-code-of-set-up")).status_code == 403
        assert (await set_up(browser, password="короткий")).status_code == 400
        assert (await set_up(browser, login="a b")).status_code == 422
        assert (await set_up(browser)).headers["location"] == "/desk/settings"
        assert await browser.is_in()
        for again in (await set_up(Browser(town), login="second"), await Browser(town).get("/set-up")):
            assert (again.status_code, "уже настроена" in text_of(again)) == (409, True)


async def test_without_a_code_nobody_sets_an_installation_up(database: Database) -> None:
    async with founded_quietly(database) as town:
        for code in ("", "None", CODE):
            assert (await set_up(Browser(town), code)).status_code == 403
        assert await town.value("SELECT count(*) FROM accounts") == 0


@pytest.mark.requirement("R-25")
async def test_without_the_key_that_signs_them_the_desk_issues_no_tokens_and_with_another_one_it_does_not_start(database: Database) -> None:
    async with office(database, quiet=True, staff_private_key=None) as at_work:
        answer = await at_work.admin.post("/me/token")
        assert (answer.status_code, "не настроен" in text_of(answer)) == (503, True)
    with pytest.raises(WrongSettings, match="OTKLIK_STAFF_PUBLIC_KEY"):
        async with office(database, quiet=True, staff_private_key=base64.b64encode(bytes(32)).decode()):
            pass
