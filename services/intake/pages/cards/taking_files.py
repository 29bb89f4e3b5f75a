"""Files of a card: each is uploaded while the browser sends it, and the form remembers under seal what is here already (N-7.5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, NamedTuple
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request

from libs.chassis.ops.refusals import Refusal
from libs.events.topics import DESK
from libs.events.vocabulary import Attachment, FileState
from libs.web.posted_files import PostedFile, posted_with_files
from libs.web.sealed_cookies import Seal
from services.intake.domain.uploads.file_kinds import LONGEST_NAME
from services.intake.uploads.handlers import Announced, Uploads

FIELD: Final = "file"  # the input
KEPT: Final = "files"  # the sealed field, and the place of what is wrong
DROP: Final = "drop-"  # before the number of a file that is not wanted any more

NOT_ALL: Final = "Не все файлы удалось приложить. Остальное сохранено"
TOO_MANY: Final = "Файлов слишком много. Сохраните карточку с теми, что уже приложены."
HAS_VIRUS: Final = "В файле найден вирус, он не принят. Проверьте компьютер, с которого его приложили."
SENT_BEFORE: Final = "Файлы ушли с прежней карточкой. Если они нужны и здесь, приложите их ещё раз"


class WrongFile(NamedTuple):
    """A file that was not taken, and why."""

    name: str
    says: str


@dataclass
class Posted:
    """What a browser posted: the fields, the files that are here by now, and those that are not."""

    typed: dict[str, str]
    files: tuple[Attachment, ...] = ()
    wrong: tuple[WrongFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TakenFiles:
    """`thread_of`: whose key seals the files of a card, by its id; what is typed on a card may change until it is saved."""

    uploads: Uploads
    seal: Seal
    new_id: Callable[[], UUID]
    thread_of: Callable[[str], UUID]
    most: int
    limit_bytes: int

    async def posted(self, request: Request) -> Posted:
        """The form, once each of its files is here or refused."""
        turn = _Turn(self)
        typed = await posted_with_files(request, turn.take)
        kept = [file for number, file in enumerate(self.kept(typed)) if f"{DROP}{number}" not in typed]
        return Posted(typed, (*kept, *turn.taken), tuple(turn.wrong))

    def sealed(self, card_id: str, files: tuple[Attachment, ...]) -> str:
        """For the card of this id alone."""
        return self.seal.sealed({"of": card_id, "files": [file.model_dump() for file in files]}) if files else ""

    def kept(self, typed: Mapping[str, str]) -> list[Attachment]:
        """What an earlier post of this card brought."""
        opened = self.seal.opened(typed[KEPT]) if typed.get(KEPT) else None
        if opened is None or opened["of"] != typed.get("card_id"):
            return []
        return [Attachment.model_validate(file) for file in opened["files"]]


@dataclass
class _Turn:
    """One post on its way."""

    files: TakenFiles
    taken: list[Attachment] = field(default_factory=list)
    wrong: list[WrongFile] = field(default_factory=list)

    async def take(self, file: PostedFile) -> None:
        if file.field != FIELD:
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        name = file.name.replace("\0", "")[-LONGEST_NAME:] or "?"
        if len(self.taken) + len(self.files.kept(file.typed)) >= self.files.most:
            self.wrong.append(WrongFile(name, TOO_MANY))
            return
        try:
            await self._uploaded(name, file)
        except Refusal as refusal:
            self.wrong.append(WrongFile(name, refusal.says))

    async def _uploaded(self, name: str, file: PostedFile) -> None:
        said = Announced(
            frontend=DESK,
            external_id=f"card-file-{self.files.new_id()}",
            thread_id=self.files.thread_of(file.typed.get("card_id", "")),
            name=name,
            type=file.type,
            length=None,
        )
        upload = (await self.files.uploads.receive(said, file.pieces)).upload
        if upload.state is FileState.INFECTED:
            self.wrong.append(WrongFile(name, HAS_VIRUS))
            return
        self.taken.append(
            Attachment(upload_id=upload.upload_id, name=upload.name, type=upload.type, size=upload.size, sha256=upload.sha256)
        )
