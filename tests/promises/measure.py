"""Measuring what no other command counts: defects found, executions of fuzzers, mutants, seeds of secrets."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.canaries import Canaries
from tests.edges import fake_wire
from tests.promises.figures import ROOT
from tests.promises.rooms import found
from tests.sim.scenario import SECRETS
from tests.sim.test_planted_defects import PLANTED

FUZZERS = (
    "tests/edges/test_gupshup_fuzz.py",
    "tests/edges/test_gupshup_round_trip.py",
    "tests/core/decode/test_mutations.py",
)
LOUD = ("tests/edges", "tests/loop", "tests/sim/test_promises.py", "tests/doors")
"""What runs once at DEBUG; the installed command does so in tests/e2e/test_canaries.py."""

_EXECUTED = re.compile(r"- (\d+) passing, (\d+) failing, and (\d+) invalid")
_KILLED, _SURVIVED, _NO_TESTS = frozenset({1, 3}), 0, 33
_TIMEOUTS = frozenset({24, 36, 152, 255, -24})


def planted() -> dict[str, object]:
    """Put every defect in its place; count those that an oracle of their promise finds."""
    caught: Counter[str] = Counter()
    missed, accused = [], []
    for name, defect in PLANTED.items():
        found = [each for each in defect.found() if each.startswith(f"{defect.breaks}:")]
        caught[defect.breaks] += bool(found)
        missed += [] if found else [name]
        accused += [name] if defect.found(unmutated=True) else []
        _say(f"{name}: {'found' if found else 'MISSED'}")
    return {
        "planted": len(PLANTED),
        "caught": caught.total(),
        "missed": missed,
        "accused": accused,
        "byPromise": dict(caught),
    }


def fuzzed(examples: int) -> dict[str, object]:
    """Run the fuzzers with so many examples each, and count what was executed."""
    found: dict[str, dict[str, int]] = {}
    for path in FUZZERS:
        told = _pytest([path, "--hypothesis-show-statistics"], {"FUZZ_EXAMPLES": str(examples)})
        test = ""
        for line in told.stdout.splitlines():
            test = line.removesuffix(":") if line.startswith("tests/") else test
            counted = _EXECUTED.search(line)
            if counted is not None:
                passing, failing, invalid = map(int, counted.groups())
                before = found.get(test, {"executions": 0, "failures": 0})
                found[test] = {
                    "executions": before["executions"] + passing + failing + invalid,
                    "failures": before["failures"] + failing,
                }
        if told.returncode:
            _say(told.stdout[-3000:])
    return dict(found)


def mutated(room: str) -> dict[str, object]:
    """Read what became of the mutants of *room*; the share that was not run counts nowhere."""
    modules: dict[str, dict[str, int]] = {}
    for name, results in found(room):
        codes = [code for code in results.values() if code is not None]
        killed = sum(code in _KILLED or code in _TIMEOUTS for code in codes)
        modules[name] = {
            "mutants": len(results),
            "tried": sum(code != _NO_TESTS for code in codes),
            "killed": killed,
            "survived": codes.count(_SURVIVED),
            "noTests": codes.count(_NO_TESTS),
        }
    return {name: each for name, each in modules.items() if each["mutants"]}


def searched() -> dict[str, object]:
    """Run the suite once with every log at DEBUG, and search what was logged for every known secret."""
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        told = _pytest(
            [
                *LOUD,
                "--log-level=DEBUG",
                f"--log-file={log}",
                "--log-file-level=DEBUG",
                f"--basetemp={folder}/t",
            ],
            {"PYTHONASYNCIODEBUG": "1"},
        )
        text = log.read_bytes()
        stores = [(path.name, path.read_bytes()) for path in _stores(Path(folder))]
    secrets = {f"secret {number}": value for number, value in enumerate(sorted(_secrets()))}
    hits = Canaries(secrets).seen([("the log", text), *stores])
    if told.returncode:
        _say(told.stdout[-3000:])
    return {
        "lines": text.count(b"\n"),
        "stores": len(stores),
        "secrets": len(secrets),
        "hits": len(hits),
        "failed": bool(told.returncode),
        "seen": hits[:20],
    }


def _secrets() -> Iterable[str]:
    """Return the secrets that the tests of edges and of the simulation use."""
    yield from (value for name, value in SECRETS.items() if name != "GUPSHUP_EMAIL")
    yield from (value for name, value in fake_wire.SECRETS.items() if name != "GUPSHUP_EMAIL")
    yield from (fake_wire.PARTNER_TOKEN, fake_wire.APP_TOKEN_VALUE)


def _stores(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.rglob("*.db*") if path.is_file())


def _pytest(arguments: Iterable[str], environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "--timeout", "0", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
