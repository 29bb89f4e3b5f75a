"""Staff enter by the OpenID Connect provider of their authority; what it did not vouch for opens nothing, and without it passwords do."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role
from libs.chassis.ops.clock import SystemClock
from libs.events.contracts.staff_events import AccountOpened, ExternalIdentityLinked, SessionRevoked
from libs.events.topics import STAFF
from local.embedded import free_ports
from services.intake.settings import IntakeSettings
from tests.integration.intake import providers
from tests.integration.intake.people import ANOTHER, PASSWORD, Browser, Office, is_quiet, office, text_of
from tests.integration.intake.providers import CLIENT_ID, DESK_URL, Certified, Liar, certified, let_in, liar, pass_through, sign_out
from tests.integration.intake.test_sign_in import OPEN_TO_ALL
from tests.running import settings_of
from tests.serving import on_a_port
from tests.stack import Database

pytestmark = [pytest.mark.requirement("E-1", "R-25")]

BEGIN = "/sign-in/provider"


@pytest.fixture
async def provider() -> AsyncIterator[Certified]:
    async with certified() as made:
        yield made


@pytest.fixture
async def at_work(database: Database, request: pytest.FixtureRequest, provider: Certified) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request), start=datetime.now(UTC), **providers.settings(provider.issuer)) as made:
        yield made


@pytest.fixture
async def lied_to(database: Database) -> AsyncIterator[tuple[Office, Liar, Browser]]:
    """An office whose administrator has linked whom the liar calls u-1."""
    async with (
        liar(SystemClock()) as lying,
        office(database, quiet=True, start=datetime.now(UTC), **providers.settings(lying.issuer)) as made,
    ):
        lying.clock = made.clock
        account_id, _ = await made.somebody()
        await told_back(made.browser(), lying)
        await link(made, account_id)
        yield made, lying, made.browser()


async def told_back(browser: Browser, lying: Liar, **changed: str | None) -> httpx.Response:
    """From the link to what the desk says of the provider's answer; `changed` parts of it, None: left out."""
    begun = await browser.get(BEGIN)
    assert begun.status_code == 303, text_of(begun)
    query = {"code": "c-1", "state": lying.remember(begun.headers["location"]), "iss": lying.issuer, **changed}
    address = httpx.URL(f"/desk{BEGIN}/back", params={name: value for name, value in query.items() if value is not None})
    return await browser.get(str(address).removeprefix("/desk"))


async def enter(browser: Browser, login: str = "u-1", onward: str = "") -> httpx.Response:
    """By the certified provider."""
    begun = await browser.get(f"{BEGIN}?next={onward}")
    assert begun.status_code == 303, text_of(begun)
    return await browser.get(await pass_through(begun.headers["location"], login))


async def link(made: Office, account_id: str) -> httpx.Response:
    """To the one who asked last."""
    page = (await made.admin.get(f"/accounts/{account_id}")).text
    [mark, *_] = re.findall(r'value="([0-9a-f]{64})"', page)
    return await made.admin.post(f"/accounts/{account_id}/identity", newcomer=mark)


def code_of(answer: httpx.Response) -> str:
    found = re.search(r"<code>([a-z-]+)</code>", answer.text)
    assert found, text_of(answer)
    return found[1]


async def test_whom_an_administrator_linked_enters_by_the_provider_and_nobody_else_does(at_work: Office) -> None:
    account_id, _ = await at_work.somebody()
    browser = at_work.browser()
    first = await enter(browser)
    assert (first.status_code, code_of(first), browser.token) == (403, "not-linked", None)
    [code] = re.findall(r"\d{3} \d{3}", text_of(first))
    page = text_of(await at_work.admin.get(f"/accounts/{account_id}"))
    assert f"{code}: Сергеев Пётр Ильич, sergeev.p" in page
    assert (await link(at_work, account_id)).status_code == 303
    entered = await enter(browser, onward="/desk/me")
    assert entered.headers["refresh"] == "0; url=/desk/me"
    assert (await browser.is_in(), (await browser.get("/me")).status_code) == (True, 200)
    assert code_of(await enter(at_work.browser(), "u-2")) == "not-linked"
    [fact] = [fact for fact in await at_work.facts(account_id) if isinstance(fact, ExternalIdentityLinked)]
    assert fact.subject == "u-1"
    assert "u-1" not in str(await at_work.town.rows("SELECT * FROM accounts")) + str(await at_work.town.rows("SELECT * FROM newcomers"))


