"""A mutant is tried in a fork of a process that has run all tests: what that process remembers would hide the mutant."""

import functools
import gc


def forget() -> None:
    """Empty every cache of a function of ours."""
    for kept in gc.get_objects():
        if isinstance(kept, functools._lru_cache_wrapper) and kept.__module__.startswith(("libs.", "services.")):
            kept.cache_clear()
