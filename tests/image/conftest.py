"""The image is built once; unless that is asked for, these tests are skipped."""

import os
import sys

import pytest

from tests.image.engine import Built, build, missing

WANTED = "GUPSHUPCTL_TEST_IMAGE"


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the image; skips unless GUPSHUPCTL_TEST_IMAGE=required, and then fails where it cannot be."""
    if os.environ.get(WANTED) != "required":
        pytest.skip("building the image takes two minutes: make image")
    lacking = missing()
    if lacking:
        pytest.fail(f"not installed: {', '.join(lacking)}; Debian: apt-get install {' '.join(lacking)}")
    folder = tmp_path_factory.mktemp("image")
    built = build(folder)
    sys.stderr.write(f"\nimage: {built.story}\n")
    return built
