"""The rooms that are mutated, each with the tests that guard it, in a copy of the tree of its own below `mutants/`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeAlias

from tests.promises.figures import ROOT

MUTANTS = ROOT / "mutants"
COPIED = ("controller", "schemas", "examples", "docs", "manifests", "tests", "benchmarks", "README.md")
Results: TypeAlias = Mapping[str, int | None]
"""For each mutant of a module what its tests ended with; None where it was not tried."""


@dataclass(frozen=True)
class Room:
    """What is mutated (patterns below `controller/`), and the arguments of pytest that choose its tests."""

    mutated: Sequence[str]
    tests: Sequence[str]
    without: Sequence[str] = ()
    """Files that are not mutated."""
    spared: Sequence[str] = ()
    """Tests of its shape, which differs once mutants are in it, and those that take minutes for each mutant."""


ROOMS: Mapping[str, Room] = {
    "core": Room(
        ["core/*"],
        ["tests/core", "--ignore=tests/core/decode/test_mutations.py"],
        without=["core/decode/rules.py"],  # a table: its functions run at import, before any mutant is put in
    ),
    "edges/gupshup": Room(
        ["edges/gupshup/*"],
        ["tests/edges", "-k", "gupshup"],
        spared=["tests/edges/test_gupshup_reader.py::test_a_reader_has_no_way_to_write"],
    ),
    "edges/store": Room(
        ["edges/store/*"],
        ["tests/edges", "-k", "store"],
        without=["edges/store/migrations/*"],
    ),
    "edges/source": Room(["edges/source/*"], ["tests/edges", "-k", "source or directory"]),
    "loop": Room(["loop/*"], ["tests/loop"]),
    "doors/web": Room(
        ["doors/web/*"],
        ["tests/doors"],
        without=[
            "doors/web/security_headers.py"
        ],  # the outermost: a server asks what kind of function it is, and mutants are of another
    ),
}


def mutate(room: str, sample: int, seed: int) -> int:
    """Try so many mutants of *room*, drawn by *seed*; return the exit code of the first command that failed, or 0."""
    folder = copied(room)
    wrong = _mutmut(folder, _NONE)
    names = drawn(room, sample, seed)
    return _mutmut(folder, *names) if names else wrong


def drawn(room: str, sample: int, seed: int) -> Sequence[str]:
    """Return which mutants of *room* to try: those of a sample that were not tried yet, and all that survived."""
    every = sorted((name, code) for _, results in found(room) for name, code in results.items())
    chosen = Random(f"{room} {seed}").sample(every, k=min(sample, len(every)))  # noqa: S311  (a seed)
    return sorted(
        {name for name, code in chosen if code is None} | {name for name, code in every if code == 0}
    )


def found(room: str) -> Iterator[tuple[str, Results]]:
    """Yield each module of *room* with what became of its mutants."""
    made = _folder(room) / "mutants" / "controller" / room
    for meta in sorted(made.rglob("*.meta")):
        name = meta.relative_to(made).as_posix().removesuffix(".py.meta")
        yield name, json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]


def _folder(room: str) -> Path:
    return MUTANTS / room.replace("/", "-")


def copied(room: str) -> Path:
    """Return a folder with a copy of the tree, set up to mutate *room*; results of an earlier run stay there."""
    folder = _folder(room)
    for name in COPIED:
        there = ROOT / name
        if there.is_dir():
            shutil.copytree(
                there, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(there, folder / name)
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(settings + _settings(ROOMS[room]), encoding="utf-8")
    return folder


def _settings(room: Room) -> str:
    arguments = ["-p", "no:randomly", "-p", "no:cacheprovider", "-p", "tests.promises.quickest"]
    lines = {
        "source_paths": ["controller"],
        "only_mutate": [f"controller/{name}" for name in room.mutated],
        "do_not_mutate": [f"controller/{name}" for name in room.without],
        "also_copy": [name for name in COPIED if name not in {"controller", "tests"}],
        "pytest_add_cli_args_test_selection": [*room.tests, *(f"--deselect={test}" for test in room.spared)],
        "pytest_add_cli_args": arguments,
        "timeout_multiplier": 3.0,
        "timeout_constant": 10.0,
        "use_git_change_detection": False,
    }
    return "\n[tool.mutmut]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items())


_NONE = "controller.none"
"""It has no command that only makes them: a name that fits none ends it there."""


def _mutmut(folder: Path, *names: str) -> int:
    """Run what makes mutants and tries those of these names."""
    return subprocess.run(
        [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names],
        cwd=folder,
        env={**os.environ, "FUZZ_EXAMPLES": "20"},
        check=False,
    ).returncode
