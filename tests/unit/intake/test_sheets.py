"""The answer on paper: what stands on it, that every sign reaches it, and that two standards and a validator are content (N-9.5)."""

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.contracts.intake_answers import AnswerSent, RefusalIssued
from libs.events.vocabulary import Contacts, Status, WantedForm
from services.intake.domain.answer.draft import Content
from services.intake.domain.answer.grounds import APPEAL_ORDER
from services.intake.domain.answer.paper import DRAFT, ORIGINAL, Head, legible, of_draft, of_letter
from services.intake.domain.desk import sent
from services.intake.domain.request import Request, evolve, replayed
from services.intake.papers.sheets import Sheets
from tests import verapdf
from tests.examples import NOW, anna, received
from tests.integration.intake.test_naughty import naughty
from tests.unit.intake.desk import RULES
from tests.unit.intake.desk_cases import ANSWER, TELLING, approved, drafted, facts_before, registrar, status
from tests.unit.intake.test_answering import OUTGOING, PARTIAL, PLAN, REFUSAL, SECRET

HEAD = Head("Департамент лесов Обской области", "630099, г. Обск, ул. Ленина, д. 1", "https://otklik.example.org/verify")
SIGNATORY = "Начальник департамента И. И. Пробный"
HOUSE = replace(RULES, body=HEAD.body, postal_address=HEAD.address, signatory=SIGNATORY)
SHEETS = Sheets()
KINDS = ("word", "accents", "blanks", "han")


def left(content: Content = ANSWER) -> Request:
    """A request whose answer has left."""
    asked = received.model_copy(update={"contacts": Contacts(postal=anna.postal)})
    past = [asked, *facts_before(Status.ASSIGNED)[1:], *drafted(content)]
    past += [approved(content), status(Status.APPROVED)]
    request = replayed([(fact, NOW) for fact in past])
    for fact in sent(request, registrar, OUTGOING, HOUSE, NOW, TELLING):
        request = evolve(request, fact)  # type: ignore[arg-type]  # facts of a request
    return request


def letter_of(request: Request) -> AnswerSent | RefusalIssued:
    assert request.letter is not None
    return request.letter


def drawn(content: Content = ANSWER, *, large: bool = False) -> bytes:
    request = left(content)
    return SHEETS.drawn(of_letter(request, letter_of(request), HEAD, large=large))


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def words_of(pdf: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in read(pdf).pages).split())


def original_of(pdf: bytes) -> bytes:
    [kept] = read(pdf).attachments[ORIGINAL]
    return bytes(kept)


@pytest.mark.requirement("N-9.5", "A-3.2", "A-3.6.2")
def test_the_paper_says_who_answers_whom_under_which_number_and_the_mark_of_what_was_approved() -> None:
    said = words_of(drawn(ANSWER._replace(form=WantedForm.WRITTEN)))
    for words in (
        *(HEAD.body, HEAD.address, SIGNATORY, anna.name, anna.postal),
        *("№ ИСХ-7/2026 от 16 ноября 2026 года", "На запрос № ", ANSWER.text, HEAD.verify),
        legible(ANSWER._replace(form=WantedForm.WRITTEN).sha256),
    ):
        assert words in said
    assert anna.postal not in words_of(drawn())


@pytest.mark.requirement("N-9.2", "N-9.3", "N-6.3")
@pytest.mark.parametrize("content", [PARTIAL, REFUSAL])
def test_what_is_refused_stands_with_ground_motive_act_and_the_way_to_appeal(content: Content) -> None:
    said = words_of(drawn(content))
    for words in (content.text, content.withheld, "пункт 4 части 1 статьи 20", content.motive, content.restricting_act, APPEAL_ORDER):
        assert words in said


@pytest.mark.requirement("N-6.3")
def test_files_that_go_with_it_are_named_and_those_of_restricted_access_counted() -> None:
    content = PARTIAL._replace(files=(PLAN, SECRET))
    pdf = drawn(content)
    said = words_of(pdf)
    assert "Приложения 1. План.pdf" in said
    assert "Не приложены файлы ограниченного доступа: 1." in said
    for hidden in (SECRET.name, SECRET.sha256):
        assert hidden not in said + original_of(pdf).decode()
    assert hashlib.sha256(original_of(pdf)).hexdigest() == content.sha256


@pytest.mark.requirement("N-9.5")
def test_a_letter_keeps_the_name_that_the_authority_had_then() -> None:
    request = left()
    renamed = HEAD._replace(body="Министерство лесов", address="Другой адрес")
    assert SHEETS.drawn(of_letter(request, letter_of(request), renamed, large=False)) == drawn()
    older = letter_of(request).model_copy(update={"body": "", "postal_address": ""})
    assert "Министерство лесов" in words_of(SHEETS.drawn(of_letter(request, older, renamed, large=False)))


