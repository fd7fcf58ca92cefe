"""The file of a support bundle: whole, or an error that names it and no file."""

import resource
from pathlib import Path

import pytest

from controller.doors.cli.status import support_bundle
from controller.errors import ControllerError


def test_a_bundle_that_does_not_fit_is_named_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(ControllerError) as raised:
            support_bundle._write(str(path), b"zip")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(raised.value) == f"cannot write {path}: File too large; it is removed"
    assert not path.exists()
