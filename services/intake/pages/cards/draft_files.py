"""Files in the form of a draft: those that go with it, and those of restricted access that must not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from libs.events.vocabulary import AnswerFile
from services.intake.domain.uploads.attachments import name_of
from services.intake.pages.cards.attachment_pages import size_of
from services.intake.pages.cards.taking_files import Posted, TakenFiles, WrongFile

RESTRICTED: Final = "restricted-"  # before the number of a file that must not leave
MEGABYTE: Final = 1024 * 1024


class Attached(NamedTuple):
    """What a form brought by now, and what was not taken of it."""

    files: tuple[AnswerFile, ...]
    wrong: tuple[WrongFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DraftFiles:
    """They lie under their request (decision 0037); the form remembers under seal what is here."""

    taken: TakenFiles

    def shown(self, request_id: UUID, attached: Attached) -> dict[str, Any]:
        """For the form."""
        return {
            "sealed": self.taken.sealed(str(request_id), attached.files),
            "kept": rows(attached.files),
            "wrong": attached.wrong,
            "most": self.taken.most,
            "largest_mb": self.taken.limit_bytes // MEGABYTE,
        }

    def marked(self, posted: Posted) -> Attached:
        """The files of a post, those with a tick as restricted."""
        ticked = {file.upload_id for number, file in enumerate(self.taken.kept(posted.typed)) if f"{RESTRICTED}{number}" in posted.typed}
        files = (AnswerFile(**file.model_dump(), restricted=file.upload_id in ticked) for file in posted.files)
        return Attached(tuple(files), posted.wrong)


def rows(files: Sequence[AnswerFile]) -> list[dict[str, Any]]:
    """For the card."""
    return [
        {"number": number, "name": name_of(file, number), "size": size_of(file.size), "restricted": file.restricted}
        for number, file in enumerate(files, 1)
    ]
