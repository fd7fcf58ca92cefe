"""New files: whole or not there, never over another one, and one process at a time in a folder."""

import fcntl
import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.edges.new_files import sole_writer, write_new
from controller.errors import ControllerError


def write(folder: Path, **files: str) -> None:
    with sole_writer(folder):
        write_new({str(folder / name): text for name, text in files.items()})


def listed(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_files_are_written_into_a_folder_that_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    write(folder, one="1", two="é")
    assert listed(folder) == {"one": "1", "two": "é"}


def test_the_same_file_is_kept(tmp_path: Path) -> None:
    write(tmp_path, one="1")
    before = (tmp_path / "one").stat().st_ino
    write(tmp_path, one="1", two="2")
    assert listed(tmp_path) == {"one": "1", "two": "2"}
    assert (tmp_path / "one").stat().st_ino == before


@pytest.mark.parametrize("other", ["file", "folder", "dangling link"])
def test_nothing_is_written_over_something_else(tmp_path: Path, other: str) -> None:
    there = tmp_path / "two"
    match other:
        case "file":
            there.write_text("theirs")
        case "folder":
            there.mkdir()
        case _:
            there.symlink_to(tmp_path / "nowhere")
    with pytest.raises(
        ControllerError, match="two exists and holds something else, so it is not overwritten"
    ):
        write(tmp_path, one="1", two="2")
    assert [path.name for path in tmp_path.iterdir()] == ["two"]


def test_a_file_that_appears_while_others_are_written_takes_back_those_before_it(tmp_path: Path) -> None:
    def fsync(_: int) -> None:
        (tmp_path / "two").write_text("theirs")

    with pytest.raises(ControllerError, match="two exists and holds something else"), sole_writer(tmp_path):
        write_new({str(tmp_path / name): "ours" for name in ("one", "two")}, fsync)
    assert listed(tmp_path) == {"two": "theirs"}


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """The unfinished file of a killed process is a link here: what it leads to stays as it is."""
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    (tmp_path / ".gupshupctl-new").symlink_to(theirs)
    write(tmp_path, one="1")
    assert listed(tmp_path) == {"one": "1", "theirs": "theirs"}


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".gupshupctl-new").mkdir()
    (tmp_path / ".gupshupctl-new" / "one").write_text("half")
    write(tmp_path, one="1")
    assert listed(tmp_path) == {"one": "1"}


def test_what_one_left_that_was_killed_after_its_last_file_is_removed(tmp_path: Path) -> None:
    """There is nothing to write any more, in the folder or below it, or not even a file to look for."""
    write(tmp_path, one="1")
    below = tmp_path / "below"
    below.mkdir()
    (below / "two").write_text("2")
    for folder in (tmp_path, below):
        (folder / ".gupshupctl-new").mkdir()
    with sole_writer(tmp_path):
        write_new({str(below / "two"): "2"})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["below", "one", "two"]


def test_every_file_goes_to_the_disk_then_every_folder_above(tmp_path: Path) -> None:
    synced: list[str] = []

    def fsync(handle: int) -> None:
        synced.append(os.path.relpath(Path(f"/proc/self/fd/{handle}").readlink(), tmp_path))

    with sole_writer(tmp_path / "m"):
        write_new({str(tmp_path / "m" / name): "text" for name in ("one", "deep/two")}, fsync)
    assert set(synced[:2]) == {"m/.gupshupctl-new/one", "m/deep/.gupshupctl-new/two"}
    assert synced[-3:] == [".", "m", "m/deep"]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond three bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
def test_if_one_file_cannot_be_written_none_is(tmp_path: Path) -> None:
    with pytest.raises(ControllerError, match="two cannot be written: File too large; when that is mended, "):
        write(tmp_path, one="1", two="four")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "below", "message"),
    [
        ("file", "", "{0} is no folder that can be used: {0} is a file; name a folder, which is made if"),
        ("file", "a/b", "{0}/a/b is no folder that can be used: {0} is a file; name a folder"),
        ("link", "", "{0} is no folder that can be used: {0} is a link to nothing; name a folder"),
        ("link", "a", "{0}/a is no folder that can be used: {0} is a link to nothing; name a folder"),
    ],
)
def test_what_is_no_folder_is_named(tmp_path: Path, kind: str, below: str, message: str) -> None:
    there = tmp_path / "there"
    there.write_text("theirs") if kind == "file" else there.symlink_to("nowhere")
    with pytest.raises(ControllerError, match=re.escape(message.format(there))), sole_writer(there / below):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_file_where_a_folder_below_has_to_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "apps").write_text("theirs")
    wanted = f"{tmp_path}/apps cannot be written to: {tmp_path}/apps is a file; name a folder"
    with pytest.raises(ControllerError, match=re.escape(wanted)), sole_writer(tmp_path):
        write_new({str(tmp_path / "one"): "1", str(tmp_path / "apps" / "two"): "2"})
    assert listed(tmp_path) == {"apps": "theirs"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ControllerError, match="cannot be written to: Permission denied; make it writable"):
        write(tmp_path, one="1")
    tmp_path.chmod(0o700)


def test_an_empty_folder_that_was_made_is_removed(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    with sole_writer(tmp_path / "there"):
        pass
    assert (tmp_path / "there").is_dir()


def test_a_folder_has_one_writer_at_a_time(tmp_path: Path) -> None:
    other = os.open(tmp_path, os.O_RDONLY)
    with sole_writer(tmp_path), pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)
