"""Running other programs: what they said when they failed, and as whom they run."""

import os
import pwd
import stat
import sys
from pathlib import Path

import pytest

from local.program import UNPRIVILEGED, Failed, identity, let_in, other_user, run


def test_what_a_failed_command_said_is_told() -> None:
    with pytest.raises(Failed, match=r"(?s)ended with 3:.*my reason"):
        run([sys.executable, "-c", "import sys; print('my reason', file=sys.stderr); sys.exit(3)"])


def test_variables_are_added_to_the_environment() -> None:
    assert run([sys.executable, "-c", "import os; print(os.environ['MORE'], 'PATH' in os.environ)"], MORE="more") == "more True\n"


def test_an_ordinary_user_runs_everything_as_itself() -> None:
    assert (other_user() is None) == (os.geteuid() != 0)
    assert identity(None) == {"user": None, "group": None, "extra_groups": None}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_leaves_its_groups_behind_too() -> None:
    nobody = pwd.getpwnam(UNPRIVILEGED)
    said = run(["/bin/sh", "-c", "id -u; id -G"], cwd=Path("/"), user=UNPRIVILEGED)
    assert said.split() == [str(nobody.pw_uid), str(nobody.pw_gid)]


def test_closed_folders_become_passable_and_no_more(tmp_path: Path) -> None:
    closed, open_one = tmp_path / "closed", tmp_path / "open"
    for folder, mode in ((closed, 0o700), (open_one, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
    if os.geteuid() == 0:
        assert closed in let_in(UNPRIVILEGED, closed / "data", open_one / "data")
        assert stat.S_IMODE(closed.stat().st_mode) == 0o701
        assert stat.S_IMODE(open_one.stat().st_mode) == 0o755
    else:
        assert let_in(pwd.getpwuid(os.geteuid()).pw_name, closed / "data") == []
