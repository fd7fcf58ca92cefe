"""New files: whole or not there, never over another one, and one process at a time in a folder."""

import fcntl
import os
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


def test_all_are_written_or_none(tmp_path: Path) -> None:
    """The third one cannot be written. The first one was there before, and stays."""
    (tmp_path / "a").write_text("1")
    with pytest.raises(FileNotFoundError):
        write(tmp_path, **{"a": "1", "b": "2", "c/none": "3", "d": "4"})
    assert listed(tmp_path) == {"a": "1"}


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """The unfinished file of a killed process is a link here: what it leads to stays as it is."""
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    (tmp_path / ".gupshupctl-new").symlink_to(theirs)
    write(tmp_path, one="1")
    assert listed(tmp_path) == {"one": "1", "theirs": "theirs"}


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
