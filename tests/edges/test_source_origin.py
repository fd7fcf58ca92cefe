"""Sources that are read again and again: a directory, a branch, and word of a change."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from controller.edges.source.changes import changes
from controller.edges.source.git import Commit, GitSource
from controller.edges.source.origin import Branch, Directory
from controller.errors import SourceError, Usage
from controller.model.source import Source
from tests.edges.clocks import TestClock


async def test_a_directory_is_read_whole_and_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: b\n")
    origin = Directory([str(tmp_path)], TestClock().now, quiet=0)
    first = await origin.read("")
    assert first is not None
    assert (first.identity, len(first.files)) == (origin.identity, 1)
    assert await origin.read(first.revision) is None
    (tmp_path / "a.yaml").write_text("a: c\n")
    second = await origin.read(first.revision)
    assert second is not None
    assert second.revision != first.revision
    (tmp_path / "a.yaml").write_text("a: b\n")
    assert await origin.read(first.revision) is None


async def test_a_file_that_cannot_be_read_is_told_each_time(tmp_path: Path) -> None:
    """The revision is made of what can be read: it stays the same."""
    (tmp_path / "a.yaml").write_text("a: b\n")
    origin = Directory([str(tmp_path)], TestClock().now, quiet=0)
    before = await origin.read("")
    assert before is not None
    (tmp_path / "b.yaml").symlink_to("/etc/hostname")
    for _ in range(2):
        found = await origin.read(before.revision)
        assert found is not None
        assert (found.revision, [each.rule for each in found.problems]) == (before.revision, ["GS707"])


async def test_a_directory_that_is_gone_is_an_error_and_not_empty(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    origin = Directory([str(folder)], TestClock().now, quiet=0)
    assert await origin.read("") is not None
    folder.rmdir()
    with pytest.raises(SourceError, match="no such file"):
        await origin.read("")


async def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: b\n")
    with pytest.raises(Usage, match="not a folder"):
        await Directory([str(tmp_path / "a.yaml")], TestClock().now, quiet=0).read("")


async def test_a_directory_has_no_history_to_rewrite(tmp_path: Path) -> None:
    assert await Directory([str(tmp_path)], TestClock().now, quiet=0).advanced("a", "b")


@dataclass
class Remote:
    """A branch in a few words: its tip, its history, and which commits were read."""

    history: list[str]
    read_commits: list[str] = field(default_factory=list)

    async def fetch(self) -> Commit:
        return Commit(self.history[-1])

    async def read(self, commit: Commit) -> Source:
        self.read_commits.append(commit.id)
        return Source("remote", commit.id, ())

    async def advanced(self, old: str, new: str) -> bool:
        return old in self.history and self.history.index(old) <= self.history.index(new)


async def test_a_branch_is_read_at_its_tip_and_once() -> None:
    remote = Remote(["a", "b"])
    origin = Branch(cast("GitSource", remote), "remote")
    first = await origin.read("")
    assert first is not None
    assert (first.revision, await origin.read("b")) == ("b", None)
    remote.history.append("c")
    again = await origin.read("b")
    assert again is not None
    assert remote.read_commits == ["b", "c"]
    assert await origin.advanced("b", "c")
    assert not await origin.advanced("x", "c")


Edit = Callable[[Path], object]


def swap(folder: Path) -> None:
    """Change a link as a mounted ConfigMap does."""
    (folder / "new").symlink_to(folder / "second")
    (folder / "new").replace(folder / "..data")


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda folder: (folder / "a.yaml").write_text("a: c\n"), id="a file is written"),
        pytest.param(lambda folder: (folder / "b.yaml").write_text("a: b\n"), id="a file is made"),
        pytest.param(lambda folder: (folder / "a.yaml").unlink(), id="a file is removed"),
        pytest.param(lambda folder: (folder / "c").replace(folder / "a.yaml"), id="a file is replaced"),
        pytest.param(
            lambda folder: (folder / "deep" / "d.yaml").write_text("a: b\n"), id="in a folder below"
        ),
        pytest.param(swap, id="a link leads elsewhere"),
    ],
)
async def test_a_change_below_a_folder_is_told(tmp_path: Path, edit: Edit) -> None:
    (tmp_path / "a.yaml").write_text("a: b\n")
    (tmp_path / "c").write_text("a: d\n")
    for name in ("deep", "first", "second"):
        (tmp_path / name).mkdir()
    (tmp_path / "..data").symlink_to(tmp_path / "first")
    told, stopping = asyncio.Event(), asyncio.Event()
    watching = asyncio.create_task(changes([str(tmp_path)], told.set, stopping))
    async with asyncio.timeout(30):
        edited = asyncio.create_task(_again_and_again(tmp_path, edit, told))
        await told.wait()
        await edited
        stopping.set()
        await watching


async def _again_and_again(folder: Path, edit: Edit, told: asyncio.Event) -> None:
    """Edit once the watch has begun: that is when a mark beside the manifests is told of."""
    number = 0
    while not told.is_set():
        (folder / "mark").write_text(str(number := number + 1))
        await _moment(told)
    told.clear()
    await _moment(told)  # another word of the marks
    told.clear()
    edit(folder)
    await told.wait()


async def _moment(told: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(0.3):
            await told.wait()
    except TimeoutError:
        return


async def test_a_folder_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No path"):
        await changes([str(tmp_path / "gone")], lambda: None, asyncio.Event())
