"""What a visitor chose for their eyes and language: kept in cookies, changed by plain buttons, needs no JavaScript.

ГОСТ Р 52872-2019 and the ministry's order ask for a version for people who see badly: size, colours, spacing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from libs.web.languages import NAMES, SOURCE

APPEARANCE_COOKIE = "appearance"
LANGUAGE_COOKIE = "language"
PANEL = "#web-panel-choices"  # led to, the browser opens the closed panel around it: for this one page
YEAR_SECONDS = 365 * 24 * 3600

CHOICES: Mapping[str, tuple[str, ...]] = {
    "size": ("normal", "large", "huge"),
    "contrast": ("normal", "black-on-white", "white-on-black", "blue"),
    "spacing": ("normal", "wide"),
}


@dataclass(frozen=True)
class Preferences:
    """A valid choice each; whatever a cookie or a form says beyond the known choices is passed over."""

    language: str = SOURCE
    size: str = "normal"
    contrast: str = "normal"
    spacing: str = "normal"

    @classmethod
    def of(cls, request: Request) -> Self:
        chosen = cls()
        for pair in request.cookies.get(APPEARANCE_COOKIE, "").split("."):
            chosen = chosen.with_choice(pair.replace(":", "="))
        return chosen.with_choice(f"language={request.cookies.get(LANGUAGE_COOKIE, '')}")

    def with_choice(self, choice: str) -> Self:
        """`size=large`, `language=en` or `appearance=reset`, as the buttons post them."""
        name, _, value = choice.partition("=")
        if name == "language" and value in NAMES:
            return replace(self, language=value)
        if value in CHOICES.get(name, ()):
            return replace(self, **{name: value})
        if choice == "appearance=reset":
            return replace(self, size="normal", contrast="normal", spacing="normal")
        return self

    @property
    def adapted(self) -> bool:
        """True when the page looks other than usual; the panel then offers the way back."""
        return (self.size, self.contrast, self.spacing) != ("normal", "normal", "normal")

    @property
    def css_classes(self) -> str:
        return f"web-size-{self.size} web-contrast-{self.contrast} web-spacing-{self.spacing}"

    def keep(self, request: Request, response: Response) -> None:
        appearance = f"size:{self.size}.contrast:{self.contrast}.spacing:{self.spacing}"
        for name, value in ((APPEARANCE_COOKIE, appearance), (LANGUAGE_COOKIE, self.language)):
            response.set_cookie(name, value, max_age=YEAR_SECONDS, httponly=True, samesite="lax", secure=request.url.scheme == "https")


def local_path(back: str) -> str:
    """The path to return to; anything that could lead to another site becomes the start page."""
    is_local = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if is_local else "/"
