"""Notices as texts: a letter in plain text and HTML, a short message for a frontend; each says what happens next (A-2.1.4)."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from libs.chassis.ops.settings import Authority
from libs.events.vocabulary import Status
from services.notifier.domain import Content
from services.notifier.mime import is_safe
from services.notifier.wording import MARKS, Words, day, in_fours, plural, term, words_of

OFFERS_EMAIL = frozenset((Status.RECEIVED, Status.REGISTERED))  # a further channel is offered in every channel (N-3.1)
MAX_NUMBER = 80
TRIAL_SUBJECT = "Пробное письмо"
CODE_TITLE = "код проверки"
FACT = "\x00"  # around the name of a fact in a shape; no template holds it, and what people wrote comes in when it is gone

Shape = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


class Letters:
    """Writes for one authority; everything about it is data (N-0.1)."""

    def __init__(self, authority: Authority, site_url: str) -> None:
        self._site_url = site_url
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.write_for(authority)

    def write_for(self, authority: Authority) -> None:
        """From now on."""
        self._authority = authority
        self._constant = {
            "authority": authority,
            "by_phone": plural(len(authority.phones), "по телефону", "по телефонам", "по телефонам"),
            "status_link": f"{self._site_url}/status",
        }
        self._shapes: dict[Shape, list[str]] = {}

    def letter(self, content: Content) -> Letter:
        """To an address that was only typed: number, status and the link that confirms it, nothing personal."""
        if content.tracking_code:
            facts = _reminded(content, content.tracking_code)
            return Letter(_subject(content, CODE_TITLE), self._draw("code.txt", facts), self._draw("code.html", facts))
        name = "letter" if content.target.confirmed else "unconfirmed"
        facts = self._facts(content) if content.target.confirmed else self._bare(content)
        return Letter(_subject(content), self._draw(f"{name}.txt", facts), self._draw(f"{name}.html", facts))

    def trial(self) -> Letter:
        """Nothing of anybody: it only shows that letters arrive."""
        facts = {"heading": TRIAL_SUBJECT}
        return Letter(TRIAL_SUBJECT, self._draw("trial.txt", facts), self._draw("trial.html", facts))

    def message(self, content: Content) -> str:
        """For a frontend's dialogue."""
        if content.tracking_code:
            return self._draw("code_message.txt", _reminded(content, content.tracking_code))
        offers = content.status in OFFERS_EMAIL and content.template not in MARKS
        return self._draw("message.txt", self._facts(content) | {"offers_email": "yes" if offers else ""})

    def _facts(self, content: Content) -> dict[str, str]:
        words = _words(content)
        explanation = _plain(content.explanation) or words.explanation
        told_on = content.happened_at.astimezone(self._authority.time_zone).date()
        return self._bare(content) | {
            "addressee": _one_line(content.addressee or ""),
            "happened": words.happened,
            "explanation": explanation,
            "answer": _plain(content.answer or ""),
            "next": words.next,
            "term": term(content.due_on, told_on) if words.with_term and not _says_when(explanation, content.due_on) else "",
        }

    def _bare(self, content: Content) -> dict[str, str]:
        token = content.target.confirm_token
        return {
            "heading": _heading(content),
            "confirm_link": f"{self._site_url}/confirm/{quote(token, safe='')}" if token else "",
        }

    def _draw(self, template: str, facts: dict[str, str]) -> str:
        """All letters with the same facts missing have one shape: the template draws that once, then each letter's facts fill it in."""
        shape = (template, tuple(name for name, text in facts.items() if text))
        pieces = self._shapes.get(shape) or self._shapes.setdefault(shape, self._shaped(template, facts))
        told = {name: str(escape(text)) for name, text in facts.items()} if template.endswith(".html") else facts
        return "".join([told[piece] if n % 2 else piece for n, piece in enumerate(pieces)])

    def _shaped(self, template: str, facts: dict[str, str]) -> list[str]:
        """What always stands there and names of facts, in turn."""
        names = {name: f"{FACT}{name}{FACT}" if text else "" for name, text in facts.items()}
        return (self._templates.get_template(template).render(self._constant | names).strip() + "\n").split(FACT)


def number(content: Content) -> str:
    """As it is told to people: the register number, before it the reference."""
    return f"№ {_one_line(content.reg_no)}" if content.reg_no else _one_line(content.reference)


def _words(content: Content) -> Words:
    return words_of(content.status, content.template)


def _reminded(content: Content, code: str) -> dict[str, str]:
    """The code that the person has lost. The subject holds none of it: it shows on a locked screen."""
    return {"heading": _heading(content, CODE_TITLE), "addressee": _one_line(content.addressee or ""), "code": in_fours(code)}


def _heading(content: Content, title: str = "") -> str:
    words = _words(content)
    return f"{words.noun} {number(content)}: {title or words.title}"


def _subject(content: Content, title: str = "") -> str:
    """Number and status, no word of a person; a number that no header may hold is left out."""
    shown, words = number(content), _words(content)
    if is_safe(shown) and len(shown) <= MAX_NUMBER:
        return _heading(content, title)
    return f"{words.noun}: {title or words.title}"


def _says_when(explanation: str, due_on: date | None) -> bool:
    return due_on is not None and day(due_on) in explanation


def _one_line(text: str) -> str:
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    """Without control characters, which no mail program shows."""
    return (text if text.isprintable() else "".join(_shown(character) for character in text)).strip()


def _shown(character: str) -> str:
    if character.isspace():
        return "\n" if character == "\n" else " "
    return character if character.isprintable() else ""
