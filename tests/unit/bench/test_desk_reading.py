"""The soak's colleagues read our own pages: what the templates draw is found by them, whatever else stands there."""

from collections.abc import Mapping
from datetime import date
from random import Random
from uuid import UUID

import pytest

from bench.desk import reading
from bench.desk.reading import Form
from bench.desk.typed import filled, later

ID = UUID(int=7)
CARD = f"""
<div data-live="/desk/requests/{ID}/live" data-version="5"></div>
<form method="post" action="/desk/requests/{ID}/classify" id="form-classify" novalidate>
<input type="hidden" name="version" value="5">
<select class="govuk-select" id="classify-topic" name="classify-topic">
<option value="">Выберите тему</option><option value="land" selected>Земля &amp; вода</option><option value="forest">Лес</option></select>
</form>
<form method="post" action="/desk/requests/{ID}/extend-deadline" id="form-extend-deadline" novalidate>
<input type="hidden" name="version" value="5">
<input class="govuk-input" id="extend-deadline-new_due" name="extend-deadline-new_due" type="date" value="" maxlength="300">
<textarea class="govuk-textarea" id="extend-deadline-reason" name="extend-deadline-reason" rows="3">
Ждём &laquo;архив&raquo;</textarea>
</form>"""


def test_a_form_holds_what_its_page_shows_and_the_version_that_it_was_drawn_at() -> None:
    card = reading.card(CARD)
    assert card is not None
    assert (card.version, card.live, list(card.forms)) == (5, f"/desk/requests/{ID}/live", ["classify", "extend-deadline"])
    classify, extend = card.forms["classify"], card.forms["extend-deadline"]
    assert (classify.version, classify.fields["classify-topic"], classify.choices) == (5, "land", {"classify-topic": ["land", "forest"]})
    assert (extend.fields["extend-deadline-new_due"], extend.fields["extend-deadline-reason"]) == ("", "Ждём «архив»")


def test_a_page_without_a_request_is_no_card() -> None:
    assert reading.card("<h1>Так сделать нельзя</h1>") is None


@pytest.mark.parametrize(("due_on", "moved"), [(date(2026, 12, 29), date(2027, 1, 13)), (date(2026, 12, 4), date(2026, 12, 18))])
def test_a_term_is_moved_to_the_last_weekday_that_the_law_allows(due_on: date, moved: date) -> None:
    assert later(due_on) == moved


def test_only_fields_that_the_form_has_are_filled_and_its_version_stays() -> None:
    fields: Mapping[str, str] = {"version": "5", "extend-deadline-new_due": "", "extend-deadline-reason": ""}
    form = Form(action="/", command="extend-deadline", fields=fields)
    typed = filled(form, date(2026, 12, 4), Random(1))
    assert (typed["version"], typed["extend-deadline-new_due"], set(typed)) == ("5", "2026-12-18", set(fields))