@pytest.mark.requirement("A-3.6.2")
def test_a_draft_says_that_it_is_one_and_bears_no_number_and_no_signatory() -> None:
    said = words_of(SHEETS.drawn(of_draft(left(), HEAD, NOW.date(), large=False)))
    assert said.startswith(DRAFT)
    assert "ИСХ-7" not in said
    assert SIGNATORY not in said
    assert HEAD.verify not in said


@pytest.mark.requirement("N-6.2")
def test_a_screen_reader_finds_language_title_headings_and_paragraphs() -> None:
    root: Any = read(drawn(PARTIAL)).trailer["/Root"]
    kinds: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            kinds.append(str(node.get("/S", "")))
            walk(node.get("/K", []))

    walk(root["/StructTreeRoot"])
    assert root["/Lang"] == "ru-RU"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert (kinds.count("/H1"), kinds.count("/H2")) == (1, 3)
    assert kinds.count("/P") > 5


@pytest.mark.requirement("N-6.2")
def test_large_print_says_the_same_in_eighteen_points() -> None:
    def sizes(pdf: bytes) -> set[float]:
        found: set[float] = set()

        def note(text: str, _cm: object, _tm: object, _font: object, size: float) -> None:
            if text.strip():
                found.add(round(size, 1))

        for page in read(pdf).pages:
            page.extract_text(visitor_text=note)
        return found

    assert 18.0 in sizes(drawn(large=True))
    assert min(sizes(drawn(large=True))) > max(sizes(drawn())) * 0.9
    assert words_of(drawn(large=True)) == words_of(drawn())


@pytest.mark.requirement("N-2.2", "A-3.6.2")
def test_whatever_is_written_reaches_the_paper_and_the_file_in_it_bears_the_mark(shared_data: Path) -> None:
    strings = [one.replace("\0", "") for one in naughty(shared_data)]
    for start in range(0, len(strings), 12):
        content = ANSWER._replace(text="\n\n".join(strings[start : start + 12]))
        kept = original_of(drawn(content))
        assert hashlib.sha256(kept).hexdigest() == content.sha256
        assert json.loads(kept)["text"] == content.text


@pytest.mark.requirement("N-2.2", "R-21")
@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300))
def test_no_text_stops_a_letter(text: str) -> None:
    assert json.loads(original_of(drawn(ANSWER._replace(text=text))))["text"] == text


@pytest.mark.requirement("N-2.2", "R-21")
@pytest.mark.parametrize("text", ["я" * 50_000, "е" + "\u0301" * 45_000, "\u00a0" * 50_000, "中" * 20_000], ids=KINDS)
def test_what_can_not_be_broken_into_lines_stops_no_letter(text: str) -> None:
    assert json.loads(original_of(drawn(ANSWER._replace(text=text))))["text"] == text


@pytest.mark.requirement("N-2.2")
def test_markup_is_read_letter_by_letter_and_a_sign_without_a_glyph_by_its_code() -> None:
    text = '#import "x": * *жирно* _к_ $x^2$ @метка <b> \\ `код` = Заголовок #read("/etc/passwd") [x](y) — «ёлки»'
    assert text in words_of(drawn(ANSWER._replace(text=text)))
    said = words_of(drawn(ANSWER._replace(text="Схема 😀 и 中")))
    assert "Схема [U+1F600] и [U+4E2D]" in said
    assert "показаны кодами" in said
    assert "показаны кодами" not in words_of(drawn())


@pytest.mark.requirement("N-6.2", "N-9.5")
def test_an_independent_validator_finds_pdf_a_and_pdf_ua(tmp_path: Path) -> None:
    papers = {
        "full": drawn(),
        "large": drawn(PARTIAL, large=True),
        "refusal": drawn(REFUSAL),
        "draft": SHEETS.drawn(of_draft(left(PARTIAL), HEAD, NOW.date(), large=False)),
        "codes": drawn(ANSWER._replace(text="😀 " * 30 + "\n\n1. Один\n2. Два " + "я" * 300)),
    }
    files = [tmp_path / f"{name}.pdf" for name in papers]
    for file, paper in zip(files, papers.values(), strict=True):
        file.write_bytes(paper)
    for file, verdict in zip(files, verapdf.judged(files), strict=True):
        assert verdict == (("PDF/A-3A validation profile", "PDF/UA-1 validation profile"), ()), file.name


def test_the_same_answer_is_the_same_file() -> None:
    assert drawn(PARTIAL) == drawn(PARTIAL)
