"""The page about the simulator names everything there is, and its examples work."""

import re
from dataclasses import fields
from pathlib import Path

from jsonschema import Draft202012Validator

from controller.simulator import Switches, parse_faults
from controller.simulator.faults.kinds import KINDS, SCHEMA
from controller.simulator.routes import NAMES
from controller.simulator.switches import CHOICES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "simulator.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    return PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def test_every_kind_of_fault_and_each_of_its_parameters_is_on_the_page() -> None:
    rows = [line for line in section("Faults").splitlines() if line.startswith("|")]
    told = {kind: row for row in rows for kind in re.findall(r"`([\w-]+)`", row.split("|")[1])}

    assert set(KINDS) <= set(told)
    missing = {
        (kind, name) for kind, names in KINDS.items() for name in names if f"`{name}`" not in told[kind]
    }
    assert missing == set()


def test_every_switch_is_on_the_page_with_its_values() -> None:
    text = section("Switches")
    names = [each.name for each in fields(Switches)]

    assert [name for name in names if f"`{name.replace('_', '-')}`" not in text] == []
    rows = {
        line.split("`")[1].replace("-", "_"): line for line in text.splitlines() if line.startswith("| `")
    }
    told = {name: tuple(re.findall(r"`([^`]+)`", rows[name].split("|")[2])) for name in CHOICES}
    assert told == dict(CHOICES)
    assert {name: choices[0] for name, choices in CHOICES.items()} == {
        name: getattr(Switches(), name) for name in CHOICES
    }


def test_every_route_is_on_the_page() -> None:
    assert set(re.findall(r"`(\w+)`", section("Routes"))) == NAMES


def test_every_route_can_have_a_fault() -> None:
    names = SCHEMA["$defs"]["fault"]["properties"]["route"]["enum"]

    assert names == ["*", *sorted(NAMES)]


def test_the_schema_of_faults_is_a_schema_of_known_kinds() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    rules = SCHEMA["$defs"]["fault"]["allOf"]

    assert {kind for rule in rules for kind in rule["if"]["properties"]["kind"]["enum"]} <= set(KINDS)


def test_the_example_of_faults_works() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

    assert [fault.kind for fault in parse_faults(example, "the page")] == [
        "lose-reply",
        "stale-list",
        "503",
    ]


def test_citations_of_modules_are_headings_of_the_page_of_facts() -> None:
    cited = {
        name.strip()
        for path in (DOCS.parent / "controller").rglob("*.py")
        for match in re.findall(
            r"\(docs(?:/gupshup-api\.md)?, ([A-Z][\w ,]+)\)", path.read_text(encoding="utf-8")
        )
        for name in match.split(",")
    }
    headings = set(
        re.findall(r"^## (.+)$", (DOCS / "gupshup-api.md").read_text(encoding="utf-8"), re.MULTILINE)
    )

    assert cited
    assert cited - headings == set()
