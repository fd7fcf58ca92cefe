"""A repository as a source: what is read from a commit, and what becomes of a branch that moves."""

import asyncio
import os
import shutil
import zlib
from pathlib import Path

import pytest

from controller.edges.source import directory
from controller.edges.source.file_rules import LARGEST, LARGEST_SOURCE, MOST_FILES
from controller.edges.source.git import Commit, GitSource, Remote, blob_id
from controller.edges.source.git.listing import blobs, entries
from controller.errors import SourceError
from controller.model.source import Source, SourceFile
from tests.edges.repositories import Leaf, Link, Repository, Submodule, source_of

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"


async def look(source: GitSource) -> Source:
    return await source.read(await source.fetch())


def names(source: Source) -> list[str]:
    return [file.path for file in source.files]


def told(source: Source) -> list[tuple[str, str]]:
    return sorted((problem.rule, problem.place.file) for problem in source.problems)


async def test_manifests_of_a_commit_are_read_from_all_folders_but_those_with_a_dot(
    repository: Repository, source: GitSource
) -> None:
    looked_for: dict[str, Leaf] = {"b.yaml": "1", "a/c.yml": b"2", "a/d/e.yaml": ""}
    passed_by: dict[str, Leaf] = dict.fromkeys(
        (".github/f.yaml", "a/.x/g.yaml", ".g.yaml", "h.yaml.txt", "README.md"), "x"
    )
    commit = repository.commit({**looked_for, **passed_by})
    found = await look(source)
    assert found == Source(
        identity=f"{repository.url}#main:",
        revision=commit,
        files=(SourceFile("a/c.yml", b"2"), SourceFile("a/d/e.yaml", b""), SourceFile("b.yaml", b"1")),
    )


async def test_only_the_configured_folder_of_a_commit_is_read(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"live/eu/a.yaml": "1", "live2/b.yaml": "2", "c.yaml": "3"})
    found = await look(source_of(repository, tmp_path / "copy", path="./live/"))
    assert names(found) == ["live/eu/a.yaml"]
    assert found.identity == f"{repository.url}#main:live"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("nowhere", "no folder at nowhere", id="that is missing"),
        pytest.param("a.yaml", "something that is no folder at a.yaml", id="that is a file"),
        pytest.param("link", "something that is no folder at link", id="that is a link"),
        pytest.param("sub", "no folder at sub", id="that is a submodule"),
        pytest.param("sub/in", "no folder at sub/in", id="inside a submodule"),
    ],
)
async def test_a_path_in_a_commit_that_is_no_folder_is_refused(
    repository: Repository, tmp_path: Path, path: str, words: str
) -> None:
    commit = repository.commit({"a.yaml": "", "d/b.yaml": "", "link": Link("d"), "sub": Submodule()})
    with pytest.raises(SourceError, match=f"commit {commit} has {words}; check the path") as caught:
        await look(source_of(repository, tmp_path / "copy", path=path))
    assert caught.value.revision == commit


async def test_the_default_branch_is_that_of_the_remote(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "remote", branch="trunk")
    commit = repository.commit({"a.yaml": ""}, branch="trunk")
    repository.commit({"b.yaml": ""}, branch="main")
    source = source_of(repository, tmp_path / "copy", branch=None)
    assert await source.fetch() == Commit(commit)


async def test_a_repository_without_commits_is_an_error(source: GitSource) -> None:
    with pytest.raises(SourceError, match=r"cannot fetch branch main of file:.*is the repository empty"):
        await source.fetch()


async def test_a_branch_that_was_deleted_is_an_error_and_not_an_empty_source(
    repository: Repository, source: GitSource
) -> None:
    repository.commit({"a.yaml": ""})
    last_good = await source.fetch()
    repository.git("update-ref", "-d", "refs/heads/main")
    with pytest.raises(SourceError, match="was the branch deleted"):
        await source.fetch()
    assert names(await source.read(last_good)) == ["a.yaml"]