async def test_no_more_pages_are_open_to_everybody_than_the_way_there_back_and_out(at_work: Office) -> None:
    pages = [route for route in guarded_routes(at_work.town.service.app) if route.path.startswith("/desk")]
    assert {(route.method, route.path) for route in pages if not route.roles} - OPEN_TO_ALL == {
        ("GET", "/desk/sign-in/provider"),
        ("GET", "/desk/sign-in/provider/back"),
        ("GET", "/desk/sign-in/provider/leave"),
        ("POST", "/desk/sign-in/provider/logged-out"),
    }
    assert {route.roles for route in pages if "/identity" in route.path} == {frozenset((Role.ADMINISTRATOR,))}


async def test_the_cookie_of_the_way_there_comes_back_with_the_provider_and_lasts_no_longer(at_work: Office) -> None:
    browser = at_work.browser()
    begun = await browser.get(BEGIN)
    cookie = begun.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "Path=/desk/sign-in/provider", "SameSite=lax", "Max-Age=600"))
    back = await pass_through(begun.headers["location"], "u-1")
    at_work.clock.move(timedelta(minutes=11))
    assert code_of(await browser.get(back)) == "entry-forgotten"
    assert code_of(await at_work.browser().get(back)) == "entry-forgotten", "another browser never began it"


async def test_one_identity_belongs_to_one_account_until_the_link_is_undone(at_work: Office) -> None:
    first, _ = await at_work.somebody("sergeev")
    second, _ = await at_work.somebody("petrov")
    browser = at_work.browser()
    await enter(browser)
    await link(at_work, first)
    await enter(browser)
    assert await browser.is_in()
    assert (await at_work.admin.post(f"/accounts/{second}/identity", newcomer="0" * 64)).status_code == 404
    assert (await at_work.admin.post(f"/accounts/{first}/identity/off")).status_code == 303
    assert not await browser.is_in(), "who came in by the link is out with it"
    assert code_of(await enter(browser)) == "not-linked"
    assert (await link(at_work, second)).status_code == 303
    await enter(browser)
    assert await browser.is_in()


async def test_a_disabled_account_is_not_entered_by_the_provider(at_work: Office) -> None:
    account_id, _ = await at_work.somebody()
    browser = at_work.browser()
    await enter(browser)
    await link(at_work, account_id)
    await enter(browser)
    await at_work.admin.post(f"/accounts/{account_id}/disable", reason="увольнение")
    assert not await browser.is_in()
    browser = at_work.browser()
    answer = await enter(browser)
    assert (answer.status_code, code_of(answer), browser.token) == (403, "account-disabled", None)


async def test_guessed_passwords_neither_stop_the_provider_nor_are_made_good_by_it(at_work: Office) -> None:
    account_id, _ = await at_work.somebody()
    browser = at_work.browser()
    await enter(browser)
    await link(at_work, account_id)
    for _ in range(5):
        await at_work.browser().sign_in("sergeev", ANOTHER)
    await enter(browser)
    assert await browser.is_in()
    assert (await at_work.browser().sign_in("sergeev", PASSWORD)).status_code == 403, "the lock of passwords stays"


async def test_who_leaves_is_led_to_the_provider_where_another_session_waits(at_work: Office, provider: Certified) -> None:
    account_id, local = await at_work.somebody()
    browser = at_work.browser()
    await enter(browser)
    await link(at_work, account_id)
    await enter(browser)
    left = await browser.post("/sign-out")
    assert left.headers["location"] == "/desk/sign-in/provider/leave"
    assert not await browser.is_in()
    page = await browser.get("/sign-in/provider/leave")
    [address] = re.findall(rf'href="({provider.issuer}/session/end[^"]*)"', page.text.replace("&amp;", "&"))
    query = httpx.URL(address).params
    assert (query["client_id"], query["post_logout_redirect_uri"]) == (CLIENT_ID, f"{DESK_URL}/desk/sign-in")
    async with httpx.AsyncClient() as outside:
        assert (await outside.get(address)).status_code == 200, "the provider takes it"
    assert "id_token_hint" not in query, "it would name a person in an address"
    await local.sign_in("sergeev")
    assert (await local.post("/sign-out")).headers["location"] == "/desk/sign-in", "who came with a password has nothing to leave there"
    assert [fact.why for fact in await at_work.facts(account_id) if isinstance(fact, SessionRevoked)][-1] == "signed-out"


