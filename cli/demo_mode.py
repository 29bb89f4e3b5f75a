"""The demo mode: visibly marked, for trying; a real installation never has it."""

import os

VARIABLE = "OTKLIK_DEMO"


def is_demo() -> bool:
    return os.environ.get(VARIABLE, "").lower() in {"1", "true", "yes"}
