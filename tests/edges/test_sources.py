"""Sources that are read again and again: a directory, a branch, and word of a change."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from controller.edges.source.changes import changes
from controller.edges.source.git import Commit, GitSource
from controller.edges.source.settling import QUIET
from controller.edges.source.sources import BranchSource, FolderSource
from controller.errors import SourceError, Unsettled, Usage
from controller.model.source import Source
from tests.clock import FakeClock


async def test_a_directory_is_read_whole_and_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: b\n")
    origin = FolderSource([str(tmp_path)], FakeClock().now, quiet=0)
    first = await origin.read("")
    assert first is not None
    assert (first.identity, len(first.files)) == (origin.identity, 1)
    assert await origin.read(first.revision) is None
    (tmp_path / "a.yaml").write_text("a: c\n")
    second = await origin.read(first.revision)
    assert second is not None
    assert second.revision != first.revision


async def test_a_file_that_cannot_be_read_is_reported_each_time(tmp_path: Path) -> None:
    """The revision is made of what can be read: it stays the same."""
    (tmp_path / "a.yaml").write_text("a: b\n")
    origin = FolderSource([str(tmp_path)], FakeClock().now, quiet=0)
    before = await origin.read("")
    assert before is not None
    (tmp_path / "b.yaml").symlink_to("/etc/hostname")
    for _ in range(2):
        found = await origin.read(before.revision)
        assert found is not None
        assert (found.revision, [each.rule for each in found.problems]) == (before.revision, ["GS707"])


async def test_a_missing_directory_is_an_error_and_not_empty(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    origin = FolderSource([str(folder)], FakeClock().now, quiet=0)
    assert await origin.read("") is not None
    folder.rmdir()
    with pytest.raises(SourceError, match="no such file"):
        await origin.read("")


async def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: b\n")
    with pytest.raises(Usage, match="not a folder"):
        await FolderSource([str(tmp_path / "a.yaml")], FakeClock().now, quiet=0).read("")


async def test_a_directory_has_no_history_to_rewrite(tmp_path: Path) -> None:
    assert await FolderSource([str(tmp_path)], FakeClock().now, quiet=0).advanced("a", "b")


# What is being written.


@dataclass
class Folder:
    """A folder that is read again and again, and a clock that only the test moves."""

    path: Path
    clock: FakeClock = field(default_factory=FakeClock)
    origin: FolderSource = field(init=False)
    known: str = ""

    def __post_init__(self) -> None:
        self.origin = FolderSource([str(self.path)], self.clock.now)

    async def read(self) -> dict[str, bytes] | None:
        """Return the files that are taken, None where there is nothing new."""
        found = await self.origin.read(self.known)
        if found is None:
            return None
        self.known = found.revision
        return {Path(file.path).name: file.data for file in found.files}

    async def settled(self) -> dict[str, bytes] | None:
        with pytest.raises(Unsettled):
            await self.read()
        self.clock.time += QUIET
        return await self.read()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "a.yaml").write_text("a: b\n")
    return Folder(tmp_path)


async def test_a_folder_is_read_once_it_has_settled(folder: Folder) -> None:
    with pytest.raises(Unsettled, match=r"nothing in it has changed for 2 s\.$"):
        await folder.read()
    folder.clock.time += QUIET - 0.1
    with pytest.raises(Unsettled):
        await folder.read()
    folder.clock.time += 0.1
    assert await folder.read() == {"a.yaml": b"a: b\n"}
    assert await folder.read() is None


@pytest.mark.parametrize("step", [0.5, QUIET - 0.1])
async def test_no_prefix_of_a_file_is_accepted_however_slowly_it_is_written(
    folder: Folder, step: float
) -> None:
    text = "modes:\n- SENT\n- READ\n"
    await folder.settled()
    for length in range(len(text)):
        (folder.path / "a.yaml").write_text(text[:length])
        with pytest.raises(Unsettled, match=r"a\.yaml changed last"):
            await folder.read()
        folder.clock.time += step
    (folder.path / "a.yaml").write_text(text)
    assert await folder.settled() == {"a.yaml": text.encode()}


async def test_a_changed_file_whose_time_is_set_back_is_noticed(folder: Folder) -> None:
    await folder.settled()
    before = (folder.path / "a.yaml").stat()
    (folder.path / "a.yaml").write_text("a: c\n")
    os.utime(folder.path / "a.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(Unsettled):
        await folder.read()


async def test_a_touched_file_is_no_new_revision(folder: Folder) -> None:
    await folder.settled()
    os.utime(folder.path / "a.yaml", (1, 1))
    assert await folder.read() is None


def mounted(folder: Path, name: str, **files: str) -> None:
    """Have the link `..data` lead to a folder *name* with *files*, as a ConfigMap's volume does."""
    (folder / f"..{name}").mkdir()
    for file, text in files.items():
        (folder / f"..{name}" / f"{file}.yaml").write_text(text)
        if not (folder / f"{file}.yaml").is_symlink():
            (folder / f"{file}.yaml").symlink_to(f"..data/{file}.yaml")
    (folder / "new").symlink_to(f"..{name}")
    (folder / "new").replace(folder / "..data")


