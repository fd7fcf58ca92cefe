"""Manifests as they were at a merge base: of real repositories, in every state that a CI leaves them in."""

import os
from pathlib import Path

import pytest

from controller.edges.source import directory
from controller.edges.source.file_rules import LARGEST
from controller.edges.source.git import Baseline, baseline
from controller.errors import SourceError, Usage
from controller.model.source import Source
from tests.edges.checkouts import WorkingTree

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"


@pytest.fixture
def tree(tmp_path: Path) -> WorkingTree:
    return WorkingTree(tmp_path / "repo")


NOW = Source("/m", "r1", ())


async def look(tree: WorkingTree, ref: str, *paths: str) -> Baseline:
    named = [str(tree.folder / path) for path in paths or ("manifests",)]
    return await baseline(named, ref, NOW, search=os.environ["PATH"])


def files(found: Baseline) -> dict[str, bytes]:
    """Return the contents by their names in the repository."""
    top = found.source.identity
    return {os.path.relpath(file.path, top): file.data for file in found.source.files}


async def failed(tree: WorkingTree, ref: str, *paths: str) -> str:
    with pytest.raises(SourceError) as caught:
        await look(tree, ref, *paths)
    return str(caught.value)


async def test_manifests_are_read_where_the_branches_parted(tree: WorkingTree) -> None:
    """What main got since is no part of this change, and neither is what is not committed."""
    parted = tree.commit({"manifests/a.yaml": "1", "manifests/b/c.yml": "2", "manifests/README.md": "no"})
    tree.git("checkout", "--quiet", "-b", "feature")
    tree.commit({"manifests/a.yaml": "3"})
    tree.git("checkout", "--quiet", "main")
    tree.commit({"manifests/a.yaml": "4"})
    tree.git("checkout", "--quiet", "feature")
    tree.write({"manifests/a.yaml": "5"})
    for ref in ("main", "refs/heads/main", tree.git("rev-parse", "main")):
        found = await look(tree, ref)
        assert found.commit == found.source.revision == parted
        assert files(found) == {"manifests/a.yaml": b"1", "manifests/b/c.yml": b"2"}
        assert (found.source.complete, found.source.problems) == (True, ())
    assert (await look(tree, "HEAD~1")).commit == parted


async def test_paths_may_be_files_and_folders_and_each_file_is_read_once(tree: WorkingTree) -> None:
    tree.commit({"a.yaml": "1", "m/b.yaml": "2", "m/c.txt": "3"})
    assert files(await look(tree, "HEAD", "m", "m/b.yaml", "a.yaml")) == {"a.yaml": b"1", "m/b.yaml": b"2"}
    assert files(await look(tree, "HEAD", "m/c.txt")) == {"m/c.txt": b"3"}, "a file is read whatever its name"
    assert files(await look(tree, "HEAD", ".")) == {"a.yaml": b"1", "m/b.yaml": b"2"}


@pytest.mark.parametrize("path", ["new.yaml", "new", "a tree new", "m/b.yaml"])
async def test_a_path_that_did_not_exist_declares_nothing(tree: WorkingTree, path: str) -> None:
    before = tree.commit({"m": "a file, where a folder is now"})
    tree.commit({"m": None, "other.yaml": "1"})
    tree.write({path: "1"})
    found = await look(tree, before, path)
    assert (files(found), found.source.problems) == ({}, ())


async def test_a_file_of_another_time_may_be_a_folder_now(tree: WorkingTree) -> None:
    before = tree.commit({"m/a.yaml": "1"})
    tree.commit({"m/a.yaml": None})
    (tree.folder / "m").rmdir() if (tree.folder / "m").exists() else None
    tree.write({"m": "a file"})
    assert files(await look(tree, before, "m")) == {"m/a.yaml": b"1"}


async def test_what_cannot_be_used_is_a_problem_of_the_source(tree: WorkingTree) -> None:
    tree.commit({"big.yaml": "#" * (LARGEST + 1), "lfs.yaml": POINTER})
    found = await look(tree, "HEAD", "big.yaml", "lfs.yaml")
    assert [problem.rule for problem in found.source.problems] == ["GS109", "GS708"]
    assert files(found) == {}


async def test_a_worktree_and_a_submodule_are_repositories_too(tree: WorkingTree, tmp_path: Path) -> None:
    first = tree.commit({"manifests/a.yaml": "1"})
    tree.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "worktree"))
    beside = WorkingTree.__new__(WorkingTree)
    beside.folder = tmp_path / "worktree"
    beside.commit({"manifests/a.yaml": "2"})
    assert files(await look(beside, "main")) == {"manifests/a.yaml": b"1"}
    assert (await look(beside, "HEAD~1")).commit == first

    outer = WorkingTree(tmp_path / "outer")
    outer.commit({"x.yaml": "x"})
    outer.git("submodule", "--quiet", "add", str(tree.folder), "inner")
    beside.folder = outer.folder / "inner"
    assert files(await look(beside, "HEAD")) == {"manifests/a.yaml": b"1"}


async def test_a_link_to_a_folder_is_followed_first(tree: WorkingTree, tmp_path: Path) -> None:
    tree.commit({"manifests/a.yaml": "1"})
    (tmp_path / "link").symlink_to(tree.folder / "manifests")
    found = await baseline([str(tmp_path / "link")], "HEAD", NOW, search=os.environ["PATH"])
    assert files(found) == {"../link/a.yaml": b"1"}


