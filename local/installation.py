"""What an installation is, a demonstration or one that began empty: settled at its first start, the same until `make fresh`.

So a forgotten DEMO=no mixes no invented people into what was entered since. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping

from local.places import Places

WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class Refused(Exception):
    """What DEMO asks for is not what this installation is, or no word that is known; the text says what to do."""


def settle(places: Places, environ: Mapping[str, str]) -> bool:
    """Whether this is a demonstration; the first start decides by DEMO. Raises `Refused`."""
    asked, known = _asked(environ), remembered(places)
    if asked is not None and known is not None and asked is not known:
        raise Refused(_contradiction(places, known))
    if known is None:
        known = _looks_like_one(places) if asked is None else asked
        places.demo.parent.mkdir(parents=True, exist_ok=True)
        places.demo.write_text("yes\n" if known else "no\n", "ascii")
    return known


def remembered(places: Places) -> bool | None:
    """What was settled; None before the first start."""
    return WORDS.get(places.demo.read_text("ascii").strip()) if places.demo.exists() else None


def is_demo(places: Places) -> bool:
    """For the commands beside it: what was never settled is treated as real."""
    return remembered(places) is True


def _asked(environ: Mapping[str, str]) -> bool | None:
    said = environ.get("DEMO", "").lower()
    if said and said not in WORDS:
        raise Refused(f"DEMO={said} is no answer: DEMO=yes for a demonstration with sample data, DEMO=no for an empty installation")
    return WORDS.get(said)


def _looks_like_one(places: Places) -> bool:
    """A new state is a demonstration; one with data and without an answer only when the sample lies in it."""
    return places.sample_loaded.exists() or not (places.secrets.exists() or (places.state / "postgres").exists())


def _contradiction(places: Places, demo: bool) -> str:
    what, word = ("a demonstration", "yes") if demo else ("an empty installation", "no")
    return (
        f"{places.state} holds {what} since its first start, and that does not change: leave DEMO out or say DEMO={word}; "
        "for another one beside it name a new OTKLIK_STATE, or erase this one with make fresh"
    )
