"""Explanations as text and as JSON: without Markdown's links, and no wider than the terminal."""

import pytest

from controller.core.explain import explained, known_words
from controller.core.render.explanations import (
    explanation_fields,
    explanation_text,
    known_words_text,
    more_about,
    plain,
    reasons_of,
)
from controller.model.plan import Item, Kind
from tests.builders.status import FALSE, TRUE, condition, status_of


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        pytest.param("a [guard](#a-guard-holds-it) holds it", "a guard holds it", id="a link"),
        pytest.param("`{name: a, name: b}`", "{name: a, name: b}", id="nothing but code"),
        pytest.param("`Host`, `X A`", "`Host`, `X A`", id="code among other words"),
    ],
)
def test_a_cell_becomes_plain_text(cell: str, shown: str) -> None:
    assert plain(cell) == shown


def test_an_explanation_is_a_few_lines() -> None:
    assert explanation_text(explained("GS105"), None) == (
        "GS105 (rule, severity: error)\n"
        "  Means       A key appears twice in one mapping\n"
        "  Example     {name: a, name: b}\n"
        "  What to do  Keep one of the two\n"
        "  See         docs/rules.md#files-and-yaml"
    )


def test_the_reasons_of_statuses_are_those_that_need_a_person() -> None:
    ready = status_of("a", condition("Ready"))
    stalled = status_of("b", condition("Ready", FALSE, "X"), condition("Stalled", TRUE, "AppLost"))
    partner = status_of(
        Item(Kind.PARTNER, "main", "", "main"),
        condition("LinksAllowed", FALSE, "TermsNotAccepted"),
        condition("MintingAllowed"),
    )
    assert list(reasons_of([ready, stalled, partner])) == ["AppLost", "TermsNotAccepted"]
    assert more_about(["NoSuchReason", "AppLost"]) == "More about a reason: gupshupctl explain AppLost"
    assert more_about([]) == ""


def test_a_wait_has_its_two_words_and_its_end() -> None:
    lines = explanation_text(explained("live"), None).split("\n\n")[-1].splitlines()
    assert lines[0] == "AwaitingLive, live (reason)"
    assert lines[3] == "  Until       the app is live, in minutes or days"


def test_no_line_is_wider_than_the_terminal() -> None:
    lines = explanation_text(explained("CallbackNotSupported"), 60).splitlines()
    assert max(map(len, lines)) <= 60
    assert max(map(len, known_words_text(60).splitlines())) <= 60


def test_a_script_gets_the_fields() -> None:
    ((section, row),) = explained("GS105")
    assert explanation_fields(section, row) == {
        "word": "GS105",
        "kind": "rule",
        "severity": "error",
        "means": "A key appears twice in one mapping",
        "example": "{name: a, name: b}",
        "remedy": "Keep one of the two",
        "page": "docs/rules.md#files-and-yaml",
    }
    ((section, row),) = explained("exit 3")
    assert explanation_fields(section, row)["example"] == "a phone without quotes (`GS201`)"


def test_all_that_can_be_explained_is_listed_by_kind() -> None:
    text = known_words_text(None)
    assert text.startswith("rules\n  GS100, GS101")
    codes = ", ".join(f"exit {code}" for code in (*range(9), 64, 130))
    assert f"\nexit codes\n  {codes}\n" in text
    assert [word for word in known_words() if word not in text] == []
