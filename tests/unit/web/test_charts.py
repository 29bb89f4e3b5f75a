"""Bars are as long as their figures."""

from libs.web.charts import LONGEST, bars


def test_the_longest_bar_fills_the_width_and_the_others_are_in_proportion() -> None:
    first, second, none = bars([("Отдел земли", 10, 2.5, "2 / 10"), ("Отдел леса", 5, 0, "0 / 5"), ("Архив", 0, 0, "0 / 0")])
    assert (first.whole, first.part) == (LONGEST, round(LONGEST / 4, 2))
    assert (second.whole, second.part) == (round(LONGEST / 2, 2), 0)
    assert (none.whole, none.part) == (0, 0)
    assert bars([]) == bars([("Архив", 0, 0, "0")])[1:]


def test_a_long_label_is_cut_where_a_phone_ends() -> None:
    [bar] = bars([("Отдел по управлению земельными ресурсами и лесом", 1, 0, "0 / 1")])
    assert (bar.short, len(bar.short)) == ("Отдел по управлению земел…", 26)
