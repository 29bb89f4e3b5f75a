"""Terms that an authority sets are shorter than the law's, or the service does not start (N-1.3)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from libs.chassis.ops.settings import Authority, WrongSettings, load_authority
from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.vocabulary import Mark, Status
from services.intake.authority.book import lists_of, terms_of
from services.intake.deadlines import TermRules
from services.intake.domain.desk import decide
from services.intake.domain.last_days import TooLate, last_days, latest_due
from tests.examples import NOW
from tests.stack import ROOT
from tests.unit.intake.desk import LISTS, RULES
from tests.unit.intake.desk_cases import TELLING, case, classify, redirect, registrar

DEMO = load_authority(ROOT / "local" / "authority.toml")


def with_terms(**days: int) -> Authority:
    return DEMO.model_copy(update={"terms": days})


@pytest.mark.requirement("N-1.3")
def test_an_authority_may_promise_an_answer_sooner() -> None:
    terms = terms_of(with_terms(answer_days=20, urgent_target_days=2), "next")
    assert (terms.answer_days, terms.urgent_target_days, terms.redirect_days, terms.roll) == (20, 2, 7, "next")


@pytest.mark.requirement("N-1.3")
def test_a_set_of_rules_with_31_days_is_refused_naming_the_article() -> None:
    with pytest.raises(WrongSettings, match=r"answer_days = 31: 1 to 30 days, статья 18 Федерального закона от 09\.02\.2009 № 8-ФЗ"):
        terms_of(with_terms(answer_days=31), "previous")


def test_a_term_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(WrongSettings, match=r"\[terms\] has no answer; it takes answer_days, "):
        terms_of(with_terms(answer=20), "previous")


@pytest.mark.requirement("N-6.1", "N-8.4")
def test_the_lists_of_the_desk_are_those_of_the_authority() -> None:
    lists = lists_of(DEMO)
    assert lists.regime_of["appeal"] == "59-fz"
    assert lists.topics == ("land", "forest", "general")
    assert lists.topics_of["land"] == {"land"}


@pytest.mark.requirement("N-1.3", "N-9.1", "S-9", "S-15")
def test_what_is_open_for_some_days_only_ends_by_the_authoritys_own_number_and_says_it() -> None:
    own = replace(RULES, terms=TermRules(redirect_days=5, extension_notice_days=4, extension_days=10))
    before = case(Status.CLASSIFIED)
    assert last_days(before.request, own) == {
        "S-9": (date(2026, 11, 21), 5),
        "S-10": (date(2026, 11, 21), 5),
        "S-15": (date(2026, 11, 20), 4),
    }
    assert latest_due(before.request, own) == date(2026, 12, 26)
    assert decide(before, redirect, registrar, NOW + timedelta(days=5), own, TELLING)
    with pytest.raises(TooLate) as late:
        decide(before, redirect, registrar, NOW + timedelta(days=6), own, TELLING)
    assert late.value.extras() == {"last_day": "2026-11-21", "days": 5}


def test_what_has_no_number_yet_has_no_such_days() -> None:
    before = case(Status.RECEIVED).request
    assert (last_days(before, RULES), latest_due(before, RULES)) == ({}, None)


@pytest.mark.requirement("N-1.3", "N-3.2", "S-5")
def test_a_type_with_a_term_of_its_own_moves_the_last_day_and_that_is_what_the_notice_tells() -> None:
    own = replace(RULES, lists=replace(LISTS, answer_days={"information": 20}))
    [_, told] = decide(case(Status.REGISTERED), classify, registrar, NOW, own, TELLING)
    assert isinstance(told, RequestStatusChanged)
    assert (told.to_status, told.template, told.visible, told.due_on) == (Status.CLASSIFIED, Mark.RECOMPUTED, True, date(2026, 12, 4))