async def test_files_are_named_and_known_as_they_are_now(
    tree: WorkingTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is the same now has the same name and content, so that nothing of it is read twice."""
    tree.commit({"m/a.yaml": "1", "m/b/c.yaml": "2", "d.yaml": "3"})
    for folder, paths in (
        (".", ["m", "d.yaml"]),
        (".", ["./m/", "m/b"]),
        (".", ["."]),
        ("m", [".", "../d.yaml"]),
    ):
        monkeypatch.chdir(tree.folder / folder)
        now = directory.read(paths)
        found = await baseline(paths, "HEAD", now, search=os.environ["PATH"])
        assert [(file.path, file.data) for file in found.source.files] == [
            (file.path, file.data) for file in now.files
        ]
        kept = {file.data: file.data for file in now.files}
        assert all(file.data is kept[file.data] for file in found.source.files)


async def test_no_program_of_the_repository_runs(tree: WorkingTree, tmp_path: Path) -> None:
    """A pull request decides what is in the folder; its settings and hooks must not decide what runs."""
    tree.commit({"manifests/a.yaml": "1"})
    ran = tmp_path / "ran"
    for setting in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand"):
        tree.git("config", setting, f"touch {ran}; false")
    hook = tree.folder / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n", encoding="ascii")
    hook.chmod(0o755)
    assert files(await look(tree, "HEAD")) == {"manifests/a.yaml": b"1"}
    assert not ran.exists()


@pytest.mark.parametrize("ref", ["-x", "--output=x", "", "  ", "a\nb", "\x1b[0m"])
async def test_a_revision_that_could_be_an_option_is_refused(tree: WorkingTree, ref: str) -> None:
    tree.commit({"manifests/a.yaml": "1"})
    with pytest.raises(Usage, match="--since takes a branch, a tag or a commit"):
        await look(tree, ref)


@pytest.mark.parametrize("ref", ["nowhere", "HEAD..main", "HEAD:manifests", "HEAD main", "$(id)"])
async def test_a_revision_that_is_no_commit_is_named(tree: WorkingTree, ref: str) -> None:
    tree.commit({"manifests/a.yaml": "1"})
    words = await failed(tree, ref)
    assert f"--since {ref}: this repository has no such commit; check its name, or fetch it" in words


async def test_a_branch_that_was_not_fetched_says_how_to_fetch_it(tree: WorkingTree) -> None:
    tree.commit({"manifests/a.yaml": "1"})
    assert (await failed(tree, "origin/release/1")).endswith("fetch it: `git fetch origin release/1`")


async def test_a_shallow_clone_says_how_to_deepen_it(tree: WorkingTree, tmp_path: Path) -> None:
    tree.commit({"manifests/a.yaml": "1"})
    tree.git("checkout", "--quiet", "-b", "feature")
    tree.commit({"manifests/a.yaml": "2"})
    tree.git("checkout", "--quiet", "main")
    tree.commit({"manifests/a.yaml": "3"})
    tree.git(
        "clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{tree.folder}", str(tmp_path / "c")
    )
    clone = WorkingTree.__new__(WorkingTree)
    clone.folder = tmp_path / "c"
    for ref, what in (("origin/feature", "no common commit with HEAD"), ("HEAD~1", "no such commit")):
        words = await failed(clone, ref)
        assert what in words
        assert "`fetch-depth: 0` for actions/checkout" in words
        assert "`git fetch --unshallow`" in words
    clone.git("fetch", "--quiet", "--unshallow")
    assert files(await look(clone, "origin/feature")) == {"manifests/a.yaml": b"1"}


async def test_a_partial_clone_is_not_taken_for_an_empty_past(tree: WorkingTree, tmp_path: Path) -> None:
    """The missing files would have to be fetched, which needs credentials that a plan is not given."""
    tree.git("config", "uploadpack.allowFilter", "true")
    tree.commit({"manifests/a.yaml": "1"})
    tree.commit({"manifests/a.yaml": "2"})
    tree.git("clone", "--quiet", "--filter=blob:none", f"file://{tree.folder}", str(tmp_path / "c"))
    clone = WorkingTree.__new__(WorkingTree)
    clone.folder = tmp_path / "c"
    assert "clone the whole repository, without --filter" in await failed(clone, "HEAD~1")


async def test_two_histories_have_nothing_in_common(tree: WorkingTree) -> None:
    tree.commit({"manifests/a.yaml": "1"})
    tree.git("checkout", "--quiet", "--orphan", "other")
    tree.commit({"manifests/a.yaml": "2"})
    assert "no common commit with HEAD; their histories have nothing" in await failed(tree, "main")


async def test_before_the_first_commit_there_is_nothing_to_compare_with(tree: WorkingTree) -> None:
    first = tree.commit({"manifests/a.yaml": "1"})
    tree.git("checkout", "--quiet", "--orphan", "other")
    assert "nothing is committed here yet" in await failed(tree, first)


async def test_paths_outside_of_any_repository_are_named(tree: WorkingTree, tmp_path: Path) -> None:
    tree.commit({"manifests/a.yaml": "1"})
    (tmp_path / "alone").mkdir()
    assert "alone is in no git repository" in await failed(tree, "HEAD", "../alone")
    (tmp_path / "alone" / ".git").write_text("no pointer", encoding="ascii")
    assert "alone is in no git repository" in await failed(tree, "HEAD", "../alone")
    (tmp_path / "alone" / ".git").unlink()
    (tmp_path / "alone" / ".git").mkdir()
    assert "git says: " in await failed(tree, "HEAD", "../alone")
    WorkingTree(tmp_path / "second").commit({"b.yaml": "1"})
    assert "in several git repositories" in await failed(tree, "HEAD", "manifests", "../second")


async def test_a_name_that_cannot_be_shown_is_refused(tree: WorkingTree) -> None:
    tree.commit({"a\nb/c.yaml": "1"})
    assert "a\\nb holds characters that cannot be shown" in await failed(tree, "HEAD", "a\nb")
