"""The indicators as tables and charts: the same for the page and for the files to take away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from babel.numbers import format_decimal

from libs.web.charts import Bar, bars
from libs.web.languages import Language
from libs.web.tables import Figure, Table
from services.intake.authority.book import Book
from services.intake.domain.authority.listings import Listing
from services.intake.indicators.figures import Figures, mean, median
from services.intake.indicators.review import Parts, Review

NOBODY_SAID = "не определено"
ROUNDED = 1

Column = tuple[str, Callable[[Figures], Figure]]
COLUMNS: tuple[Column, ...] = (
    ("Поступило", lambda of: of.received),
    ("Получили номер", lambda of: of.registered),
    ("Дней до номера, в среднем", lambda of: _rounded(mean(of.register_days))),
    ("Номер с опозданием, %", lambda of: _percent(of.share_registered_late)),
    ("Дано ответов", lambda of: of.answers),
    ("Дней до ответа, в среднем", lambda of: _rounded(mean(of.answer_days))),
    ("С опозданием", lambda of: of.late),
    ("С опозданием, %", lambda of: _percent(of.share_late)),
    ("Отказов, %", lambda of: _percent(of.share_refused)),
)
WHOLE: tuple[Column, ...] = (
    ("Поступило запросов", lambda of: of.received),
    ("Получили регистрационный номер", lambda of: of.registered),
    ("Дней до номера, в среднем", lambda of: _rounded(mean(of.register_days))),
    ("Дней до номера, медиана", lambda of: _rounded(median(of.register_days))),
    ("Получили номер с опозданием", lambda of: of.registered_late),
    ("Доля получивших номер с опозданием, %", lambda of: _percent(of.share_registered_late)),
    ("Дано ответов", lambda of: of.answers),
    ("Из них ответов на часть запроса", lambda of: of.in_part),
    ("Из них отказов", lambda of: of.refused),
    ("Доля отказов, %", lambda of: _percent(of.share_refused)),
    ("Дней до ответа, в среднем", lambda of: _rounded(mean(of.answer_days))),
    ("Дней до ответа, медиана", lambda of: _rounded(median(of.answer_days))),
    ("Ответов с опозданием", lambda of: of.answered_late),
    ("Не отвечено, а срок истёк", lambda of: of.missed),
    ("Доля с опозданием, %", lambda of: _percent(of.share_late)),
    ("Отвечено сразу, в разговоре", lambda of: of.at_once),
    ("Закончено иначе: перенаправлено, отозвано и так далее", lambda of: of.ended_otherwise),
)
NOW: tuple[Column, ...] = (
    ("Не закончено на этот день", lambda of: of.open),
    ("Из них просрочено", lambda of: of.overdue),
)
PARTS = {"units": "Подразделения", "points": "Точки взаимодействия", "types": "Типы запросов", "months": "Месяцы"}
FIRST = {"units": "Подразделение", "points": "Точка взаимодействия", "types": "Тип запроса", "months": "Месяц"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One way to divide the whole: its table, and its two charts."""

    name: str
    table: Table
    late: Sequence[Bar]
    days: Sequence[Bar]


def whole(review: Review) -> Table:
    """The whole beside the period before it."""
    rows = [[title, value(review.whole), value(review.before)] for title, value in WHOLE]
    return Table(
        title="Итог",
        headings=["Показатель", "За период", "За предыдущий"],
        rows=[*rows, *([title, value(review.whole), None] for title, value in NOW)],
    )


def parts(review: Review, book: Book, language: Language) -> list[Part]:
    divided = [
        ("units", _titled(review.units, book.titles[Listing.UNITS])),
        ("points", _titled(review.points, book.titles[Listing.POINTS])),
        ("types", _titled(review.types, book.titles[Listing.TYPES])),
        ("months", [(_month(month), figures) for month, figures in review.months]),
    ]
    return [_part(name, rows, language) for name, rows in divided]


def _part(name: str, rows: Sequence[tuple[str, Figures]], language: Language) -> Part:
    table = Table(
        title=PARTS[name],
        headings=[FIRST[name], *(heading for heading, _ in COLUMNS)],
        rows=[[title, *(value(figures) for _, value in COLUMNS)] for title, figures in rows],
    )
    late = [(language.text(title), of.answers + of.missed, of.late, _of(of.late, of.answers + of.missed)) for title, of in rows]
    days = [(language.text(title), took, 0.0, _said(took, language)) for title, of in rows if (took := mean(of.answer_days)) is not None]
    return Part(name=name, table=table, late=bars(row for row in late if row[1]), days=bars(days))


def _titled(found: Parts, titles: Mapping[str, str]) -> list[tuple[str, Figures]]:
    return [(titles.get(code, code) if code else NOBODY_SAID, figures) for code, figures in found]


def _month(month: date) -> str:
    return f"{month:%m.%Y}"


def _of(part: int, of_all: int) -> str:
    return f"{part} / {of_all}"


def _said(value: float, language: Language) -> str:
    return str(format_decimal(round(value, ROUNDED), locale=language.code))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, ROUNDED)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, ROUNDED)
