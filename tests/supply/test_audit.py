"""Known vulnerabilities of locked packages, if an advisory service answers."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUDIT = ROOT / ".venv-audit/bin/pip-audit"
WAIVED: dict[str, str] = {}
"""Id of an advisory, and until when and why it is not acted on."""


@pytest.mark.parametrize("lock", ["postgresql", "dev"])
def test_nothing_that_is_locked_has_a_known_hole(lock: str) -> None:
    if os.environ.get("GUPSHUPCTL_TEST_AUDIT") != "required" or not AUDIT.exists():
        pytest.skip("asks the network: make audit")
    form = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    done = subprocess.run(
        [AUDIT, "-r", ROOT / f"requirements/{lock}.txt", *form],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = json.loads(done.stdout)["dependencies"] if done.stdout.startswith("{") else []
    looked_up = [each for each in found if "vulns" in each]
    if not looked_up:
        pytest.skip("NOT AUDITED: no advisory service can be reached from here")
    assert len(looked_up) == len(found), [each for each in found if each not in looked_up]
    holes = {vuln["id"]: each["name"] for each in looked_up for vuln in each["vulns"]}
    assert {id_: name for id_, name in holes.items() if id_ not in WAIVED} == {}
