"""Manifests on a disk: folders, links, devices and names, whatever lies there."""

import os
import socket
from pathlib import Path

import pytest

from controller.edges.source import directory, schemas
from controller.edges.source.file_rules import LARGEST, LARGEST_SOURCE, MOST_FILES
from controller.errors import SourceError, Usage
from controller.model.problem import Severity
from controller.model.source import Source


def write(path: Path, text: str = "a: b\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(source: Source, root: Path) -> list[str]:
    return [str(Path(file.path).relative_to(root)) for file in source.files]


def rules(source: Source) -> list[str]:
    return [problem.rule for problem in source.problems]


def test_manifests_are_read_from_all_folders_but_those_with_a_dot(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/c.yml", "a/d/e.yaml", ".git/f.yaml", ".g.yaml", "h.yaml.txt", "README.md"):
        write(tmp_path / name)
    source = directory.read([str(tmp_path)])
    assert names(source, tmp_path) == ["a/c.yml", "a/d/e.yaml", "b.yaml"]
    assert source.complete
    assert source.problems == ()


def test_a_single_file_is_no_complete_source(tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml")
    source = directory.read([str(file), str(tmp_path)])
    assert len(source.files) == 1
    assert not source.complete


@pytest.mark.parametrize("path", ["nowhere", "no\0where"])
def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(SourceError, match="no such file"):
        directory.read([f"{tmp_path}/{path}"])


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        pytest.param("manifests", "`gupshupctl init` makes one", id="the default folder"),
        pytest.param("manifests/", "`gupshupctl init` makes one", id="the default folder with a slash"),
        pytest.param("manifest", "check the path", id="any other"),
        pytest.param("-", "standard input is not read: name a folder or a file", id="standard input"),
    ],
)
def test_the_error_about_a_missing_path_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, remedy: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError) as caught:
        directory.read([path])
    assert str(caught.value).partition("; ")[2].startswith(remedy)


def test_an_empty_path_is_wrong_usage() -> None:
    with pytest.raises(Usage, match="a path is empty"):
        directory.read([""])


def test_the_revision_of_a_folder_depends_on_names_and_bytes_and_not_on_its_place(tmp_path: Path) -> None:
    revisions = []
    for folder, name, text in (
        ("x", "a.yaml", "1"),
        ("y", "a.yaml", "1"),
        ("y", "a.yaml", "2"),
        ("z", "b.yaml", "1"),
    ):
        write(tmp_path / folder / name, text)
        revisions.append(directory.read([str(tmp_path / folder)]).revision)
    assert revisions[0] == revisions[1]
    assert len(set(revisions)) == 3
    assert all(one.startswith("sha256:") and len(one) == 71 for one in revisions)


def test_the_identity_of_a_folder_is_the_same_in_another_spelling(tmp_path: Path) -> None:
    spellings = ("manifests", "manifests/", "./manifests", "other/../manifests", "manifests/../manifests")
    assert len({directory.identity([f"{tmp_path}/{each}"]) for each in spellings}) == 1


def test_the_identity_of_a_folder_is_its_real_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "m/a.yaml")
    monkeypatch.chdir(tmp_path)
    assert (
        directory.read(["m"]).identity
        == directory.read([str(tmp_path / "m")]).identity
        == str(tmp_path / "m")
    )


def test_links_inside_are_followed_as_a_mounted_config_map_needs_it(tmp_path: Path) -> None:
    write(tmp_path / "..2026/a.yaml")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    root = tmp_path.with_name("link")
    root.symlink_to(tmp_path)
    assert names(directory.read([str(root)]), root) == ["a.yaml"]
    assert directory.read([str(root)]).problems == ()


def test_links_that_lead_outside_are_problems(tmp_path: Path) -> None:
    write(tmp_path / "outside/secret.yaml")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.yaml").symlink_to("../outside/secret.yaml")
    (root / "b").symlink_to("../outside")
    source = directory.read([str(root)])
    assert source.files == ()
    assert rules(source) == ["GS707", "GS707"]


