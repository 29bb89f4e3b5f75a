"""`python3 -m local COMMAND`: what the Makefile calls. This file alone must be readable for every Python 3, to say that it is too old."""

import os
import sys

OLDEST = (3, 11)
COMMANDS = "up, doctor, status, logs, down, fresh, restore, environment, test"


def too_old() -> str:
    return "Python {}.{} or newer is needed, this is {}.{}: install it, or name another one with PYTHON=python3.11 make …".format(
        *(OLDEST + sys.version_info[:2])
    )


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit(too_old())
    from local.commands import main

    sys.exit(main(sys.argv[1:], os.environ))
