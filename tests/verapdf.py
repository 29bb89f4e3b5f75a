"""veraPDF, the validator of PDF/A and PDF/UA: its jars come from the coordinates of `verapdf-jars.txt`, each compared with its SHA-256."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from local import jars, java
from local.places import DOWNLOADS

VERSION = "1.28.2"
LIST = Path(__file__).with_name("verapdf-jars.txt")
FOLDER = DOWNLOADS / f"verapdf-{VERSION}"


class Verdict(NamedTuple):
    """`broken`: what a rule said, empty where the file conforms to all that its own metadata claim."""

    profiles: tuple[str, ...]
    broken: tuple[str, ...]


def judged(files: Sequence[Path]) -> list[Verdict]:
    """In the order of the files, each against every standard that it says it keeps."""
    absent = jars.missing(FOLDER, jars.listed(LIST))
    if absent:
        jars.fetch(absent, FOLDER)
    path = os.pathsep.join(str(FOLDER / jar.name) for jar in jars.listed(LIST))
    command: list[str | Path] = [
        java.find().executable,
        *java.QUICK_START,
        "-cp",
        path,
        "org.verapdf.apps.GreenfieldCliWrapper",
        "--format",
        "json",
    ]
    said = subprocess.run([*command, *files], capture_output=True, text=True, timeout=120, check=False).stdout
    jobs = {Path(job["itemDetails"]["name"]).name: job["validationResult"] for job in json.loads(said)["report"]["jobs"]}
    return [_verdict(jobs[file.name]) for file in files]


def _verdict(results: list[dict[str, object]]) -> Verdict:
    broken = [str(one["details"]) for one in results if not one["compliant"]]
    return Verdict(tuple(sorted(str(one["profileName"]) for one in results)), tuple(broken))
