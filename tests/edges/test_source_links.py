"""Symbolic links: one rule which are followed, for a folder of this machine and for a commit."""

from pathlib import Path

import pytest

from controller.edges.source import directory
from controller.model.source import Source
from tests.edges.repositories import Leaf, Link, Repository, source_of

LEAVES: dict[str, Leaf] = {
    "m/a.yaml": "1",
    "m/..data/real": "2",
    "m/d/e.yaml": "3",
    "README.md": "4",
    "other/f.yaml": "5",
}

SAME = [
    pytest.param("b.yaml", "..data/real", ["m/b.yaml"], [], id="to a file that is passed by itself"),
    pytest.param("d/b.yaml", "../..data/./real", ["m/d/b.yaml"], [], id="by way of a folder above"),
    pytest.param("b.yaml", "d/e.yml", [], ["GS704"], id="to nothing"),
    pytest.param("b.yaml", "b.yaml", [], ["GS704"], id="to itself"),
    pytest.param("b.yaml", "../other/f.yaml", [], ["GS707"], id="out of the folder"),
    pytest.param("b.yaml", "/etc/passwd", [], ["GS707"], id="into the machine"),
    pytest.param("b.yaml", "../../../../../../../../../etc/passwd", [], ["GS707"], id="far out"),
    pytest.param("b", "../other", [], ["GS707"], id="to a folder outside"),
    pytest.param("b", "/etc", [], ["GS707"], id="to somewhere in the machine"),
    pytest.param("b.md", "../README.md", [], [], id="no manifest, to a file outside"),
    pytest.param("b.md", "nowhere", [], [], id="no manifest, to nothing"),
    pytest.param(".b.yaml", "/etc/passwd", [], [], id="hidden"),
]
IN_A_COMMIT = [
    pytest.param("b.yaml", "a.yaml", [], [], id="to a manifest: it is read once, by its own name"),
    pytest.param("b.yaml", "", [], ["GS704"], id="to a name that is empty"),
    pytest.param("b.yaml", "x/" * 3_000, [], ["GS704"], id="longer than a link can be"),
    pytest.param("b.yaml", "d", [], ["GS704"], id="a manifest to a folder"),
    pytest.param("b", "d", [], ["GS704"], id="to a folder: a commit's are not walked twice"),
    pytest.param("b", ".", [], ["GS704"], id="to the folder that is read"),
    pytest.param("b.yaml", "../m/a.yaml", [], ["GS707"], id="out of the folder and in again: not read there"),
    pytest.param("b\n", "../other", [], ["GS702"], id="to a folder outside, by an odd name"),
]
ON_A_DISK = [
    pytest.param("b.yaml", "a.yaml", ["m/b.yaml"], [], id="to a manifest: it is read once, by one name"),
    pytest.param("b.yaml", "d", [], [], id="a manifest to a folder: it is walked"),
    pytest.param("b", "..data", [], [], id="to a folder: it is walked"),
    pytest.param("b", "../m/d", [], [], id="to a folder that is walked already"),
    pytest.param("b", ".", [], [], id="to the folder that is read"),
    pytest.param("b.yaml", "../m/a.yaml", ["m/b.yaml"], [], id="out of the folder and in again"),
    pytest.param("b\n", "../other", [], ["GS707"], id="to a folder outside, by an odd name"),
]


def outcome(source: Source) -> tuple[list[str], list[str]]:
    """Return the files beside those that are there anyway, and the rules of the problems."""
    there = {each for each in LEAVES if each.startswith("m/")}
    files = {
        "m/" + file.path.partition("/m/")[2] if "/m/" in file.path else file.path for file in source.files
    }
    return sorted(files - there), [problem.rule for problem in source.problems]


@pytest.mark.parametrize(("name", "target", "files", "problems"), [*SAME, *IN_A_COMMIT])
async def test_a_link_in_a_commit_is_followed_only_within_the_source(
    tmp_path: Path, name: str, target: str, files: list[str], problems: list[str]
) -> None:
    repository = Repository(tmp_path / "remote")
    repository.commit({**LEAVES, f"m/{name}": Link(target)})
    source = source_of(repository, tmp_path / "copy", path="m")
    assert outcome(await source.read(await source.fetch())) == (files, problems)


@pytest.mark.parametrize(("name", "target", "files", "problems"), [*SAME, *ON_A_DISK])
def test_a_link_in_a_folder_is_followed_only_within_the_source(
    tmp_path: Path, name: str, target: str, files: list[str], problems: list[str]
) -> None:
    for path, content in LEAVES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(content), encoding="utf-8")
    (tmp_path / "m" / name).symlink_to(target)
    assert outcome(directory.read([str(tmp_path / "m")])) == (files, problems)
