"""Terms that an authority sets are shorter than the law's, or the service does not start (N-1.3)."""

import pytest

from libs.chassis.ops.settings import Authority, WrongSettings, load_authority
from services.intake.authority.book import lists_of, terms_of
from tests.stack import ROOT

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
