"""What the pages about accounts share: roles in words, forms that become commands, cookies that cross one redirect."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.sessions import COOKIE, SAFE_METHODS, ForeignForm, SessionDoor, is_foreign
from libs.chassis.access.tokens import TokenIssuer
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from libs.web.pages import Pages
from libs.web.sealed_cookies import SealedCookie
from services.intake.authority.book import Book
from services.intake.domain.authority.listings import Listing
from services.intake.feeds import Feeds
from services.intake.staff.accounts import Accounts
from services.intake.staff.deputies import Deputies
from services.intake.staff.entry import Entry
from services.intake.staff.sign_in import SignIn

DESK = "/desk"
HALF_SECONDS = 600
ONCE_SECONDS = 300
SEE_OTHER = 303

ROLE_TITLES = {
    Role.ADMINISTRATOR: "Администратор",
    Role.REGISTRAR: "Регистратор",
    Role.EXECUTOR: "Исполнитель",
    Role.CHECKER: "Проверяющий",
    Role.HEAD: "Руководитель",
    Role.OPERATOR: "Оператор приёма",
    Role.EDITOR: "Редактор публикаций",
    Role.MAILER: "Ответственный за рассылки",
    Role.SURVEYOR: "Ответственный за опросы",
    Role.AUDITOR: "Аудитор",
    Role.SRE: "Дежурный инженер",
}
WRONG = {
    "login": "Логин: от 2 до 64 букв, цифр, точек и дефисов, без пробелов",
    "name": "Укажите фамилию, имя и отчество",
    "roles": "Выберите хотя бы одну роль",
    "unit": "Выберите подразделение из списка",
    "reason": "Укажите причину",
    "deputy": "Выберите сотрудника",
    "first_day": "Укажите первый день",
    "last_day": "Укажите последний день",
    "executor": "Выберите исполнителя",
}


class NoTokens(Refusal):
    """This installation has not told intake the key that signs them."""

    code = "no-tokens"
    status = 503
    says = "Доступ к разделам других служб не настроен. Обратитесь к администратору системы."


@dataclass(frozen=True, kw_only=True)
class People:
    """What the pages about accounts stand on."""

    pages: Pages
    door: SessionDoor
    accounts: Accounts
    sign_in: SignIn
    entry: Entry | None
    deputies: Deputies
    feeds: Feeds
    clock: Clock
    book: Book
    secret: bytes
    tokens: TokenIssuer | None

    @property
    def issuer(self) -> str:
        """As whose second factor an app shows ours; until the authority has a name, by its code."""
        told = self.book.authority
        return told.called or told.code

    def token(self, staff: Staff) -> str:
        """For the doors of other services, which check it offline. Raises `NoTokens`."""
        if self.tokens is None:
            raise NoTokens
        return self.tokens.issue(staff)

    def once(self, path: str) -> SealedCookie:
        """What the next page shows one time: a temporary password, recovery codes."""
        return self._cookie("desk-once", ONCE_SECONDS, path)

    def half(self) -> SealedCookie:
        """What was proved of a sign-in that is not whole yet."""
        return self._cookie("desk-half", HALF_SECONDS, f"{DESK}/sign-in")

    def pending(self) -> SealedCookie:
        """The secret of a second factor that is not proved yet."""
        return self._cookie("desk-pending", HALF_SECONDS, f"{DESK}/me")

    def begun(self) -> SealedCookie:
        """What the provider has to send back; it comes from there, so the browser must bring this along."""
        return replace(self._cookie("desk-entry", HALF_SECONDS, f"{DESK}/sign-in/provider"), same_site="lax")

    def _cookie(self, name: str, seconds: int, path: str) -> SealedCookie:
        return SealedCookie(name=name, secret=self.secret, lifetime_seconds=seconds, path=path, clock=self.clock)

    def unit_options(self, own: str | None = None) -> list[tuple[str, str]]:
        """`own`: of the account that is changed; a closed one is shown, so that nobody loses it without a word."""
        offered = [("", "Без подразделения"), *((unit.code, unit.title) for unit in self.book.authority.units)]
        return [*offered, (own, f"{self.unit_title(own)} (закрыто)")] if own and own not in dict(offered) else offered

    def unit_title(self, code: str | None) -> str:
        """Also of a unit that was closed since."""
        return self.book.titles[Listing.UNITS].get(code, code) if code else "Без подразделения"


async def _own_form(request: Request) -> None:
    if request.method not in SAFE_METHODS and is_foreign(request):
        raise ForeignForm


OWN_FORM = Depends(_own_form)
"""Of pages that are open to everybody; the others ask for it with the session."""


def keep_session(request: Request, response: Response, token: str) -> None:
    response.set_cookie(COOKIE, token, path=DESK, httponly=True, samesite="strict", secure=request.url.scheme == "https")


def drop_session(response: Response) -> None:
    response.delete_cookie(COOKIE, path=DESK, httponly=True, samesite="strict")


def to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=SEE_OTHER)


def roles_of(form: Mapping[str, str]) -> list[str]:
    """Boxes that are ticked, each a field of its own."""
    return [role.value for role in Role if form.get(f"role-{role.value}")]