def test_links_into_a_folder_whose_name_begins_alike_are_problems(tmp_path: Path) -> None:
    root = tmp_path / "manifests"
    root.mkdir()
    for name in ("manifests-private", "manifests.yaml", "manifestsx"):
        write(tmp_path / name / "secret.yaml")
        (root / f"{name}.yaml").symlink_to(f"../{name}/secret.yaml")
        (root / name).symlink_to(f"../{name}")
    source = directory.read([str(root)])
    assert source.files == ()
    assert rules(source) == ["GS707"] * 6


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path / "a/b.yaml")
    (tmp_path / "a/up").symlink_to("..")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    source = directory.read([str(tmp_path)])
    assert names(source, tmp_path) == ["a/b.yaml"]
    assert rules(source) == ["GS704"]


def test_pipes_sockets_and_dangling_links_are_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.yaml")
    Path("gone.yaml").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.yaml")
        source = directory.read(["."])
    assert source.files == ()
    assert rules(source) == ["GS704", "GS704", "GS704"]


def test_a_device_is_not_read_although_it_was_named() -> None:
    assert rules(directory.read(["/dev/zero"])) == ["GS704"]


def test_a_file_above_the_size_limit_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(10 * 1024**3)
    assert rules(directory.read([str(tmp_path)])) == ["GS109"]


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "#" * LARGEST)
    assert [len(file.data) for file in directory.read([str(tmp_path)]).files] == [LARGEST]


def test_a_file_name_that_cannot_be_shown_is_escaped(tmp_path: Path) -> None:
    for name in (b"a\nb.yaml", b"\x1b[31m.yaml", b"\xff.yaml"):
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_bytes(b"a: b")
    source = directory.read([str(tmp_path)])
    assert rules(source) == ["GS702"] * 3
    assert all(problem.place.file.isprintable() for problem in source.problems)


def test_a_pointer_of_git_lfs_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert rules(directory.read([str(tmp_path)])) == ["GS708"]


def test_files_that_only_look_like_manifests_are_reported(tmp_path: Path) -> None:
    for name in ("a.yaml", "B.YAML", "c/D.Yml", "e.yaml ", "f.yamlx", "G.YAML.txt", ".h.YAML", ".i/J.YAML"):
        write(tmp_path / name)
    (tmp_path / "K.YAML").mkdir()
    source = directory.read([str(tmp_path)])
    assert names(source, tmp_path) == ["a.yaml"]
    told = [(str(one.severity), one.rule, one.place.file) for one in source.problems]
    assert sorted(told) == [
        ("warning", "GS709", f"{tmp_path}/{name}") for name in ("B.YAML", "c/D.Yml", "e.yaml ")
    ]
    assert names(directory.read([str(tmp_path / "B.YAML")]), tmp_path) == ["B.YAML"], (
        "it is read where it is named"
    )


def test_files_that_differ_only_in_case_or_ending_are_a_warning(tmp_path: Path) -> None:
    for name in ("a.yaml", "a.yml", "B.yaml", "b.yaml"):
        write(tmp_path / name)
    source = directory.read([str(tmp_path)])
    assert rules(source) == ["GS705", "GS705"]
    assert {problem.severity for problem in source.problems} == {Severity.WARNING}
    assert len(source.files) == 4


def test_a_folder_with_too_many_files_is_not_read(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 1):
        (tmp_path / f"{number}.yaml").touch()
    source = directory.read([str(tmp_path)])
    assert rules(source) == ["GS703"]
    assert len(source.files) == MOST_FILES


def test_a_folder_with_too_many_bytes_is_not_read(tmp_path: Path) -> None:
    count = LARGEST_SOURCE // LARGEST
    for number in range(count + 5):
        with (tmp_path / f"{number:04}.yaml").open("wb") as file:
            file.truncate(LARGEST)
    source = directory.read([str(tmp_path)])
    assert rules(source) == ["GS703"]
    assert len(source.files) == count


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml").chmod(0)
    (tmp_path / "b").mkdir(mode=0)
    assert rules(directory.read([str(tmp_path)])) == ["GS704", "GS704"]


def test_the_installed_schemas_are_those_of_the_repository() -> None:
    root = Path(__file__).parents[2]
    for kind, file in schemas.KINDS.items():
        assert schemas.text(kind) == (root / "schemas" / file).read_text(encoding="utf-8")
