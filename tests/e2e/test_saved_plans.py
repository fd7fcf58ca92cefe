"""`plan --out`, `show` and `apply FILE`: exactly the plan is done, once, whatever happened in between."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import AMPLE, HASTY, PARTNER, THREE, Done, World, app, subscription, world

HOOKS = "https://hooks.example.com"
WIDE = HASTY.replace(
    "spec: {", 'spec: {ownedTags: "gitops-*", guards: {maxUpdates: 100, maxUnsubscribes: 100}, '
)
PRUNES = "policies: [Link, Subscribe, Update, Unsubscribe]"
WRITES = ("link", "subscribe", "updateSubscription", "deleteSubscription", "callback")
Move = Callable[[World], object]


def webhook(name: str, **changed: object) -> dict[str, object]:
    """Return the webhook that `world.subscription` declares, with some of its values *changed*."""
    declared = {"tag": "events", "url": f"{HOOKS}/{name}", "version": 3, "modes": ["SENT", "MESSAGE"]}
    return {**declared, **changed}


def exists(name: str, number: int, *webhooks: dict[str, object]) -> dict[str, object]:
    """Return a live app, as the control surface takes it."""
    known = {"name": name, "phone": f"91{number:010}", "wabaId": f"30{number:08}"}
    return {**known, "subscriptions": list(webhooks)}


def drifts(name: str, **changed: object) -> Move:
    return lambda there: there.control("drift", {"app": name, "subscriptions": [webhook(name, **changed)]})


def removes(name: str, tag: str = "events") -> Move:
    return lambda there: there.control(
        "drift", {"app": name, "subscriptions": [{"tag": tag, "delete": True}]}
    )


def appears(name: str, number: int) -> Move:
    return lambda there: there.seed(exists(name, number))


LINKED, LEFT, OLD = range(1, 5), range(5, 20), {"url": f"{HOOKS}/old"}
"""Numbers of the apps that are to be linked, and of those that exist; an old address of a webhook."""

MOVES: Sequence[tuple[str, Move, str]] = (
    ("App/Fleet01", appears("Fleet01", 1), "AlreadyAsPlanned"),
    ("App/Fleet02", appears("Fleet02", 92), "BlockedMeanwhile"),
    ("App/Fleet03", appears("Other", 3), "BlockedMeanwhile"),
    ("Fleet05", drifts("Fleet05", **OLD), "ChangedMeanwhile"),
    ("Fleet06", drifts("Fleet06"), "AlreadyAsPlanned"),
    ("Fleet08", drifts("Fleet08", url=f"{HOOKS}/newer"), "ChangedMeanwhile"),
    ("Fleet09", drifts("Fleet09", **OLD, modes=["SENT", "READ"]), "ChangedMeanwhile"),
    ("Fleet10", drifts("Fleet10", **OLD, active=False), "ChangedMeanwhile"),
    ("Fleet11", drifts("Fleet11", **OLD, version=2), "ChangedMeanwhile"),
    ("Fleet12", removes("Fleet12"), "ChangedMeanwhile"),
    ("Fleet13", drifts("Fleet13"), "AlreadyAsPlanned"),
    ("Fleet14", lambda there: there.control("drift", {"app": "Fleet14", "delete": True}), "ChangedMeanwhile"),
    ("Fleet16", removes("Fleet16", "gitops-old"), "AlreadyAsPlanned"),
    ("Fleet17", drifts("Fleet17", tag="gitops-old", url=f"{HOOKS}/newer"), "ChangedMeanwhile"),
)
"""What others do between plan and apply: what it is about, the deed, and the reason of the skipped action."""


def settled(there: World) -> Done:
    """Let there be a fleet with something to do for each app, and save the plan of it."""
    old = {number: [webhook(f"Fleet{number:02}", **OLD)] for number in range(8, 16)}
    extra = webhook("", tag="gitops-old", **OLD)
    names = {number: f"Fleet{number:02}" for number in (*LINKED, *LEFT)}
    found = {5: [], 6: [], 7: [], **old, **{n: [webhook(names[n]), extra] for n in range(16, 20)}}
    there.seed(*(exists(names[number], number, *webhooks) for number, webhooks in found.items()))
    there.declare(WIDE, *(app(name, number, PRUNES) for number, name in names.items()), subscription())
    there.stay_signed_in()
    saved = there.plan("--out", "plan.json")
    assert saved.code == 0, saved.err
    return saved


def applied(there: World, *arguments: str) -> Done:
    return there.run("apply", "plan.json", "-o", "json", *arguments)


def named(row: dict[str, Any]) -> str:
    return str(row["app"]) if row["kind"] == "Subscription" else f"App/{row['name']}"


@pytest.mark.parametrize("count", [0, 1, 9, len(MOVES)])
def test_what_others_changed_meanwhile_is_skipped_and_named_and_the_rest_is_done(
    tmp_path: Path, count: int
) -> None:
    with world(tmp_path, *AMPLE) as there:
        planned = settled(there).json()["actions"]
        moves = {what: reason for what, _, reason in MOVES[-count:]} if count else {}
        for _, move, _ in MOVES[-count:] if count else ():
            move(there)
        done = applied(there)

        results = [each for each in done.json()["results"] if (each["verb"], named(each)) in keys(planned)]
        skipped = {named(each): each["reason"] for each in results if each["outcome"] == "stale"}
        assert skipped == moves
        assert {named(each) for each in results if each["outcome"] == "done"} == {
            named(each) for each in planned
        } - moves.keys()
        assert all(each["message"] for each in results if each["outcome"] == "stale")
        assert done.code == (5 if set(moves.values()) - {"AlreadyAsPlanned"} else 0)
        before = len(there.calls())
        again = applied(there)
        assert (again.code, len(there.calls())) == (0, before), "no call, sign-ins included"
        assert list(again.json()["plan"]["before"]) == ["main"]


def test_an_app_that_is_gone_is_skipped_at_once_even_if_the_run_waits(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed(exists("AppOne", 1, webhook("AppOne", **OLD)), exists("AppTwo", 2))
        there.declare(PARTNER, *THREE[:2], subscription())
        assert there.plan("--out", "plan.json").summary == {"subscribe": 1, "update": 1, "unchanged": 2}
        for name in ("AppOne", "AppTwo"):
            there.control("drift", {"app": name, "delete": True})
        done = applied(there, "--wait", "--timeout", "60s")
        assert (done.code, done.summary) == (5, {"stale": 2})
        assert not there.calls(*WRITES)
        assert applied(there).code == 0, "the plan is spent"


def keys(rows: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(each["verb"], named(each)) for each in rows}


@pytest.mark.parametrize(
    ("first", "kind", "wait"),
    [
        pytest.param(1, "lose-reply", (), id="each call came to something"),
        pytest.param(2, "lose-request", ("--wait",), id="no call came to anything"),
    ],
)
def test_a_run_that_is_killed_in_any_call_is_finished_by_the_next_one(
    tmp_path: Path, first: int, kind: str, wait: tuple[str, ...]
) -> None:
    """Nobody heard the answer. Each change is made once; then the plan is spent."""
    for call in range(first, 40, 2):
        with world(tmp_path, *AMPLE) as there:
            there.seed(exists("AppTwo", 2))
            there.declare(HASTY, *THREE[:2], subscription())
            there.stay_signed_in()
            assert there.plan("--out", "plan.json").summary == {
                "link": 1,
                "subscribe": 1,
                "waiting": 1,
                "unchanged": 1,
            }
            there.faults({"kind": kind, "nth": call, "seconds": 60})
            with there.going("apply", "plan.json", *wait) as run:
                there.until(lambda w: w.counted_faults() > 0 or run.process.poll() is not None)
                if run.process.poll() is not None:
                    break
                run.process.kill()
                run.end()
            done = applied(there, *wait)
            assert done.code == 0, (call, done.out, done.err)
            assert there.tags() == {"AppOne": ["events"], "AppTwo": ["events"]}, call
            effects = [each["route"] for each in there.calls(*WRITES) if each["effect"]]
            assert sorted(effects) == ["link", "subscribe", "subscribe"], call
            before = len(there.calls())
            assert (applied(there, *wait).code, len(there.calls())) == (0, before), call
    assert call > 8, "a run has more calls"
