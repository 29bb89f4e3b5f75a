"""Files of a form: each goes to intake while the browser sends it, and the form remembers under seal what intake has."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request

from frontends.site.attempts import Attempts
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError, MessageRefusedError
from frontends.site.intake_words import Attached
from libs.web.posted_files import PostedFile, posted_with_files
from libs.web.sealed_cookies import Seal

FIELD: Final = "file"  # the input
KEPT: Final = "files"  # the sealed field, and the place of what is wrong
DROP: Final = "drop-"  # before the number of a file that the person does not want any more
LONGEST_NAME: Final = 255
MEGABYTE: Final = 1024 * 1024
INFECTED: Final = "infected"

NOT_ALL: Final = "Не все файлы удалось приложить. Остальное сохранено"
TOO_LARGE: Final = "Файл слишком большой. Уменьшите его, например сохраните снимки с меньшим разрешением, или разделите на части."
TOO_MANY: Final = "Файлов слишком много. Отправьте запрос с теми, что уже приложены, остальные можно прислать потом."
TOO_OFTEN: Final = "С этого компьютера или из этой сети приложили слишком много файлов. Подождите десять минут и попробуйте снова."
HAS_VIRUS: Final = "В файле найден вирус, мы его не берём. Проверьте свой компьютер."
NOT_TAKEN: Final = "Файл не удалось принять. Приложите его ещё раз через несколько минут."
SENT_BEFORE: Final = "Файлы ушли с прежним запросом. Если они нужны и здесь, приложите их ещё раз"


class WrongFile(BaseModel):
    """A file that was not taken, and why."""

    model_config = ConfigDict(frozen=True)
    name: str
    says: str


@dataclass
class Posted:
    """What a browser posted: the fields, the files that intake has, and those that it has not."""

    typed: dict[str, str]
    files: tuple[Attached, ...] = ()
    wrong: tuple[WrongFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Which fields name a form, and the conversation that its files are of; `ids` makes those anew that a browser has made up.

    They stand before the input of files.
    """

    form: str
    dialogue: str
    ids: Callable[[Mapping[str, str]], dict[str, str]]


class FileTooLargeError(Exception):
    """More came than one file may be; the rest is passed over."""


@dataclass(frozen=True, kw_only=True)
class AttachedFiles:
    """Reads posted forms; `seal` is that of the field with what intake has."""

    door: IntakeDoor
    seal: Seal
    new_id: Callable[[], UUID]
    limit_bytes: int
    most: int
    attempts: Attempts

    async def posted(self, request: Request, naming: Naming) -> Posted:
        """The form, once each of its files is with intake or refused."""
        turn = _Turn(self, request, naming)
        typed = await posted_with_files(request, turn.take)
        typed |= turn.own_ids or naming.ids(typed)
        kept = [file for number, file in enumerate(self.kept(typed, naming)) if f"{DROP}{number}" not in typed]
        return Posted(typed, (*kept, *turn.taken), tuple(turn.wrong))

    def limits(self) -> dict[str, Any]:
        """As a page tells them."""
        return {"most_files": self.most, "largest_mb": self.limit_bytes // MEGABYTE}

    def sealed(self, form_id: str, files: tuple[Attached, ...]) -> str:
        """For the form of this id alone."""
        return self.seal.sealed({"of": form_id, "files": [file.model_dump() for file in files]}) if files else ""

    def kept(self, typed: Mapping[str, str], naming: Naming) -> list[Attached]:
        """What an earlier post of this form brought."""
        opened = self.seal.opened(typed[KEPT]) if typed.get(KEPT) else None
        if opened is None or opened["of"] != typed.get(naming.form):
            return []
        return [Attached.model_validate(file) for file in opened["files"]]


@dataclass
class _Turn:
    """One post on its way."""

    files: AttachedFiles
    request: Request
    naming: Naming
    taken: list[Attached] = field(default_factory=list)
    wrong: list[WrongFile] = field(default_factory=list)
    own_ids: dict[str, str] = field(default_factory=dict)

    async def take(self, file: PostedFile) -> None:
        if file.field != FIELD:
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        name = file.name.replace("\0", "")[-LONGEST_NAME:] or "?"
        self.own_ids = self.own_ids or self.naming.ids(file.typed)
        if len(self.taken) + len(self.files.kept(file.typed, self.naming)) >= self.files.most:
            self.wrong.append(WrongFile(name=name, says=TOO_MANY))
            return
        says = TOO_OFTEN if await self.files.attempts.exhausted(self.request) else await self._uploaded(name, file)
        if says is not None:
            self.wrong.append(WrongFile(name=name, says=says))

    async def _uploaded(self, name: str, file: PostedFile) -> str | None:
        """What is wrong with it, or None when intake has it."""
        door, own_id = self.files.door, str(self.files.new_id())
        await self.files.attempts.count(self.request)
        try:
            uploaded = await door.upload(own_id, self.own_ids[self.naming.dialogue], name, file.type, self._measured(file.pieces))
        except FileTooLargeError:
            return TOO_LARGE
        except MessageRefusedError as refused:
            return refused.problem.detail or NOT_TAKEN
        except IntakeUnavailableError:
            return NOT_TAKEN
        if uploaded.state == INFECTED:
            return HAS_VIRUS
        self.taken.append(Attached.model_validate(uploaded.model_dump(exclude={"state"})))
        return None

    async def _measured(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        left = self.files.limit_bytes
        async for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise FileTooLargeError
            yield piece
