"""Filters are kept under a name: their owner's own, or for everybody by those who lead."""

from uuid import UUID

import pytest

from libs.chassis.access.roles import NotAllowed, Role, Staff
from services.intake.domain.views import (
    MOST,
    ChangeView,
    SaveView,
    TooManyViews,
    View,
    ViewNameTaken,
    ViewNotFound,
    changeable,
    changed,
    saved,
)

pytestmark = pytest.mark.requirement("N-8.3", "E-1")

OLEG, ANNA, HEAD = UUID(int=1), UUID(int=2), UUID(int=3)
oleg = Staff(id=str(OLEG), roles=frozenset((Role.EXECUTOR,)))
anna = Staff(id=str(ANNA), roles=frozenset((Role.REGISTRAR,)))
head = Staff(id=str(HEAD), roles=frozenset((Role.HEAD,)))
FILTERS = {"who": "mine", "due": "overdue"}
view = View(view_id=UUID(int=10), owner=OLEG, name="Мои просроченные", filters=FILTERS)
shared = View(view_id=UUID(int=11), owner=ANNA, name="Срочные", filters={"urgency": "urgent"}, shared=True)
NEW = UUID(int=99)


def test_what_is_saved_is_its_owners_with_the_filters_as_an_address_says_them() -> None:
    made = saved(SaveView(name=" Мои просроченные ", filters=FILTERS), oleg, [], NEW)
    assert made == View(view_id=NEW, owner=OLEG, name="Мои просроченные", filters=FILTERS)


def test_the_same_form_sent_twice_is_one_view() -> None:
    assert saved(SaveView(name="Мои просроченные", filters=FILTERS), oleg, [view], NEW) == view


def test_one_name_is_one_view_of_its_owner_however_it_is_written_and_a_colleague_may_use_it_too() -> None:
    other = SaveView(name="мои ПРОСРОЧЕННЫЕ", filters={"due": "soon"})
    with pytest.raises(ViewNameTaken):
        saved(other, oleg, [view], NEW)
    assert saved(other, anna, [view], NEW).owner == ANNA
    with pytest.raises(ViewNameTaken):
        changed(shared, ChangeView(name="Мои"), anna, [shared, View(view_id=NEW, owner=ANNA, name="мои", filters={})])
    assert changed(shared, ChangeView(name="срочные"), anna, [shared, view]).name == "срочные"


def test_who_leads_shows_a_view_to_everybody_and_nobody_else_does() -> None:
    command = SaveView(name="Общий", shared=True, filters=FILTERS)
    for by in (anna, head, Staff(id=str(HEAD), roles=frozenset((Role.ADMINISTRATOR,)))):
        assert saved(command, by, [], NEW).shared
    with pytest.raises(NotAllowed):
        saved(command, oleg, [], NEW)
    with pytest.raises(NotAllowed):
        changed(view, ChangeView(name="Мой", shared=True), oleg, [view])


def test_a_view_is_changed_by_its_owner_and_a_shared_one_by_whoever_may_share() -> None:
    assert changeable(oleg, [view, shared], view.view_id) == view
    assert changeable(head, [view, shared], shared.view_id) == shared
    for by, one in ((head, view), (oleg, shared)):
        with pytest.raises(ViewNotFound):
            changeable(by, [view, shared], one.view_id)


def test_fifty_views_are_enough_for_anybody() -> None:
    many = [View(view_id=UUID(int=n), owner=OLEG, name=f"Отбор {n}", filters={}) for n in range(MOST)]
    with pytest.raises(TooManyViews):
        saved(SaveView(name="Ещё один", filters=FILTERS), oleg, many, NEW)
    assert saved(SaveView(name="Ещё один", filters=FILTERS), anna, many, NEW).owner == ANNA
