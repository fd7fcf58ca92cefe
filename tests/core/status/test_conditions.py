"""The conditions of every resource: true only while they are, and dated from when they became so."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from controller.core.planning.callbacks import CALLBACK_NOT_SUPPORTED, PARTNER_KEY
from controller.core.planning.digest import callback_key, of_callback, of_subscription
from controller.core.planning.guard import guard
from controller.core.planning.matched_app import app_item, match_apps, subscription_item
from controller.core.status.conditions import statuses
from controller.model.manifest import App, Count, Desired, FromEnv, Guards, Partner, Policy, Subscription
from controller.model.memory import Binding, Memory, Refusal
from controller.model.plan import Item, Observed, Plan, Request, Verb, WaitFor, Waiting
from controller.model.status import Condition, Status, Truth
from controller.model.upstream import Facts, Row, Stage
from tests.builders.manifest import APP, CALLBACK, PARTNER, WANTED, app, desired, subscription
from tests.builders.memory import KEYED, NOW, memory, tired, written
from tests.builders.plan import ITEM, SUB, observed, planned
from tests.builders.upstream import app_id, live, looked, remote, row

DECLARED = desired(APP, WANTED)
THERE = looked(1, there={1: (remote(WANTED),)})
MOVED = looked(1, there={1: (replace(remote(WANTED), url="https://elsewhere.example.com"),)})
TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
BEFORE: Mapping[Item, Status] = {}


def standing(
    declared: Desired,
    seen: Observed,
    previous: Mapping[Item, Status] = BEFORE,
    partner: Partner = PARTNER,
) -> dict[Item, Status]:
    plan = guard(planned(declared, seen, Request(), partner), declared, frozenset())
    return {each.item: each for each in statuses(match_apps(declared, plan.partner, seen), plan, previous)}


def words(status: Status) -> dict[str, tuple[Truth, str]]:
    return {each.type: (each.status, each.reason) for each in status.conditions}


def test_all_conditions_are_true_if_everything_is_as_declared() -> None:
    found = standing(DECLARED, observed(live(1), facts=THERE))
    assert words(found[ITEM]) == {
        "Linked": (TRUE, "Linked"),
        "Live": (TRUE, "Live"),
        "Subscribed": (TRUE, "Subscribed"),
        "Sendable": (UNKNOWN, "SendingUnknown"),
        "Synced": (TRUE, "AsDeclared"),
        "Ready": (TRUE, "Ready"),
    }
    assert words(found[SUB]) == {"Synced": (TRUE, "AsDeclared"), "Ready": (TRUE, "Ready")}
    assert (found[ITEM].app_id, found[ITEM].stage, found[ITEM].at) == (app_id(), "STARTED", NOW)
    assert {each.revision for status in found.values() for each in status.conditions} == {"r1"}


CALLED = desired(replace(APP, callback_url=CALLBACK), WANTED)
UNSUPPORTED = memory(refusals=[Refusal(PARTNER_KEY, "", CALLBACK_NOT_SUPPORTED, "404", NOW, 3, NOW + 9)])
LOST_TAG = Refusal(written(WANTED).key, of_subscription(WANTED), "Rejected", "no", NOW)


def test_a_callback_that_is_not_supported_leaves_all_else_of_an_app_true() -> None:
    seen = observed(live(1), facts=THERE, known=UNSUPPORTED, digests={ITEM: KEYED})
    found = standing(CALLED, seen)
    assert words(found[ITEM]) == {
        "Linked": (TRUE, "Linked"),
        "Live": (TRUE, "Live"),
        "Subscribed": (TRUE, "Subscribed"),
        "Sendable": (UNKNOWN, "SendingUnknown"),
        "Synced": (FALSE, CALLBACK_NOT_SUPPORTED),
        "Ready": (FALSE, CALLBACK_NOT_SUPPORTED),
        "Stalled": (TRUE, CALLBACK_NOT_SUPPORTED),
    }
    assert words(found[SUB]) == {"Synced": (TRUE, "AsDeclared"), "Ready": (TRUE, "Ready")}


def test_a_blocked_subscription_is_graver_than_a_callback_that_is_not_supported() -> None:
    known = replace(UNSUPPORTED, refusals={**UNSUPPORTED.refusals, LOST_TAG.key: LOST_TAG})
    found = standing(CALLED, observed(live(1), facts=looked(1), known=known, digests={ITEM: KEYED}))
    assert {name: word for name, word in words(found[ITEM]).items() if name not in {"Linked", "Live"}} == {
        "Subscribed": (FALSE, "Rejected"),
        "Sendable": (UNKNOWN, "SendingUnknown"),
        "Synced": (FALSE, "Rejected"),
        "Ready": (FALSE, "Rejected"),
        "Stalled": (TRUE, "Rejected"),
    }


def test_another_block_of_the_app_is_graver_than_its_subscription() -> None:
    refused = Refusal(callback_key(app_id()), of_callback(CALLBACK), "Forbidden", "no", NOW)
    known = memory(refusals=[refused, LOST_TAG])
    found = standing(CALLED, observed(live(1), facts=looked(1), known=known, digests={ITEM: KEYED}))
    assert (words(found[ITEM])["Ready"], words(found[ITEM])["Stalled"]) == (
        (FALSE, "Forbidden"),
        (TRUE, "Forbidden"),
    )


def test_an_app_without_subscriptions_is_ready_when_it_is_live() -> None:
    found = standing(desired(APP), observed(live(1)))
    assert words(found[ITEM])["Subscribed"] == (TRUE, "NothingDeclared")
    assert words(found[ITEM])["Ready"] == (TRUE, "Ready")


def expected(  # a row of docs/lifecycle.md
    linked: tuple[Truth, str],
    is_live: tuple[Truth, str],
    subscribed: tuple[Truth, str],
    synced: tuple[Truth, str],
    moving: tuple[str, str],
) -> dict[str, tuple[Truth, str]]:
    return {
        "Linked": linked,
        "Live": is_live,
        "Subscribed": subscribed,
        "Sendable": (UNKNOWN, sendable(linked, is_live)),
        "Synced": synced,
        "Ready": synced,
        moving[0]: (TRUE, moving[1]),
    }


def sendable(linked: tuple[Truth, str], is_live: tuple[Truth, str]) -> str:
    if is_live[1] == "NotLinked":
        return "NotLinked"
    return "SendingUnknown" if (linked, is_live) == ((TRUE, "Linked"), (TRUE, "Live")) else "NotLive"


WAITS = (FALSE, "AwaitingLive")


@pytest.mark.parametrize(
    ("rows", "facts", "known", "conditions"),
    [
        pytest.param(
            [],
            Facts(),
            Memory(),
            expected(
                (FALSE, "NotLinked"),
                (UNKNOWN, "NotLinked"),
                WAITS,
                (FALSE, "ChangePlanned"),
                ("Reconciling", "ChangePlanned"),
            ),
            id="not linked yet",
        ),
        pytest.param(
            [replace(row(1), phone=None)],
            Facts(),
            Memory(),
            expected(
                (UNKNOWN, "AwaitingPhone"),
                (UNKNOWN, "NotLinked"),
                WAITS,
                (FALSE, "AwaitingPhone"),
                ("Reconciling", "AwaitingPhone"),
            ),
            id="nobody knows yet",
        ),
        pytest.param(
            [],
            Facts(),
            memory(bindings=[Binding(APP.phone, app_id(), NOW - 9999)]),
            expected(
                (FALSE, "AppLost"), (UNKNOWN, "NotLinked"), WAITS, (FALSE, "AppLost"), ("Stalled", "AppLost")
            ),
            id="lost",
        ),
        pytest.param(
            [row(1)],
            Facts(),
            Memory(),
            expected(
                (TRUE, "Linked"), (FALSE, "Provisioning"), WAITS, WAITS, ("Reconciling", "AwaitingLive")
            ),
            id="linked and on its way",
        ),
        pytest.param(
            [replace(row(1), stage=Stage("ERROR"))],
            Facts(),
            Memory(),
            expected(
                (TRUE, "Linked"),
                (FALSE, "Failed"),
                WAITS,
                (FALSE, "ProvisioningFailed"),
                ("Stalled", "ProvisioningFailed"),
            ),
            id="given up",
        ),
        pytest.param(
            [live(1)],
            looked(1),
            Memory(),
            expected(
                (TRUE, "Linked"),
                (TRUE, "Live"),
                (FALSE, "ChangePlanned"),
                (FALSE, "ChangePlanned"),
                ("Reconciling", "ChangePlanned"),
            ),
            id="live, and to be subscribed",
        ),
        pytest.param(
            [live(1)],
            MOVED,
            tired(WANTED),
            expected(
                (TRUE, "Linked"),
                (TRUE, "Live"),
                (FALSE, "WillNotConverge"),
                (FALSE, "WillNotConverge"),
                ("Stalled", "WillNotConverge"),
            ),
            id="a subscription of it will not converge",
        ),
    ],
)
def test_an_app_in_provisioning_is_reconciling(
    rows: list[Row], facts: Facts, known: Memory, conditions: dict[str, tuple[Truth, str]]
) -> None:
    assert words(standing(DECLARED, observed(*rows, facts=facts, known=known))[ITEM]) == conditions


def test_an_app_in_provisioning_without_subscriptions_is_not_ready() -> None:
    found = words(standing(desired(APP), observed(row(1)))[ITEM])
    assert found["Ready"] == (FALSE, "Provisioning")
    assert found["Reconciling"] == (TRUE, "Provisioning")
    assert "Stalled" not in found


@pytest.mark.parametrize(
    ("declared", "wanted", "known", "partner", "reason", "state"),
    [
        pytest.param(
            APP, WANTED, Memory(), PARTNER, "ChangePlanned", "Reconciling", id="an update is planned"
        ),
        pytest.param(
            APP,
            WANTED,
            tired(WANTED),
            PARTNER,
            "WillNotConverge",
            "Stalled",
            id="it will not converge",
        ),
        pytest.param(
            replace(APP, policies=frozenset[Policy]()),
            WANTED,
            Memory(),
            PARTNER,
            "NotAllowedByPolicy",
            "Reconciling",
            id="a policy is missing",
        ),
        pytest.param(
            APP,
            WANTED,
            Memory(),
            replace(PARTNER, guards=Guards(max_updates=Count(0))),
            "Held",
            "",
            id="a guard holds it, and nothing moves",
        ),
    ],
)
def test_a_subscription_that_differs_is_not_synced(
    declared: App, wanted: Subscription, known: Memory, partner: Partner, reason: str, state: str
) -> None:
    seen = observed(live(1), facts=MOVED, known=known)
    found = standing(desired(declared, wanted), seen, partner=partner)[SUB]
    assert words(found) == {
        "Synced": (FALSE, reason),
        "Ready": (FALSE, reason),
        **({state: (TRUE, reason)} if state else {}),
    }
    assert found.app_id == app_id()


NO_LINKS = replace(PARTNER, guards=Guards(max_links=Count(0)))
NO_UPDATES = replace(PARTNER, guards=Guards(max_updates=Count(0)))


def test_an_app_whose_link_is_held_and_its_subscriptions_are_held_and_do_not_reconcile() -> None:
    found = standing(DECLARED, observed(), partner=NO_LINKS)
    for item in (ITEM, SUB):
        assert words(found[item])["Ready"] == (FALSE, "Held")
        assert not {"Reconciling", "Stalled"} & words(found[item]).keys()
    assert words(found[ITEM])["Subscribed"] == (FALSE, "Held")


def test_an_app_with_a_held_subscription_is_held_and_reconciling_only_while_something_moves() -> None:
    found = standing(DECLARED, observed(live(1), facts=MOVED), partner=NO_UPDATES)
    assert words(found[ITEM])["Ready"] == (FALSE, "Held")
    assert not {"Reconciling", "Stalled"} & words(found[ITEM]).keys()
    two = desired(APP, subscription(1, "a-new-one"), WANTED)
    found = standing(two, observed(live(1), facts=MOVED), partner=NO_UPDATES)
    assert words(found[ITEM])["Ready"] == (FALSE, "Held"), "what needs a person comes first"
    assert words(found[ITEM])["Reconciling"] == (TRUE, "ChangePlanned")


def test_a_held_callback_of_an_app_in_provisioning_leaves_the_app_reconciling() -> None:
    declared = desired(replace(APP, callback_url=CALLBACK), WANTED)
    found = standing(declared, observed(row(1), digests={ITEM: "keyed:1"}), partner=NO_UPDATES)
    assert words(found[ITEM])["Ready"] == (FALSE, "Held")
    assert words(found[ITEM])["Reconciling"] == (TRUE, "AwaitingLive")
    assert words(found[SUB])["Ready"] == (FALSE, "AwaitingLive"), "it does not wait for the callback"


def test_a_blocked_subscription_is_graver_than_a_held_one() -> None:
    lost = subscription(1, "lost")
    known = memory(refusals=[Refusal(written(lost).key, of_subscription(lost), "Rejected", "no", NOW)])
    for tag in ("a", "z"):  # whichever comes first
        moved = subscription(1, tag)
        there = looked(1, there={1: (replace(remote(moved), url="https://elsewhere.example.com"),)})
        seen = observed(live(1), facts=there, known=known)
        found = words(standing(desired(APP, moved, lost), seen, partner=NO_UPDATES)[ITEM])
        assert found["Stalled"] == (TRUE, "Rejected")
        assert found["Ready"] == (FALSE, "Rejected")


def test_conditions_name_the_guard_that_holds_a_change() -> None:
    partner = replace(PARTNER, guards=Guards(max_updates=Count(0)))
    found = standing(DECLARED, observed(live(1), facts=MOVED), partner=partner)[SUB]
    condition = found.condition("Synced")
    assert condition is not None
    assert condition.message == "guard maxUpdates: 1 planned, 0 allowed"


@pytest.mark.parametrize(
    ("declared", "item"),
    [
        pytest.param(replace(WANTED, headers={"X-Hook": FromEnv("HOOK_A")}), SUB, id="headers"),
        pytest.param(replace(APP, callback_url=CALLBACK), ITEM, id="a callback"),
    ],
)
def test_a_value_neither_written_nor_read_is_unknown_in_conditions(
    declared: App | Subscription, item: Item
) -> None:
    things = (APP, declared) if item is SUB else (declared, WANTED)
    seen = observed(live(1), facts=THERE, digests={item: "keyed:1"})
    left = planned(desired(*things), seen, Request(resend=False))
    found = {each.item: each for each in statuses(match_apps(desired(*things), left.partner, seen), left, {})}
    assert words(found[item])["Synced"] == words(found[item])["Ready"] == (UNKNOWN, "Unverifiable")
    assert words(found[ITEM])["Ready"] == (UNKNOWN, "Unverifiable"), "an app is ready with all that it has"
    goes = standing(desired(*things), seen)
    assert words(goes[item])["Synced"] == (FALSE, "ChangePlanned")


@pytest.mark.parametrize("changed", [replace(APP, app_name="Renamed"), replace(APP, phone="911234567890")])
def test_a_bound_app_is_shown_although_its_manifest_no_longer_matches(changed: App) -> None:
    known = memory(bindings=[Binding(APP.phone, app_id(1))])
    found = standing(desired(changed, WANTED), observed(live(1), facts=THERE, known=known))
    assert {each.app_id for each in found.values()} == {app_id(1)}
    told = words(found[ITEM])
    assert (told["Linked"], told["Live"]) == ((TRUE, "Linked"), (TRUE, "Live"))
    assert {told[each][0] for each in ("Synced", "Ready")} == {FALSE}
    assert told["Stalled"] == (TRUE, told["Ready"][1])


def test_a_condition_is_dated_from_when_it_became_so() -> None:
    first = standing(DECLARED, observed(row(1)))
    later = standing(DECLARED, observed(live(1), facts=THERE, at=NOW + 60), first)
    since = {each.type: each.since - NOW for each in later[ITEM].conditions}
    assert since == {"Linked": 0, "Live": 60, "Subscribed": 60, "Sendable": 0, "Synced": 60, "Ready": 60}
    last = standing(DECLARED, observed(live(1), facts=THERE, at=NOW + 90), later)
    assert {each.type: each.since - NOW for each in last[ITEM].conditions} == since
    assert {each.at for each in last.values()} == {NOW + 90}


def test_another_reason_for_the_same_truth_keeps_the_date_of_a_condition() -> None:
    first = standing(DECLARED, observed(row(1)))
    later = standing(DECLARED, observed(replace(row(1), stage=Stage("ERROR")), at=NOW + 60), first)
    ready = later[ITEM].condition("Ready")
    assert ready is not None
    assert (ready.since, ready.reason) == (NOW, "ProvisioningFailed")


def test_a_condition_that_returns_has_a_new_date() -> None:
    known = {ITEM: Status(ITEM, (Condition("Live", TRUE, "", "", NOW - 99, "r0"),), "r0", NOW)}
    stalled = standing(DECLARED, observed(replace(row(1), stage=Stage("ERROR"))), known)[ITEM].condition(
        "Stalled"
    )
    assert stalled is not None
    assert stalled.since == NOW


def test_every_declared_resource_of_this_partner_has_a_status() -> None:
    both = desired(app(2), app(1), app(3, "other"), subscription(1), subscription(2))
    assert list(standing(both, observed(row(1)))) == [
        app_item(app(1)),
        subscription_item(subscription(1)),
        app_item(app(2)),
        subscription_item(subscription(2)),
    ]


@pytest.mark.parametrize(
    ("on", "truth"),
    [
        pytest.param(WaitFor.BUDGET, Truth.UNKNOWN, id="what could not be looked at is not known"),
        pytest.param(WaitFor.OBSERVATION, Truth.UNKNOWN, id="likewise where a look gave nothing"),
        pytest.param(WaitFor.LIVE, Truth.FALSE, id="what waits for its app is known not to be there"),
    ],
)
def test_an_unobserved_resource_has_unknown_conditions(on: WaitFor, truth: Truth) -> None:
    plan = Plan(PARTNER, "r1", waiting=(Waiting(Verb.SUBSCRIBE, SUB, on),))
    found = {
        each.item: each for each in statuses(match_apps(DECLARED, plan.partner, observed(live(1))), plan, {})
    }[SUB]
    assert {each.status for each in found.conditions if each.type in {"Synced", "Ready"}} == {truth}


def test_failed_provisioning_is_reported_before_its_stage() -> None:
    failed = replace(live(1), live=False, stage=Stage("ERROR", "CREATE_DOCKER"))
    found = standing(DECLARED, observed(failed))[ITEM]
    assert found.stage == "ERROR"
