"""Problems as text, JSON, SARIF and annotations: no file name or message can break out of its form."""

import json
from collections.abc import Callable, Sequence

import pytest

from controller.core.render import problems as render
from controller.model.manifest import Desired
from controller.model.problem import Place, Problem, Severity
from controller.model.source import Decoded

ERROR = Problem(
    Place("a.yaml", 3, 5), "GS402", Severity.ERROR, "spec.phone", "must be digits", '"919876543210"'
)
WARNING = Problem(Place("b.yaml"), "GS100", Severity.WARNING, "", "the file declares nothing")
HOSTILE = Problem(
    Place("x,y:z%\n::error::\x1b[31m\u202e.yaml"), "GS101", Severity.ERROR, "", "a\n::warning::%0A\x07"
)
NOTHING = "valid: 0 apps and 0 subscriptions (0 webhooks) of the environment's partner in 2 files"


def test_problems_as_text_take_one_line_each() -> None:
    assert render.text([ERROR, WARNING]) == (
        'a.yaml:3:5: error [GS402] spec.phone: must be digits — write "919876543210"\n'
        "b.yaml:1:1: warning [GS100] the file declares nothing\n"
    )


def test_the_gravest_problem_leads_to_its_explanation() -> None:
    assert render.more_about([WARNING, ERROR]) == "More about a rule: gupshupctl explain GS402\n"
    assert render.more_about([]) == ""


def test_colour_surrounds_the_severity_alone() -> None:
    assert render.coloured([WARNING]) == (
        "b.yaml:1:1: \x1b[33mwarning\x1b[0m [GS100] the file declares nothing\n"
    )


@pytest.mark.parametrize("form", [render.text, render.github], ids=["text", "github"])
def test_a_hostile_name_stays_on_its_line(form: Callable[[Sequence[Problem]], str]) -> None:
    written = form([HOSTILE])
    assert written.count("\n") == 1
    assert written.removesuffix("\n").isprintable()


def test_an_annotation_names_file_line_column_and_rule() -> None:
    assert render.github([ERROR]) == (
        '::error file=a.yaml,line=3,col=5,title=GS402::spec.phone: must be digits — write "919876543210"\n'
    )
    head, _, message = render.github([HOSTILE]).removeprefix("::error ").partition("::")
    assert head.startswith("file=x%2Cy%3Az%25")
    assert head.count(",") == 3
    assert "%2507" not in message
    assert "%250A" in message


def test_problems_as_json_hold_every_field() -> None:
    told = json.loads(render.as_json(Decoded(None, (ERROR, WARNING), errors=1, warnings=1), "r1"))
    assert told["valid"] is False
    assert told["revision"] == "r1"
    assert told["problems"][0] == {
        "file": "a.yaml",
        "line": 3,
        "column": 5,
        "rule": "GS402",
        "severity": "error",
        "field": "spec.phone",
        "message": "must be digits",
        "fix": '"919876543210"',
    }
    assert told["summary"] == {
        "errors": 1,
        "warnings": 1,
        "partners": 0,
        "apps": 0,
        "subscriptions": 0,
        "webhooks": 0,
    }
    assert json.loads(render.as_json(Decoded(Desired("r1"), ()), "r1"))["valid"] is True


def test_problems_as_sarif_hold_what_code_scanning_needs() -> None:
    told = json.loads(render.sarif([ERROR, WARNING, HOSTILE], "1.2.3"))
    assert told["version"] == "2.1.0"
    [run] = told["runs"]
    assert run["tool"]["driver"]["version"] == "1.2.3"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["GS100", "GS101", "GS402"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "error"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "a.yaml"}, "region": {"startLine": 3, "startColumn": 5}}
    uri = run["results"][2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert " " not in uri


def test_a_summary_of_a_source_without_files_names_no_manifests() -> None:
    assert render.summary(Decoded(Desired("r1"), (WARNING,), warnings=1), 0) == (
        "valid: nothing is declared, there being no files; 1 warning"
    )


def test_problems_that_are_not_listed_are_counted() -> None:
    decoded = Decoded(None, (ERROR, WARNING), errors=1_501, warnings=2_000)
    assert render.summary(decoded, 2) == "invalid: at least 1,501 errors, 2,000 warnings in 2 files"
    summary = json.loads(render.as_json(decoded, "r1"))["summary"]
    assert (summary["errors"], summary["warnings"]) == (1_501, 2_000)


@pytest.mark.parametrize(
    ("decoded", "line"),
    [
        pytest.param(
            Decoded(None, (ERROR,), errors=1), "invalid: 1 error, 0 warnings in 2 files", id="invalid"
        ),
        pytest.param(
            Decoded(Desired("r1"), ()),
            NOTHING,
            id="valid",
        ),
        pytest.param(
            Decoded(Desired("r1"), (WARNING,), warnings=1),
            f"{NOTHING}; 1 warning",
            id="valid with a warning",
        ),
    ],
)
def test_the_summary_of_problems_is_one_line(decoded: Decoded, line: str) -> None:
    assert render.summary(decoded, 2) == line


@pytest.mark.parametrize(
    ("problems", "line"),
    [
        pytest.param([], "no problem", id="nothing"),
        pytest.param([WARNING], "no problem", id="a warning stops nobody"),
        pytest.param([WARNING, ERROR], render.text([ERROR])[:-1], id="the first error"),
        pytest.param(
            [ERROR, WARNING, HOSTILE],
            f"{render.text([ERROR])[:-1]} (the first of 2 problems)",
            id="and how many there are",
        ),
    ],
)
def test_the_first_error_of_a_source_is_shown_in_one_line(problems: list[Problem], line: str) -> None:
    assert render.first(problems) == line
    assert render.first([HOSTILE]).isprintable()


MORE = Problem(Place("b.yaml"), "GS120", Severity.WARNING, "", "3 more problems are not listed")


@pytest.mark.parametrize(
    ("decoded", "told"),
    [
        pytest.param(Decoded(Desired("r1"), ()), "", id="nothing"),
        pytest.param(
            Decoded(Desired("r1"), (WARNING,), warnings=1), render.text([WARNING]), id="as it is validated"
        ),
        pytest.param(
            Decoded(Desired("r1"), (WARNING, WARNING, WARNING, MORE), warnings=1_006),
            render.text([WARNING] * 2) + "and 1,004 more: gupshupctl validate\n",
            id="so many at the most, and the rest is counted",
        ),
        pytest.param(Decoded(None, (ERROR, MORE), errors=4), "", id="an error is told elsewhere"),
    ],
)
def test_warnings_are_shown_beside_other_output(decoded: Decoded, told: str) -> None:
    assert render.warned(decoded, 2) == told
    assert render.warned(decoded, 2, render.coloured).replace("\x1b[33m", "").replace("\x1b[0m", "") == told


def test_a_hint_is_below_a_warning_in_every_form() -> None:
    hint = Problem(Place("c.yaml"), "GS518", Severity.HINT, "metadata.name", "nobody is told")
    assert render.text([hint]) == "c.yaml:1:1: hint [GS518] metadata.name: nobody is told\n"
    assert render.coloured([hint]).startswith("c.yaml:1:1: \x1b[36mhint\x1b[0m ")
    assert render.github([hint]).startswith("::notice file=c.yaml,")
    [run] = json.loads(render.sarif([hint], "1"))["runs"]
    levels = (run["results"][0]["level"], run["tool"]["driver"]["rules"][0]["defaultConfiguration"]["level"])
    assert levels == ("note", "note")
    assert render.warned(Decoded(Desired("r1"), (hint,)), 20) == ""
    assert render.first([hint]) == "no problem"
