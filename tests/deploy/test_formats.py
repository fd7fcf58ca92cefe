"""Every file for another program is checked by a tool that knows its format."""

import re
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, Tool

EXAMPLES = ROOT / "examples"
COMPOSE = EXAMPLES / "deploy/compose/compose.yaml"
GITLAB = EXAMPLES / "ci/gitlab/gitlab-ci.yml"
COMPONENT = EXAMPLES / "ci/gitlab/gupshup.yml"
UNIT = EXAMPLES / "deploy/systemd/gupshup-controller.service"
WORKFLOWS = [EXAMPLES / "ci/github/gupshup.yml", *sorted((ROOT / ".github/workflows").glob("*.yml"))]
SCRIPTS = [
    path
    for path in (*sorted(EXAMPLES.rglob("*.sh")), *sorted((ROOT / ".ci").iterdir()))
    if path.is_file() and path.read_bytes().startswith((b"#!/bin/sh", b"#!/usr/bin/env bash"))
]
ACTION = ROOT / "action.yml"
EXPOSURE = 15
"""Of 100: what `systemd-analyze security` says is left open (docs/deployment.md publishes it)."""


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_dockerfile_passes_its_linter(tool: Tool) -> None:
    assert tool("hadolint", ROOT / "Dockerfile") == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_a_shell_script_passes_its_linter(script: Path, tool: Tool) -> None:
    assert tool("shellcheck", script) == ""


def test_the_compose_file_follows_the_specification(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_the_pipeline_of_gitlab_follows_its_schema(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", GITLAB)


def test_the_component_of_gitlab_follows_its_schema(tool: Tool, tmp_path: Path) -> None:
    """The schema knows no file of two documents: each is checked, with the inputs as they are written."""
    for number, document in enumerate(COMPONENT.read_text(encoding="utf-8").split("\n---\n")):
        part = tmp_path / f"{number}.yml"
        part.write_text(document, encoding="utf-8")
        tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", part)


def test_the_component_of_gitlab_uses_each_input_and_no_other() -> None:
    spec, jobs = COMPONENT.read_text(encoding="utf-8").split("\n---\n")
    used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", jobs))
    assert used == set(re.findall(r"^ {4}(\w+):$", spec, re.MULTILINE))
    steps = set(re.findall(r"inputs\.steps \]\]/(\S+)", jobs))
    assert steps
    assert [each for each in steps if not (EXAMPLES / "ci/steps" / each).is_file()] == []


def test_the_configuration_of_dependabot_follows_its_schema(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", ROOT / ".github/dependabot.yml")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=named)
def test_a_workflow_follows_its_schema_and_is_safe(workflow: Path, tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow)
    assert "No findings" in tool("zizmor", "--offline", workflow)


def test_the_action_follows_its_schema_and_is_safe(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)
    assert "No findings" in tool("zizmor", "--offline", ACTION)


def test_the_action_puts_no_input_into_a_script_and_runs_what_the_tests_run() -> None:
    text = ACTION.read_text(encoding="utf-8")
    assert not re.search(r"run:.*\$\{\{", text)
    used = re.findall(r"\buses: (\S+)", text)
    assert used
    assert [each for each in used if not re.search(r"@[0-9a-f]{40}$", each)] == []
    steps = re.findall(r"GITHUB_ACTION_PATH/(\S+?)\"", text)
    assert steps
    assert [each for each in steps if not (ROOT / each).is_file()] == []


def permissions(job: str) -> dict[str, str]:
    """Return what a job of the example may do beyond reading the repository."""
    text = WORKFLOWS[0].read_text(encoding="utf-8")
    block = re.search(rf"\n  {job}:\n((?:    .*\n|\n)+)", text)
    assert block is not None
    found = re.search(r"    permissions:\n((?: {6}.*\n)+)", block[1])
    return dict(re.findall(r"([\w-]+): (\w+)", found[1])) if found else {}


def test_each_job_may_write_one_thing_at_the_most() -> None:
    writes = {
        job: [name for name, value in permissions(job).items() if value == "write"]
        for job in ("validate", "plan", "apply", "comment", "drift")
    }
    assert writes == {
        "validate": [],
        "plan": [],
        "apply": ["statuses"],
        "comment": ["pull-requests"],
        "drift": ["issues"],
    }


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=named)
def test_a_workflow_names_actions_by_commit_and_runs_no_stranger_with_secrets(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    used = re.findall(r"\buses: (\S+)", text)
    assert used
    assert [each for each in used if not re.search(r"@[0-9a-f]{40}$", each)] == []
    assert not re.search(r"pull_request_target|workflow_run", text)
    assert "permissions:\n  contents: read\n" in text
    runs = re.findall(r"run: (?:\|\n((?: {10}.*\n)+)|(.*))", text)
    assert [each for each in runs if "${{" in "".join(each)] == [], "an expression in a script is code"


def test_the_unit_is_accepted_by_systemd(tool: Tool, tmp_path: Path) -> None:
    """The program is not installed where this runs, so another one stands in for it."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/gupshup/bin/gupshupctl run", "/bin/true"), encoding="utf-8")
    said = tool("systemd-analyze", "verify", "--man=no", unit)
    assert [line for line in said.splitlines() if UNIT.name in line] == []


def test_the_unit_is_hardened_by_the_measure_of_systemd(tool: Tool) -> None:
    said = tool("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", UNIT)
    assert "Overall exposure level" in said
