"""Edits of single values: nothing else in the file changes, and where that is not sure there is none."""

import pytest
import yaml

from controller.core.writing.yaml_edit import Outline, Uncertain, Value, edited


def edit(text: str, field: str, value: Value, line: int = 1, after: str = "version") -> str:
    return edited(text, [Outline(text).edit(line, ("spec", field), value, after=after)])


@pytest.mark.parametrize(
    ("text", "field", "value", "result"),
    [
        pytest.param(
            "spec:\n  url: a # b\n", "url", "https://c", "spec:\n  url: https://c # b\n", id="plain"
        ),
        pytest.param("spec:\n  url: 'a'\n", "url", "b", 'spec:\n  url: "b"\n', id="quotes stay quotes"),
        pytest.param(
            "spec:\n  url: a", "url", "1e3", 'spec:\n  url: "1e3"', id="quotes where they are needed"
        ),
        pytest.param(
            'spec: {url: a, x: "1"}\n', "url", "b,c", 'spec: {url: "b,c", x: "1"}\n', id="in braces"
        ),
        pytest.param(
            "spec: {url: a}", "url", 'é"😀', 'spec: {url: "é\\"\\U0001F600"}', id="any character in quotes"
        ),
        pytest.param("spec:\n  version: 2\n", "version", 3, "spec:\n  version: 3\n", id="a number"),
        pytest.param("spec: {active: false}", "active", True, "spec: {active: true}", id="a truth in braces"),
        pytest.param("spec: {version: 2}", "version", 3, "spec: {version: 3}", id="a number in braces"),
        pytest.param(
            "spec:\n  version: 2 # b\n  x: 1\n",
            "active",
            False,
            "spec:\n  version: 2 # b\n  active: false\n  x: 1\n",
            id="a new line behind its neighbour",
        ),
        pytest.param(
            "spec:\r\n    'version': 2\r\n",
            "active",
            False,
            "spec:\r\n    'version': 2\r\n    active: false\r\n",
            id="a new line with the indent and the end of the others",
        ),
        pytest.param(
            "spec:\n version: 2", "active", False, "spec:\n version: 2\n active: false", id="at the end"
        ),
        pytest.param(
            "é: ü\nspec:\n  url: a\n", "url", "b", "é: ü\nspec:\n  url: b\n", id="behind other letters"
        ),
    ],
)
def test_a_value_is_changed_in_its_place(text: str, field: str, value: Value, result: str) -> None:
    assert edit(text, field, value) == result
    assert yaml.safe_load(result)["spec"][field] == value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("[A, B] # c", "[B, C] # c", id="on one line"),
        pytest.param("[ 'A','B' ]", "[B, C]", id="on one line with quotes"),
        pytest.param(
            "\n  # the first\n  - A\n  # the second\n  - B # c",
            "\n  # the first\n  # the second\n  - B # c\n  - C",
            id="a line each",
        ),
        pytest.param('\n  - B\n  - "A"', "\n  - B\n  - C", id="the last one goes"),
        pytest.param("\n  - A", "\n  - B\n  - C", id="all go"),
        pytest.param("\n  -   A\n  -   B", "\n  -   B\n  -   C", id="a wide indent"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("rest", ["", "\n", "\n  x: 1\n"], ids=["ends", "line end", "goes on"])
def test_a_list_keeps_its_form(before: str, after: str, end: str, rest: str) -> None:
    text, result = (f"spec:\n  modes: {form}{rest}".replace("\n", end) for form in (before, after))
    assert edit(text, "modes", ("B", "C")) == result


@pytest.mark.parametrize(
    ("text", "field", "value", "why"),
    [
        ("spec:\n  url: >\n    a\n", "url", "b", "it is written over several lines"),
        ("spec:\n  url: a\n    b\n", "url", "b", "it is written over several lines"),
        ("spec:\n  url: [a]\n", "url", "b", "it is written in an unusual way"),
        ("spec:\n  modes: A\n", "modes", ("B",), "it is written in an unusual way"),
        ("spec: {version: 2}\n", "active", False, "there is no line of its own for active"),
        ("spec:\n  x: 2\n", "active", False, "there is no line of its own for active"),
        ("spec: []\n", "active", False, "there is no line of its own for active"),
        ("spec:\n  version: [2]\n", "active", False, "there is no line of its own for active"),
        ("spec:\n  ? version\n  : 2\n", "active", False, "there is no line of its own for active"),
        ("spec:\n  version: 2\r  x: 1\n", "active", False, "there is no line of its own for active"),
        (
            "spec:\n  version: >\n    2\n",
            "active",
            False,
            "version, which would stand before active, is written over",
        ),
        ("spec:\n  modes: [A,\n  B]\n", "modes", ("B",), "its list is written over several lines"),
        ("spec:\n  ? modes\n  : - A\n", "modes", ("B",), "its list does not begin on a line of its own"),
        ("spec:\n  modes: # x\n  - - A\n", "modes", ("B",), "its list is written in an unusual way"),
        (
            "spec:\n  modes:\n  - A # why\n  - B\n",
            "modes",
            ("B",),
            "the line of what goes from its list holds",
        ),
        ("spec:\n  modes:\n  - &a A\n", "modes", ("B",), "the line of what goes from its list holds"),
    ],
)
def test_what_is_not_sure_is_left(text: str, field: str, value: Value, why: str) -> None:
    with pytest.raises(Uncertain, match=why):
        edit(text, field, value)


def test_the_document_is_the_one_that_begins_in_the_line() -> None:
    text = "spec: {url: a}\n---\nspec: {url: a}\n---\n"
    assert edit(text, "url", "b", line=3) == 'spec: {url: a}\n---\nspec: {url: "b"}\n---\n'
    with pytest.raises(Uncertain, match="there is no line of its own for url"):
        edit(text, "url", "b", line=2)
