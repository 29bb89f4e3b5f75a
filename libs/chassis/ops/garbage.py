"""The garbage collector of a process that works in batches."""

import gc

AFTER = 50_000, 20, 10  # objects, and rounds


def collect_seldom() -> None:
    """To be called once what lives long is made.

    What it is made of lives as long as it does: no collection need look at it again. A batch is thousands of objects that die by themselves
    when it is done; with Python's own thresholds each is looked at again and again before, which took an eighth of all processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*AFTER)
