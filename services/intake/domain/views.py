"""A view: filters of the register that somebody keeps under words of their own, or for everybody at the desk (N-8.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final
from uuid import UUID

from pydantic import StringConstraints

from libs.chassis.access.roles import NotAllowed, Role, Staff
from libs.chassis.ops.refusals import Refusal
from services.intake.domain.commands import Command

SHARING: Final = frozenset((Role.REGISTRAR, Role.HEAD, Role.ADMINISTRATOR))
MOST: Final = 50

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ViewNotFound(Refusal):
    """No view has this id, or it is somebody else's."""

    code = "view-not-found"
    status = 404
    says = "Такого сохранённого отбора нет: возможно, его уже удалили."


class ViewNameTaken(Refusal):
    """Another view of the same person is called so."""

    code = "view-name-taken"
    says = "Отбор с таким названием у вас уже есть. Придумайте другое название."


class TooManyViews(Refusal):
    """More than anybody would find their way in."""

    code = "too-many-views"
    says = "Сохранённых отборов уже пятьдесят. Сначала удалите ненужные."


class SaveView(Command):
    """`filters`: as an address of the register says them."""

    name: Name
    shared: bool = False
    filters: Mapping[str, str]


class ChangeView(Command):
    name: Name
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class View:
    """`owner` is the account that keeps it."""

    view_id: UUID
    owner: UUID
    name: str
    filters: Mapping[str, str]
    shared: bool = False

    def may_change(self, by: Staff) -> bool:
        """What is for everybody may be changed by whoever may share: its owner may have left long ago."""
        return str(self.owner) == by.id or (self.shared and by.may(SHARING))


def saved(command: SaveView, by: Staff, known: Sequence[View], view_id: UUID) -> View:
    """The same form sent twice is one view. Raises `ViewNameTaken`, `TooManyViews`, `NotAllowed`."""
    _may_be(command, by)
    own = [view for view in known if str(view.owner) == by.id]
    same = _called(command.name, own)
    if same is not None:
        if same.filters != command.filters:
            raise ViewNameTaken
        return replace(same, shared=command.shared)
    if len(own) >= MOST:
        raise TooManyViews
    return View(view_id=view_id, owner=UUID(by.id), name=command.name, filters=command.filters, shared=command.shared)


def changed(view: View, command: ChangeView, by: Staff, known: Sequence[View]) -> View:
    """`known`: what its owner has. Raises `ViewNameTaken`, `NotAllowed`."""
    _may_be(command, by)
    same = _called(command.name, [one for one in known if one.owner == view.owner])
    if same is not None and same.view_id != view.view_id:
        raise ViewNameTaken
    return replace(view, name=command.name, shared=command.shared)


def changeable(by: Staff, known: Sequence[View], view_id: UUID) -> View:
    """Raises `ViewNotFound`."""
    found = next((view for view in known if view.view_id == view_id and view.may_change(by)), None)
    if found is None:
        raise ViewNotFound
    return found


def _may_be(command: SaveView | ChangeView, by: Staff) -> None:
    if command.shared and not by.may(SHARING):
        raise NotAllowed


def _called(name: str, views: Sequence[View]) -> View | None:
    return next((view for view in views if view.name.casefold() == name.casefold()), None)
