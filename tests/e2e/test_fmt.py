"""`gupshupctl fmt` on real folders: what it writes, what it leaves, and its exit codes."""

import os
from pathlib import Path

from tests.e2e import commands
from tests.e2e.world import COMMAND, Done, app, subscription

UNTIDY = """kind: App
apiVersion: gupshup.controller/v1
spec: {phone: '910000000001', wabaId: "3000000001"}
metadata: {labels: {fleet: all}, name: AppOne}
"""
TIDY = """apiVersion: gupshup.controller/v1
kind: App
metadata:
  name: AppOne
  labels:
    fleet: all
spec:
  wabaId: "3000000001"
  phone: "910000000001"
"""
NOTED = "# ours\n" + UNTIDY.replace("AppOne", "AppTwo").replace("1'", "2'")


def fmt(folder: Path, *words: str) -> Done:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GUPSHUP")}
    return Done(*commands.run([COMMAND, "fmt", *words], folder, environ, timeout=60))


def declare(folder: Path, **files: str) -> Path:
    """Write *files* as manifests, and return their folder."""
    manifests = folder / "manifests"
    manifests.mkdir(exist_ok=True)
    for name, text in files.items():
        (manifests / f"{name}.yaml").write_text(text, encoding="utf-8")
    return manifests


def test_files_are_formatted_once_and_those_with_comments_left(tmp_path: Path) -> None:
    manifests = declare(tmp_path, one=UNTIDY, two=NOTED, three=TIDY)
    done = fmt(tmp_path)
    assert (done.code, done.out) == (0, "formatted manifests/one.yaml\n"), done.err
    assert done.err.splitlines() == [
        "left as it is: manifests/two.yaml: its comments would be lost",
        "1 formatted, 1 as they should be, 1 with comments, 0 with problems",
    ]
    assert (manifests / "one.yaml").read_text() == TIDY
    assert (manifests / "two.yaml").read_text() == NOTED
    again = fmt(tmp_path)
    assert (again.code, again.out) == (0, "")


def test_a_check_writes_nothing_and_ends_with_1(tmp_path: Path) -> None:
    manifests = declare(tmp_path, one=UNTIDY)
    done = fmt(tmp_path, "--check", "--diff", "manifests/one.yaml")
    assert (done.code, done.out.splitlines()[0]) == (1, "not formatted manifests/one.yaml")
    assert "--- manifests/one.yaml\n+++ manifests/one.yaml (formatted)\n" in done.out
    assert "-metadata: {labels" in done.out
    assert '+  phone: "910000000001"\n' in done.out
    assert (manifests / "one.yaml").read_text() == UNTIDY
    declare(tmp_path, one=TIDY)
    assert fmt(tmp_path, "--check").code == 0
    declare(tmp_path, one=TIDY.rstrip())
    assert "\\ No newline at end of file" in fmt(tmp_path, "--diff").out
    assert (manifests / "one.yaml").read_text() == TIDY


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_formatted(tmp_path: Path) -> None:
    manifests = declare(tmp_path, a=UNTIDY, b=UNTIDY.replace("AppOne", "AppTwo").replace("1'", "2'"))
    (manifests / "a.yaml").chmod(0o444)
    done = fmt(tmp_path)
    assert (done.code, done.out) == (1, "formatted manifests/b.yaml\n")
    assert done.err.splitlines() == [
        "Error: manifests/a.yaml is read-only, and is left",
        "1 formatted, 0 as they should be, 0 with comments, 0 with problems",
    ]
    assert (manifests / "a.yaml").read_text() == UNTIDY


def test_an_invalid_file_is_left_with_its_problems_and_the_others_are_formatted(tmp_path: Path) -> None:
    wrong = UNTIDY.replace("wabaId:", "waba:")
    manifests = declare(tmp_path, wrong=wrong, one=UNTIDY)
    done = fmt(tmp_path)
    assert (done.code, done.out) == (3, "formatted manifests/one.yaml\n")
    assert "manifests/wrong.yaml:3:" in done.err
    assert (manifests / "wrong.yaml").read_text() == wrong
    assert fmt(tmp_path, "--check").code == 3
    assert fmt(tmp_path, "nowhere").code == 1


def test_one_file_is_formatted_whatever_it_refers_to(tmp_path: Path) -> None:
    """An editor formats the file that it saves. What is not there is for `validate` to say."""
    declare(tmp_path, hook=subscription("events", "app: Elsewhere"), one=app("AppOne", 1))
    done = fmt(tmp_path, "manifests/hook.yaml")
    assert (done.code, done.out) == (0, "formatted manifests/hook.yaml\n")