async def test_who_signs_out_at_the_provider_is_signed_out_here_in_that_session_and_no_other(database: Database, fresh_kafka: str) -> None:
    [port] = free_ports(1)
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(certified(tells=f"http://127.0.0.1:{port}"))
        told = providers.settings(provider.issuer)
        made = await stack.enter_async_context(office(database, start=datetime.now(UTC), **told))
        await stack.enter_async_context(on_a_port(made.town.service.app, port))
        account_id, local = await made.somebody()
        await enter(made.browser())
        await link(made, account_id)
        await local.sign_in("sergeev")
        here = [made.browser(), made.browser()]
        there = [await stack.enter_async_context(httpx.AsyncClient(timeout=30)) for _ in here]
        for browser, outside in zip(here, there, strict=True):
            begun = await browser.get(BEGIN)
            await browser.get(await let_in(outside, begun.headers["location"], "u-1"))
            assert await browser.is_in()
        await sign_out(there[0], provider.issuer)
        assert [await browser.is_in() for browser in (*here, local)] == [False, True, True]
        rows = await made.town.rows("SELECT account_id FROM denied_tokens")
        assert account_id in {row["account_id"] for row in rows}, "its staff tokens of before are worth nothing, in any service"
        assert [fact.why for fact in await made.facts(account_id) if isinstance(fact, SessionRevoked)][-1] == "signed-out"


async def test_another_key_of_the_provider_is_taken_up_when_a_token_names_it(at_work: Office, provider: Certified) -> None:
    account_id, _ = await at_work.somebody()
    browser = at_work.browser()
    await enter(browser)
    await link(at_work, account_id)
    await provider.stop()
    await provider.start()
    at_work.clock.move(timedelta(seconds=11))
    await enter(browser)
    assert await browser.is_in()


async def test_while_the_provider_is_away_a_page_says_so_and_passwords_open_the_desk(at_work: Office, provider: Certified) -> None:
    await provider.stop()
    browser = at_work.browser()
    answer = await browser.get(BEGIN)
    assert (answer.status_code, code_of(answer), answer.headers["retry-after"]) == (503, "provider-away", "60")
    assert 'href="/desk/sign-in"' in answer.text
    assert (await browser.sign_in()).status_code == 303
    assert await browser.is_in()
    await provider.start()
    assert (await browser.get(BEGIN)).status_code == 303, "it is asked again at once"


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
async def test_signatures_on_curves_are_good_too(database: Database, alg: str) -> None:
    async with (
        certified(alg) as provider,
        office(database, quiet=True, start=datetime.now(UTC), **providers.settings(provider.issuer)) as made,
    ):
        assert code_of(await enter(made.browser())) == "not-linked", "it is proved who they are"


async def test_who_gets_a_role_by_the_mapping_has_an_account_opened_only_where_the_setting_says_so(
    database: Database, provider: Certified
) -> None:
    mapping = {"openid_roles_claim": "groups", "openid_roles": '{"desk-registrars": ["registrar", "operator"]}'}
    told = providers.settings(provider.issuer, **mapping, openid_opens_accounts=True)
    async with office(database, quiet=True, start=datetime.now(UTC), **told) as made:
        browser = made.browser()
        await enter(browser)
        assert "Регистратор" in text_of(await browser.get("/me"))
        assert code_of(await enter(made.browser(), "u-2")) == "not-linked", "no role, no account"
        await enter(made.browser())
        opened = await made.town.rows("SELECT account_id FROM accounts WHERE 'registrar' = ANY (roles) AND identity_mark IS NOT NULL")
        [fact, linked] = await made.facts(str(opened[0]["account_id"]))
        assert (type(fact), fact.login, fact.roles, type(linked)) == (
            AccountOpened,
            "sergeev.p",
            ("operator", "registrar"),
            ExternalIdentityLinked,
        )


async def test_a_mapping_alone_opens_no_account(database: Database, provider: Certified) -> None:
    told = providers.settings(provider.issuer, openid_roles_claim="groups", openid_roles='{"desk-registrars": ["registrar"]}')
    async with office(database, quiet=True, start=datetime.now(UTC), **told) as made:
        assert code_of(await enter(made.browser())) == "not-linked"


def altered(**changed: Any) -> Callable[[Liar], None]:
    def change(lying: Liar) -> None:
        lying.claims |= changed

    return change


def other_key(lying: Liar) -> None:
    lying.shown = [lying.key]
    lying.key = RSAKey.generate_key(2048, {"kid": "k-1"})


def unknown_key(lying: Liar) -> None:
    lying.shown = [lying.key]
    lying.key = RSAKey.generate_key(2048, {"kid": "k-2"})


def nameless_key_of_two(lying: Liar) -> None:
    lying.shown = [lying.key, ECKey.generate_key("P-256", {"kid": "k-2"})]
    lying.header["kid"] = None


