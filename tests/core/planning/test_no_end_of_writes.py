"""Writes that do not take, or that nothing is heard of, end in a reason and not in more of them."""

from dataclasses import replace

import pytest

from controller.core.planning.actions import REMOVED
from controller.core.planning.digest import of_subscription, subscription_key
from controller.core.planning.matched_app import subscription_item
from controller.model.manifest import Subscription
from controller.model.memory import LedgerEntry, Memory, Refusal
from controller.model.plan import Plan, Request, Subscribe, Unsubscribe, Update, WaitFor
from controller.model.upstream import RemoteSubscription
from tests.builders.manifest import APP, OURS, PRUNING, SECRET, WANTED, desired, subscription
from tests.builders.memory import KEYED, NOW, THREE, memory, tired, written
from tests.builders.plan import NOBODY, observed, planned
from tests.builders.upstream import EXTRA, MOVED, OFF, THERE, app_id, live, looked, remote

KEY = subscription_key(app_id(1), WANTED.tag)
ITEM = subscription_item(WANTED)


def plan_for(
    wanted: Subscription, *there: RemoteSubscription, known: Memory, asked: Request = NOBODY, keyed: str = ""
) -> Plan:
    digests = {ITEM: keyed} if keyed else {}
    seen = observed(live(1), facts=looked(1, there={1: there}), known=known, digests=digests)
    return planned(desired(APP, wanted), seen, asked)


@pytest.mark.parametrize(
    ("there", "asked", "blocked"),
    [
        pytest.param((), NOBODY, f"{THREE}: it is not listed", id="never listed"),
        pytest.param(
            (replace(THERE, mode=1, version=2),),
            NOBODY,
            f"{THREE}: modes stays SENT, not SENT, READ; version stays 2, not 3",
            id="listed with other values",
        ),
        pytest.param((MOVED,), Request(again=frozenset({APP.name})), None, id="somebody asks again"),
        pytest.param(
            (MOVED,),
            Request(again=frozenset({APP.name}), at=NOW - 9),
            f"{THREE}: url stays {MOVED.url}, not {WANTED.url}",
            id="it was tried again since",
        ),
    ],
)
def test_three_writes_that_do_not_take_block_further_ones(
    there: tuple[RemoteSubscription, ...], asked: Request, blocked: str | None
) -> None:
    plan = plan_for(WANTED, *there, known=tired(WANTED), asked=asked)
    told = [("WillNotConverge", blocked)] if blocked is not None else []
    assert [(each.reason, each.message) for each in plan.blocked] == told
    assert bool(plan.actions) == (blocked is None)


def test_an_update_that_took_after_all_is_as_declared() -> None:
    plan = plan_for(WANTED, THERE, known=tired(WANTED))
    assert (plan.blocked, plan.actions, ITEM in plan.unchanged) == ((), (), True)


def test_a_removal_that_does_not_take_is_reported() -> None:
    key = subscription_key(app_id(1), EXTRA.tag)
    no_more = Refusal(key, REMOVED, "WillNotConverge", THREE, NOW)
    seen = observed(live(1), facts=looked(1, there={1: (EXTRA,)}), known=memory(refusals=[no_more]))
    plan = planned(desired(PRUNING), seen, partner=OURS)
    assert plan.actions == ()
    assert [each.message for each in plan.blocked] == [f"{THREE}: it is still listed"]


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param("https://HOOKS.example.com:443/1/events", id="upper case and a port"),
        pytest.param("https://hooks.example.com/1/%65vents", id="an escape"),
        pytest.param("https://hooks.example.com/./1/events", id="a dot"),
    ],
)
def test_a_url_that_is_kept_in_another_spelling_is_as_declared(kept: str) -> None:
    for wanted, found in ((WANTED, replace(THERE, url=kept)), (replace(WANTED, url=kept), THERE)):
        plan = plan_for(wanted, found, known=Memory())
        assert (plan.actions, ITEM in plan.unchanged) == ((), True)


UPPER = subscription(1, "Gitops-Events")
LOWER = replace(remote(UPPER, "77"), tag="gitops-events")
TAKEN = subscription_key(app_id(1), UPPER.tag)


def taken(tries: int = 1, reason: str = "TagTaken") -> Memory:
    message = "Gupshup answered 400: Duplicate component tag"
    return memory(
        refusals=[Refusal(TAKEN, of_subscription(UPPER), reason, message, NOW - 9, tries, NOW + tries - 1)]
    )


