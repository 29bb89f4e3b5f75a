"""Draws pages: one template environment per language, and what every page shows put beside what the page was given."""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal
from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from libs.web import languages
from libs.web.assets import Assets
from libs.web.headers import SAFE_HEADERS, BodyTooLargeError
from libs.web.languages import Language
from libs.web.masthead import Masthead
from libs.web.posted import posted
from libs.web.preferences import PANEL, Preferences, local_path

HERE = Path(__file__).parent
SENTENCES = 4_096  # that are kept ready; all templates of a process hold fewer

# Heading and explanation of the errors that a visitor may meet; any other is told as 400 or 500.
SAID: Mapping[int, tuple[str, str]] = {
    400: ("Запрос не удалось прочитать", "Вернитесь на предыдущую страницу и попробуйте ещё раз."),
    404: ("Такой страницы нет", "Проверьте адрес: возможно, он введён или скопирован не полностью."),
    405: ("Такой страницы нет", "Проверьте адрес: возможно, он введён или скопирован не полностью."),
    413: ("Отправлено слишком много", "Вернитесь на предыдущую страницу и сократите текст или приложите меньше файлов."),
    429: ("Слишком много попыток", "Подождите несколько минут и попробуйте снова."),
    500: ("Ошибка на нашей стороне", "Мы уже знаем о ней. Попробуйте ещё раз через несколько минут."),
}


class Pages:
    """The pages of one process: its `templates/` and `translations/` on top of the common ones. `masthead`: as it is at that moment."""

    def __init__(
        self,
        *,
        folder: Path,
        assets: Assets,
        masthead: Callable[[], Masthead],
        demo: bool = False,
        home: str = "/",
        service: str = "Запросы информации",
    ) -> None:
        self._assets = assets
        self._home = home
        self._masthead = masthead
        self._facts = {"demo": demo, "home": home, "service": service, "asset": assets.url, "language_names": languages.NAMES}
        self._languages = languages.load((HERE / "translations", folder / "translations"))
        self._environments = {code: _environment(folder, code) for code in self._languages}

    def show(
        self, request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **facts: Any
    ) -> HTMLResponse:
        """The page in the visitor's language and appearance; `facts` are what it shows."""
        preferences = Preferences.of(request)
        return self.show_as(preferences, request, template, status=status, headers=headers, **facts)

    def show_as(
        self,
        preferences: Preferences,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> HTMLResponse:
        """The same with preferences that the visitor has just changed."""
        common = {
            **self._facts,
            "authority": self._masthead(),
            "preferences": preferences,
            "path": request.url.path,
            "errors": {},
            "unsent": None,
        }
        drawn = self._environments[preferences.language].get_template(template).render({**common, **facts})
        return HTMLResponse(drawn, status_code=status, headers=dict(headers or {}))

    def show_message(
        self, request: Request, heading: str, *paragraphs: str, status: int = 200, onward: dict[str, str] | None = None, **more: Any
    ) -> HTMLResponse:
        """A page that says one thing; its texts are Russian and translated here."""
        say = self.language(request).text
        if onward is not None:
            onward = {**onward, "text": say(onward["text"])}
        told = [say(paragraph) for paragraph in paragraphs]
        return self.show(request, "web/message.html", status=status, heading=say(heading), paragraphs=told, onward=onward, **more)

    def language(self, request: Request) -> Language:
        return self.speaking(Preferences.of(request))

    def speaking(self, preferences: Preferences) -> Language:
        return self._languages[preferences.language]

    def install(self, app: FastAPI) -> None:
        """Assets, the preference buttons and the error pages."""
        self.install_common(app)
        self.install_errors(app)

    def install_common(self, app: FastAPI) -> None:
        """What every page leads to, at the root of its address; pages under a path of their own may share it with others."""
        app.router.routes.append(self._assets.route())
        app.add_api_route("/preferences", keep_preference, methods=["POST"], include_in_schema=False)

    def install_errors(self, app: FastAPI) -> None:
        """Accidents as pages."""
        app.add_exception_handler(HTTPException, self._show_http_error)
        app.add_exception_handler(BodyTooLargeError, self._show_too_large)
        app.add_exception_handler(Exception, self._show_fault)

    async def _show_http_error(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        return self._show_error(request, status, headers)

    async def _show_too_large(self, request: Request, _error: Exception) -> Response:
        return self._show_error(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"connection": "close"})

    async def _show_fault(self, request: Request, _error: Exception) -> Response:
        return self._show_error(request, HTTPStatus.INTERNAL_SERVER_ERROR, SAFE_HEADERS)  # no middleware of ours is left around a 500

    def _show_error(self, request: Request, status: int, headers: Mapping[str, str] | None) -> Response:
        heading, explanation = SAID.get(status) or SAID[500 if status >= 500 else 400]
        onward = {"href": self._home, "text": "На главную страницу"}
        return self.show_message(request, heading, explanation, status=status, onward=onward, headers=headers)


async def keep_preference(request: Request) -> Response:
    """One button of the panel was pressed: keep the choice, go back to where it was, with the panel open for the next choice."""
    form = await posted(request)
    choice = form.get("preference", "")
    part = "" if choice.startswith("language=") else PANEL
    answer = RedirectResponse(f"{local_path(form.get('back', '/'))}{part}", status_code=303)
    Preferences.of(request).with_choice(choice).keep(request, answer)
    return answer


def _told(message: str, language: Language) -> Markup:
    """Words that came from the inside, in Russian: translated if they are known, else said to be Russian; with a capital."""
    text = language.text(message)
    text = text[:1].upper() + text[1:]
    return escape(text) if language.speaks(message) else Markup('<span lang="ru">{}</span>').format(text)


def _escaped(words: Callable[..., str]) -> Callable[..., str]:
    """Jinja takes what these return for markup, whoever wrote it. Words of people are still no format: templates `say` those."""
    return lambda *asked: str(escape(words(*asked)))


def _sentence(language: Language) -> Callable[..., Markup]:
    """`_` of templates. A table asks for the same few words in every row: each is looked up and escaped once."""
    words = lru_cache(SENTENCES)(lambda written: escape(language.text(written)))
    whole = lru_cache(SENTENCES)(lambda written: words(written) % {})
    return lambda written, **told: words(written) % told if told else whole(written)


@cache
def _environment(folder: Path, code: str) -> Environment:
    """Compiling templates takes longer than drawing them, so one environment serves every `Pages` of a folder."""
    language = languages.load((HERE / "translations", folder / "translations"))[code]
    loader = PrefixLoader({"web": FileSystemLoader(HERE / "templates"), "page": FileSystemLoader(folder / "templates")})
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(_escaped(language.text), _escaped(language.counted), newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {
        "_": _sentence(language),
        "language": language,
        "counted": language.counted,
        "number": lru_cache(SENTENCES)(lambda value: format_decimal(value, locale=language.code)),
        "say": language.text,
        "told": lambda message: _told(message, language),
        "russian": lambda: Markup("") if language.code == languages.SOURCE else Markup(' lang="ru"'),
    }
    environment.filters["dialled"] = lambda phone: "".join(mark for mark in phone if mark.isdigit() or mark == "+")
    return environment
