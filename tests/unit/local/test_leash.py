"""What a test started ends with it, however it ends."""

import signal
import subprocess
import sys
import time

from local.leash import leash
from local.places import ROOT
from local.supervisor import born

STARTS_AND_IS_KILLED = """
import os, signal, subprocess, sys
from local.leash import leash
quiet = subprocess.DEVNULL
with leash() as held:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True, stdout=quiet, stderr=quiet)
    held.hold(child.pid)
    print(child.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_when_we_are_killed_they_are_killed() -> None:
    done = subprocess.run([sys.executable, "-c", STARTS_AND_IS_KILLED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while born(int(done.stdout)) is not None:
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.02)


def test_when_the_block_ends_nobody_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as child:
        with leash() as held:
            held.hold(child.pid)
        assert held.watcher.returncode == 0
        assert child.poll() is None
