"""The HTTP side: the page for people, `/api/letters` for programs, `/api/fail` for tests."""

from __future__ import annotations

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup
from markupsafe import escape as escaped
from pydantic import BaseModel, ConfigDict

from local.mail.door import Failing, Mode, Stage
from local.mail.letters import Letter, Letters

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; form-action 'self'"
SHOWN = 200


class Fail(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mode: Mode
    stage: Stage | None = None
    recipient: str | None = None


def with_links(text: str) -> Markup:
    """The letter's text with its addresses as links; everything else stays text."""
    words = [
        Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(word) if word.startswith(("http://", "https://")) else escaped(word)
        for word in text.split(" ")
    ]
    return Markup(" ").join(words)


def lines_with_links(text: str) -> Markup:
    return Markup("\n").join(with_links(line) for line in text.splitlines())


def build(letters: Letters, failing: Failing) -> FastAPI:
    app = FastAPI(title="Mail catcher", docs_url=None, redoc_url=None)
    templates = Environment(loader=PackageLoader("local.mail"), autoescape=select_autoescape())
    templates.filters["lines_with_links"] = lines_with_links

    def found(letter_id: str) -> Letter:
        letter = letters.find(letter_id)
        if letter is None:
            raise HTTPException(404, "no such letter")
        return letter

    def page(name: str, **facts: object) -> HTMLResponse:
        return HTMLResponse(templates.get_template(name).render(facts), headers={"Content-Security-Policy": POLICY})

    @app.get("/")
    async def index() -> HTMLResponse:
        return page("letters.html", letters=letters.to(None)[:SHOWN], total=letters.total, mode=failing.mode)

    @app.get("/letters/{letter_id}")
    async def letter(letter_id: str) -> HTMLResponse:
        return page("letter.html", letter=found(letter_id))

    @app.get("/letters/{letter_id}/html")
    async def html(letter_id: str) -> HTMLResponse:
        return HTMLResponse(found(letter_id).body("html") or "", headers={"Content-Security-Policy": f"sandbox; {POLICY}"})

    @app.get("/letters/{letter_id}/raw")
    async def raw(letter_id: str) -> PlainTextResponse:
        return PlainTextResponse(found(letter_id).raw)

    programs(app, letters, failing)
    return app


def programs(app: FastAPI, letters: Letters, failing: Failing) -> None:
    @app.get("/api/letters")
    async def listed(to: str | None = None) -> list[dict[str, object]]:
        return [letter.described() for letter in letters.to(to)]

    @app.delete("/api/letters", status_code=204)
    async def cleared() -> Response:
        letters.clear()
        return Response(status_code=204)

    @app.post("/api/fail")
    async def fail(order: Fail) -> Fail:
        failing.set(order.mode, order.stage, order.recipient)
        return Fail(mode=failing.mode, stage=failing.stage, recipient=failing.recipient)

    @app.get("/health/live")
    @app.get("/health/ready")
    async def health() -> dict[str, str]:
        return {"status": "ok"}
