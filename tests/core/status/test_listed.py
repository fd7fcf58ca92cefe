"""What Gupshup lists of each resource stands in its status, and stays while it cannot be read."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from controller.core.planning.matched_app import match_apps
from controller.core.status.conditions import statuses
from controller.model.plan import Item, Observed
from controller.model.status import ListedApp, Status
from controller.model.upstream import Facts, ReadFailed, Stage
from tests.builders.health import of_waba
from tests.builders.manifest import APP, WANTED, desired
from tests.builders.memory import NOW
from tests.builders.plan import ITEM, SUB, observed, planned
from tests.builders.upstream import app_id, live, looked, remote, row

DECLARED = desired(APP, WANTED)
NOTHING: Mapping[Item, Status] = {}
ROW = replace(live(1), region="IN", created=NOW - 86_400)
READ = observed(ROW, facts=looked(1, there={1: (remote(WANTED),)}))


def found(seen: Observed, before: Mapping[Item, Status] = NOTHING) -> dict[Item, Status]:
    plan = planned(DECLARED, seen)
    return {each.item: each for each in statuses(match_apps(DECLARED, plan.partner, seen), plan, before)}


def listed(seen: Observed, before: Mapping[Item, Status] = NOTHING) -> tuple[tuple[object, object], ...]:
    """Return for the app and its subscription whether it is listed, and as what."""
    both = found(seen, before)
    return tuple((both[item].is_listed, both[item].listed) for item in (ITEM, SUB))


LISTED = ListedApp(APP.app_name, APP.phone, "", "IN", NOW - 86_400, NOW)
WEBHOOK = remote(WANTED)


def test_an_app_and_its_subscription_are_as_gupshup_lists_them() -> None:
    assert listed(READ) == ((True, LISTED), (True, WEBHOOK))


def test_what_the_answer_to_a_write_showed_counts_as_listed() -> None:
    echoed = replace(remote(WANTED), echo=True)
    assert listed(observed(ROW, facts=looked(1, there={1: (echoed,)})))[1] == (True, WEBHOOK)


@pytest.mark.parametrize(
    ("seen", "app_now", "webhook_now"),
    [
        pytest.param(observed(), (False, None), (False, None), id="no longer listed"),
        pytest.param(
            observed(replace(row(1), phone=None, name="other")),
            (None, LISTED),
            (None, WEBHOOK),
            id="a row without a phone may be it",
        ),
        pytest.param(
            observed(ROW, facts=looked(1, there={1: ()})), (True, LISTED), (False, None), id="removed"
        ),
        pytest.param(
            observed(ROW, facts=Facts(health={app_id(): of_waba()})),
            (True, LISTED),
            (True, WEBHOOK),
            id="not read",
        ),
        pytest.param(
            observed(ROW, facts=looked(1, there={1: ReadFailed("500")})),
            (True, LISTED),
            (True, WEBHOOK),
            id="not readable",
        ),
    ],
)
def test_what_was_not_read_stays_as_it_was(
    seen: Observed, app_now: tuple[object, object], webhook_now: tuple[object, object]
) -> None:
    assert listed(seen, found(READ)) == (app_now, webhook_now)


def test_the_waba_is_the_one_that_gupshup_told() -> None:
    told = looked(1)
    seen = observed(ROW, facts=replace(told, health={app_id(): of_waba(APP.waba_id)}))
    now = found(seen)[ITEM].listed
    assert isinstance(now, ListedApp)
    assert now.waba == APP.waba_id


def test_without_an_earlier_read_nothing_is_known_of_a_subscription() -> None:
    assert listed(observed(ROW, facts=looked(1, there={1: ReadFailed("500")})))[1] == (None, None)


@pytest.mark.parametrize(("stage", "since"), [("STARTED", NOW), ("WABA_SETUP", NOW + 60)])
def test_a_stage_is_as_old_as_its_first_observation(stage: str, since: float) -> None:
    later = observed(replace(ROW, stage=Stage(stage)), facts=looked(1), at=NOW + 60)
    now = found(later, found(READ))[ITEM].listed
    assert isinstance(now, ListedApp)
    assert now.since == since


def test_the_stage_of_a_status_without_a_listing_is_as_old_as_the_status() -> None:
    older = {ITEM: replace(found(READ)[ITEM], listed=None)}
    now = found(observed(ROW, facts=looked(1), at=NOW + 60), older)[ITEM].listed
    assert isinstance(now, ListedApp)
    assert now.since == NOW + 60
