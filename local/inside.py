"""The commands that need packages, run by the Python of `.venv`: `python -m local.inside COMMAND`."""

from __future__ import annotations

import os
import sys

from local import control
from local.commands import parser
from local.places import places
from local.restoring import restore
from local.up import up


def main(arguments: list[str]) -> int:
    try:
        code = run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read it has seen enough, as in `make status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def run(arguments: list[str]) -> int:
    asked = parser().parse_args(arguments)
    here = places(os.environ)
    match asked.command:
        case "up":
            return up(here, os.environ)
        case "status":
            return control.status(here)
        case "logs":
            return control.logs(here, asked.name)
        case "down":
            return control.down(here)
        case "restore":
            return restore(here, os.environ, asked.data, asked.keys)
        case "fresh":
            return control.fresh(here, sure=asked.yes)
        case other:
            raise ValueError(other)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
