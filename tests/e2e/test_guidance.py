"""The installed command explains itself: what a word means, help by name, and what was probably meant."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e import commands
from tests.e2e.commands import COMMAND


def run(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("GUPSHUP")}
    words = [str(COMMAND), *arguments]
    return subprocess.CompletedProcess(words, *commands.run(words, cwd, known | more, timeout=30))


def test_a_word_of_the_output_is_explained(tmp_path: Path) -> None:
    done = run("explain", "nametakenelsewhere", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("NameTakenElsewhere (reason)\n  Means       somebody else at Gupshup")
    assert run("explain", "exit", "5", cwd=tmp_path).stdout == run("explain", "exit5", cwd=tmp_path).stdout


def test_an_explanation_is_one_document_for_a_script(tmp_path: Path) -> None:
    document = json.loads(run("explain", "GS105", "-o", "json", cwd=tmp_path).stdout)
    assert [(item["word"], item["severity"]) for item in document["items"]] == [("GS105", "error")]
    everything = json.loads(run("explain", "-o", "json", cwd=tmp_path).stdout)["items"]
    assert {"rule", "reason", "condition", "guard", "exit code", "sign"} == {
        item["kind"] for item in everything
    }


def test_explain_alone_lists_what_can_be_explained(tmp_path: Path) -> None:
    done = run("explain", cwd=tmp_path)
    assert done.returncode == 0
    assert "GS105" in done.stdout
    assert "NameTakenElsewhere" in done.stdout


def test_an_unknown_word_is_an_error_that_names_a_near_one(tmp_path: Path) -> None:
    done = run("explain", "NameTakenElswhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("; did you mean NameTakenElsewhere?\n")
    assert run("explain", "exit", "99", cwd=tmp_path).stderr.endswith("; see gupshupctl explain\n")
    assert run("explain", "xyzzy", cwd=tmp_path).stderr.endswith("; see gupshupctl explain\n")


@pytest.mark.parametrize("verb", ["get", "plan", "explain"])
def test_help_of_a_verb_is_its_help_option(verb: str, tmp_path: Path) -> None:
    done = run("help", verb, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == run(verb, "--help", cwd=tmp_path).stdout


def test_help_of_a_verb_below_a_verb(tmp_path: Path) -> None:
    assert run("help", "new", "app", cwd=tmp_path).stdout == run("new", "app", "--help", cwd=tmp_path).stdout


def test_help_alone_is_the_help_of_the_command(tmp_path: Path) -> None:
    assert run("help", cwd=tmp_path).stdout == run("--help", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["help", "descrbe"], "did you mean describe?", id="a verb, for its help"),
        pytest.param(
            ["help", "get", "apps"], "gupshupctl get has no verbs below it", id="a word of no group"
        ),
        pytest.param(["new", "ap"], "did you mean app?", id="a verb below a verb"),
        pytest.param(["get", "ap"], "did you mean app?", id="a kind"),
        pytest.param(["get", "-o", "jsn"], "did you mean json?", id="a form"),
        pytest.param(["describe", "aps", "acme"], "did you mean apps?", id="a kind before a name"),
        pytest.param(["get", "--stor", "x"], "--store", id="an option"),
        pytest.param(["completion", "bassh"], "did you mean bash?", id="a shell"),
    ],
)
def test_a_mistyped_word_is_answered_by_a_near_one(words: list[str], told: str, tmp_path: Path) -> None:
    done = run(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (64, "")
    assert told in done.stderr
