"""Alerts about health: apps that cannot send, numbers whose quality dropped, each of them once."""

import pytest

from controller.core.alerts.detect import QUICKLY, SOON, Alert, AlertKind, detect_alerts
from controller.core.alerts.group import Phase, update_groups
from controller.core.render.alerts import notice
from controller.core.status.summary import summarize
from controller.model.status import Condition
from tests.builders.memory import NOW
from tests.builders.passes import GOOD, MAIN
from tests.builders.status import FALSE, TRUE, UNKNOWN, condition, item_named, status_of

BANNED = condition("Sendable", FALSE, "AccountBanned", message="account BANNED")
BLOCKED = condition("Sendable", FALSE, "SendingBlocked", message="141006: no payment method")
DROPPED = condition("QualityDropped", TRUE, "QualityRed", message="it is RED")
STALLED = condition("Stalled", TRUE, "AccountBanned")
NOT_READY = condition("Ready", FALSE, "NotSendable")


def found(*conditions: Condition, lost: bool = False) -> list[Alert]:
    summary = summarize([status_of("acme", *conditions)])
    missed = [item_named("acme")] if lost else []
    return list(detect_alerts(GOOD, [MAIN], {}, {"main": summary}, missed))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param([BANNED], [(AlertKind.SENDING, "AccountBanned")], id="banned"),
        pytest.param([BLOCKED], [(AlertKind.SENDING, "SendingBlocked")], id="blocked"),
        pytest.param([DROPPED], [(AlertKind.QUALITY, "QualityRed")], id="quality dropped"),
        pytest.param(
            [BANNED, DROPPED],
            [(AlertKind.SENDING, "AccountBanned"), (AlertKind.QUALITY, "QualityRed")],
            id="both",
        ),
        pytest.param([BANNED, STALLED], [(AlertKind.STALLED, "AccountBanned")], id="a ban that stalls"),
        pytest.param(
            [BANNED, condition("Stalled", TRUE, "WabaMismatch")],
            [(AlertKind.STALLED, "WabaMismatch"), (AlertKind.SENDING, "AccountBanned")],
            id="stalled for another reason",
        ),
        pytest.param([condition("Sendable", UNKNOWN, "SendingUnknown")], [], id="unknown is no alarm"),
        pytest.param([condition("Sendable", TRUE, "SendingLimited")], [], id="limited is none either"),
        pytest.param([BLOCKED, NOT_READY], [(AlertKind.SENDING, "SendingBlocked")], id="not ready for it"),
    ],
)
def test_health_alerts_about_an_app(
    conditions: list[Condition], expected: list[tuple[AlertKind, str]]
) -> None:
    alerts = found(*conditions, lost=True)
    assert [(each.topic, each.reason) for each in alerts] == expected
    assert {(each.subject, each.since) for each in alerts} <= {("acme", NOW)}
    urgent = {each.topic for each in alerts if each.patience == QUICKLY}
    ours = {AlertKind.SENDING} | ({AlertKind.STALLED} if STALLED in conditions else set())
    assert urgent == ours & {each.topic for each in alerts}
    assert {each.patience for each in alerts if each.topic not in urgent} <= {SOON}


def test_a_health_alert_is_notified_once_and_its_end_as_well() -> None:
    first = update_groups({}, found(BANNED), NOW, began=NOW)
    later = update_groups(first.groups, found(BANNED), NOW + SOON, began=NOW)
    again = update_groups(later.groups, found(BANNED), NOW + 2 * SOON, began=NOW)
    calm = update_groups(again.groups, [], NOW + 300, began=NOW)
    over = update_groups(calm.groups, [], NOW + 600, began=NOW)
    told = [each.what for update in (first, later, again, calm, over) for each in update.notifications]
    assert told == [Phase.FIRING, Phase.RESOLVED]


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (BANNED, "1 app of partner main cannot send: AccountBanned"),
        (DROPPED, "1 app of partner main dropped in quality: QualityRed"),
    ],
)
def test_health_alerts_have_their_titles(given: Condition, title: str) -> None:
    first = update_groups({}, found(given), NOW, began=NOW)
    (notification,) = update_groups(first.groups, found(given), NOW + SOON, began=NOW).notifications
    said = notice([notification], NOW)
    assert said.title == title
    assert given.message in said.body
