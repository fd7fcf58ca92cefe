"""Foreign webhooks in statuses: an alarm lasts while one is not allowed, whatever could be read meanwhile."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from controller.core.planning.matched_app import match_apps, tag_item
from controller.core.status.conditions import statuses
from controller.core.status.summary import summarize
from controller.model.manifest import Desired, Partner, WebhookPolicy
from controller.model.plan import Foreign, Item, Observed
from controller.model.status import Status, Truth
from controller.model.upstream import Facts, ReadFailed
from tests.builders.health import of_waba
from tests.builders.manifest import APP, PARTNER, WANTED, app, desired, subscription
from tests.builders.memory import NOW
from tests.builders.plan import ITEM, observed, planned
from tests.builders.status import status_of
from tests.builders.upstream import app_id, live, looked, remote, row

STRICT = replace(PARTNER, webhooks=WebhookPolicy(("hooks.example.com",)))
THEIRS = replace(remote(subscription(1, "theirs"), "9"), url="https://hooks.example.org/x")
TOLD = Foreign(tag_item(APP, "theirs"), "9", "hooks.example.org", ("SENT", "READ"), 3, allowed=False)
NOTHING: Mapping[Item, Status] = {}
ALARMED = {ITEM: replace(status_of(ITEM), foreign=(TOLD,))}
READ = observed(live(1), facts=looked(1, there={1: (THEIRS,)}))
GONE = observed(live(1), facts=looked(1, there={1: ()}))
UNREAD = observed(live(1), facts=Facts(health={app_id(1): of_waba()}))
FAILED = observed(live(1), facts=looked(1, there={1: ReadFailed("500")}))
ELSEWHERE = observed(row(2))


def found(
    seen: Observed,
    before: Mapping[Item, Status] = NOTHING,
    partner: Partner = STRICT,
    declared: Desired | None = None,
) -> Status:
    source = declared or desired(APP)
    matches = match_apps(source, partner, seen)
    return next(
        each
        for each in statuses(matches, planned(source, seen, partner=partner), before)
        if each.item == ITEM
    )


def test_a_webhook_that_is_not_allowed_is_a_condition_of_its_app() -> None:
    status = found(READ)
    assert status.foreign == (TOLD,)
    condition = status.condition("ForeignWebhook")
    assert condition is not None
    assert (condition.status, condition.reason, condition.since) == (Truth.TRUE, "HostNotAllowed", NOW)
    assert "theirs (hooks.example.org)" in condition.message
    ready = status.condition("Ready")
    assert ready is not None
    assert ready.status is Truth.TRUE, "the app itself is as declared"


def test_without_a_list_it_is_shown_and_alarms_nobody() -> None:
    status = found(READ, partner=PARTNER)
    assert status.foreign == (replace(TOLD, allowed=True),)
    assert status.condition("ForeignWebhook") is None


@pytest.mark.parametrize(
    ("seen", "declared", "partner", "foreign"),
    [
        pytest.param(READ, None, STRICT, [False], id="read again"),
        pytest.param(GONE, None, STRICT, [], id="gone"),
        pytest.param(UNREAD, None, STRICT, [False], id="not read in this pass"),
        pytest.param(FAILED, None, STRICT, [False], id="a read that failed ends no alarm"),
        pytest.param(UNREAD, None, PARTNER, [True], id="its host was allowed meanwhile"),
        pytest.param(
            UNREAD, desired(APP, subscription(1, "theirs")), STRICT, [], id="it was declared meanwhile"
        ),
        pytest.param(
            READ, desired(APP, complete=False), STRICT, [False], id="a narrowed source says nothing"
        ),
        pytest.param(ELSEWHERE, None, STRICT, [], id="the app is gone"),
    ],
)
def test_an_alarm_lasts_until_a_read_ends_it(
    seen: Observed, declared: Desired | None, partner: Partner, foreign: list[bool]
) -> None:
    status = found(seen, ALARMED, partner, declared)
    assert [each.allowed for each in status.foreign] == foreign
    assert (status.condition("ForeignWebhook") is not None) is (False in foreign)


def test_the_webhooks_of_one_app_are_not_another_ones() -> None:
    seen = observed(live(1), live(2), facts=looked(1, 2, there={1: (THEIRS,)}))
    source = desired(APP, app(2), WANTED)
    matches = match_apps(source, STRICT, seen)
    by_item = {
        each.item: each.foreign for each in statuses(matches, planned(source, seen, partner=STRICT), {})
    }
    assert {item.name: len(foreign) for item, foreign in by_item.items()} == {
        "app-0001": 1,
        "app-0002": 0,
        "events": 0,
    }


def test_a_summary_counts_the_webhooks_that_are_not_allowed() -> None:
    fine, other = replace(TOLD, allowed=True), replace(TOLD, id="10")
    alarmed = found(READ)
    counted = summarize(
        (replace(alarmed, foreign=(TOLD, fine, other)), replace(status_of("b"), foreign=(fine,)))
    )
    assert (counted.foreign_webhooks, list(counted.foreign)) == (2, [ITEM])
