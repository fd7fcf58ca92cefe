"""Every file for another program is checked by a tool that knows its format."""

import re
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, Tool

EXAMPLES = ROOT / "examples"
COMPOSE = EXAMPLES / "deploy/compose/compose.yaml"
GITLAB = EXAMPLES / "ci/gitlab/gitlab-ci.yml"
UNIT = EXAMPLES / "deploy/systemd/gupshup-controller.service"
WORKFLOWS = [EXAMPLES / "ci/github/gupshup.yml", *sorted((ROOT / ".github/workflows").glob("*.yml"))]
SCRIPTS = [
    *sorted(EXAMPLES.rglob("*.sh")),
    *(path for path in sorted((ROOT / ".ci").iterdir()) if path.is_file()),
]
EXPOSURE = 15
"""Of 100: what `systemd-analyze security` says is left open (docs/deployment.md publishes it)."""


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_dockerfile_passes_its_linter(tool: Tool) -> None:
    assert tool("hadolint", ROOT / "Dockerfile") == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_a_shell_script_passes_its_linter(script: Path, tool: Tool) -> None:
    if script.read_text(encoding="utf-8").startswith(("#!/bin/sh", "#!/usr/bin/env bash")):
        assert tool("shellcheck", script) == ""


def test_the_compose_file_follows_the_specification(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_the_pipeline_of_gitlab_follows_its_schema(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", GITLAB)


def test_the_configuration_of_dependabot_follows_its_schema(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", ROOT / ".github/dependabot.yml")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=named)
def test_a_workflow_follows_its_schema_and_is_safe(workflow: Path, tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow)
    assert "No findings" in tool("zizmor", "--offline", workflow)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=named)
def test_a_workflow_names_actions_by_commit_and_runs_no_stranger_with_secrets(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)", text)
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
