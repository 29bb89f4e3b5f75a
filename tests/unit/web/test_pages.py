"""Pages: who they belong to at that moment, and what people wrote, which is shown as they wrote it and never run."""

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from libs.web import assets
from libs.web.masthead import Masthead
from libs.web.pages import Pages

WROTE = "<script>alert(1)</script> 100 % %(name)s"
PAGE = '{% extends "web/layout.html" %}{% block title %}Т{% endblock %}{% block content %}'
REQUEST = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "server": ("test", 80), "scheme": "http"}


def drawn(folder: Path, content: str, masthead: Masthead, **facts: Any) -> str:
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates" / "one.html").write_text(f"{PAGE}{content}{{% endblock %}}", "utf-8")
    pages = Pages(folder=folder, assets=assets.load(), masthead=lambda: masthead)
    return bytes(pages.show(Request(dict(REQUEST)), "page/one.html", **facts).body).decode()


@pytest.mark.parametrize("content", ["{{ say(wrote) }}", '{{ _("Номер %(wrote)s", wrote=wrote) }}', "{{ wrote }}"])
def test_what_people_wrote_is_neither_markup_nor_a_format(tmp_path: Path, content: str) -> None:
    page = drawn(tmp_path, content, Masthead(), wrote=WROTE)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 100 % %(name)s" in page
    assert "<script>alert" not in page


def test_even_what_is_given_to_the_translation_by_mistake_is_no_markup(tmp_path: Path) -> None:
    assert "<script>alert" not in drawn(tmp_path, "{{ _(wrote) }}", Masthead(), wrote="<script>alert(1)</script>")


@pytest.mark.requirement("N-0.1")
def test_what_the_authority_did_not_say_is_left_out_of_head_and_foot(tmp_path: Path) -> None:
    page = drawn(tmp_path, "", Masthead())
    assert "<title>Т</title>" in page
    assert all(part not in page for part in ("web-masthead__authority", "web-footer__name", "Телефон:", "Адрес:", "Часы работы:", "– <"))
    told = drawn(tmp_path, "", Masthead(name="Служба надзора", phones=("112",)))
    assert "<title>Т – Служба надзора</title>" in told
    assert "tel:112" in told
