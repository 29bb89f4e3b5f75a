"""What stands on the paper of an answer: who answers whom under which number, what is given and refused, the mark of it all (N-9.5)."""

from datetime import date
from typing import Any, Final, NamedTuple

from libs.events.contracts.intake_answers import AnswerSent, RefusalIssued
from libs.events.vocabulary import AnswerScope, WantedForm
from services.intake import statuses
from services.intake.domain.answer.draft import Content, Draft
from services.intake.domain.answer.grounds import APPEAL_ORDER, refused
from services.intake.domain.request import Request

ORIGINAL: Final = "otvet.json"
DRAFT: Final = "ПРОЕКТ. Не подписан и не отправлен"
MARK: Final = "Отпечаток согласованного ответа (SHA-256):"
OF_ORIGINAL: Final = f"Отпечаток снят с вложенного в этот документ файла {ORIGINAL}: в нём ответ слово в слово, как он согласован."
VERIFY: Final = "Отправлял ли орган ответ с этим номером и отпечатком, можно узнать на странице"
MARK_LETTERS: Final = 8  # between two spaces, so that eyes can compare them


class Section(NamedTuple):
    """A part of the letter; the first has no title."""

    title: str
    text: str


class Head(NamedTuple):
    """The authority as it stands on its letters, and the address of the page where a mark is asked about."""

    body: str
    address: str
    verify: str = ""


def sections(content: Content) -> list[Section]:
    """What is given, why in another form, what is not given and why, how to appeal."""
    told = [Section("", content.text)] if content.text else []
    if content.form_reason:
        told.append(Section("Почему ответ в другой форме", statuses.other_form(content.form_reason)))
    if content.scope is AnswerScope.PARTIAL:
        told.append(Section("Что не предоставлено", statuses.withheld(content.withheld)))
    if restricted := len(content.files) - len(content.given):
        told.append(Section("Какие файлы не приложены", statuses.not_enclosed(restricted)))
    if content.refusal_ground is not None:
        told.append(Section("Почему отказано", refused(content.refusal_ground, content.motive, content.restricting_act)))
        told.append(Section("Как обжаловать", APPEAL_ORDER))
    return told


def of_letter(request: Request, letter: AnswerSent | RefusalIssued, head: Head, *, large: bool) -> dict[str, Any]:
    """As it left. What the authority was called then stands in the letter; `head` helps where an older one does not say it."""
    draft = request.drafts[letter.draft - 1]
    sent_by = Head(letter.body or head.body, letter.postal_address or head.address, head.verify)
    numbered = f"№ {letter.out_no} от {statuses.day(letter.sent_on)}"
    return _drawn(request, draft, sent_by, letter.sent_on, numbered) | {"signatory": letter.signatory, "large": large}


def of_draft(request: Request, head: Head, on: date, *, large: bool) -> dict[str, Any]:
    """The last version, before anybody has signed it: without number and signatory, and it says so."""
    told = _drawn(request, request.drafts[-1], head._replace(verify=""), on, "№ ________ от ________")
    return told | {"draft": True, "signatory": "", "large": large}


def _drawn(request: Request, draft: Draft, head: Head, on: date, numbered: str) -> dict[str, Any]:
    """By the names of the template's own (services/intake/papers/answer.typ)."""
    content = draft.content
    postal = request.contacts.postal if content.form is WantedForm.WRITTEN else None
    return {
        "draft": False,
        "title": f"Ответ на запрос № {request.number}",
        "day": {"year": on.year, "month": on.month, "day": on.day},
        "body": head.body,
        "address": head.address,
        "numbered": f"{numbered}\nНа запрос № {request.number}",
        "addressee": "\n".join(filter(None, (request.name, postal))),
        "heading": "Отказ в предоставлении информации" if content.scope is AnswerScope.REFUSAL else "Ответ на запрос информации",
        "parts": [part._asdict() for part in sections(content)],
        "files": [file.name for file in content.given],
        "mark": legible(draft.sha256),
        "verify": head.verify,
        "original": {"name": ORIGINAL, "text": content.original},
        "says": {"draft": DRAFT, "files": "Приложения", "mark": MARK, "original": OF_ORIGINAL, "verify": VERIFY, "codes": ""},
    }


def legible(mark: str) -> str:
    return " ".join(mark[start : start + MARK_LETTERS] for start in range(0, len(mark), MARK_LETTERS))
