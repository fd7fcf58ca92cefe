"""The page of promises is made of its figures, names tests that exist, and shows no broken promise."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.promises.figures import ROOT, merged, read, windows
from tests.promises.page import PAGE, page
from tests.promises.statements import CHANGED, PROMISES
from tests.sim.test_planted_defects import PLANTED


def test_the_page_of_promises_is_generated_from_its_figures() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(read()), "make promises"


@cache
def names(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(_names(tree))


def _names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name


@pytest.mark.parametrize("number", PROMISES)
def test_each_promise_is_shown_by_tests_that_exist(number: str) -> None:
    assert PROMISES[number].tests
    for test in PROMISES[number].tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).is_file(), test
        assert not name or name in names(path), test


def test_every_promise_has_its_place() -> None:
    numbers = [int(name.removeprefix("P")) for name in PROMISES]
    assert numbers == sorted(set(numbers))
    assert set(range(1, 36)) <= set(numbers)
    assert {which for which, _ in CHANGED} <= set(PROMISES)


def test_no_figure_shows_a_broken_promise() -> None:
    figures = read()
    assert [name for name, each in figures["explored"].items() if each["violations"]] == []
    assert figures["tortured"]["violations"] == []
    assert figures["seeded"]["violations"] == 0
    assert [test for test, each in figures["fuzzed"].items() if each["failures"]] == []
    assert (figures["searched"]["hits"], figures["searched"]["failed"]) == (0, False)
    over = {bucket for bucket, (calls, limit) in windows(figures).items() if calls > limit}
    assert over <= {"list"}, "and that one is explained on the page"


def test_mutation_figures_are_of_modules_that_exist() -> None:
    named = {f"controller/{room}/{name}.py" for room, of in read()["mutated"].items() for name in of}
    gone = sorted(path for path in named if not (ROOT / path).is_file())
    assert gone == [], "rename or remove them in docs/promises.json, then make promises"


def test_the_figures_are_of_the_planted_defects() -> None:
    planted = read()["planted"]
    assert (planted["planted"], planted["missed"], planted["accused"]) == (len(PLANTED), [], [])
    assert planted["caught"] == planted["planted"]


def test_figures_of_explorations_add_up() -> None:
    one = {
        "points": 3,
        "runs": 2,
        "missed": 0,
        "violations": 0,
        "seconds": 1.0,
        "virtual": 5.0,
        "findings": [],
    }
    more = {"pruned": {"alike": 1}, "persons": {}, "longest": 5.0, "runsPerSecond": 2.0}
    left, right = (
        {**one, **more, "worst": worst} for worst in ({"link": [3, 10]}, {"link": [9, 10], "token": [1, 10]})
    )
    found = merged([{"singles": left}, {"singles": right, "pairs": left}])
    assert (found["singles"]["points"], found["pairs"]["points"]) == (6, 3)
    assert found["singles"]["pruned"] == {"alike": 2}
    assert found["singles"]["worst"] == {"link": [9, 10], "token": [1, 10]}
    assert found["singles"]["runsPerSecond"] == 2.0