@pytest.mark.parametrize(
    ("known", "there", "expected"),
    [
        pytest.param(Memory(), LOWER, None, id="nobody called it taken: it may be another one"),
        pytest.param(taken(reason="InvalidUrl"), LOWER, None, id="refused for something else"),
        pytest.param(taken(), LOWER, "subscription 77", id="taken: there it is"),
        pytest.param(taken(2), LOWER, "subscription 77", id="also while it would wait"),
        pytest.param(taken(9), LOWER, "subscription 77", id="also after a few tries"),
        pytest.param(taken(), replace(LOWER, tag="gitops-event"), None, id="another tag is another one"),
        pytest.param(taken(9), replace(LOWER, tag="x"), "Duplicate", id="taken, and not listed"),
    ],
)
def test_a_tag_that_gupshup_keeps_in_another_case_is_reported(
    known: Memory, there: RemoteSubscription, expected: str | None
) -> None:
    seen = observed(live(1), facts=looked(1, there={1: (there,)}), known=known)
    plan = planned(desired(APP, UPPER), seen)
    assert [each.reason for each in plan.blocked] == ([] if expected is None else ["TagTaken"])
    assert all(expected in each.message for each in plan.blocked if expected)
    assert plan.actions == ((Subscribe(UPPER, app_id(1)),) if expected is None else ())


@pytest.mark.parametrize(
    ("ledger", "message", "foreign"),
    [
        pytest.param((LedgerEntry(TAKEN, of_subscription(UPPER)),), "written from here", [], id="ours"),
        pytest.param((LedgerEntry(TAKEN, REMOVED),), "remove that one", [LOWER.tag], id="ours was removed"),
        pytest.param((), "remove that one", [LOWER.tag], id="never written from here"),
    ],
)
def test_a_subscription_of_ours_is_recognised_in_another_case_too(
    ledger: tuple[LedgerEntry, ...], message: str, foreign: list[str]
) -> None:
    known = replace(taken(), ledger={each.key: each for each in ledger})
    plan = planned(desired(APP, UPPER), observed(live(1), facts=looked(1, there={1: (LOWER,)}), known=known))
    assert [(each.reason, message in each.message) for each in plan.blocked] == [("TagTaken", True)]
    assert "declare `tag: gitops-events`" in plan.blocked[0].message
    assert ([each.item.name for each in plan.foreign], plan.unmanaged) == (foreign, ())


def test_a_missing_policy_is_reported_before_a_tag_that_is_taken() -> None:
    seen = observed(live(1), facts=looked(1, there={1: (LOWER,)}), known=taken(9))
    plan = planned(desired(replace(APP, policies=frozenset()), UPPER), seen)
    assert ([each.wait_for for each in plan.waiting], plan.blocked) == ([WaitFor.POLICY], ())


@pytest.mark.parametrize(
    ("declared", "there", "expected"),
    [
        pytest.param((UPPER,), (LOWER,), [], id="it may be the declared one: left alone"),
        pytest.param((UPPER,), (LOWER, remote(UPPER)), ["gitops-events"], id="the declared one is beside it"),
        pytest.param((), (LOWER,), ["gitops-events"], id="nothing of its kind is declared"),
    ],
)
def test_a_subscription_that_may_be_declared_in_another_spelling_is_not_removed(
    declared: tuple[Subscription, ...], there: tuple[RemoteSubscription, ...], expected: list[str]
) -> None:
    plan = planned(
        desired(PRUNING, *declared), observed(live(1), facts=looked(1, there={1: there})), partner=OURS
    )
    removed = [each.remote.tag for each in plan.actions if isinstance(each, Unsubscribe)]
    assert removed == expected
    assert [each.item.name for each in plan.foreign] == [each.tag for each in there if not expected]


@pytest.mark.parametrize(
    ("wanted", "keyed"),
    [
        pytest.param(replace(WANTED, version=2), KEYED, id="the manifest changed"),
        pytest.param(SECRET, "keyed:2", id="a header changed"),
    ],
)
def test_the_count_of_writes_begins_anew_with_every_change(wanted: Subscription, keyed: str) -> None:
    known = tired(WANTED, KEYED if wanted.headers else "")
    (action,) = plan_for(wanted, replace(THERE, mode=2047), known=known, keyed=keyed).actions
    assert isinstance(action, Update)


@pytest.mark.parametrize(
    ("memory_", "blocked"),
    [
        pytest.param(memory(ledger=[written(WANTED, active_at=NOW - 60)]), False, id="it rests for an hour"),
        pytest.param(
            memory(
                ledger=[written(WANTED, updates=3, active_at=NOW - 60)],
                refusals=[Refusal(KEY, of_subscription(WANTED), "WillNotConverge", "3", NOW - 60)],
            ),
            True,
            id="it was too often: nobody waits for the hour",
        ),
    ],
)
def test_an_active_flag_that_never_stays_is_reported_at_once(*, memory_: Memory, blocked: bool) -> None:
    plan = plan_for(WANTED, OFF, known=memory_)
    assert plan.actions == ()
    assert [each.reason for each in plan.blocked] == ["WillNotConverge"] * blocked
    assert [each.wait_for for each in plan.waiting] == [WaitFor.BACKOFF] * (not blocked)
