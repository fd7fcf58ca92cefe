"""The conditions about health: whether an app can send, whether its quality dropped, and what that is for."""

from dataclasses import replace

import pytest

from controller.core.health.quality import next_health
from controller.core.planning.matched_app import match_apps
from controller.core.planning.plan import plan
from controller.core.status.conditions import statuses
from controller.core.status.summary import summarize
from controller.model.health import AppHealth, WabaInfo
from controller.model.manifest import ReadyWhen
from controller.model.memory import Memory
from controller.model.status import Status, Truth
from controller.model.upstream import Facts, Row
from tests.builders.health import BANNED, BLOCKED, FINE, LIMITED, health
from tests.builders.manifest import APP, PARTNER, desired
from tests.builders.memory import NOW
from tests.builders.plan import observed
from tests.builders.upstream import app_id, live, row

TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
SENDABLE = replace(APP, ready_when=ReadyWhen.SENDABLE)


def standing(kept: AppHealth | None, *, seen: Row | None = None, ready_when: ReadyWhen) -> Status:
    known = Memory(health={} if kept is None else {app_id(): kept})
    facts = Facts(health={app_id(): kept} if kept else {})
    looked = observed(*((live(1),) if seen is None else (seen,)), facts=facts, known=known)
    matches = match_apps(desired(replace(APP, ready_when=ready_when)), PARTNER, looked)
    (found,) = statuses(matches, plan(matches), {})
    return found


def words(status: Status, type_: str) -> tuple[Truth, str] | None:
    condition = status.condition(type_)
    return None if condition is None else (condition.status, condition.reason)


@pytest.mark.parametrize(
    ("kept", "can_send", "ready"),
    [
        pytest.param(health(), (TRUE, "CanSend"), (TRUE, "Ready"), id="it can"),
        pytest.param(health(LIMITED), (TRUE, "SendingLimited"), (TRUE, "Ready"), id="somewhat"),
        pytest.param(health(BLOCKED), (FALSE, "SendingBlocked"), (FALSE, "NotSendable"), id="blocked"),
        pytest.param(health(BANNED), (FALSE, "AccountBanned"), (FALSE, "AccountBanned"), id="banned"),
        pytest.param(health(WabaInfo()), (UNKNOWN, "SendingUnknown"), (FALSE, "NotSendable"), id="unknown"),
        pytest.param(None, (UNKNOWN, "NotReadYet"), (FALSE, "NotSendable"), id="not read yet"),
    ],
)
def test_an_app_is_ready_when_it_is_live_or_when_it_can_send(
    kept: AppHealth | None, can_send: tuple[Truth, str], ready: tuple[Truth, str]
) -> None:
    by_default = standing(kept, ready_when=ReadyWhen.LIVE)
    assert words(by_default, "Sendable") == can_send
    assert words(by_default, "Ready") == (TRUE, "Ready")
    strict = standing(kept, ready_when=ReadyWhen.SENDABLE)
    assert words(strict, "Sendable") == can_send
    assert words(strict, "Ready") == ready
    assert words(strict, "Live") == (TRUE, "Live")
    stalled = (TRUE, "AccountBanned") if ready[1] == "AccountBanned" else None
    assert words(strict, "Stalled") == stalled
    assert strict.health == by_default.health == kept


def test_an_app_that_is_not_live_is_neither_able_to_send_nor_unable() -> None:
    assert words(standing(None, seen=row(1), ready_when=ReadyWhen.LIVE), "Sendable") == (UNKNOWN, "NotLive")
    absent = standing(None, seen=row(9), ready_when=ReadyWhen.SENDABLE)
    assert words(absent, "Sendable") == (UNKNOWN, "NotLinked")
    assert words(absent, "Ready") == (FALSE, "ChangePlanned")


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        pytest.param(["GREEN", "YELLOW"], (TRUE, "QualityYellow"), id="it fell"),
        pytest.param(["RED"], (TRUE, "QualityRed"), id="red"),
        pytest.param(["GREEN"], None, id="as it was"),
        pytest.param(["GREEN", "RED", "GREEN"], None, id="as it was before"),
    ],
)
def test_the_quality_condition_is_present_only_while_it_dropped(
    colours: list[str], expected: tuple[Truth, str] | None
) -> None:
    kept = None
    for number, colour in enumerate(colours):
        kept = next_health(kept, replace(FINE, quality=colour), NOW - 9 + number)
    found = standing(kept, ready_when=ReadyWhen.SENDABLE)
    assert words(found, "QualityDropped") == expected
    assert words(found, "Ready") == (TRUE, "Ready")


def test_a_summary_counts_apps_by_few_words_and_names_those_in_trouble() -> None:
    given = {
        "a": health(),
        "b": health(BANNED),
        "c": next_health(None, replace(BLOCKED, quality="RED"), NOW),
        "d": health(WabaInfo(can_send="SOMETIMES", quality="PURPLE")),
        "e": None,
    }
    found = [standing(kept, ready_when=ReadyWhen.LIVE) for kept in given.values()]
    named = [
        replace(each, item=replace(each.item, name=name, app=name))
        for name, each in zip(given, found, strict=True)
    ]
    summary = summarize(named)
    assert summary.sending == {"available": 1, "banned": 1, "blocked": 1, "other": 1, "unknown": 1}
    assert summary.quality == {"green": 2, "red": 1, "other": 1, "unknown": 1}
    assert [item.name for item in summary.unable] == ["b", "c"]
    assert [item.name for item in summary.dropped] == ["c"]
