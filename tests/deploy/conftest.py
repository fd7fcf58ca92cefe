"""The tools that know other people's formats; where they are not installed, their tests are passed by."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WANTED = "GUPSHUPCTL_TEST_AUDIT"

NOT_EVERYWHERE = {"kubectl"}
"""Debian's is older than the form of kustomization that everybody writes; it has to be installed by hand."""

Tool = Callable[..., str]


@pytest.fixture
def tool() -> Tool:
    """Return what runs a program of .venv-audit or of the machine, which has to succeed, and what it says.

    Skips where the program is missing; fails then where GUPSHUPCTL_TEST_AUDIT=required.
    """

    def run(name: str, *words: str | Path, feed: str = "") -> str:
        ours = ROOT / ".venv-audit/bin" / name
        found = str(ours) if ours.exists() else shutil.which(name)
        if found is None:
            must = os.environ.get(WANTED) == "required" and name not in NOT_EVERYWHERE
            (pytest.fail if must else pytest.skip)(f"{name} is missing: make audit")
        done = subprocess.run(
            [found, *words], cwd=ROOT, input=feed, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"{name} {words}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    return run