def shared_secret(lying: Liar) -> None:
    """Signed with the public key taken for a secret."""
    lying.shown = [lying.key]
    lying.key = OctKey.import_key(json.dumps(lying.key.as_dict(private=False)), {"kid": "k-1"})
    lying.header["alg"] = "HS256"


def none(lying: Liar) -> None:
    lying.raw = {"id_token": f"eyJhbGciOiJub25lIiwia2lkIjoiay0xIn0.{lying.token().split('.')[1]}."}


def timed(claim: str, seconds: int) -> Callable[[Liar], None]:
    """So long after now."""
    return lambda lying: altered(**{claim: int(lying.clock.now().timestamp()) + seconds})(lying)


LIES: dict[str, Callable[[Liar], None]] = {
    "nonce": altered(nonce="another"),
    "no nonce": altered(nonce=None),
    "issuer": altered(iss="http://127.0.0.1:1"),
    "audience": altered(aud="somebody-else"),
    "audiences": altered(aud=["somebody-else", "and-another"]),
    "several audiences, no azp": altered(aud=[CLIENT_ID, "somebody-else"]),
    "azp": altered(azp="somebody-else"),
    "expired": timed("exp", -61),
    "of tomorrow": timed("iat", 3600),
    "no time": altered(exp="soon"),
    "no expiry": altered(exp=None),
    "issued long ago": timed("iat", -3600),
    "no subject": altered(sub=None),
    "empty subject": altered(sub=""),
    "a number as subject": altered(sub=17),
    "NUL in the subject": altered(sub="u-1\x00"),
    "endless subject": altered(sub="u" * 256),
    "another key": other_key,
    "unknown key": unknown_key,
    "two keys and no name": nameless_key_of_two,
    "a shared secret": shared_secret,
    "no signature": none,
    "no token": lambda lying: setattr(lying, "raw", {"id_token": "a.b.c"}),
    "nothing": lambda lying: setattr(lying, "raw", {}),
    "a list": lambda lying: setattr(lying, "raw", {"id_token": ["a"]}),
}


async def test_a_token_that_is_wrong_anywhere_opens_nothing(lied_to: tuple[Office, Liar, Browser]) -> None:
    made, lying, _ = lied_to
    honest = lying.key
    for name, lie in LIES.items():
        lying.key, lying.shown, lying.claims, lying.header, lying.raw = honest, [], {}, {}, None
        made.clock.move(timedelta(minutes=61))  # its keys are asked for anew
        browser = made.browser()
        lie(lying)
        answer = await told_back(browser, lying)
        assert (name, answer.status_code, code_of(answer), browser.token) == (name, 403, "entry-not-proved", None)


async def test_the_token_that_the_lies_are_made_of_opens_the_desk(lied_to: tuple[Office, Liar, Browser]) -> None:
    _, lying, browser = lied_to
    assert (await told_back(browser, lying)).status_code == 200
    assert await browser.is_in()
    lying.claims = {"aud": [CLIENT_ID, "somebody-else"], "azp": CLIENT_ID}
    assert (await told_back(browser, lying)).status_code == 200


async def test_a_logout_of_the_provider_is_taken_once_and_one_that_it_did_not_sign_is_not(lied_to: tuple[Office, Liar, Browser]) -> None:
    made, lying, browser = lied_to
    lying.claims = {"sid": "s-1"}

    async def told(token: str) -> tuple[int, str, bool]:
        """As the provider would post it; and whether the person is in after that."""
        await told_back(browser, lying)
        answer = await made.browser().post("/sign-in/provider/logged-out", logout_token=token)
        assert answer.headers["cache-control"] == "no-store"
        return answer.status_code, answer.text, await browser.is_in()

    refused = (400, '{"error":"invalid_request","error_description":"logout-not-proved"}', True)
    honest = lying.logout()
    assert await told(honest) == (200, "", False)
    assert await told(honest) == refused, "a replay"
    assert await told(lying.logout(jti="t-2", sid="s-2")) == (200, "", True), "another session of theirs"
    assert await told(lying.logout(jti="t-3", sub="u-2")) == (200, "", True), "another person's session of that name"
    assert await told(lying.logout(jti="t-4", sub=None)) == (200, "", False)
    assert await told(lying.logout(jti="t-5", sid=None)) == (200, "", False)
    assert await told(lying.logout(jti="t-6", nonce="n-1")) == refused
    assert await told(f"{lying.logout(jti='t-7')[:-4]}AAAA") == refused, "forged"
    assert await told("") == refused
    lying.claims = {}
    assert await told(lying.logout(jti="t-8")) == (200, "", False), "the provider never told what it calls the session"
    stored = str(await made.town.rows("SELECT * FROM sessions")) + str(await made.town.rows("SELECT * FROM logout_tokens"))
    assert not [name for name in ("u-1", "s-1", "t-1") if f"'{name}'" in stored]
    made.clock.move(timedelta(minutes=12))
    assert await told(honest) == refused, "too old"
    await told(lying.logout(jti="t-9"))
    assert await made.town.value("SELECT count(*) FROM logout_tokens") == 1, "what is too old to be good again is forgotten"


