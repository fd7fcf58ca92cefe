"""Every file of the corpus: what is wrong with it is said by rule, at a place, and in few words."""

import re
from pathlib import Path

import pytest

from controller.core.decode import decode
from controller.core.decode.rules import RULES
from controller.edges.source import schemas
from controller.model.problem import Problem, Severity
from controller.model.source import Decoded, Rules, SourceFile

CORPUS = Path(__file__).parents[2] / "corpus"
INVALID = sorted((CORPUS / "invalid").glob("*.yaml"))
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
SCHEMAS = schemas.load()

WITHOUT_COMMENT = {
    "empty": {"GS100"},
    "directive": {"GS114"},
    "directive-tag": {"GS114"},
    "directive-unknown": {"GS114"},
    "directive-yaml-2": {"GS114"},
    "latin-1": {"GS115"},
    "utf-16": {"GS115"},
    "utf-16-le": {"GS115"},
    "utf-32": {"GS115"},
    "git-crypt": {"GS706"},
    "ansible-vault": {"GS706"},
    "age": {"GS706"},
}
"""What is expected of files whose first line cannot say it."""


def read(path: Path) -> Decoded:
    return decode([SourceFile(path.name, path.read_bytes())], SCHEMAS, Rules())


def expected(path: Path) -> set[str]:
    if path.stem in WITHOUT_COMMENT:
        return WITHOUT_COMMENT[path.stem]
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return set(first.removeprefix("# expect: ").split())


def said(problem: Problem) -> str:
    return f"{problem.place} [{problem.rule}] {problem.field}: {problem.message} FIX {problem.fix}"


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_file_breaks_exactly_the_rules_it_should(path: Path) -> None:
    decoded = read(path)
    assert {problem.rule for problem in decoded.problems} == expected(path), [
        said(p) for p in decoded.problems
    ]
    graver = any(problem.severity is Severity.ERROR for problem in decoded.problems)
    assert (decoded.desired is None) == graver


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_problems_of_the_corpus_are_short_printable_and_without_secrets(path: Path) -> None:
    for problem in read(path).problems:
        assert problem.rule in RULES
        assert len(said(problem)) < 500
        assert said(problem).isprintable()
        assert not re.search(r"hunter2|sk_0123|eyJhbGci|user:pw|AWS_SECRET", said(problem))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_file_is_accepted(path: Path) -> None:
    decoded = read(path)
    assert [said(problem) for problem in decoded.problems if problem.severity is Severity.ERROR] == []
    assert decoded.desired is not None


OF_SOURCES = {
    "GS109",
    "GS110",
    "GS119",
    "GS407",
    "GS701",
    "GS702",
    "GS703",
    "GS704",
    "GS705",
    "GS707",
    "GS708",
    "GS709",
}
"""Rules about sizes, bytes and whole sources: decode/test_source.py and tests/edges/test_directory.py.

GS407 is one of `new app`: writing/test_sign_ups.py.
"""


def test_every_rule_about_manifests_has_a_file_that_breaks_it() -> None:
    covered = {rule for path in INVALID for rule in expected(path)}
    assert set(RULES) - covered == OF_SOURCES
