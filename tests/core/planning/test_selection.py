"""Narrowing to what was asked for: it never widens, and an empty selection never means everything."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from controller.core.planning.selection import select
from controller.errors import Usage
from controller.model.plan import Item, Kind
from tests.builders.manifest import app, desired, subscription

GOLD = replace(app(1), labels={"tier": "gold", "land": "in"})
ALL_OF_IT = desired(
    GOLD,
    replace(app(2), labels={"tier": "gold"}),
    app(3),
    subscription(1, "events"),
    subscription(1, "audit"),
    subscription(2, "events"),
    subscription(3, "events"),
)


def texts(items: frozenset[Item] | None) -> set[str]:
    assert items is not None
    return {str(item) for item in items}


def test_an_absent_selection_selects_everything() -> None:
    assert select(ALL_OF_IT, (), {}) == (ALL_OF_IT, None)


@pytest.mark.parametrize(
    ("only", "labels", "expected"),
    [
        pytest.param(
            ["App/app-0001"],
            {},
            {
                "App/app-0001",
                "Subscription/events on App/app-0001",
                "Subscription/audit on App/app-0001",
            },
            id="an app brings its subscriptions along",
        ),
        pytest.param(
            ["Subscription/audit"],
            {},
            {"Subscription/audit on App/app-0001"},
            id="a subscription comes alone",
        ),
        pytest.param(
            ["subscription/events"],
            {},
            {f"Subscription/events on App/app-000{number}" for number in (1, 2, 3)},
            id="on every app that it selects, its kind in any case",
        ),
        pytest.param(
            ["App/app-0003", "Subscription/audit"],
            {},
            {
                "App/app-0003",
                "Subscription/events on App/app-0003",
                "Subscription/audit on App/app-0001",
            },
            id="several at once",
        ),
        pytest.param(
            [],
            {"tier": "gold", "land": "in"},
            {
                "App/app-0001",
                "Subscription/events on App/app-0001",
                "Subscription/audit on App/app-0001",
            },
            id="every label has to match",
        ),
        pytest.param(
            ["App/app-0002"],
            {"tier": "gold"},
            {"App/app-0002", "Subscription/events on App/app-0002"},
            id="a name and a label narrow each other",
        ),
        pytest.param(
            ["Subscription/events"],
            {"tier": "gold"},
            {f"Subscription/events on App/app-000{number}" for number in (1, 2)},
            id="likewise a subscription and the label of its apps",
        ),
    ],
)
def test_a_selection_narrows_the_declared_items(
    only: list[str], labels: Mapping[str, str], expected: set[str]
) -> None:
    left, items = select(ALL_OF_IT, only, labels)
    assert texts(items) == expected
    assert not left.complete
    assert {each.name for each in left.apps} == {item.app for item in items or ()}
    assert all(each.app in {app.name for app in left.apps} for each in left.subscriptions)
    kept = {Item(Kind.SUBSCRIPTION, "main", each.app, each.name) for each in left.subscriptions}
    assert kept == {item for item in items or () if item.kind is Kind.SUBSCRIPTION}


@pytest.mark.parametrize(
    ("only", "labels", "told"),
    [
        pytest.param(["App/nobody"], {}, "App/nobody matches nothing", id="no such app"),
        pytest.param(["App/ap-0001"], {}, "that is declared; did you mean App/app-0001?", id="nearly an app"),
        pytest.param(["App/app-0001", "App/nobody"], {}, "App/nobody matches nothing", id="one of two"),
        pytest.param(["Subscription/app-0001"], {}, "matches nothing", id="a name of another kind"),
        pytest.param(["App/app*"], {}, "matches nothing", id="a pattern is a name"),
        pytest.param(["App/app-0003"], {"tier": "gold"}, "matches nothing", id="an app without the label"),
        pytest.param(
            ["Subscription/audit"], {"tier": "silver"}, "matches nothing", id="on no app with the label"
        ),
        pytest.param([], {"tier": "silver"}, "-l tier=silver matches no app", id="a label that nobody has"),
        pytest.param([], {"tier": ""}, "matches no app", id="an empty value"),
        pytest.param([""], {}, "--only takes KIND/NAME", id="an empty text is not everything"),
        pytest.param(["App/"], {}, "--only takes KIND/NAME", id="nor is an empty name"),
        pytest.param(["app-0001"], {}, "--only takes KIND/NAME", id="a name alone"),
        pytest.param(["Partner/main"], {}, "--only takes KIND/NAME", id="a kind that cannot be narrowed to"),
    ],
)
def test_a_selection_that_matches_nothing_is_refused(
    only: list[str], labels: Mapping[str, str], told: str
) -> None:
    with pytest.raises(Usage) as caught:
        select(ALL_OF_IT, only, labels)
    assert told in str(caught.value)


def test_a_long_selection_is_not_repeated_whole() -> None:
    with pytest.raises(Usage) as caught:
        select(ALL_OF_IT, ["x" * 10_000], {})
    assert len(str(caught.value)) < 200
