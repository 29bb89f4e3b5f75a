"""SQL lives in files: `queries(__file__)["streams_at"]` is the text of sql/streams_at.sql beside the caller."""

from functools import cache
from pathlib import Path


@cache
def queries(beside: str) -> dict[str, str]:
    """The queries of the folder `sql` beside a module, by file name; read once."""
    return {path.stem: path.read_text(encoding="utf-8") for path in (Path(beside).parent / "sql").glob("*.sql")}