ANSWERS: tuple[tuple[dict[str, str | None], str], ...] = (
    ({"state": "another"}, "entry-not-proved"),
    ({"state": "по-русски"}, "entry-not-proved"),
    ({"state": None}, "entry-not-proved"),
    ({"iss": "https://example.org"}, "entry-not-proved"),
    ({"code": None}, "entry-refused"),
    ({"code": "x" * 3000}, "entry-refused"),
    ({"error": "access_denied"}, "entry-refused"),
)


async def test_an_answer_that_is_not_to_our_question_opens_nothing(lied_to: tuple[Office, Liar, Browser]) -> None:
    made, lying, _ = lied_to
    for changed, code in ANSWERS:
        browser = made.browser()
        answer = await told_back(browser, lying, **changed)
        assert (changed, answer.status_code, code_of(answer), browser.token) == (changed, 403, code, None)
        again = await browser.get(f"{BEGIN}/back?code=c-1&state=x")
        assert code_of(again) == "entry-forgotten", "a try is good once"


WRONG_METADATA: tuple[dict[str, Any], ...] = (
    {"issuer": "http://127.0.0.1:1"},
    {"token_endpoint": "http://example.org/token"},
    {"jwks_uri": None},
    {"authorization_endpoint": "javascript:alert(1)"},
)


async def test_a_provider_that_describes_itself_wrongly_is_none(lied_to: tuple[Office, Liar, Browser]) -> None:
    made, lying, browser = lied_to
    made.clock.move(timedelta(minutes=61))
    for metadata in WRONG_METADATA:
        lying.metadata = metadata
        assert (metadata, code_of(await browser.get(BEGIN))) == (metadata, "provider-away")
    lying.metadata = {}
    assert (await browser.get(BEGIN)).status_code == 303


async def test_invented_names_of_keys_do_not_make_us_ask_the_provider_at_every_try(lied_to: tuple[Office, Liar, Browser]) -> None:
    made, lying, browser = lied_to
    made.clock.move(timedelta(seconds=20))
    unknown_key(lying)
    lying.asked.clear()
    for _ in range(3):
        assert code_of(await told_back(browser, lying)) == "entry-not-proved"
    assert lying.asked.count("keys") == 1


@pytest.mark.parametrize("issuer", ["http://example.org", "ftp://127.0.0.1", "http://127.0.0.1.example.org"])
def test_without_tls_a_provider_stands_on_this_very_machine_or_the_process_does_not_start(database: Database, issuer: str) -> None:
    with pytest.raises(ValueError, match="openid_issuer"):
        settings_of(IntakeSettings, database.environment("intake", **providers.settings(issuer)))


@pytest.mark.requirement("E-14")
@pytest.mark.usefixtures("fresh_kafka")
async def test_nothing_of_an_entry_stands_in_clear_in_a_log_a_key_or_the_store(at_work: Office, capsys: pytest.CaptureFixture[str]) -> None:
    account_id, _ = await at_work.somebody()
    browser = at_work.browser()
    begun = await browser.get(BEGIN)
    kept = browser.http.cookies.get("desk-entry")
    await browser.get(await pass_through(begun.headers["location"], "u-1"))
    await link(at_work, account_id)
    await enter(browser)
    await browser.post("/sign-out")
    town = at_work.town
    await town.drained()
    await town.listener.until(lambda: town.listener.facts(STAFF.name, ExternalIdentityLinked), "the link is published")
    keys = " ".join((heard.record.key or b"").decode() for heard in town.listener.on(STAFF.name))
    stored = ""
    for table in ("events", "accounts", "credentials", "sessions", "newcomers", "denied_tokens"):
        stored += str(await town.rows(f"SELECT * FROM {table}"))  # noqa: S608 - names of ours
    logged = "".join(capsys.readouterr())
    for told in ("u-1", "sergeev.p", "Сергеев", providers.SECRET, kept or "no cookie", browser.token or "no token"):
        assert not [what for what in (logged, keys, stored) if told in what], told
