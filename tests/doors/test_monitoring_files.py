"""The alert rules and the dashboard use documented metrics only, and each alert has a runbook."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.core.explain import known_words

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "observability"
RULES = FOLDER / "alerts.yaml"
PREFIX = "gupshup_controller_"
NAME = re.compile(rf"\b{PREFIX}(\w+)")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", re.MULTILINE)
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    return found


def queries() -> list[str]:
    """Return every expression of the dashboard, those of its variables included."""
    found = dashboard()
    targets = [target["expr"] for panel in found["panels"] for target in panel.get("targets", ())]
    return [*targets, *(str(each["query"]) for each in found["templating"]["list"])]


def documented_series() -> dict[str, frozenset[str]]:
    """Return each series with its labels; docs/metrics.md is held to the code by another test."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    return {
        name + part: frozenset(re.findall(r"`(\w+)`", labels)) | ({"le"} if part == "_bucket" else set())
        for name, type_, labels in ROW.findall(page)
        for part in PARTS[type_]
    }


def expressions() -> list[str]:
    return [*(rule["expr"] for rule in alerts()), *queries()]


def test_every_metric_in_rules_and_dashboard_exists() -> None:
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 25
    assert asked - documented_series().keys() == set()


def selectors(expression: str) -> Iterator[tuple[str, str]]:
    """Yield each metric in *expression* that is narrowed by labels, with each label."""
    for name, labels in re.findall(rf"{PREFIX}(\w+)\{{([^}}]*)\}}", expression):
        for label in re.findall(r"(\w+)[=!]~?", labels):
            yield name, label


def test_every_label_that_a_query_selects_by_is_a_label_of_its_metric() -> None:
    wrong = [
        pair
        for each in expressions()
        for pair in selectors(each)
        if pair[1] not in documented_series()[pair[0]]
    ]
    assert wrong == []


def grouped(expression: str) -> set[str]:
    return {label for found in re.findall(r"\bby \(([^)]*)\)", expression) for label in found.split(", ")}


def test_every_label_that_a_query_groups_by_is_a_label_of_its_metrics() -> None:
    of_prometheus = {"instance"}
    wrong = [
        (expression, label)
        for expression in expressions()
        for label in grouped(expression) - of_prometheus
        if not all(label in documented_series()[name] for name in NAME.findall(expression))
    ]
    assert wrong == []


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_has_a_severity_a_summary_and_a_runbook(rule: dict[str, Any]) -> None:
    assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    text = (ROOT / page).read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))
    named = {heading.lower().replace(" ", "-"): body for heading, body in sections.items()}
    assert f"`{rule['alert']}`" in named[anchor], "the runbook names its alert"


def test_every_alert_that_a_runbook_names_exists() -> None:
    text = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(Gupshup[A-Z]\w+)`", text)) == {rule["alert"] for rule in alerts()}


def test_every_reason_in_the_alert_rules_is_documented() -> None:
    asked = re.findall(r'reason=~?"([^"]+)"', RULES.read_text(encoding="utf-8"))
    words = {word for each in asked for word in each.split("|")}
    assert words
    assert words - set(known_words()) == set()


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool (Debian: the package prometheus)")
@pytest.mark.parametrize(
    "command", [("check", "rules", "alerts.yaml"), ("test", "rules", "alerts-test.yaml")]
)
def test_prometheus_itself_accepts_the_alert_rules(command: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
