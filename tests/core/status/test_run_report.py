"""What came of a run, counted honestly."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from controller.core.planning.changes.approval import approval_of
from controller.core.planning.guard import Change, change, held_digest
from controller.core.planning.matched_app import app_item, subscription_item, tag_item
from controller.core.status.run_report import (
    KEYS,
    Report,
    converging,
    is_finished,
    left,
    report,
    total,
    unfinished,
    with_left_out,
)
from controller.model.manifest import AppId
from controller.model.plan import (
    Blocked,
    HeldChange,
    Item,
    Link,
    Outcome,
    Plan,
    Result,
    SetCallback,
    Subscribe,
    Unmanaged,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from tests.builders.manifest import APP, CALLBACK, PARTNER, WANTED, app, subscription
from tests.builders.plan import ITEM, SUB, plan_of
from tests.builders.upstream import app_id, remote

LINK = Link(APP)
POST = Subscribe(WANTED, app_id())
PUT = Update(WANTED, app_id(), remote(WANTED), {}, drift=True)
NOBODY: Mapping[Item, AppId | None] = {}
CONFIRMED = (Outcome.DONE, "Confirmed")


def result(outcome: Outcome, verb: Verb = Verb.LINK, item: Item = ITEM, reason: str = "Why") -> Result:
    return Result(verb, item, outcome, reason, "words", None)


def by_change(*results: Result) -> dict[Change, Result]:
    return {(each.verb, each.item): each for each in results}


def told(last: Plan, *results: Result) -> list[tuple[Outcome, str]]:
    return [(each.outcome, each.reason) for each in report(last, {}, by_change(*results), NOBODY).results]


UNSURE = [Outcome.UNCLEAR, Outcome.STALE]


@pytest.mark.parametrize("outcome", UNSURE)
@pytest.mark.parametrize(
    ("last", "verb", "item", "confirmed"),
    [
        pytest.param(plan_of(unchanged=[ITEM]), Verb.LINK, ITEM, True, id="a link that is there"),
        pytest.param(plan_of(provisioning=[ITEM]), Verb.LINK, ITEM, True, id="a link on its way to live"),
        pytest.param(
            plan_of(unverifiable=[ITEM]), Verb.LINK, ITEM, True, id="a link with a callback nobody knows"
        ),
        pytest.param(
            plan_of(SetCallback(APP, app_id(), CALLBACK)),
            Verb.LINK,
            ITEM,
            True,
            id="a link whose callback is next",
        ),
        pytest.param(plan_of(LINK), Verb.LINK, ITEM, False, id="a link that is still to be made"),
        pytest.param(plan_of(), Verb.LINK, ITEM, False, id="a link that nobody saw"),
        pytest.param(plan_of(unchanged=[SUB]), Verb.SUBSCRIBE, SUB, True, id="a subscription that is there"),
        pytest.param(plan_of(PUT), Verb.SUBSCRIBE, SUB, True, id="a subscription that is there, and differs"),
        pytest.param(plan_of(POST), Verb.SUBSCRIBE, SUB, False, id="a subscription that is still to be made"),
        pytest.param(plan_of(unchanged=[SUB]), Verb.UPDATE, SUB, True, id="an update that took"),
        pytest.param(plan_of(PUT), Verb.UPDATE, SUB, False, id="an update that did not take"),
        pytest.param(
            plan_of(unverifiable=[SUB]), Verb.UPDATE, SUB, False, id="an update that nobody can verify"
        ),
        pytest.param(
            plan_of(provisioning=[ITEM]), Verb.UPDATE, ITEM, False, id="a callback of an app on its way"
        ),
        pytest.param(plan_of(unchanged=[SUB]), Verb.LINK, ITEM, False, id="another thing is as declared"),
    ],
)
def test_an_unclear_action_is_done_if_a_later_observation_shows_it(
    *, last: Plan, verb: Verb, item: Item, confirmed: bool, outcome: Outcome
) -> None:
    assert told(last, result(outcome, verb, item)) == [CONFIRMED if confirmed else (outcome, "Why")]


def test_a_failed_action_that_is_blocked_now_stays_failed() -> None:
    last = plan_of(blocked=[Blocked(SUB, "Rejected", "")], unverifiable=[SUB])
    assert told(last, result(Outcome.FAILED, Verb.UPDATE, SUB)) == [(Outcome.FAILED, "Why")]


def test_a_done_action_stays_done_as_reported() -> None:
    assert told(plan_of(unchanged=[ITEM]), result(Outcome.DONE)) == [(Outcome.DONE, "Why")]


def test_a_confirmed_link_names_the_app_that_was_found() -> None:
    part = report(plan_of(unchanged=[ITEM]), {}, by_change(result(Outcome.UNCLEAR)), {ITEM: app_id(7)})
    assert [(each.app_id, each.message) for each in part.results] == [
        (app_id(7), "a later read showed that it was done")
    ]


def test_a_change_made_by_two_actions_is_counted_once() -> None:
    """A duplicate tag turned a subscribe into an update: one thing was changed."""
    twice = [result(Outcome.STALE, Verb.SUBSCRIBE, SUB), result(Outcome.DONE, Verb.UPDATE, SUB)]
    assert told(plan_of(unchanged=[SUB]), *twice) == [(Outcome.DONE, "Why")]
    linked = [result(Outcome.UNCLEAR), result(Outcome.DONE, Verb.UPDATE)]
    assert told(plan_of(unchanged=[ITEM]), *linked) == [CONFIRMED, (Outcome.DONE, "Why")]


def test_an_action_whose_turn_did_not_come_waits_for_its_budget() -> None:
    later = Waiting(Verb.SUBSCRIBE, SUB, WaitFor.BACKOFF, 9.0)
    said: dict[Change, Result | Waiting] = {change(POST): later, change(LINK): result(Outcome.DONE)}
    put = SetCallback(app(2), app_id(2), CALLBACK)
    part = report(plan_of(LINK, POST, put), said, by_change(result(Outcome.DONE)), NOBODY)
    why = "the run ended before its turn"
    assert part.waiting == (later, Waiting(Verb.UPDATE, app_item(app(2)), WaitFor.BUDGET, message=why))
    assert (part.partner, part.looked) == (PARTNER.name, True)


LEFT = {"unchanged": 3, "waiting": 1, "blocked": 2, "held": 3, "unmanaged": 1}


def test_every_item_of_a_run_is_counted_once() -> None:
    last = Plan(
        PARTNER,
        "r1",
        waiting=(Waiting(Verb.LINK, ITEM, WaitFor.LIST),),
        blocked=(Blocked(ITEM, "AppLost", ""),) * 2,
        held=(HeldChange(LINK, "maxLinks"),) * 3,
        unmanaged=(Unmanaged(ITEM, "1"),),
        unchanged=(ITEM, SUB, tag_item(APP, "other")),
        provisioning=(ITEM,),
        unverifiable=(SUB,),
    )
    others = [subscription_item(subscription(number)) for number in range(2, 9)]
    results = by_change(
        result(Outcome.DONE),
        *(result(Outcome.DONE, Verb.SUBSCRIBE, each) for each in others[:2]),
        *(result(Outcome.DONE, Verb.UPDATE, each) for each in others[2:5]),
        result(Outcome.DONE, Verb.UNSUBSCRIBE, others[5]),
        result(Outcome.FAILED, Verb.UPDATE, others[5]),
        result(Outcome.STALE, Verb.UPDATE, others[6]),
        result(Outcome.UNCLEAR, Verb.UPDATE, tag_item(APP, "third")),
    )
    part = report(last, {}, results, NOBODY)
    assert part.summary == {
        "linked": 1,
        "subscribed": 2,
        "updated": 3,
        "unsubscribed": 1,
        "unchanged": 2,
        "waiting": 1,
        "blocked": 2,
        "held": 3,
        "failed": 1,
        "stale": 1,
        "unclear": 1,
    }
    assert tuple(part.summary) == KEYS
    assert (part.held_digest, part.held) == (held_digest(last), last.held)
    same = (part.unmanaged, part.unverifiable, part.provisioning, part.blocked)
    assert same == (last.unmanaged, last.unverifiable, last.provisioning, last.blocked)
    assert left(last) == {**dict.fromkeys(KEYS, 0), **LEFT}


def test_results_of_a_report_come_in_one_order() -> None:
    each = [
        result(Outcome.DONE, Verb.SUBSCRIBE, SUB),
        result(Outcome.DONE),
        result(Outcome.DONE, Verb.UPDATE),
    ]
    first, second = (report(plan_of(), {}, by_change(*some), NOBODY) for some in (each, each[::-1]))
    assert first == second
    assert [some.verb for some in first.results] == [Verb.LINK, Verb.SUBSCRIBE, Verb.UPDATE]


def test_the_counts_of_a_report_add_up_over_partners_with_every_key() -> None:
    parts = [Report("a", summary={"linked": 1}), Report("b", summary={"linked": 2, "failed": 1}), Report("c")]
    assert total(parts) == {**dict.fromkeys(KEYS, 0), "linked": 3, "failed": 1}


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (WaitFor.BUDGET, True),
        (WaitFor.OUTCOME, True),
        (WaitFor.PHONE, True),
        (WaitFor.OBSERVATION, True),
        (WaitFor.BACKOFF, True),
        (WaitFor.COOLDOWN, True),
        (WaitFor.LIST, True),
        (WaitFor.LIVE, False),
        (WaitFor.LINK, False),
        (WaitFor.POLICY, False),
        (WaitFor.SUSPENSION, False),
    ],
)
def test_provisioning_and_decisions_of_people_are_not_converging(*, on: WaitFor, expected: bool) -> None:
    assert converging(Report("main", waiting=(Waiting(Verb.LINK, ITEM, on),))) is expected


def test_a_run_with_nothing_left_is_not_converging() -> None:
    assert not converging(Report("main"))


def test_a_list_that_lags_behind_our_own_link_is_not_converging() -> None:
    waits = (Waiting(Verb.LINK, ITEM, WaitFor.LIST),)
    assert not converging(Report("main", results=(result(Outcome.DONE),), waiting=waits))
    assert converging(Report("main", results=(result(Outcome.UNCLEAR),), waiting=waits))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param(Report("main"), False, id="nothing left"),
        pytest.param(Report("main", provisioning=(ITEM,)), True, id="an app on its way"),
        pytest.param(
            Report("main", waiting=(Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE),)), True, id="waits for live"
        ),
        pytest.param(
            Report("main", waiting=(Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LINK),)), True, id="or a link"
        ),
        pytest.param(
            Report("main", waiting=(Waiting(Verb.SUBSCRIBE, SUB, WaitFor.BUDGET),)), False, id="our pace"
        ),
        pytest.param(
            Report(
                "main",
                waiting=(Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE),),
                blocked=(Blocked(ITEM, "AppLost", ""),),
            ),
            False,
            id="for an app that is blocked",
        ),
    ],
)
def test_an_app_that_is_not_live_yet_is_unfinished(*, part: Report, expected: bool) -> None:
    assert unfinished(part) is expected


def test_what_was_as_planned_before_the_run_is_unchanged_and_named() -> None:
    as_planned = result(Outcome.STALE, reason="AlreadyAsPlanned")
    part = report(plan_of(unchanged=[ITEM]), {}, by_change(as_planned), NOBODY)
    assert part.results == (as_planned,)
    assert {name: count for name, count in part.summary.items() if count} == {"unchanged": 1}


LATER = Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE, effect=WANTED)


@pytest.mark.parametrize(
    ("part", "finished"),
    [
        pytest.param(Report("main", results=(result(Outcome.DONE),)), True, id="done"),
        pytest.param(Report("main", results=(result(Outcome.FAILED),)), True, id="failed is an outcome"),
        pytest.param(Report("main", results=(result(Outcome.STALE),)), True, id="skipped is an outcome"),
        pytest.param(Report("main", results=(result(Outcome.UNCLEAR),)), False, id="unclear is none"),
        pytest.param(
            Report("main", waiting=(Waiting(Verb.LINK, ITEM, WaitFor.BUDGET),)), False, id="not its turn yet"
        ),
        pytest.param(Report("main", waiting=(LATER,)), False, id="what it only waits for"),
        pytest.param(
            Report("main", waiting=(LATER,), blocked=(Blocked(ITEM, "NameTaken", "words"),)),
            True,
            id="what waits for an app that is blocked",
        ),
        pytest.param(
            Report(
                "main",
                results=(result(Outcome.FAILED),),
                waiting=(Waiting(Verb.LINK, ITEM, WaitFor.BACKOFF),),
            ),
            False,
            id="failed, and to be tried again",
        ),
        pytest.param(Report("main", error="no answer"), False, id="ended by an error"),
    ],
)
def test_a_plan_is_done_once_each_action_has_an_outcome(part: Report, *, finished: bool) -> None:
    approval = approval_of(replace(plan_of(LINK), waiting=(LATER,)))
    assert is_finished(replace(part, looked=True), approval) is finished
    assert not is_finished(replace(part, looked=False), approval), "nothing was observed"


def test_a_plan_whose_waits_are_followed_is_done_once_they_have_ended() -> None:
    approval = approval_of(replace(plan_of(LINK), waiting=(LATER,)))
    assert not is_finished(Report("main", looked=True, waiting=(LATER,)), approval)
    assert is_finished(Report("main", looked=True), approval)


def test_a_report_names_what_a_saved_plan_left_out() -> None:
    held = HeldChange(LINK, "maxLinks", "2 planned, 1 allowed")
    stuck = Blocked(SUB, "TagTaken", "words")
    saved = replace(plan_of(blocked=[stuck]), held=(held,))
    part = with_left_out(Report("main", looked=True, unchanged=2), saved)
    assert (part.held, part.blocked, part.held_digest) == ((held,), (stuck,), None)
    assert {name: n for name, n in part.summary.items() if n} == {"unchanged": 2, "blocked": 1, "held": 1}
    assert with_left_out(part, saved) == part, "each of them once"
