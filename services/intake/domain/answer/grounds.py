"""Why information may be refused: the closed list of article 20 of 8-FZ, in words for staff and for the person (N-9.3)."""

from typing import Final, NamedTuple

from libs.events.vocabulary import RefusalGround

APPEAL_ORDER: Final = (
    "Это решение можно обжаловать в вышестоящий орган или вышестоящему должностному лицу либо в суд "
    "(статья 23 Федерального закона от 09.02.2009 № 8-ФЗ)."
)


class Ground(NamedTuple):
    """`title`: as it stands in the list that staff choose from; `cited`: the place in the law."""

    title: str
    cited: str


GROUNDS: Final[dict[RefusalGround, Ground]] = {
    RefusalGround.UNCLEAR: Ground("содержание запроса не позволяет установить, какая информация нужна", "пункт 1 части 1 статьи 20"),
    RefusalGround.NOT_OURS: Ground("информация не относится к деятельности органа", "пункт 3 части 1 статьи 20"),
    RefusalGround.RESTRICTED: Ground("информация относится к информации ограниченного доступа", "пункт 4 части 1 статьи 20"),
    RefusalGround.GIVEN_BEFORE: Ground("эта информация уже предоставлялась тому, кто её запрашивает", "пункт 5 части 1 статьи 20"),
    RefusalGround.ASSESSMENT: Ground(
        "запрошена правовая оценка, анализ деятельности или другая аналитическая работа, не связанная с защитой прав того, кто спрашивает",
        "пункт 6 части 1 статьи 20",
    ),
    RefusalGround.PUBLISHED: Ground("информация опубликована в СМИ или размещена в интернете", "часть 2 статьи 20"),
}


def refused(ground: RefusalGround, motive: str, restricting_act: str) -> str:
    """The ground, its place in the law, the act that restricts access where one does, and the motive."""
    told = GROUNDS[ground]
    act = f" Доступ ограничивает {restricting_act}." if restricting_act else ""
    return f"Основание отказа: {told.title} ({told.cited} Федерального закона от 09.02.2009 № 8-ФЗ).{act} {motive}"
