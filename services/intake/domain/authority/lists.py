"""The authority's lists that a request is sorted by: types, topics, and units with what they are competent for (N-6.1, N-8.4)."""

from dataclasses import dataclass, field
from typing import ClassVar

from libs.chassis.ops.refusals import Refusal
from libs.events.vocabulary import Classification

APPEAL = "59-fz"


class UnknownCode(Refusal):
    """A code that is not on the authority's list; `list` and `known` say which list, and what stands there."""

    code: ClassVar[str] = "unknown-code"
    says: ClassVar[str] = "Такого значения нет в справочнике. Выберите одно из тех, что там есть."
    status: ClassVar[int] = 400

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__()
        self._extras = {"list": name, "known": list(known)}

    def extras(self) -> dict[str, object]:
        return dict(self._extras)


class UnitNotCompetent(Refusal):
    """The unit does not deal with this topic."""

    code: ClassVar[str] = "unit-not-competent"
    says: ClassVar[str] = "Это подразделение не занимается такой темой. Выберите другое подразделение или измените тему."


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Codes only: `regime_of` by type (8-fz, 59-fz or none), `topics_of` by unit; `answer_days` of types with a term of their own."""

    regime_of: dict[str, str]
    topics: tuple[str, ...]
    topics_of: dict[str, frozenset[str]]
    answer_days: dict[str, int] = field(default_factory=dict)

    def check(self, classification: Classification) -> None:
        """Raises `UnknownCode`, `UnitNotCompetent`."""
        _known("types", classification.type, tuple(self.regime_of))
        _known("topics", classification.topic, self.topics)
        self.check_unit(classification.unit, classification.topic)

    def check_unit(self, unit: str, topic: str) -> None:
        _known("units", unit, tuple(self.topics_of))
        if topic not in self.topics_of[unit]:
            raise UnitNotCompetent


def _known(name: str, code: str, codes: tuple[str, ...]) -> None:
    if code not in codes:
        raise UnknownCode(name, codes)
