"""What a person reads on a page of the desk: rows, forms, where it leads. Pure; by the names that our own templates write."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import unescape
from uuid import UUID

ROW = re.compile(r'<tr class="govuk-table__row" role="row">(.*?)</tr>', re.S)
NUMBER = re.compile(r'<a class="[^"]*web-number" href="/desk/requests/([0-9a-f-]{36})">([^<]*)</a>')
CELL = re.compile(r'data-label="([^"]*)">\s*([^<]*)')
ONWARD = re.compile(r'href="([^"]*)" rel="next"')
FORM = re.compile(r'<form method="post" action="(/desk/requests/([0-9a-f-]{36})/([a-z-]+))".*?</form>', re.S)
INPUT = re.compile(r"<input\b[^>]*>")
SELECT = re.compile(r'<select\b[^>]*\bname="([^"]+)"[^>]*>(.*?)</select>', re.S)
OPTION = re.compile(r'<option value="([^"]*)"([^>]*)>')
TEXTAREA = re.compile(r'<textarea\b[^>]*\bname="([^"]+)"[^>]*>\n?(.*?)</textarea>', re.S)
NAME, VALUE = re.compile(r'\bname="([^"]+)"'), re.compile(r'\bvalue="([^"]*)"')
LIVE = re.compile(r'data-live="([^"]+)" data-version="(\d+)"')
FACT = re.compile(r'<dt class="govuk-summary-list__key">([^<]*)</dt><dd class="govuk-summary-list__value">([^<]*)</dd>')
PASSWORD = re.compile(r"Временный пароль: ([^<\s]+)")
SECRET = re.compile(r'<code class="web-key">(.*?)</code>', re.S)
WRONG = re.compile(r'class="govuk-error-message">(.*?)</p>', re.S)
HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.S)
TAG = re.compile(r"<[^>]+>|\s+")
WHO, DUE = "Кто спрашивает", "Срок ответа"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the register, or of what was found."""

    request_id: UUID
    number: str
    name: str
    due_on: date | None


@dataclass(frozen=True, kw_only=True)
class Form:
    """A step that the page offers: what its fields hold, and what its lists offer."""

    action: str
    command: str
    fields: Mapping[str, str]
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Of the request when the page was drawn."""
        return int(self.fields["version"])


@dataclass(frozen=True, kw_only=True)
class Card:
    """An open request; `live` is the address of its news."""

    live: str
    version: int
    forms: Mapping[str, Form]
    facts: Mapping[str, str]


def rows(page: str) -> list[Row]:
    return list(_rows(page))


def _rows(page: str) -> Iterator[Row]:
    for line in ROW.findall(page):
        if found := NUMBER.search(line):
            cells = {unescape(label): unescape(text).strip() for label, text in CELL.findall(line)}
            yield Row(request_id=UUID(found[1]), number=unescape(found[2]), name=cells.get(WHO, ""), due_on=_day(cells.get(DUE, "")))


def _day(written: str) -> date | None:
    return datetime.strptime(written, "%d.%m.%Y").date() if re.fullmatch(r"\d\d\.\d\d\.\d{4}", written) else None  # noqa: DTZ007 - a day


def onward(page: str) -> str | None:
    """Where the next rows are."""
    found = ONWARD.search(page)
    return unescape(found[1]) if found else None


def card(page: str) -> Card | None:
    """None: the page shows no request."""
    found = LIVE.search(page)
    if found is None:
        return None
    forms = {command: _form(whole[0], whole[1], command) for whole in FORM.finditer(page) for command in [whole[3]]}
    facts = {unescape(label): unescape(text) for label, text in FACT.findall(page)}
    return Card(live=unescape(found[1]), version=int(found[2]), forms=forms, facts=facts)


def _form(text: str, action: str, command: str) -> Form:
    fields = {}
    for written in INPUT.findall(text):
        if (name := NAME.search(written)) and (value := VALUE.search(written)):
            fields[name[1]] = unescape(value[1])
    choices = {}
    for name, inside in SELECT.findall(text):
        options = OPTION.findall(inside)
        choices[name] = [unescape(value) for value, _ in options if value]
        fields[name] = next((unescape(value) for value, more in options if "selected" in more), "")
    fields |= {name: unescape(inside) for name, inside in TEXTAREA.findall(text)}
    return Form(action=action, command=command, fields=fields, choices=choices)


def told(page: str) -> str:
    """What a page says was wrong with what was typed, or else its heading."""
    return unescape(TAG.sub(" ", "; ".join(WRONG.findall(page) or HEADING.findall(page))))


def temporary_password(page: str) -> str:
    """Raises `ValueError` where none is shown."""
    return unescape(_one(PASSWORD, page))


def second_factor(page: str) -> str:
    """The key of the app; raises `ValueError` where none is shown."""
    return TAG.sub("", _one(SECRET, page))


def _one(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    if found is None:
        raise ValueError(f"the page shows no {pattern.pattern}")
    return found[1]
