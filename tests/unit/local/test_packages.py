"""The locks and what of them is installed."""

import json
import re

import pytest

from local import packages
from local.packages import DEVELOPMENT, EMBEDDED, RUNTIME
from local.places import ROOT

LOCK = "alpha==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nbeta==2.0 ; sys_platform != 'win32' \\\n    --hash=sha256:cc\n"


def test_a_package_is_left_out_with_all_its_hashes() -> None:
    assert packages.without("alpha", LOCK) == "beta==2.0 ; sys_platform != 'win32' \\\n    --hash=sha256:cc\n"


def test_one_package_is_taken_with_all_its_hashes() -> None:
    assert packages.only("alpha", LOCK) == "alpha==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"


def test_a_name_that_only_begins_the_same_stays() -> None:
    assert packages.without("alph", LOCK) == LOCK


def test_packages_are_counted() -> None:
    assert packages.count(LOCK) == 2


@pytest.mark.parametrize("name", [RUNTIME, EMBEDDED, DEVELOPMENT])
def test_every_line_of_a_lock_is_pinned_and_hashed_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    blocks = re.findall(r"^[a-zA-Z0-9].*\n(?:    .*\n)*", text, re.MULTILINE)
    assert "".join(blocks) == text
    assert all(re.match(r"[a-z0-9._-]+==[^ ]+ ", block) and "--hash=sha256:" in block for block in blocks)
    assert "://" not in text


def test_the_lock_of_the_browser_assets_names_no_registry() -> None:
    text = (ROOT / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in text
    brought = [package for place, package in json.loads(text)["packages"].items() if place]
    assert brought
    assert all("integrity" in package for package in brought)
    assert len([package for package in brought if not (package.get("dev") or package.get("devOptional") or package.get("optional"))]) == 3


def test_uv_that_the_bootstrap_fetches_first_is_locked() -> None:
    assert packages.only("uv", (ROOT / EMBEDDED).read_text("utf-8"))


@pytest.mark.parametrize(
    ("settings", "own"),
    [
        ("global.index-url='https://mirror.example/simple'\n", True),
        (":env:.proxy='http://proxy:3128'\n", True),
        (":env:.cert='/x'\n", False),
        ("", False),
    ],
)
def test_pip_settings_that_uv_would_not_follow_are_seen(settings: str, own: bool) -> None:
    assert bool(packages.OWN_INDEX.search(settings)) is own
