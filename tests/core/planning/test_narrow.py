"""The scope of a change: the apps that it touches, whole, and how they are found with the fewest calls."""

from dataclasses import replace

import pytest

from controller.core.planning.changes.narrow import MOST_SEARCHED, is_searched, narrow
from controller.core.planning.matched_app import app_item, subscription_item, tag_item
from controller.core.planning.selection import select
from controller.model.manifest import Desired
from controller.model.plan import Item
from tests.builders.manifest import app, desired, subscription
from tests.builders.plan import observed, planned
from tests.builders.upstream import EXTRA, THERE, live, looked, remote

GOLD = replace(app(2), labels={"tier": "gold"})
DECLARED = desired(app(1), GOLD, subscription(1), subscription(1, "audit"), subscription(2))


def names(found: Desired) -> list[str]:
    return [*(app.name for app in found.apps), *(f"{each.app} {each.tag}" for each in found.subscriptions)]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(app_item(app(1)), id="an app brings its subscriptions along"),
        pytest.param(subscription_item(subscription(1)), id="a subscription its app, and that the others"),
        pytest.param(tag_item(app(1), "gone"), id="a removed tag its app"),
    ],
)
def test_each_app_that_is_touched_stays_whole(item: Item) -> None:
    left, items = narrow(DECLARED, None, frozenset({item}))
    assert names(left) == ["app-0001", "app-0001 events", "app-0001 audit"]
    assert (items, left.complete, left.whole_apps) == (None, False, frozenset({"app-0001"}))


def test_a_removed_app_leaves_nothing() -> None:
    left, _ = narrow(DECLARED, None, frozenset({app_item(app(7))}))
    assert (names(left), left.complete, left.whole_apps) == ([], False, frozenset())


def test_a_single_file_declares_no_app_whole() -> None:
    left, _ = narrow(replace(DECLARED, complete=False), None, frozenset({app_item(app(1))}))
    assert left.whole_apps == frozenset()


@pytest.mark.parametrize(
    ("touched", "left"),
    [
        pytest.param(app_item(app(2)), {"App/app-0002", "Subscription/events on App/app-0002"}, id="both"),
        pytest.param(app_item(app(1)), set(), id="nothing in common is nothing, and no error"),
    ],
)
def test_a_selection_and_a_change_narrow_each_other(touched: Item, left: set[str]) -> None:
    selected, chosen = select(DECLARED, (), {"tier": "gold"})
    found, items = narrow(selected, chosen, frozenset({touched}))
    assert {str(item) for item in items or ()} == left
    assert {each.name for each in found.apps} == {item.app for item in items or ()}
    assert found.whole_apps == frozenset(), "a selection declares no app whole"


def test_what_a_selected_app_lacks_is_not_touched_by_a_change_either() -> None:
    """With `-l` nothing is unsubscribed or reported, whether or not a change is looked at."""
    selected, chosen = select(DECLARED, (), {"tier": "gold"})
    left, _ = narrow(selected, chosen, frozenset({app_item(app(2))}))
    there = (remote(subscription(2)), EXTRA)
    found = planned(left, observed(live(2), facts=looked(2, there={2: there})))
    assert (found.foreign, found.unmanaged, found.actions) == ((), (), ())


def test_a_webhook_of_others_is_shown_on_an_app_that_is_touched() -> None:
    left, _ = narrow(DECLARED, None, frozenset({app_item(app(1))}))
    there = (THERE, remote(subscription(1, "audit"), "2"), EXTRA)
    found = planned(left, observed(live(1), live(2), facts=looked(1, there={1: there})))
    assert [str(each.item) for each in found.foreign] == ["Subscription/gitops-old on App/app-0001"]


@pytest.mark.parametrize(
    ("apps", "of", "expected"),
    [
        pytest.param(MOST_SEARCHED, None, True, id="as many as are searched in any account"),
        pytest.param(MOST_SEARCHED + 1, None, False, id="one more"),
        pytest.param(1, 5, True, id="two searches, and a list takes two pages to end"),
        pytest.param(2, 99, False, id="four searches or two pages"),
        pytest.param(2, 300, True, id="as many searches as pages"),
        pytest.param(3, 300, False, id="more searches than pages"),
        pytest.param(25, 5000, True, id="many apps of a large account"),
        pytest.param(26, 5000, False, id="too many of them"),
        pytest.param(0, 0, True, id="no app is no call"),
    ],
)
def test_apps_are_searched_if_that_takes_no_more_calls_than_the_list(
    apps: int,
    of: int | None,
    expected: bool,  # noqa: FBT001  (a row of the table)
) -> None:
    assert is_searched(apps, of) is expected
