"""The facts about Gupshup name their sources and what we do; each prerequisite names what shows it."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
FACTS = (DOCS / "gupshup-api.md").read_text(encoding="utf-8")
PREREQUISITES = (DOCS / "prerequisites.md").read_text(encoding="utf-8")

SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", FACTS, re.MULTILINE | re.DOTALL))
WITHOUT_FACTS = {"Sources", "Contradictions", "Open questions"}
ROWS = [line for line in SECTIONS["Sources"].splitlines() if line.startswith("| *")]

ITALICS = re.compile(r"(?<!\*)\*\(?([^*\n]+?)\)?\*(?!\*)")
SOURCE = re.compile(r"[\w' ]*\b(?:pages?|guide|article)\b|changelog, \w+ \d{4}|EasyEye|glific")


def cited() -> set[str]:
    """Return each source that stands in italics, whatever follows its name there."""
    return {match[0] for words in ITALICS.findall(FACTS) if (match := SOURCE.match(words))}


@pytest.mark.parametrize("name", sorted(SECTIONS.keys() - WITHOUT_FACTS))
def test_a_section_of_facts_says_what_we_do(name: str) -> None:
    assert "**What we do.**" in SECTIONS[name]


def test_each_source_that_a_fact_names_is_in_the_table_of_sources() -> None:
    named = {name for row in ROWS for name in re.findall(r"\*([^*]+)\*", row.split("|")[1])}

    assert len(cited()) > 10
    assert cited() - named == set()


def test_each_source_has_the_day_on_which_it_was_read() -> None:
    assert [row for row in ROWS if not re.search(r"\d{4}-\d\d-\d\d \|$|never: \(quoted\) \|$", row)] == []


def test_each_prerequisite_names_what_shows_it() -> None:
    items = re.findall(r"^- \[ \] (.*?)(?=^\S|^$|\Z)", PREREQUISITES, re.MULTILINE | re.DOTALL)

    assert len(items) == PREREQUISITES.count("- [ ] ") > 20
    assert [item for item in items if "Shown by: " not in " ".join(item.split()) + " "] == []
