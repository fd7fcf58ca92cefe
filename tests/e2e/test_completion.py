"""Completion, as a real bash asks for it: verbs, options, kinds and names; never a message, never a store."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from controller.edges.store import open_store
from tests.builders.upstream import HERE
from tests.clock import FakeClock
from tests.e2e.commands import COMMAND

STATUSES = ("App/acme", "App/bakery", "Partner/main", "Subscription/acme-events on App/acme")

DRIVER = """
eval "$(gupshupctl completion bash)" || exit 9
complete -p gupshupctl >&3 || exit 8
compopt() { COMPREPLY+=("<$2>"); }
while IFS= read -r line; do
    read -ra COMP_WORDS <<< "$line"
    [[ $line == *' ' ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _gupshupctl_completion gupshupctl
    echo "${COMPREPLY[*]}"
done
"""
"""Does for each line of stdin what bash does if somebody types it and presses the tab key."""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")


def environment(**more: str) -> Mapping[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("GUPSHUP")}
    return {**known, "PATH": f"{COMMAND.parent}:{os.environ['PATH']}", **more}


def tab(lines: list[str], cwd: Path, **more: str) -> list[set[str]]:
    """Return what a bash offers for each of *lines*. Nothing may be printed beside it."""
    done = subprocess.run(
        ["bash", "--norc", "-c", f"exec 3>/dev/null; {DRIVER}"],
        input="".join(f"{line}\n" for line in lines),
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == ""
    return [set(line.split()) for line in done.stdout.splitlines()]


async def stored(path: Path) -> Path:
    async with open_store(path, FakeClock()) as store:
        await store.statuses.save(HERE, dict.fromkeys(STATUSES, "{}"))
    return path


def test_names_kinds_and_words_are_completed(tmp_path: Path) -> None:
    asked = {
        "gupshupctl get apps b": {"bakery"},
        "gupshupctl get subscriptions ": {"acme-events"},
        "gupshupctl get partners ": {"main"},
        "gupshupctl describe a": {"acme", "acme-events", "app"},
        "gupshupctl describe app ": {"acme", "bakery"},
        "gupshupctl describe App/": {"App/acme", "App/bakery"},
        "gupshupctl events ": {"acme", "bakery"},
        "gupshupctl resolve b": {"bakery"},
        "gupshupctl plan --only App/b": {"App/bakery"},
        "gupshupctl show A": {"<default>", "App/acme", "App/bakery"},
        "gupshupctl show Subscription/": {"<default>", "Subscription/acme-events"},
        "gupshupctl new subscription --app b": {"bakery"},
        "gupshupctl plan --only Sub": {"Subscription/acme-events"},
        "gupshupctl describe nothing app ": set(),
    }
    path = asyncio.run(stored(tmp_path / "state.db"))
    found = tab(list(asked), tmp_path, GUPSHUPCTL_STORE=str(path))
    assert dict(zip(asked, found, strict=True)) == asked


def test_verbs_options_and_kinds_are_completed_without_a_store(tmp_path: Path) -> None:
    asked = {
        "gupshupctl de": {"describe", "demo"},
        "gupshupctl get su": {"subscription", "subscriptions"},
        "gupshupctl get --st": {"--store"},
        "gupshupctl get -o ": {"text", "wide", "json", "yaml", "name"},
        "gupshupctl get apps ": set(),
        "gupshupctl help compl": {"completion"},
        "gupshupctl new ": {"app", "subscription"},
        "gupshupctl help get ": set(),
        "gupshupctl explain gs10": {f"GS10{last}" for last in (0, 1, 2, 4, 5, 7, 8, 9)},
        "gupshupctl apply --only App/": set(),
        "gupshupctl show App/": {"<default>"},
        "gupshupctl store copy ": {"<default>"},
    }
    assert dict(zip(asked, tab(list(asked), tmp_path), strict=True)) == asked
    assert list(tmp_path.iterdir()) == [], "no store was made"


@pytest.mark.parametrize(
    ("shell", "sign"), [("bash", "complete -o"), ("zsh", "#compdef"), ("fish", "complete ")]
)
def test_there_is_a_script_for_each_shell(shell: str, sign: str) -> None:
    done = subprocess.run(
        [COMMAND, "completion", shell], capture_output=True, text=True, check=True, env=environment()
    )
    assert sign in done.stdout
    assert "_GUPSHUPCTL_COMPLETE" in done.stdout
    checker = shutil.which(shell)
    if checker is not None:
        subprocess.run([checker, "-n"], input=done.stdout, text=True, check=True)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        pytest.param("zsh_complete", "plain\nexplain\nExplain a rule, a reason or an exit code.\n", id="zsh"),
        pytest.param(
            "fish_complete", "plain,explain\tExplain a rule, a reason or an exit code.\n", id="fish"
        ),
        pytest.param("bash_complete", "plain,explain\n", id="bash"),
        pytest.param("tcsh_complete", "", id="a shell that is not known"),
        pytest.param("x", "", id="no shell"),
    ],
)
def test_a_verb_is_offered_with_its_line(asked: str, answer: str) -> None:
    words = "expl" if asked.startswith("fish") else "1"
    asks = environment(_GUPSHUPCTL_COMPLETE=asked, COMP_WORDS="gupshupctl expl", COMP_CWORD=words)
    done = subprocess.run([COMMAND], capture_output=True, text=True, check=True, env=asks)
    assert (done.stdout, done.stderr) == (answer, "")


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish")
def test_a_fish_completes_likewise(tmp_path: Path) -> None:
    path = asyncio.run(stored(tmp_path / "state.db"))
    script = "gupshupctl completion fish | source; complete -C 'gupshupctl describe App/b'"
    words = ["fish", "--no-config", "-c", script]
    asks = environment(GUPSHUPCTL_STORE=str(path))
    done = subprocess.run(words, env=asks, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "App/bakery\n"
