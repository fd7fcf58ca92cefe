"""Digests and commits come from where images and actions are; programs on the path play these places."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIGEST = "sha256:" + "ab" * 32
TAG, BEHIND = "1" * 40, "2" * 40
WORKFLOW = "steps:\n  - uses: actions/checkout@v9\n  - uses: a/b/c@{} # v1.2\n"


def checkout(folder: Path, *, docker: str, git: str) -> Path:
    """Make a repository with the script, and programs that answer for the registry and the actions."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/pin", folder / ".ci/pin")
    (folder / "action.yml").write_text("runs: {using: composite, steps: []}\n")
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / ".github/workflows/ci.yml").write_text(WORKFLOW.format(TAG))
    (folder / "Dockerfile").write_text("ARG BASE=python:3.11-slim-bookworm\nFROM ${BASE}\n")
    for name, text in (("docker", docker), ("git", git)):
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return folder


def pin(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [folder / ".ci/pin", *words],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


GOOD_DOCKER = f'test "$6" = python:3.11-slim-bookworm && echo {DIGEST}'
GOOD_GIT = f'printf "{TAG}\\t$3\\n{BEHIND}\\t$4\\n"'


def test_resolved_digests_are_written_and_then_pinned(tmp_path: Path) -> None:
    there = checkout(tmp_path, docker=GOOD_DOCKER, git=GOOD_GIT)
    loose = pin(there, "--check")
    assert (loose.returncode, loose.stderr.count("not pinned")) == (1, 2)
    assert pin(there).returncode == 0
    assert f"ARG BASE=python:3.11-slim-bookworm@{DIGEST}\n" in (there / "Dockerfile").read_text()
    workflow = (there / ".github/workflows/ci.yml").read_text()
    assert f"uses: actions/checkout@{BEHIND} # v9\n" in workflow, "the commit behind an annotated tag"
    assert f"uses: a/b/c@{BEHIND} # v1.2\n" in workflow
    assert pin(there, "--check").returncode == 0
    assert pin(there).returncode == 0, "and once more"


@pytest.mark.parametrize(
    ("docker", "git"),
    [
        pytest.param("echo 'not found' >&2; exit 1", GOOD_GIT, id="no registry"),
        pytest.param("echo nothing", GOOD_GIT, id="a registry that says nothing"),
        pytest.param(GOOD_DOCKER, "true", id="no such tag"),
        pytest.param(GOOD_DOCKER, "exit 128", id="no such repository"),
    ],
)
def test_an_unresolved_digest_is_not_made_up(tmp_path: Path, docker: str, git: str) -> None:
    there = checkout(tmp_path, docker=docker, git=git)
    assert pin(there).returncode != 0
    assert pin(there, "--check").returncode == 1


def test_everything_in_the_repository_is_pinned_but_the_base_image() -> None:
    done = subprocess.run([ROOT / ".ci/pin", "--check"], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if not line.startswith("Dockerfile: ")] == []
