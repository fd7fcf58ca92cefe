"""A manifest is replaced whole, with its mode, and never over what somebody else wrote meanwhile."""

import os
import stat
from pathlib import Path

import pytest

from controller.edges.source.directory import read
from controller.edges.source.replacing import replace_file
from controller.errors import SourceError
from controller.model.source import Stamp


def stamped(path: Path) -> Stamp:
    (stamp,) = read([str(path)]).stamps
    return stamp


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "a.yaml"
    path.write_text("kind: App\n")
    return path


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755])
def test_a_file_keeps_its_mode_and_owner(manifest: Path, mode: int) -> None:
    manifest.chmod(mode)
    before = manifest.stat()
    replace_file(stamped(manifest), b"new")
    after = manifest.stat()
    assert (manifest.read_bytes(), stat.S_IMODE(after.st_mode)) == (b"new", mode)
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert [path.name for path in manifest.parent.iterdir()] == ["a.yaml"]


def test_a_link_stays_and_its_target_is_replaced(manifest: Path) -> None:
    link = manifest.with_name("b.yaml")
    link.symlink_to(manifest.name)
    replace_file(stamped(link), b"new")
    assert (link.is_symlink(), manifest.read_bytes()) == (True, b"new")


def test_a_file_that_changed_since_it_was_read_is_left(manifest: Path) -> None:
    stamp = stamped(manifest)
    manifest.write_text("kind: Partner\n")
    with pytest.raises(SourceError, match=r"a\.yaml changed after it was read"):
        replace_file(stamp, b"new")
    assert manifest.read_text() == "kind: Partner\n"
    assert [path.name for path in manifest.parent.iterdir()] == ["a.yaml"]


def test_a_file_that_is_gone_is_not_made_again(manifest: Path) -> None:
    stamp = stamped(manifest)
    manifest.unlink()
    with pytest.raises(SourceError, match="cannot be written: No such file"):
        replace_file(stamp, b"new")
    assert os.listdir(manifest.parent) == []  # noqa: PTH208  (hidden files, too)


def test_a_read_only_file_is_left(manifest: Path) -> None:
    """Its folder may be written, so that a replacement would succeed."""
    manifest.chmod(0o444)
    with pytest.raises(SourceError, match=r"a\.yaml is read-only, and is left"):
        replace_file(stamped(manifest), b"new")
    assert manifest.read_text() == "kind: App\n"
