"""How many planted mistakes the tests find: `python -m tests.mutation pure | stores [--each N] [--seed S]` (docs/operations/mutants.md).

`pure` tries every mutant of the rules, `stores` a sample of those that need a database. What was killed stays killed: a run that was broken
off goes on, and a later one tries only what is new, was changed or survived.
"""

import asyncio
import json
import os
import random
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local.embedded import embedded
from local.places import ROOT
from tests.stack import SHARED_STACK, Stack, describe

MUST = 80  # per cent of each module
KILLED = {1, 3, 36, 37, 24, -24, 152, 255, -11, -9}  # by a test, by the time limit, by the interpreter
SECTION = re.compile(r"^\[tool\.mutmut\][^\[]*(?:\[(?!tool)[^\[]*)*", re.MULTILINE)
MUTMUT = Path(sys.executable).with_name("mutmut")

Verdicts = Mapping[str, int | None]


def main() -> int:
    asked = ArgumentParser(prog="python -m tests.mutation")
    asked.add_argument("set", choices=["pure", "stores"])
    asked.add_argument("--each", type=int, default=20, help="so many mutants of each module of the stores")
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    if wanted.set == "pure":
        return report(pure())
    return report(stores(wanted.each, wanted.seed))


def pure() -> dict[str, Verdicts]:
    """First what was never tried, or was changed; then those that survived before."""
    survived = alive(verdicts(ROOT), tried=True)
    run(ROOT, os.environ, ())
    if names := survived & alive(verdicts(ROOT)):
        run(ROOT, os.environ, sorted(names))
    return verdicts(ROOT)


def stores(each: int, seed: int) -> dict[str, Verdicts]:
    """In a directory of its own, whose pyproject.toml names the other set, on a Kafka and a PostgreSQL that stay up."""
    place = place_for("stores")
    with standing_stack() as environment:
        run(place, environment, ["libs.chassis.store.inbox.*"])  # makes all mutants, and learns which test runs what
        sampled = {module: sample(found, each, seed) for module, found in verdicts(place).items()}
        if names := alive(sampled):
            run(place, environment, sorted(names))
    return {module: {name: found[name] for name in sampled[module]} for module, found in verdicts(place).items()}


def place_for(name: str) -> Path:
    """The tree by links, but for the settings of mutmut."""
    place = ROOT / ".local" / "mutation" / name
    place.mkdir(parents=True, exist_ok=True)
    for each in ("libs", "services", "cli", "local", "frontends", "docs", "tests"):
        if not (place / each).is_symlink():
            (place / each).symlink_to(ROOT / each)
    others = SECTION.sub("", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ours = (Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8")
    (place / "pyproject.toml").write_text(others + "\n" + ours, encoding="utf-8")
    return place


@contextmanager
def standing_stack() -> Iterator[dict[str, str]]:
    """The environment of tests that share one stack; it ends with this."""
    with TemporaryDirectory(prefix="otklik-") as directory, embedded(Path(directory)) as parts:
        asyncio.run(Stack(parts).prepare())
        told = Path(directory) / "stack.json"
        told.write_text(describe(parts), encoding="utf-8")
        yield {**os.environ, SHARED_STACK: str(told)}


def run(place: Path, environment: Mapping[str, str], names: Sequence[str]) -> None:
    shutil.rmtree(place / "mutants" / "tests", ignore_errors=True)  # a test that was renamed must not stay there
    done = subprocess.run([MUTMUT, "run", *names], cwd=place, env={**environment}, check=False)
    if done.returncode:
        raise SystemExit(f"mutmut ended with {done.returncode}")


def verdicts(place: Path) -> dict[str, Verdicts]:
    """What became of each mutant, by module."""
    mutants = place / "mutants"
    files = {path: json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"] for path in sorted(mutants.rglob("*.py.meta"))}
    return {str(path.relative_to(mutants)).removesuffix(".meta"): found for path, found in files.items() if found}


def sample(found: Verdicts, each: int, seed: int) -> dict[str, int | None]:
    """The same ones for the same seed."""
    chosen = random.Random(seed).sample(sorted(found), min(each, len(found)))
    return {name: found[name] for name in chosen}


def alive(found: Mapping[str, Verdicts], *, tried: bool = False) -> set[str]:
    """Those that nobody killed; `tried`: though somebody tried. Tests may have been added since."""
    return {name for mutants in found.values() for name, code in mutants.items() if code not in KILLED and not (tried and code is None)}


def report(found: Mapping[str, Verdicts]) -> int:
    """The score of each module, then who survived; 1 when a module is below what it must reach."""
    low = 0
    for module, mutants in sorted(found.items()):
        killed = sum(code in KILLED for code in mutants.values())
        score = 100 * killed / len(mutants)
        low += score < MUST
        print(f"{score:5.1f} %  {killed:4} of {len(mutants):4}  {module}{'' if score >= MUST else f'  < {MUST} %'}")
    total = [code in KILLED for mutants in found.values() for code in mutants.values()]
    print(f"{100 * sum(total) / max(1, len(total)):5.1f} %  {sum(total):4} of {len(total):4}  in all")
    for name in sorted(alive(found)):
        print(f"survived: {name}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
