"""A release: the same wheel twice, a lock that takes no other one, and a bill of what is in it."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from controller import __version__

pytestmark = pytest.mark.timeout(700)

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
ALLOWED = {
    "Apache-2.0",
    "Apache-2.0 AND BSD-2-Clause",
    "Apache-2.0 OR BSD-3-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD License",  # what Jinja2 says of its three clauses
    "ISC",
    "LGPL-3.0-only",  # psycopg: a library that is used as it is, and can be replaced
    "MIT",
    "MIT License",
    "MIT-0",  # MIT without the duty to name its authors
    "MIT OR Apache-2.0",
    "MPL-2.0",  # certifi: a list of authorities, unchanged
    "PSF-2.0",
}
NOT_HERE = {"colorama", "exceptiongroup", "greenlet", "tzdata", "win32-setctime"}
"""What the lock holds for other systems and interpreters only."""


def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


def sum_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def locked() -> dict[str, str]:
    text = (ROOT / "requirements/postgresql.txt").read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==(\S+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def test_the_checksums_of_a_release_are_those_of_its_files(dist: Path) -> None:
    """That two builds give the same wheel is checked while it is built: `.ci/dist` ends with 1 if not."""
    lines = (dist / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    named = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert named == {path.name: sum_of(path) for path in dist.iterdir() if path.name != "SHA256SUMS"}
    assert len(named) == 4


def test_the_wheel_holds_code_and_schemas_and_nothing_else(dist: Path) -> None:
    with zipfile.ZipFile(wheel(dist)) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {
        "controller",
        f"gupshup_controller-{__version__}.dist-info",
    }
    assert {"controller/schemas/app.json", "controller/schemas/output/plan.json"} <= set(names)
    assert "controller/simulator/faults/faults.schema.json" in names
    assert not [name for name in names if "test" in name or name.endswith(".pyc")]


def test_the_lock_of_a_release_accepts_its_own_wheel_only(dist: Path, tmp_path: Path) -> None:
    """One byte of the wheel is changed: pip refuses it, and says that a hash does not match."""
    ours = tmp_path / "lock.txt"
    text = (dist / "gupshup-controller.txt").read_text(encoding="utf-8")
    ours.write_text(text[text.index("gupshup-controller==") :], encoding="utf-8")
    for name, tampered in (("whole", False), ("tampered", True)):
        folder = tmp_path / name
        folder.mkdir()
        copy = Path(shutil.copy(wheel(dist), folder))
        if tampered:
            with zipfile.ZipFile(copy, "a") as archive:
                archive.writestr("controller/backdoor.py", "")
        form = (
            "--no-deps",
            "--no-index",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--dest",
            folder / "out",
        )
        done = subprocess.run(
            [*PIP, "download", *form, "-f", folder, "-r", ours],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) is not tampered, done.stderr
        assert ("DO NOT MATCH THE HASHES" in done.stderr) is tampered


def test_the_lock_of_a_release_holds_every_dependency_by_hash(dist: Path) -> None:
    text = (dist / "gupshup-controller.txt").read_text(encoding="utf-8")
    assert f"gupshup-controller=={__version__} \\\n    --hash=sha256:{sum_of(wheel(dist))}" in text
    entries = re.findall(
        r"^[\w.-]+(?:\[[^\]]*\])?==[^\n]*\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE
    )
    assert len(entries) == len(locked()) + 1


def bill(dist: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((dist / "gupshup-controller.cdx.json").read_text(encoding="utf-8"))
    return found


def test_the_bill_of_materials_is_what_is_installed(dist: Path) -> None:
    document = bill(dist)
    assert (document["bomFormat"], document["metadata"]["component"]["version"]) == ("CycloneDX", __version__)
    assert document["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": sum_of(wheel(dist))}]
    listed = {canonicalize_name(each["name"]): each["version"] for each in document["components"]}
    assert {name: version for name, version in locked().items() if name not in NOT_HERE} == listed
    assert all(each["purl"].startswith("pkg:pypi/") for each in document["components"])


def test_every_licence_of_a_dependency_is_compatible_with_ours(dist: Path) -> None:
    found = json.loads((dist / "licences.json").read_text(encoding="utf-8"))
    kinds = ("License-Expression", "License-Metadata", "License-Classifier")
    said = {
        each["Name"]: next((each[kind] for kind in kinds if each[kind] != "UNKNOWN"), "none")
        for each in found
    }
    assert len(said) > 20
    assert {name: licence for name, licence in said.items() if licence not in ALLOWED} == {}
