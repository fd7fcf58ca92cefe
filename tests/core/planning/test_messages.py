"""What a plan and a status say, word for word: a person acts on the message, a script on the item."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from controller.core.planning.guard import guard
from controller.core.planning.matched_app import match_apps, tag_item
from controller.core.status.conditions import statuses
from controller.model.manifest import App, FromEnv, Subscription
from controller.model.memory import Binding, Intent, Memory
from controller.model.plan import Blocked, Item, Kind, Observed, Plan, Unmanaged, Verb, WaitFor, Waiting
from controller.model.status import Status, Truth
from controller.model.upstream import Facts, ReadFailed, Stage
from tests.builders.health import of_waba
from tests.builders.manifest import APP, PARTNER, WANTED, desired
from tests.builders.memory import NOW, THREE, memory, tired, written
from tests.builders.plan import ITEM, SUB, observed, planned
from tests.builders.upstream import OFF, app_id, live, looked, remote, row

HIDDEN = replace(WANTED, headers={"X-Hook": FromEnv("HOOK_SECRET")})
ON_ITS_WAY = memory(intents=[Intent(1, APP.phone, APP.app_name)])
UNCLEAR = memory(intents=[Intent(1, APP.phone, APP.app_name, NOW - 30)])
UNSET = "HOOK_SECRET is not set"
FIRST = "the list shows the app as live, and a second read has not confirmed it yet"
MAY_STILL = "a link got no clear answer and may still take effect"
HOURLY = "it was switched from outside; it is put back at most once an hour"


@pytest.mark.parametrize(
    ("seen", "entry"),
    [
        pytest.param(
            observed(known=ON_ITS_WAY),
            Waiting(Verb.LINK, ITEM, WaitFor.OUTCOME, None, "a link is on its way"),
            id="a link is on its way",
        ),
        pytest.param(
            observed(known=UNCLEAR),
            Waiting(Verb.LINK, ITEM, WaitFor.OUTCOME, NOW - 30 + 720, MAY_STILL),
            id="a link without a clear answer",
        ),
        pytest.param(
            observed(replace(row(2), phone=None)),
            Waiting(Verb.LINK, ITEM, WaitFor.PHONE, None, "an app is listed without its phone"),
            id="an app without a phone",
        ),
        pytest.param(
            observed(replace(row(1), phone=None), facts=Facts(details={app_id(1): ReadFailed("busy")})),
            Waiting(Verb.LINK, ITEM, WaitFor.PHONE, None, "an app is listed without its phone"),
            id="ours without a phone",
        ),
        pytest.param(
            observed(live(1), facts=replace(looked(1, there={1: ()}), details={})),
            Waiting(Verb.SUBSCRIBE, SUB, WaitFor.OBSERVATION, None, FIRST),
            id="live by one look alone",
        ),
        pytest.param(
            observed(
                live(1),
                facts=looked(1, there={1: (OFF,)}),
                known=memory(ledger=[written(WANTED, active_at=NOW - 60)]),
            ),
            Waiting(Verb.UPDATE, SUB, WaitFor.BACKOFF, NOW - 60 + 3600, HOURLY),
            id="switched off a minute after it was put back",
        ),
    ],
)
def test_a_waiting_entry_says_what_it_waits_for_and_why(seen: Observed, entry: Waiting) -> None:
    assert entry in planned(desired(APP, WANTED), seen).waiting


def test_an_unavailable_header_is_reported_with_its_subscription() -> None:
    seen = observed(live(1), facts=looked(1, there={1: (OFF,)}), digests={SUB: ReadFailed(UNSET)})
    assert planned(desired(APP, HIDDEN), seen).blocked == (Blocked(SUB, "HeaderUnavailable", UNSET),)


def test_a_subscription_of_ours_that_is_not_declared_is_reported_with_its_tag_and_id() -> None:
    seen = observed(live(1), facts=looked(1, there={1: (remote(WANTED),)}))
    told = planned(desired(APP), replace(seen, memory=memory(ledger=[written(WANTED)]))).unmanaged
    assert told == (Unmanaged(tag_item(APP, WANTED.tag), "1"),)


def test_fields_that_no_update_changes_are_reported_one_by_one() -> None:
    moved = replace(OFF, url="https://elsewhere.example.com")
    seen = observed(
        live(1),
        facts=looked(1, there={1: (moved,)}),
        known=tired(WANTED),
    )
    (blocked,) = planned(desired(APP, WANTED), seen).blocked
    assert blocked.message == (
        f"{THREE}: url stays https://elsewhere.example.com, not {WANTED.url}; active stays false, not true"
    )


def standing(seen: Observed, *declared: App | Subscription) -> dict[Item, Status]:
    wanted = desired(*(declared or (APP, WANTED)))
    agreed: Plan = guard(planned(wanted, seen), wanted, frozenset())
    return {each.item: each for each in statuses(match_apps(wanted, agreed.partner, seen), agreed, {})}


def told(status: Status) -> Sequence[tuple[str, Truth, str, str]]:
    return [(each.type, each.status, each.reason, each.message) for each in status.conditions]


TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def test_a_blocked_app_shows_its_reason_in_each_condition_concerned() -> None:
    seen = observed(row(2), replace(row(3), name=APP.app_name))
    why = planned(desired(APP, WANTED), seen).blocked[0].message
    found = standing(seen)
    first = f"{ITEM} is blocked"
    assert told(found[ITEM]) == [
        ("Linked", FALSE, "NameTakenByOtherPhone", why),
        ("Live", UNKNOWN, "NotLinked", ""),
        ("Subscribed", FALSE, "AwaitingLive", first),
        ("Sendable", UNKNOWN, "NotLinked", ""),
        ("Synced", FALSE, "NameTakenByOtherPhone", why),
        ("Ready", FALSE, "NameTakenByOtherPhone", why),
        ("Stalled", TRUE, "NameTakenByOtherPhone", why),
    ]
    assert told(found[SUB]) == [
        ("Synced", FALSE, "AwaitingLive", first),
        ("Ready", FALSE, "AwaitingLive", first),
        ("Reconciling", TRUE, "AwaitingLive", first),
    ]
    assert (found[ITEM].app_id, found[ITEM].stage, found[ITEM].revision) == (None, "", "r1")


def test_an_app_without_a_known_phone_shows_what_it_waits_for() -> None:
    why = "an app is listed without its phone"
    assert told(standing(observed(replace(row(1), phone=None)))[ITEM]) == [
        ("Linked", UNKNOWN, "AwaitingPhone", why),
        ("Live", UNKNOWN, "NotLinked", ""),
        ("Subscribed", FALSE, "AwaitingLive", ""),
        ("Sendable", UNKNOWN, "NotLinked", ""),
        ("Synced", FALSE, "AwaitingPhone", why),
        ("Ready", FALSE, "AwaitingPhone", why),
        ("Reconciling", TRUE, "AwaitingPhone", why),
    ]


def test_a_planned_change_is_shown_as_planned_in_conditions() -> None:
    seen = observed(live(1), facts=looked(1, there={1: (OFF,)}))
    found = standing(seen)
    planned_ = ("ChangePlanned", "update is planned")
    assert told(found[SUB]) == [
        ("Synced", FALSE, *planned_),
        ("Ready", FALSE, *planned_),
        ("Reconciling", TRUE, *planned_),
    ]
    assert ("Subscribed", FALSE, *planned_) in told(found[ITEM])


@pytest.mark.parametrize(
    ("stage", "word", "words"),
    [
        pytest.param(Stage("STARTED", "WABA_SETUP"), "WABA_SETUP", "STARTED, WABA_SETUP", id="both"),
        pytest.param(Stage("STARTED"), "STARTED", "STARTED, no pipeline stage", id="no pipeline stage"),
        pytest.param(
            Stage(None, "WABA_SETUP"), "WABA_SETUP", "no stage, WABA_SETUP", id="a pipeline stage alone"
        ),
        pytest.param(Stage(), "", "no stage, no pipeline stage", id="neither"),
        pytest.param(Stage("ERROR", "WABA_SETUP"), "ERROR", "ERROR, WABA_SETUP", id="it gave up"),
    ],
)
def test_the_stage_of_an_app_is_shown_in_gupshups_words(stage: Stage, word: str, words: str) -> None:
    found = standing(observed(replace(row(1), stage=stage)))[ITEM]
    assert found.stage == word
    linked, is_live, *_ = told(found)
    assert linked == ("Linked", TRUE, "Linked", f"app {app_id(1)}")
    assert is_live[3] == words


def test_a_blocked_subscription_stalls_its_app_and_a_blocked_app_comes_first() -> None:
    seen = observed(live(1), facts=looked(1, there={1: (OFF,)}), digests={SUB: ReadFailed(UNSET)})
    assert ("Stalled", TRUE, "HeaderUnavailable", UNSET) in told(standing(seen, APP, HIDDEN)[ITEM])
    lost = observed(known=memory(bindings=[Binding(APP.phone, app_id(), NOW - 9999)]))
    assert told(standing(lost)[ITEM])[-1][:3] == ("Stalled", TRUE, "AppLost")


def test_conditions_have_the_date_and_revision_of_their_pass() -> None:
    found = standing(observed(live(1), facts=looked(1, there={1: (remote(WANTED),)}), known=Memory()))
    for status in found.values():
        assert (status.revision, status.at, status.app_id) == ("r1", NOW, app_id(1))
        assert {(each.since, each.revision) for each in status.conditions} == {(NOW, "r1")}


def test_an_app_of_another_waba_is_reported_with_both_wabas() -> None:
    facts = replace(looked(1), health={app_id(1): of_waba("999")})
    plan = planned(desired(APP, WANTED), observed(live(1), facts=facts))
    why = f"app {app_id(1)} belongs to WABA 999, not {APP.waba_id}; correct the manifest, or, if the "
    why += "customer has moved to that WABA, ask Gupshup to end this app"
    assert plan.blocked == (Blocked(ITEM, "WabaMismatch", why),)
    assert plan.waiting == (Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE, None, f"{ITEM} is blocked"),)


def test_an_overdue_app_is_reported_with_its_stage() -> None:
    late = replace(row(1), created=NOW - 99 * 86_400)
    (blocked,) = planned(desired(APP), observed(late)).blocked
    assert (blocked.item, blocked.reason) == (ITEM, "ProvisioningTimeout")
    assert "(STARTED, WABA_SETUP)" in blocked.message


def test_an_unmanaged_app_is_reported_with_its_name_and_id() -> None:
    plan = planned(desired(APP), observed(live(1), row(2), facts=looked(1)))
    assert plan.unmanaged == (Unmanaged(Item(Kind.APP, PARTNER.name, "Name0002", "Name0002"), app_id(2)),)


def test_a_bound_app_that_is_not_listed_says_that_it_is_waited_for() -> None:
    known = memory(bindings=[Binding(APP.phone, app_id(), NOW - 5)])
    why = "bound before, not in this list"
    until = NOW - 5 + PARTNER.settle.stale_list
    assert planned(desired(APP), observed(known=known)).waiting == (
        Waiting(Verb.LINK, ITEM, WaitFor.LIST, until, why),
    )


def test_ambiguous_apps_are_reported_one_by_one() -> None:
    other = replace(row(2), name=APP.app_name)
    (blocked,) = planned(desired(APP), observed(row(1), other)).blocked
    assert blocked == Blocked(
        ITEM,
        "Ambiguous",
        f"more than one app fits: {app_id(1)} ({APP.app_name}, phone 91******0001), "
        f"{app_id(2)} ({APP.app_name}, phone 91******0002); name the right one by spec.appId",
    )


def test_an_open_link_of_the_phone_is_reported_before_one_of_the_name() -> None:
    mine = Intent(2, APP.phone, "Other", NOW - 30, unclear=3)
    named = Intent(1, "15550001111", APP.app_name)
    plan = planned(desired(APP), observed(known=memory(intents=[named, mine])))
    assert [each.reason for each in plan.blocked] == ["CreateOutcomeUnknown"]
