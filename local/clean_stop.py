"""Whether the last stop was clean. On one machine a power cut may cost Kafka its last records; their stores publish them again (R-15)."""

from __future__ import annotations

from pathlib import Path

from local.places import Places

LAST_MINUTES = 10  # before the newest event; what Kafka has not yet on disk is seconds old


def marker(places: Places) -> Path:
    """There while services run, and left behind by whatever ends them all at once."""
    return places.run / "not-stopped-yet"


def was_unclean(places: Places) -> bool:
    return marker(places).exists()


def begin(places: Places) -> None:
    """Before the first service starts."""
    marker(places).parent.mkdir(parents=True, exist_ok=True)
    marker(places).touch()


def end(places: Places) -> None:
    """After the last program stopped in its own time."""
    marker(places).unlink(missing_ok=True)
