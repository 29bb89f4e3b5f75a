"""Runs a module under cProfile: `python -m bench.profiled FILE MODULE`. It counts processor time, which other work does not blur."""

import runpy
import sys
import time
from cProfile import Profile


def main() -> None:
    file, module = sys.argv[1:]
    profile = Profile(time.thread_time)
    sys.argv = [module]
    try:
        profile.runcall(runpy.run_module, module, run_name="__main__", alter_sys=True)
    finally:
        profile.dump_stats(file)


if __name__ == "__main__":
    main()
