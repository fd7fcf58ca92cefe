"""The table of guards in docs/manifests.md says what the code lets through, on fleets of any size."""

import re
from pathlib import Path

import pytest

from controller.core.planning.guard import guard
from controller.core.planning.source_guard import refuse_shrunk
from controller.errors import PlanRefused
from controller.model.history import Declared
from controller.model.plan import Action, Link, Plan, SetCallback, Unsubscribe
from tests.builders.manifest import CALLBACK, PARTNER, app, desired, subscription
from tests.builders.upstream import app_id, remote

PAGE = (Path(__file__).parents[3] / "docs" / "manifests.md").read_text(encoding="utf-8")
HEAD = "| declared | updates | links | unsubscribes | apps or subscriptions that may go |"
FLEETS = (1, 2, 9, 10, 11, 1000)


def table() -> dict[int, tuple[int, ...]]:
    """Return the rows of the table, by what is declared."""
    rows = PAGE.split(HEAD)[1].split("\n\n")[0].splitlines()[2:]
    cells = [[int(cell.replace(",", "")) for cell in re.findall(r"[\d,]+", row)] for row in rows]
    return {declared: tuple(let_through) for declared, *let_through in cells}


def goes(actions: list[Action], size: int) -> bool:
    fleet = desired(*map(app, range(1, size + 1)))
    return not guard(Plan(PARTNER, "r1", actions=tuple(actions)), fleet, frozenset()).held


def shrinks(had: int, has: int, *, apps: bool) -> bool:
    """Say whether the default guard lets *had* apps (or else subscriptions) become *has*."""
    left = map(app, range(1, has + 1)) if apps else map(subscription, range(1, has + 1))
    before = Declared(had, 0) if apps else Declared(0, had)
    try:
        refuse_shrunk(before, desired(*left), PARTNER, account="a", source="m", released=())
    except PlanRefused:
        return False
    return True


def _callback(number: int) -> Action:
    return SetCallback(app(number), app_id(number), CALLBACK)


def _link(number: int) -> Action:
    return Link(app(number))


def _removal(number: int) -> Action:
    return Unsubscribe(app(number), app_id(number), remote(subscription(number)))


def test_the_table_of_guards_has_a_row_for_each_fleet() -> None:
    assert tuple(table()) == FLEETS


@pytest.mark.parametrize("size", FLEETS)
def test_a_row_of_the_table_is_what_the_default_guards_let_through(size: int) -> None:
    updates, links, removals, may_go = table()[size]
    for make, most in ((_callback, updates), (_link, links), (_removal, removals)):
        changes = [make(number) for number in range(1, most + 2)]
        assert (goes(changes[:-1], size), goes(changes, size)) == (True, False), make
    for apps in (True, False):
        assert shrinks(size, size - may_go, apps=apps)
        assert not shrinks(size, size - may_go - 1, apps=apps)
