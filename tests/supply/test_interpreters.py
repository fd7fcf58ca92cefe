"""The Pythons that are promised are those that CI tries, and what it could not try it says."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci/interpreters"


def promised() -> list[str]:
    """Return the versions that the classifiers name."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        classifiers = tomllib.load(file)["project"]["classifiers"]
    found = [one.removeprefix("Programming Language :: Python :: ") for one in classifiers]
    return [one for one in found if re.fullmatch(r"3\.[0-9]+", one)]


def test_a_python_that_is_not_installed_is_reported_as_not_tried(tmp_path: Path) -> None:
    """A name on the PATH is not enough: it may be a shim that finds nothing."""
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "mktemp", "rm", "sed"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run(
        ["/bin/bash", SCRIPT, "3.11"],
        env={"PATH": f"{tmp_path}{os.pathsep}{tools}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = ["3.11: tried already", *(f"{one}: NOT TRIED, there is none here" for one in promised()[1:])]
    assert [line.strip() for line in done.stdout.splitlines()] == wanted
    assert promised()[0] == "3.11"


def test_the_workflow_has_every_python_that_is_promised() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^ +(3\.[0-9]+)$", workflow, re.MULTILINE)) == promised()
