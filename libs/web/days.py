"""Days as people type them into forms. Pure."""

from datetime import date, datetime


def day_of(typed: str) -> date | None:
    """2026-11-16 of a browser's calendar, 16.11.2026 of whoever types it."""
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(typed.strip(), pattern).date()  # noqa: DTZ007 - a day, which has no zone
        except ValueError:
            continue
    return None