async def test_a_repository_with_sha256_ids_is_refused_with_a_reason(tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    repository = Repository(remote)
    shutil.rmtree(remote)
    remote.mkdir()
    repository.git("init", "--quiet", "--bare", "--initial-branch=main", "--object-format=sha256")
    repository.commit({"a.yaml": ""})
    with pytest.raises(SourceError, match="SHA-256 ids are not supported"):
        await source_of(repository, tmp_path / "copy").fetch()


async def test_a_tag_of_the_same_name_is_not_the_branch(repository: Repository, source: GitSource) -> None:
    old = repository.commit({"a.yaml": ""})
    new = repository.commit({"b.yaml": ""})
    repository.git("tag", "main", old)
    assert (await source.fetch()).id == new


async def test_a_repository_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    remote = Remote(f"file://{tmp_path}/gone", "main", local=True)
    with pytest.raises(
        SourceError, match=r"cannot fetch branch main of file://.*/gone: git said: .*check the URL"
    ):
        await GitSource(remote, tmp_path / "copy", os.environ).fetch()


async def test_a_commit_is_read_whole_while_the_branch_moves_on(
    repository: Repository, source: GitSource
) -> None:
    repository.commit({"a.yaml": "old", "b.yaml": "old"})
    commit = await source.fetch()
    reading = asyncio.create_task(source.read(commit))
    await asyncio.to_thread(repository.commit, {"a.yaml": "new", "b.yaml": "new"})
    newer = await source.fetch()
    assert {file.data for file in (await reading).files} == {b"old"}
    assert {file.data for file in (await source.read(commit)).files} == {b"old"}
    assert {file.data for file in (await source.read(newer)).files} == {b"new"}


async def test_two_fetches_at_once_wait_for_each_other(repository: Repository, source: GitSource) -> None:
    commit = Commit(repository.commit({"a.yaml": ""}))
    assert list(await asyncio.gather(source.fetch(), source.fetch())) == [commit, commit]


async def test_a_commit_that_was_never_fetched_is_an_error(repository: Repository, source: GitSource) -> None:
    commit = Commit(repository.commit({"a.yaml": ""}))
    with pytest.raises(SourceError, match="was not fetched; fetch first"):
        await source.read(commit)
    await source.fetch()
    with pytest.raises(SourceError, match="is not in the local copy"):
        await source.read(Commit("1" * 40))


async def test_links_through_links_are_followed_as_a_mounted_config_map_needs_it(
    repository: Repository, source: GitSource
) -> None:
    repository.commit({"..2026/a.yaml": "1", "..data": Link("..2026"), "a.yaml": Link("..data/a.yaml")})
    found = await look(source)
    assert found.files == (SourceFile("a.yaml", b"1"),)
    assert found.problems == ()


async def test_a_manifest_that_is_linked_to_is_read_once_and_by_its_own_name(
    repository: Repository, source: GitSource
) -> None:
    repository.commit({"0.yaml": Link("a.yaml"), "a.yaml": "1", "b.yaml": Link("a.yaml")})
    assert (await look(source)).files == (SourceFile("a.yaml", b"1"),)


async def test_links_of_a_commit_in_a_circle_end(repository: Repository, source: GitSource) -> None:
    repository.commit({"a.yaml": Link("b.yaml"), "b.yaml": Link("a.yaml"), "c.yaml": Link("c.yaml/c.yaml")})
    assert told(await look(source)) == [("GS704", "a.yaml"), ("GS704", "b.yaml"), ("GS704", "c.yaml")]


async def test_many_links_out_of_the_folder_are_all_reported(
    repository: Repository, source: GitSource
) -> None:
    repository.commit({f"{number:02}": Link("/etc") for number in range(30)})
    assert told(await look(source)) == [("GS707", f"{number:02}") for number in range(30)]


@pytest.mark.parametrize(
    ("name", "leaf", "problem"),
    [
        pytest.param("sub", Submodule(), ("GS708", "sub"), id="a submodule"),
        pytest.param("a.yaml", POINTER, ("GS708", "a.yaml"), id="a pointer of LFS"),
        pytest.param("a.yaml", b"#" * (LARGEST + 1), ("GS109", "a.yaml"), id="a byte too many"),
        pytest.param("a\nb.yaml", "", ("GS702", r"a\nb.yaml"), id="a line break in a name"),
        pytest.param("\x1b[31m.yaml", "", ("GS702", r"\x1b[31m.yaml"), id="a colour in a name"),
        pytest.param("\udcff.yaml", "", ("GS702", r"\udcff.yaml"), id="a name that is no UTF-8"),
        pytest.param("n" * 295 + ".yaml", "", ("GS702", "n" * 199 + "…"), id="a name of 300 characters"),
        pytest.param("nn/" * 1_400 + "a.yaml", "", ("GS702", ("nn/" * 67)[:199] + "…"), id="a path of 4 kB"),
    ],
)
async def test_an_unsupported_entry_of_a_commit_is_a_problem_and_the_rest_is_read(
    repository: Repository, source: GitSource, name: str, leaf: Leaf, problem: tuple[str, str]
) -> None:
    repository.commit({"z.yaml": "1", name: leaf})
    found = await look(source)
    assert told(found) == [problem]
    assert names(found) == ["z.yaml"]


async def test_submodules_in_hidden_folders_are_ignored(repository: Repository, source: GitSource) -> None:
    repository.commit({".vendor/sub": Submodule()})
    assert (await look(source)).problems == ()


async def test_files_of_a_commit_that_differ_only_in_case_or_ending_are_a_warning(
    repository: Repository, source: GitSource
) -> None:
    repository.commit({"a.yaml": "1", "a.yml": "2", "B.yaml": "3", "b.yaml": "4"})
    found = await look(source)
    assert [rule for rule, _ in told(found)] == ["GS705", "GS705"]
    assert len(found.files) == 4


async def test_files_of_a_commit_that_only_look_like_manifests_are_reported(
    repository: Repository, source: GitSource
) -> None:
    repository.commit({"a.yaml": "1", "B.YAML": "2", "c/D.Yml": "3", ".e.YAML": "4", "F.YAML.txt": "5"})
    found = await look(source)
    assert names(found) == ["a.yaml"]
    assert told(found) == [("GS709", "B.YAML"), ("GS709", "c/D.Yml")]


async def test_a_commit_with_too_many_files_is_not_read(repository: Repository, source: GitSource) -> None:
    repository.commit({f"{number:05}.yaml": str(number) for number in range(MOST_FILES + 1)})
    found = await look(source)
    assert told(found) == [("GS703", ".")]
    assert len(found.files) == MOST_FILES


async def test_a_commit_with_too_many_bytes_is_not_read(repository: Repository, source: GitSource) -> None:
    count = LARGEST_SOURCE // LARGEST
    repository.commit({f"{number:04}.yaml": b"#" * LARGEST for number in range(count + 5)})
    found = await look(source)
    assert told(found) == [("GS703", f"{count:04}.yaml")]
    assert len(found.files) == count


@pytest.mark.parametrize(
    ("mode", "rule", "words"),
    [
        pytest.param("100644", "GS109", "1,073,741,824 bytes", id="file"),
        pytest.param("120000", "GS704", "a link that leads to no file", id="link"),
    ],
)
async def test_a_file_above_the_size_limit_is_refused_by_its_listed_size(
    repository: Repository, source: GitSource, tmp_path: Path, mode: str, rule: str, words: str
) -> None:
    """The content is missing: a read of it would fail."""
    repository.commit({"a.yaml": "1"})
    await source.fetch()
    (copy,) = (tmp_path / "copy").glob("gupshupctl-mirror-*")
    claimed = copy / "objects/12/34567890123456789012345678901234567890"
    claimed.parent.mkdir()
    claimed.write_bytes(zlib.compress(b"blob %d\0short" % 1024**3))
    row = b"%s blob 1234567890123456789012345678901234567890\tg.yaml\n" % mode.encode()
    tree = repository.git(f"--git-dir={copy}", "mktree", "--missing", feed=row)
    commit = repository.git(f"--git-dir={copy}", "commit-tree", "-m", "giant", tree)
    found = await source.read(Commit(commit))
    assert told(found) == [(rule, "g.yaml")]
    assert words in found.problems[0].message


async def test_a_folder_and_a_commit_of_the_same_files_are_read_alike(
    repository: Repository, source: GitSource, tmp_path: Path
) -> None:
    leaves = {
        "a.yaml": "1",
        "A.yml": "2",
        "b/c.yaml": POINTER,
        "d.yaml": "#" * (LARGEST + 1),
        ".e/f.yaml": "3",
    }
    repository.commit(leaves)
    work = tmp_path / "work"
    for name, text in leaves.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")
    here, there = directory.read([str(work)]), await look(source)
    below = [(str(Path(file.path).relative_to(work)), file.data) for file in here.files]
    assert below == [(file.path, file.data) for file in there.files]
    assert sorted(one.rule for one in here.problems) == [rule for rule, _ in told(there)]


def test_a_blobs_id_is_the_one_that_git_gives(repository: Repository) -> None:
    for data in (b"", b"a: b\n", bytes(range(256))):
        assert blob_id(data) == repository.git("hash-object", "--stdin", feed=data)


async def test_a_descendant_revision_is_distinguished_from_a_force_push(
    repository: Repository, source: GitSource
) -> None:
    first = repository.commit({"a.yaml": "1"})
    second = repository.commit({"a.yaml": "2"})
    third = repository.commit({"a.yaml": "3"})
    await source.fetch()
    forced = repository.commit({"a.yaml": "4"}, parent=first)
    assert (await source.fetch()).id == forced
    assert await source.advanced(third, third)
    assert await source.advanced(second, third)
    assert await source.advanced(first, third)
    assert await source.advanced(first, forced)
    assert not await source.advanced(third, forced)
    assert not await source.advanced(third, second)
    assert not await source.advanced("sha256:" + "0" * 64, forced)
    assert not await source.advanced(first, "--upload-pack=x")


async def test_ancestry_is_the_same_with_a_remote_that_supports_filters(
    repository: Repository, source: GitSource
) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    first, second, third = (repository.commit({"a.yaml": str(number)}) for number in range(3))
    await source.fetch()
    assert await source.advanced(first, third)
    forced = repository.commit({"a.yaml": "4"}, parent=first)
    assert await source.advanced(first, forced)
    assert not await source.advanced(second, forced)


async def test_an_unrelated_history_is_no_descendant(repository: Repository, source: GitSource) -> None:
    old = repository.commit({"a.yaml": "1"})
    new = repository.commit({"a.yaml": "1", "b.yaml": "1"}, parent="0")
    await source.fetch()
    assert not await source.advanced(old, new)


async def test_a_history_is_fetched_in_steps_up_to_a_limit(repository: Repository, source: GitSource) -> None:
    row = "commit refs/heads/main\ncommitter A <a@b> 1700000000 +0000\ndata 0\n"
    repository.commit({"a.yaml": "1"})
    first = repository.tip()
    for count in (4_093, 4):
        start = f"{row}from {repository.tip()}\n"
        repository.git("fast-import", "--quiet", feed=(start + "\n" + f"{row}\n" * count).encode())
        await source.fetch()
        assert await source.advanced(first, repository.tip()) is (count == 4_093)


async def test_a_history_that_cannot_be_fetched_is_an_error(
    repository: Repository, source: GitSource, tmp_path: Path
) -> None:
    old, new = repository.commit({"a.yaml": "1"}), "2" * 40
    await source.fetch()
    with pytest.raises(SourceError, match=f"cannot fetch the history of {new}: git said"):
        await source.advanced(old, new)
    shutil.rmtree(repository.folder)
    with pytest.raises(SourceError, match="cannot fetch the history of"):
        await source.advanced(new, old)
    assert list((tmp_path / "copy/history").iterdir()) == []


async def test_a_branch_that_is_no_commit_is_an_error(repository: Repository, source: GitSource) -> None:
    blob = repository.git("hash-object", "-w", "--stdin", feed=b"a: b")
    (repository.folder / "refs/heads/main").write_text(f"{blob}\n", encoding="ascii")
    with pytest.raises(SourceError, match="cannot fetch branch main"):
        await source.fetch()
    commit = repository.commit({"a.yaml": "1"}, parent="0")
    assert await source.fetch() == Commit(commit)


def test_a_truncated_listing_of_git_is_refused() -> None:
    whole = b"100644 blob %s       1\ta.yaml\0" % (b"1" * 40)
    assert [entry.name for entry in entries(whole * 2)] == ["a.yaml", "a.yaml"]
    with pytest.raises(ValueError, match="in the middle of a line"):
        list(entries(whole + whole[:-1]))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="that is empty"),
        pytest.param(b"%s missing\n" % blob_id(b"a").encode(), id="that has no file"),
        pytest.param(b"%s tree 1\na\n" % blob_id(b"a").encode(), id="that is a folder"),
        pytest.param(b"%s blob 9\na\n" % blob_id(b"a").encode(), id="that is cut short"),
        pytest.param(b"%s blob 1\nb\n" % blob_id(b"a").encode(), id="with other content"),
        pytest.param(b"%s blob 1\nb\n" % blob_id(b"b").encode(), id="about another file"),
    ],
)
def test_a_wrong_answer_of_git_about_a_file_is_refused(answer: bytes) -> None:
    with pytest.raises(ValueError, match=f"for {blob_id(b'a')}"):
        blobs([blob_id(b"a")], answer)
