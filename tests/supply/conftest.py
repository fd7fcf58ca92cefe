"""The files of a release are built once; unless that is asked for, these tests are skipped."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WANTED = "GUPSHUPCTL_TEST_AUDIT"


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of what `.ci/dist` builds."""
    if os.environ.get(WANTED) != "required":
        pytest.skip("building a release takes a minute: make audit")
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [ROOT / ".ci/dist", folder], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
