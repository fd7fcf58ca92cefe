"""Patches: what `git apply` and `patch` make of them is the content that was meant."""

import shutil
import subprocess
from pathlib import Path

import pytest

from controller.core.writing.git_patch import FileChange, patch_text

MANY = "".join(f"line {number}\n" for number in range(40))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a\nb\nc\n", "a\nB\nc\n", id="a changed line"),
        pytest.param(
            MANY, MANY.replace("line 7\n", "").replace("line 30\n", "line 30\nnew\n"), id="two hunks"
        ),
        pytest.param("a\nb", "a\nc", id="no line end at the end"),
        pytest.param("a\nb", "a\nb\n", id="a line end comes at the end"),
        pytest.param("a\nb\n", "a\nb", id="a line end goes from the end"),
        pytest.param("a\r\nb\r\n", "a\r\nB\r\n", id="carriage returns"),
        pytest.param("a\rb\x0cc\u00e9\n", "a\rb\x0cC\u00e9\n", id="characters that end lines elsewhere"),
        pytest.param("\ufeffa\n", "\ufeffb\n", id="a byte order mark"),
        pytest.param("", "a\n", id="an empty file gets a line"),
        pytest.param(None, "a\n\n\nb\n", id="a new file"),
        pytest.param(None, "a", id="a new file without a line end"),
    ],
)
@pytest.mark.parametrize(
    "program", [("git", "apply"), ("patch", "-p1", "--binary")], ids=lambda words: words[0]
)
def test_the_patch_makes_the_content(
    tmp_path: Path, before: str | None, after: str, program: tuple[str, ...]
) -> None:
    path = "m/a.yaml"
    check(tmp_path, path, before, after, program)


@pytest.mark.parametrize(
    "path",
    [
        "a b/c d.yaml",
        "é/日本.yaml",
        'quo"te/back\\slash.yaml',
        "new\nline\ttab.yaml",
        "m/'x'.yaml",
        "a b/é.yaml",
    ],
)
@pytest.mark.parametrize("before", [None, "a\n"], ids=["new", "changed"])
@pytest.mark.parametrize("program", [("git", "apply"), ("patch", "-p1")], ids=lambda words: words[0])
def test_any_path_is_found(tmp_path: Path, path: str, before: str | None, program: tuple[str, ...]) -> None:
    if program[0] == "patch" and "\n" in path:
        pytest.skip("patch takes no path with a line feed")
    check(tmp_path, path, before, "b\n", program)


@pytest.mark.parametrize("program", [("git", "apply"), ("patch", "-p1")], ids=lambda words: words[0])
def test_paths_are_those_from_the_folder_of_the_reader_also_below_the_root(
    tmp_path: Path, program: tuple[str, ...]
) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "below" / "deep").mkdir(parents=True)
    check(tmp_path / "below" / "deep", "m/a.yaml", "a\n", "b\n", program)


def test_nothing_is_no_patch() -> None:
    assert patch_text([]) == ""


def check(folder: Path, path: str, before: str | None, after: str, program: tuple[str, ...]) -> None:
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]} here")
    file, other = folder / path, folder / "other.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    if before is not None:
        file.write_bytes(before.encode())
    text = patch_text([FileChange(path.encode(), before, after), FileChange(b"other.yaml", None, "other\n")])
    done = subprocess.run(program, cwd=folder, input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, (done.stderr, text)
    assert (file.read_bytes().decode(), other.read_text()) == (after, "other\n")
