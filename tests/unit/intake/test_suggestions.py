"""What a request seems to be is read from its words, with the words that it was seen by (N-8.4)."""

from dataclasses import replace
from pathlib import Path

import pytest

from libs.chassis.ops.settings import WrongSettings, load_authority
from services.intake.authority.book import lists_of
from services.intake.desk_root import hints_of
from services.intake.words.suggestions import Suggestion, suggested
from tests.stack import ROOT

FILE = ROOT / "local" / "authority.toml"
DEMO = load_authority(FILE)
HINTS, LISTS = hints_of(DEMO), lists_of(DEMO)


def read(text: str, name: str = "") -> dict[str, Suggestion]:
    return suggested([text], name, HINTS, LISTS)


@pytest.mark.requirement("N-8.4")
@pytest.mark.parametrize(
    ("text", "type_", "words"),
    [
        ("Прошу сообщить, как рассчитана арендная плата за участок.", "information", ("прошу сообщить",)),
        ("Подскажите, какие документы нужны для межевания?", "information", ("подсказать", "какие документы")),
        ("Жалуюсь на бездействие отдела.", "appeal", ("жаловаться", "бездействие")),
        ("Предлагаю поставить скамейки в сквере.", "appeal", ("предлагаю",)),
        ("Сосед нарушает мои права, прошу принять меры.", "appeal", ("нарушать", "принять меры")),
        ("Прошу сообщить, куда подать жалобу.", "information", ("прошу сообщить",)),
        ("Прошу сообщить мою историю обращений.", "history", ("история обращений",)),
        ("Отзываю своё согласие.", "consent", ("отзываю согласие",)),
    ],
)
def test_a_request_for_information_and_an_appeal_are_told_apart_by_what_the_laws_call_them(
    text: str, type_: str, words: tuple[str, ...]
) -> None:
    assert read(text)["type"] == Suggestion(type_, words)


@pytest.mark.requirement("N-8.4", "N-6.1")
def test_the_topic_leads_to_the_unit_that_is_there_for_it() -> None:
    found = read("О земельных участках: прошу сообщить порядок АРЕНДЫ ЗЕМЛИ.")
    assert found["topic"] == Suggestion("land", ("земельный участок", "аренда земли"))
    assert found["unit"] == Suggestion("land", topic="land")
    assert read("Когда часы приёма? График приема не найти.")["unit"] == Suggestion("office", topic="general")


@pytest.mark.requirement("N-8.4", "N-8.5")
def test_the_topic_that_most_words_speak_for_wins_and_urgency_is_seen() -> None:
    found = read("Срочно! В лесничестве вырубка: древесину вывозят через земельный участок.")
    assert (found["topic"].value, found["topic"].seen_by) == ("forest", ("лесничество", "древесина", "вырубка"))
    assert found["urgency"] == Suggestion("urgent", ("срочно",))


@pytest.mark.requirement("N-8.4")
@pytest.mark.parametrize("text", ["", "Здравствуйте!", "Верблюд", "\x00", "о и не"])
def test_of_words_that_tell_nothing_nothing_is_suggested(text: str) -> None:
    assert read(text) == {}


@pytest.mark.requirement("N-2.1")
@pytest.mark.parametrize(
    ("name", "kind"),
    [("ООО «Небывалое дело»", "legal_entity"), ("ИП Выдуманный Борис", "sole_trader"), ("Запланированная Анна", None), ("Ооонов Ип", None)],
)
def test_a_name_may_say_who_asks(name: str, kind: str | None) -> None:
    found = read("", name).get("client_kind")
    assert (found.value if found else None) == kind


@pytest.mark.requirement("N-6.1")
def test_a_unit_that_does_not_deal_with_the_topic_is_not_suggested() -> None:
    hints = HINTS + tuple(
        hints_of(DEMO.model_copy(update={"hints": (DEMO.hints[0].model_copy(update={"topic": None, "unit": "forest"}),)}))
    )
    assert suggested(["земельный участок"], None, hints, LISTS)["unit"] == Suggestion("land", topic="land")


@pytest.mark.requirement("N-8.4")
def test_a_code_that_has_left_the_lists_is_not_suggested() -> None:
    fewer = replace(LISTS, topics=("forest",), topics_of={"forest": frozenset(("forest",))})
    assert suggested(["земельный участок"], None, HINTS, fewer) == {}


@pytest.mark.requirement("N-8.4")
@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('words = ["лес"]', "speaks for nothing: give it a type, a topic, an urgency or a unit"),
        ('words = ["лес"]\ntopic = "woods"', "names the topic woods, which is not on the authority's list"),
        ('words = ["лес"]\ntopic = "forest"\nunit = "land"', "the unit land does not deal with the topic forest"),
        ('words = ["лес"]\nurgency = "soon"', "urgency"),
        ("words = []\n", "words"),
        ('words = ["и"]\ntopic = "forest"', "in which there is no word to look for"),
    ],
)
def test_a_hint_that_nobody_could_follow_stops_the_start_and_says_which(tmp_path: Path, table: str, says: str) -> None:
    file = tmp_path / "authority.toml"
    file.write_text(f"{FILE.read_text(encoding='utf-8')}\n[[hints]]\n{table}\n", encoding="utf-8")
    with pytest.raises(WrongSettings) as refused:
        hints_of(load_authority(file))
    assert says in str(refused.value)