async def test_a_swapped_link_is_read_without_waiting(tmp_path: Path) -> None:
    mounted(tmp_path, "one", a="a: b\n", b="b: c\n")
    folder = Folder(tmp_path)
    await folder.settled()
    mounted(tmp_path, "two", a="a: c\n", b="", c="c: d\n")
    assert await folder.read() == {"a.yaml": b"a: c\n", "b.yaml": b"", "c.yaml": b"c: d\n"}
    (tmp_path / "..two" / "a.yaml").write_text("a:")
    with pytest.raises(Unsettled):
        await folder.read()


async def test_unchanged_manifests_in_a_new_location_are_read_again(tmp_path: Path) -> None:
    mounted(tmp_path, "one", a="a: b\n")
    origin = FolderSource([str(tmp_path)], FakeClock().now, quiet=0)
    first = await origin.read("")
    mounted(tmp_path, "two", a="a: b\n")
    second = await origin.read(first.revision if first else "")
    assert first is not None
    assert second is not None
    assert first.revision == second.revision
    assert [file.place for each in (first, second) for file in each.files] == [
        str(tmp_path / "..one" / "a.yaml"),
        str(tmp_path / "..two" / "a.yaml"),
    ]
    assert await origin.read(first.revision) is None


async def test_a_swapped_link_beside_a_file_being_written_has_to_settle(tmp_path: Path) -> None:
    mounted(tmp_path, "one", a="a: b\n")
    (tmp_path / "d.yaml").write_text("d: e\n")
    folder = Folder(tmp_path)
    await folder.settled()
    mounted(tmp_path, "two", a="a: c\n")
    (tmp_path / "d.yaml").write_text("d:")
    with pytest.raises(Unsettled):
        await folder.read()


async def test_a_folder_of_git_sync_is_swapped_as_a_whole(tmp_path: Path) -> None:
    for name, text in (("one", "a: b\n"), ("two", "a: c\n")):
        (tmp_path / name / "apps" / "deep").mkdir(parents=True)
        (tmp_path / name / "apps" / "deep" / "a.yaml").write_text(text)
    (tmp_path / "two" / "apps" / "b.yaml").write_text("b: c\n")
    (tmp_path / "now").symlink_to("one")
    folder = Folder(tmp_path / "now" / "apps")
    await folder.settled()
    (tmp_path / "new").symlink_to("two")
    (tmp_path / "new").replace(tmp_path / "now")
    assert await folder.read() == {"a.yaml": b"a: c\n", "b.yaml": b"b: c\n"}


async def test_a_file_that_changed_after_it_was_read_is_reported(folder: Folder) -> None:
    folder.origin.still()
    await folder.settled()
    folder.origin.still()
    (folder.path / "a.yaml").write_text("a: c\n")
    (folder.path / "b.yaml").write_text("b: c\n")
    with pytest.raises(SourceError, match=r"a\.yaml \(and 1 more\) changed after it was read"):
        folder.origin.still()


async def test_a_file_that_disappeared_after_it_was_read_is_reported(folder: Folder) -> None:
    (folder.path / "b.yaml").write_text("b: c\n")
    await folder.settled()
    (folder.path / "b.yaml").unlink()
    with pytest.raises(SourceError, match=r"b\.yaml changed after it was read"):
        folder.origin.still()


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
    origin = BranchSource(cast("GitSource", remote), "remote")
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
async def test_a_change_below_a_watched_folder_is_reported(tmp_path: Path, edit: Edit) -> None:
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


async def test_a_missing_folder_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No path"):
        await changes([str(tmp_path / "gone")], lambda: None, asyncio.Event())
