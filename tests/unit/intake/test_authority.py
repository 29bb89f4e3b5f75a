"""The authority as its file says it, with its own decisions over that: nothing decided changes nothing, and no code is ever lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.ops.settings import Authority, load_authority
from libs.events.contracts.authority_events import (
    EVENTS,
    Audience,
    PointClosed,
    PointSet,
    ProfileSet,
    Regime,
    RequestTypeClosed,
    RequestTypeSet,
    TopicClosed,
    TopicSet,
    TrialLetterAsked,
    TrialLetterEnded,
    UnitClosed,
    UnitSet,
)
from libs.events.fact import Event
from services.intake.codes import CODE, code_of
from services.intake.domain.authority.decided import Decided, effective, replayed, subject_of, titles
from services.intake.domain.authority.listings import Listing
from services.intake.domain.authority.unfinished import Step, unfinished
from services.intake.pages.settings import settings_words
from tests.contract.samples import sample
from tests.stack import ROOT

FILES = [load_authority(ROOT / "local" / name) for name in ("authority.toml", "authority-empty.toml")]
DEMO, EMPTY = FILES
PROFILE = ProfileSet(
    name="Служба",
    short_name="",
    act="",
    postal_address="",
    phones=("112",),
    hours="",
    time_zone="Asia/Omsk",
    signatory="",
)
codes = st.sampled_from(["land", "forest", "office", "general", "site", "vk", "appeal", "water", "new-one"])
names = st.text("абвгд 12", min_size=1, max_size=20).filter(lambda name: name == name.strip())  # as commands leave titles
facts = st.one_of(
    st.builds(UnitSet, code=codes, title=names, topics=st.lists(codes, max_size=3).map(tuple)),
    st.builds(UnitClosed, code=codes),
    st.builds(TopicSet, code=codes, title=names),
    st.builds(TopicClosed, code=codes),
    st.builds(RequestTypeSet, code=codes, title=names, regime=st.sampled_from(Regime), answer_days=st.none() | st.integers(1, 30)),
    st.builds(RequestTypeClosed, code=codes),
    st.builds(PointSet, code=codes, title=names, kind=st.sampled_from(Audience)),
    st.builds(PointClosed, code=codes),
    st.just(PROFILE),
)


def offered(authority: Authority, listing: Listing) -> dict[str, Any]:
    return {one.code: one for one in getattr(authority, listing.value)}


@pytest.mark.requirement("N-0.1")
@pytest.mark.parametrize("file", FILES, ids=["demo", "empty"])
def test_an_authority_without_decisions_is_as_its_file_says(file: Authority) -> None:
    assert effective(file, replayed([])) == file
    assert replayed([]) == Decided()


@pytest.mark.requirement("N-0.1", "A-1.1")
@given(history=st.lists(facts, max_size=12), file=st.sampled_from(FILES))
def test_the_last_word_counts_and_every_code_that_there_ever_was_keeps_a_title(history: list[Event], file: Authority) -> None:
    decided = replayed(history)
    now, known = effective(file, decided), titles(file, decided)
    assert decided.version == len(history)
    for listing in Listing:
        assert known[listing].keys() >= {*offered(file, listing), *offered(now, listing)}
    for position, fact in enumerate(history):
        later = [one for one in history[position + 1 :] if getattr(one, "code", None) == getattr(fact, "code", "") and one != fact]
        if isinstance(fact, TopicSet) and not any(isinstance(one, TopicSet | TopicClosed) for one in later):
            assert offered(now, Listing.TOPICS)[fact.code].title == fact.title == known[Listing.TOPICS][fact.code]
        if isinstance(fact, PointClosed) and not any(isinstance(one, PointSet) for one in later):
            assert fact.code not in offered(now, Listing.POINTS)
    assert all(set(unit.topics) <= set(offered(now, Listing.TOPICS)) for unit in now.units), "no unit has a topic that is not offered"
    assert (now.name, now.time_zone.key) == (("Служба", "Asia/Omsk") if PROFILE in history else (file.name, file.time_zone.key))
    assert (now.code, now.journals, now.terms) == (file.code, file.journals, file.terms)


@pytest.mark.requirement("A-1.1")
def test_a_closed_topic_comes_back_to_its_units_when_it_is_taken_up_again() -> None:
    closed = replayed([TopicClosed(code="land")])
    assert offered(effective(DEMO, closed), Listing.UNITS)["office"].topics == ("forest", "general")
    again = replayed([TopicClosed(code="land"), TopicSet(code="land", title="Земля")])
    assert offered(effective(DEMO, again), Listing.UNITS)["office"].topics == ("land", "forest", "general")
    assert effective(DEMO, again).topics[0].title == "Земля"


@pytest.mark.parametrize("kind", EVENTS)
def test_every_decision_has_a_subject_and_is_told_in_words(kind: type[Event]) -> None:
    fact: Any = kind.model_validate(sample(kind).payload)
    assert subject_of(fact)
    assert settings_words.TITLES[kind]
    assert settings_words.said(fact, titles(DEMO, Decided()))


def test_each_subject_knows_when_it_was_changed_last() -> None:
    decided = replayed([TopicSet(code="a", title="А"), PROFILE, TopicClosed(code="a"), UnitSet(code="b", title="Б", topics=())])
    assert decided.touched == {"topics": 3, "profile": 2, "units": 4}


def test_only_the_outcome_of_the_last_trial_is_shown_but_any_success_shows_that_mail_works() -> None:
    first, second = (TrialLetterAsked(letter_id=f"00000000-0000-0000-0000-00000000000{n}", address="a@example.ru") for n in (1, 2))  # type: ignore[arg-type]
    late = replayed([first, second, TrialLetterEnded(letter_id=first.letter_id, sent=True)])
    assert late.trial is not None
    assert (late.trial.asked, late.trial.ended, late.mail_works) == (second, None, True)
    failed = replayed([first, TrialLetterEnded(letter_id=first.letter_id, sent=False, reason="relay-gone")])
    assert failed.trial is not None
    assert failed.trial.ended is not None
    assert (failed.trial.ended.reason, failed.mail_works) == ("relay-gone", False)


@given(title=st.text(max_size=60), others=st.integers(0, 3))
def test_a_code_is_made_of_any_title_and_is_nobody_elses(title: str, others: int) -> None:
    taken: set[str] = set()
    for _ in range(others + 1):
        code = code_of(title, taken)
        assert CODE.fullmatch(code)
        assert code not in taken
        taken.add(code)


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Отдел земельных отношений", "otdel-zemelnykh-otnoshenii"),
        ("Щёлково № 5", "shchelkovo-5"),
        ("???", "entry"),
        ("IT-отдел", "it-otdel"),
    ],
)
def test_a_code_reads_like_its_title(title: str, code: str) -> None:
    assert code_of(title, ()) == code


@pytest.mark.requirement("N-0.1")
def test_what_is_still_to_be_set_up_is_told_in_the_order_in_which_it_is_best_done() -> None:
    assert unfinished(DEMO, [], mail_works=True) == [Step.REGISTRAR, Step.EXECUTOR, Step.HEAD]
    assert unfinished(EMPTY, [], mail_works=False)[0] is Step.NAME
    loose = effective(DEMO, replayed([UnitSet(code="office", title="Отдел", topics=())]))
    assert {Step.UNIT_WITHOUT_TOPIC, Step.TOPIC_WITHOUT_UNIT} <= set(unfinished(loose, [], mail_works=True))
