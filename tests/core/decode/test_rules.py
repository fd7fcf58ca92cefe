"""The table of rules is whole."""

import re
from pathlib import Path

import pytest

from controller.core.decode.rules import RULES, problem
from controller.model.problem import Place

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_what_it_means_and_what_to_do(rule: str) -> None:
    assert RULES[rule].id == rule
    assert RULES[rule].meaning
    assert RULES[rule].remedy
    assert problem(rule, Place("a.yaml"), "", "x").severity is RULES[rule].severity


def test_every_rule_that_is_named_in_the_code_is_in_the_table() -> None:
    named = {
        rule
        for path in (ROOT / "controller").rglob("*.py")
        for rule in re.findall(r"\bGS\d{3}\b", path.read_text(encoding="utf-8"))
    }
    schemas = {
        rule
        for path in (ROOT / "schemas").glob("*.json")
        for rule in re.findall(r"GS\d{3}", path.read_text())
    }
    assert named | schemas == set(RULES)
