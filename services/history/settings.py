"""What history is told beside what every service is."""

from pathlib import Path

from pydantic import Field

from libs.chassis.ops.settings import HttpUrl, ServiceSettings
from libs.chassis.ops.settings import MasterKey as SecretKey
from libs.chassis.store.shelves import HandOverSettings, ObjectSettings


class HistorySettings(ServiceSettings, ObjectSettings, HandOverSettings):
    """The master key wraps the keys of history's own threads: no other service's."""

    head_signing_key: SecretKey = Field(
        description="Ed25519 private key that the log's heads are signed with, base64 of 32 bytes; `otklik heads new-key` makes one"
    )
    heads_file: Path = Field(description="path of the file that signed heads are added to, outside the database")
    heads_every_seconds: float = Field(300.0, gt=0, description="how often the log's heads are signed")
    desk_url: HttpUrl | None = Field(
        None, description="address of intake as browsers see it, whose pages show the timelines of clients; absent: no other page does"
    )
    replica: int = Field(1, ge=1, description="number of this replica; they share the partitions, and the first signs the heads")
    gap_grace_seconds: float = Field(30.0, gt=0, description="how late an event may be before its producer is asked for it")
