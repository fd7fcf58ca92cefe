"""Causes: what a change does, what somebody did at Gupshup, and what was on its way before."""

from dataclasses import replace

import pytest

from controller.core.planning.actions import Provisioning, Unverifiable
from controller.core.planning.changes.causes import Cause, Caused, cause
from controller.core.planning.matched_app import app_item, tag_item
from controller.model.plan import (
    Blocked,
    HeldChange,
    Item,
    Link,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from tests.builders.manifest import APP, CALLBACK, WANTED, app, desired
from tests.builders.memory import memory, written
from tests.builders.plan import ITEM, SUB, observed, planned
from tests.builders.upstream import EXTRA, MOVED, app_id, live, looked

UPDATE = Update(WANTED, app_id(), MOVED, {}, drift=False)
BACK, ANEW = replace(UPDATE, drift=True), Subscribe(WANTED, app_id(), drift=True)
LEAVE = Unsubscribe(APP, app_id(), EXTRA)
WAITS = Waiting(Verb.UPDATE, SUB, WaitFor.POLICY)
NOTHING: frozenset[Item] = frozenset()


@pytest.mark.parametrize(
    ("entry", "whole", "before"),
    [
        pytest.param(Link(APP), Cause.CHANGE, Cause.PROGRESS, id="a link"),
        pytest.param(SetCallback(APP, app_id(), CALLBACK), Cause.CHANGE, Cause.PROGRESS, id="a callback"),
        pytest.param(Subscribe(WANTED, app_id()), Cause.CHANGE, Cause.PROGRESS, id="a subscription"),
        pytest.param(ANEW, Cause.DRIFT, Cause.DRIFT, id="one that somebody removed"),
        pytest.param(UPDATE, Cause.CHANGE, Cause.PROGRESS, id="an update"),
        pytest.param(BACK, Cause.DRIFT, Cause.DRIFT, id="one that puts drift back"),
        pytest.param(LEAVE, Cause.CHANGE, Cause.PROGRESS, id="a removal"),
        pytest.param(HeldChange(UPDATE, "maxUpdates"), Cause.CHANGE, Cause.PROGRESS, id="a held update"),
        pytest.param(HeldChange(BACK, "maxUpdates"), Cause.DRIFT, Cause.DRIFT, id="held drift"),
        pytest.param(WAITS, Cause.PROGRESS, Cause.PROGRESS, id="what waits"),
        pytest.param(replace(WAITS, effect=BACK), Cause.DRIFT, Cause.DRIFT, id="drift that waits"),
        pytest.param(replace(WAITS, effect=WANTED), Cause.PROGRESS, Cause.PROGRESS, id="what waits to be"),
        pytest.param(Blocked(SUB, "R", "m"), Cause.CHANGE, Cause.PROGRESS, id="what is blocked"),
        pytest.param(Blocked(SUB, "R", "m", BACK), Cause.DRIFT, Cause.DRIFT, id="blocked drift"),
        pytest.param(
            Blocked(ITEM, "R", "m", APP, drift=True), Cause.DRIFT, Cause.DRIFT, id="an app renamed by hand"
        ),
        pytest.param(Provisioning(ITEM), Cause.PROGRESS, Cause.PROGRESS, id="provisioning"),
        pytest.param(Unverifiable(SUB), Cause.CHANGE, Cause.PROGRESS, id="what cannot be verified"),
    ],
)
def test_the_cause_of_an_entry(entry: Caused, whole: Cause, before: Cause) -> None:
    """*whole*: without a change to look at; *before*: the change touches something else; else it is it."""
    assert cause(entry, None) is whole
    assert cause(entry, NOTHING) is before
    assert cause(entry, frozenset({app_item(app(2))})) is before
    assert cause(entry, frozenset({ITEM, SUB, tag_item(APP, EXTRA.tag)})) is Cause.CHANGE


def test_a_change_of_an_app_is_the_cause_of_what_it_lets_be_removed() -> None:
    """No manifest names a removed webhook: its app's policy is what the change touched."""
    touched = frozenset({ITEM})
    assert cause(LEAVE, touched) is Cause.CHANGE
    assert cause(HeldChange(LEAVE, "maxUnsubscribes"), touched) is Cause.CHANGE
    assert cause(UPDATE, touched) is Cause.PROGRESS, "it touches no subscription that is declared"


@pytest.mark.parametrize(
    ("last", "drift"),
    [
        pytest.param([written(WANTED)], True, id="written as declared, so somebody removed it"),
        pytest.param([], False, id="never written from here"),
        pytest.param(
            [written(replace(WANTED, url="https://old.example.com"))], False, id="written otherwise before"
        ),
    ],
)
def test_a_missing_subscription_is_drift_if_it_was_written_as_declared(
    last: list[object],
    drift: bool,  # noqa: FBT001  (a row of the table)
) -> None:
    known = memory(ledger=last)  # type: ignore[arg-type]  # rows of the ledger, or none
    found = planned(desired(APP, WANTED), observed(live(), facts=looked(1), known=known))
    assert found.actions == (Subscribe(WANTED, app_id(), drift=drift),)
