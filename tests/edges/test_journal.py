"""A journal on the disk: whole lines only, private, and no file of somebody else."""

import resource
from pathlib import Path

import pytest

from controller.edges.journal import JournalFile
from controller.errors import ControllerError


def test_lines_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "import" / "j"
    first = JournalFile(path)
    assert first.entries == []
    first.append({"a": "é\n"})
    first.append({"b": 1})
    assert JournalFile(path).entries == [{"a": "é\n"}, {"b": 1}]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.with_name(".gitignore").read_text() == "*\n"
    first.remove()
    first.remove()
    assert list(tmp_path.iterdir()) == []


def test_one_line_takes_the_place_of_all(tmp_path: Path) -> None:
    path = tmp_path / "import" / "j"
    journal = JournalFile(path)
    journal.append({"a": 1})
    journal.keep({"b": 2})
    journal.keep({"c": 3})
    assert JournalFile(path).entries == [{"c": 3}]
    assert sorted(each.name for each in path.parent.iterdir()) == [".gitignore", "j"]
    path.with_suffix(".new").mkdir()
    with pytest.raises(ControllerError, match="j, which keeps what was read, cannot be written: Is a dir"):
        journal.keep({"d": 4})
    assert JournalFile(path).entries == [{"c": 3}]


def test_a_line_that_was_cut_off_is_dropped_and_the_next_one_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(b'{"a":1}\n{"b":')
    journal = JournalFile(path)
    journal.append({"c": 3})
    assert JournalFile(path).entries == [{"a": 1}, {"c": 3}]


@pytest.mark.parametrize("data", [b"[1]\n", b"hello\n", b"\xff\xff\n"])
def test_another_file_is_refused_and_kept(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(data)
    with pytest.raises(ControllerError, match="is no journal of an import"):
        JournalFile(path)
    assert path.read_bytes() == data


def test_a_line_that_has_no_room_is_not_written_at_all(tmp_path: Path) -> None:
    journal = JournalFile(tmp_path / "j")
    journal.append({"a": 1})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(
            ControllerError, match="j, which keeps what was read, cannot be written: No space"
        ):
            journal.append({"b": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.append({"c": 3})
    assert JournalFile(tmp_path / "j").entries == [{"a": 1}, {"c": 3}]


def test_a_file_beside_the_journal_stays(tmp_path: Path) -> None:
    journal = JournalFile(tmp_path / "import" / "j")
    journal.append({"a": 1})
    (tmp_path / "import" / "mine").touch()
    journal.remove()
    assert [path.name for path in (tmp_path / "import").iterdir()] == ["mine"]
