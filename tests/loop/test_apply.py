"""Pass after pass: what a run waits for, when it gives up, and that looking alone writes nothing."""

import asyncio
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from controller.core.planning.actions import verb_of
from controller.core.planning.changes.approval import approval_of
from controller.core.render.statuses import read_documents
from controller.errors import Busy, Denied, OutOfTime, Rejected, Unclear
from controller.loop.apply import (
    MOST_FAILED_PASSES,
    PartnerRun,
    apply_until_settled,
    partner_run,
    plan_when_observed,
)
from controller.loop.reconcile.gather import gather
from controller.loop.reconcile.reconcile import decide
from controller.loop.reconcile.state import PassState
from controller.model.account import AccountFacts
from controller.model.manifest import Count, Guards
from controller.model.plan import Kind, Link, Outcome, Request, Subscribe, Verb, WaitFor
from controller.model.status import Truth
from controller.model.upstream import Row, Stage
from tests.builders.account import PENDING
from tests.builders.manifest import PARTNER
from tests.builders.status import item_named
from tests.builders.upstream import HERE, remote
from tests.loop.apply_fixture import Bench, app, bench, events
from tests.loop.fake_gupshup import Lose

ONE = (app(), events())
TWO = (*ONE, app("AppTwo", "910000000002"), events("AppTwo"))


@pytest.fixture
def there(there: Bench) -> Bench:
    there.remote.live_after = 300
    return there


async def test_a_run_without_wait_ends_once_only_provisioning_is_left(there: Bench) -> None:
    before = there.clock.now()
    run = await there.go(*ONE, wait=False)
    part = run.report("main")
    assert (part.summary["linked"], [each.wait_for for each in part.waiting]) == (1, [WaitFor.LIVE])
    assert there.clock.now() - before < 5


async def test_a_run_with_wait_ends_once_everything_is_subscribed(there: Bench) -> None:
    before = there.clock.now()
    run = await there.go(*TWO)
    assert {key: n for key, n in run.report("main").summary.items() if n} == {"linked": 2, "subscribed": 2}
    assert 300 <= there.clock.now() - before < 350


async def test_waiting_ends_at_the_timeout(there: Bench) -> None:
    before = there.clock.now()
    run = await there.go(*ONE, seconds=100)
    assert there.clock.now() - before == pytest.approx(100, abs=1)
    assert run.report("main").provisioning


async def test_passes_of_a_run_grow_rarer_while_nothing_happens(there: Bench) -> None:
    there.remote.live_after = 1e9
    await there.go(*ONE, seconds=3600)
    assert there.remote.count("rows") < 3600 / 30 + 15


async def test_an_app_that_gupshup_gave_up_on_is_not_waited_for(there: Bench) -> None:
    broken = there.remote.put("AppOne", "910000000001", live=False)
    there.remote.live_after = 1e9
    rows = there.remote.rows

    async def failed(_: float) -> object:
        return tuple(
            replace(r, stage=Stage("ERROR", "CREATE_DOCKER")) if r.id == broken else r for r in await rows()
        )

    there.remote.rows = failed  # type: ignore[method-assign, assignment]  # one app's stage is an error
    before = there.clock.now()
    run = await there.go(*ONE)
    assert [each.reason for each in run.report("main").blocked] == ["ProvisioningFailed"]
    assert there.clock.now() - before < 60


@pytest.mark.parametrize("trouble", [Busy("no answer"), Unclear("no answer")], ids=["busy", "unclear"])
async def test_a_temporary_error_is_reported_and_waited_out(there: Bench, trouble: Exception) -> None:
    there.remote.on("rows", *[trouble] * (MOST_FAILED_PASSES - 1))
    run = await there.go(*ONE, wait=False)
    assert (run.error, run.report("main").summary["linked"]) == (None, 1)
    assert [error for error, _ in there.told if error is not None] == [trouble] * (MOST_FAILED_PASSES - 1)


async def test_a_lasting_error_ends_a_run_without_wait(there: Bench) -> None:
    there.remote.on("rows", *[Busy("no answer")] * MOST_FAILED_PASSES)
    run = await there.go(*ONE, wait=False)
    assert str(run.error) == "no answer"
    assert run.report("main").error == "no answer"


async def test_an_error_is_waited_out_for_longer_with_wait(there: Bench) -> None:
    there.remote.on("rows", *[Busy("no answer")] * (MOST_FAILED_PASSES + 5))
    run = await there.go(*ONE)
    assert (run.error, run.report("main").summary["subscribed"]) == (None, 1)


async def test_an_error_with_a_retry_time_is_retried_exactly_then(there: Bench) -> None:
    before = there.clock.now()
    there.remote.on("rows", Busy("rests", before + 62))
    await there.go(*ONE, wait=False)
    assert there.remote.posts[0][0] == pytest.approx(before + 62, abs=0.01)


async def test_refused_credentials_end_a_run_at_once(there: Bench) -> None:
    there.remote.on("rows", Denied("wrong secret"))
    with pytest.raises(Denied, match="wrong secret"):
        await there.go(*ONE)
    assert len(there.remote.calls) == 1


async def test_a_run_reports_every_pass_and_every_result_once(there: Bench) -> None:
    there.remote.on("link", Lose())
    run = await there.go(*ONE)
    assert there.told[0] == (None, ("link unclear",))
    assert sorted(there.told[-1][1]) == ["link unclear", "subscribe done", "update done"]
    verbs = sorted(str(each.verb) for each in run.report("main").results)
    assert verbs == ["link", "subscribe", "update"]


async def test_the_statuses_of_a_run_are_stored(there: Bench) -> None:
    run = await there.go(*TWO)
    known = read_documents(await there.store.statuses.read(HERE))
    (partner,) = (each for each in known if each.item.kind is Kind.PARTNER)
    assert partner.item.name == "main"
    kept = tuple(each for each in known if each is not partner)
    assert kept == tuple(sorted(run.statuses, key=lambda status: status.item))
    assert {str(each.item) for each in kept} == {
        "App/AppOne",
        "App/AppTwo",
        "Subscription/events on App/AppOne",
        "Subscription/events on App/AppTwo",
    }
    ready = [each.condition("Ready") for each in kept]
    assert all(each is not None and each.status is Truth.TRUE for each in ready)
    await there.go(*ONE)
    left = await there.store.statuses.read(HERE)
    assert len(left) == 4, "a subscription that is declared no more is forgotten"
    (gone,) = (each for each in read_documents(left) if each.item.name == "AppTwo")
    assert [each.type for each in gone.conditions] == ["Unmanaged"]
    narrowed = PartnerRun(there.task(*TWO[2:], complete=False))
    await there.go(run=narrowed)
    assert len(await there.store.statuses.read(HERE)) == 5, "a narrowed run leaves the others"


async def test_an_unchanged_condition_keeps_its_date(there: Bench) -> None:
    await there.go(*ONE)
    (first, *_) = read_documents(await there.store.statuses.read(HERE))
    there.clock.time += 1000
    await there.go(*ONE)
    (later, *_) = read_documents(await there.store.statuses.read(HERE))
    assert [each.since for each in later.conditions] == [each.since for each in first.conditions]
    assert later.at > first.at


async def test_held_changes_are_made_once_they_are_released(there: Bench) -> None:
    there.partner = replace(PARTNER, guards=Guards(max_links=Count(1)))
    held = (await there.go(*TWO)).report("main")
    assert (held.summary["held"], there.remote.writes) == (2, [])
    assert held.held_digest
    request = replace(there.task(*TWO), released=frozenset({held.held_digest}))
    done = (await there.go(run=PartnerRun(request))).report("main")
    assert (done.summary["held"], done.summary["linked"], done.summary["subscribed"]) == (0, 2, 2)


async def test_what_is_held_is_kept_with_the_partner_and_a_selection_leaves_it(there: Bench) -> None:
    there.partner = replace(PARTNER, guards=Guards(max_links=Count(1)))
    await there.go(*TWO)
    kept = read_documents(await there.store.statuses.read(HERE))
    (held,) = next(each.held for each in kept if each.item.kind is Kind.PARTNER)
    assert str(held) == "guard maxLinks: 2 planned, 1 allowed"
    task = there.task(*TWO)
    narrowed = replace(task, request=replace(task.request, only=frozenset({item_named("AppOne")})))
    await there.go(run=PartnerRun(narrowed))
    kept = read_documents(await there.store.statuses.read(HERE))
    assert [each.held for each in kept if each.item.kind is Kind.PARTNER] == [(held,)]


async def test_observing_and_planning_write_nothing(there: Bench) -> None:
    """Neither at Gupshup nor to memory: not even what the observation proved."""
    there.remote.put("AppOne", "910000000001")
    before = await there.memory()
    run = PartnerRun(there.task(*TWO))
    plan = await plan_when_observed(there.account(), run, until=there.clock.now() + 60)
    assert sorted(map(verb_of, plan.actions)) == [Verb.LINK, Verb.SUBSCRIBE, Verb.UPDATE]
    assert (there.remote.writes, await there.memory(), await there.history()) == ([], before, [])
    assert await there.store.statuses.read(HERE) == {}


async def test_planning_waits_for_the_budget_of_its_reads_but_not_for_ever(there: Bench) -> None:
    one = there.remote.put("AppOne", "910000000001")
    there.remote.on("subscriptions", Busy("the budget is used up", there.clock.now() + 50))
    run, began = PartnerRun(there.task(*ONE)), there.clock.now()
    plan = await plan_when_observed(there.account(), run, until=there.clock.now() + 60)
    assert [each.app_id for each in plan.actions if isinstance(each, Subscribe)] == [one]
    assert 50 <= there.clock.now() - began < 55
    there.remote.on("subscriptions", Busy("the budget is used up", there.clock.now() + 90))
    plan = await plan_when_observed(
        there.account(), PartnerRun(there.task(*ONE)), until=there.clock.now() + 60
    )
    assert [each.wait_for for each in plan.waiting] == [WaitFor.BUDGET]


async def test_a_list_that_never_ends_ends_with_the_time_that_a_run_or_a_plan_has(there: Bench) -> None:
    asked: list[float] = []

    async def endless(until: float) -> tuple[Row, ...]:
        asked.append(until)
        there.clock.time = until
        raise OutOfTime("no end after 77 pages, and time is up")

    there.remote.rows = endless  # type: ignore[method-assign, assignment]  # pages without an end
    begun = there.clock.now()
    run = await there.go(*ONE, seconds=60)
    assert isinstance(run.error, OutOfTime)
    with pytest.raises(OutOfTime, match="no end"):
        await plan_when_observed(there.account(), PartnerRun(there.task(*ONE)), until=there.clock.now() + 30)
    assert asked == [begun + 60, begun + 90]


async def test_a_list_that_has_no_time_left_keeps_the_outcome_of_earlier_passes(there: Bench) -> None:
    """The outcome of an earlier pass stays; a lack of time for another one is no error."""
    rows, passes = there.remote.rows, count()

    async def soon_endless(until: float) -> tuple[Row, ...]:
        if next(passes):
            there.clock.time = until
            raise OutOfTime("time is up")
        return await rows(until)

    there.remote.live_after = 1e9
    there.remote.rows = soon_endless  # type: ignore[method-assign, assignment]  # later it has no end
    run = await there.go(*ONE, seconds=60)
    assert run.error is None
    assert run.report("main").summary["linked"] == 1
    passes = count()
    there.remote.live_after = 0.0
    there.remote.on("subscriptions", Busy("the budget is used up", there.clock.now() + 20))
    plan = await plan_when_observed(
        there.account(), PartnerRun(there.task(*ONE)), until=there.clock.now() + 60
    )
    assert [each.wait_for for each in plan.waiting] == [WaitFor.BUDGET]


async def test_planning_retries_an_error_a_few_times(there: Bench) -> None:
    there.remote.on("rows", Busy("no answer"), Busy("rests", there.clock.now() + 20))
    run = PartnerRun(there.task(*ONE))
    plan = await plan_when_observed(there.account(), run, until=there.clock.now() + 60)
    assert (len(plan.actions), there.remote.count("rows")) == (1, 3)
    there.remote.on("rows", *[Busy("no answer")] * 9)
    with pytest.raises(Busy, match="no answer"):
        await plan_when_observed(there.account(), PartnerRun(there.task(*ONE)), until=there.clock.now() + 600)
    calls = there.remote.count("rows")
    assert calls < 12
    with pytest.raises(Busy):
        await plan_when_observed(there.account(), PartnerRun(there.task(*ONE)), until=there.clock.now())
    assert there.remote.count("rows") == calls + 1, "who cannot wait is told at once"


@pytest.mark.parametrize(
    ("verb", "trouble", "waits"),
    [
        pytest.param(
            "subscriptions", Busy("no answer"), WaitFor.OBSERVATION, id="subscriptions without an answer"
        ),
        pytest.param("subscriptions", Denied("no"), WaitFor.OBSERVATION, id="an app token that is refused"),
        pytest.param(
            "subscriptions",
            Rejected("no", status=404, words=""),
            WaitFor.OBSERVATION,
            id="a look that is refused",
        ),
        pytest.param("details", Unclear("no answer"), WaitFor.OBSERVATION, id="details that are not told"),
        pytest.param("waba", Rejected("no", status=400, words=""), None, id="a WABA that is not told"),
        pytest.param("waba", Busy("no answer"), None, id="a WABA without an answer"),
    ],
)
async def test_a_failed_observation_delays_only_what_depends_on_it(
    there: Bench, verb: str, trouble: Exception, waits: WaitFor | None
) -> None:
    there.remote.put("AppOne", "910000000001")
    there.remote.on(verb, trouble)
    _, plan = await decide(there.account(), there.task(*TWO), PassState())
    found = {each.item.app: each.wait_for for each in plan.waiting}
    assert found.get("AppOne") == waits
    assert [str(each.app.name) for each in plan.actions if isinstance(each, Link)] == ["AppTwo"]


async def test_a_row_without_a_phone_is_queried_before_any_link(there: Bench) -> None:
    hidden = there.remote.put("Unknown", None)
    there.remote.on("details", Busy("no answer"))
    _, plan = await decide(there.account(), there.task(app()), PassState())
    assert [each.wait_for for each in plan.waiting] == [WaitFor.PHONE]
    assert ("details", hidden) in there.remote.calls
    run = await there.go(app(), wait=False)
    assert run.report("main").summary["linked"] == 1


async def test_a_stage_that_the_list_does_not_show_is_queried(there: Bench) -> None:
    """Rows without a stage: one query of the pipeline each pass, until the app is live."""
    there.remote.put("AppOne", "910000000001", live=False)
    there.remote.live_after = 30
    rows = there.remote.rows

    async def silent(_: float) -> object:
        return tuple(replace(row, stage=Stage(), live=False) for row in await rows())

    there.remote.rows = silent  # type: ignore[method-assign, assignment]  # rows that say little
    run = await there.go(*ONE)
    assert run.report("main").summary["subscribed"] == 1
    assert there.remote.count("stage") >= 2


async def test_orphans_of_a_dead_process_end_when_a_run_begins(tmp_path: Path) -> None:
    async with bench(tmp_path / "state.db") as dead:
        await dead.store.intents.open(HERE, "910000000001", "AppOne")
    async with bench(tmp_path / "state.db", dead.remote) as there:
        before = there.clock.now()
        run = PartnerRun(there.task(*ONE))
        await apply_until_settled(
            there.account(), run, wait=True, until=before + 3600, on_progress=lambda _: None
        )
        assert there.remote.posts[0][0] >= before + 720
        assert len(there.remote.posts) == 1


async def test_the_first_failure_in_gather_ends_the_other_tasks_and_is_raised_as_itself() -> None:
    ended = []

    async def fails() -> int:
        raise Busy("first")

    async def hangs() -> int:
        try:
            return await asyncio.Event().wait()
        finally:
            ended.append(True)

    with pytest.raises(Busy, match="first"):
        await gather([hangs(), fails()])
    assert ended == [True]


async def test_results_of_gather_come_in_the_order_of_its_tasks() -> None:
    async def after(turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return turns

    assert await gather(after(turns) for turns in (3, 1, 2)) == [3, 1, 2]


# What the account keeps from working.


async def test_an_account_that_may_not_link_is_remembered_and_subscribes_what_is_there(there: Bench) -> None:
    there.remote.put("AppTwo", "910000000002")
    there.remote.account_facts = replace(PENDING, at=there.clock.now())
    run = await there.go(*TWO)
    assert [(each.item.name, each.reason) for each in run.report("main").blocked] == [
        ("AppOne", "TermsNotAccepted")
    ]
    assert [warning.reason for warning in run.report("main").warnings] == ["TermsNotAccepted"]
    assert {verb for verb, _ in there.remote.writes} == {"subscribe", "set_callback"}
    assert (await there.memory()).account.terms_accepted is False


async def test_a_silent_sign_in_leaves_what_is_remembered_until_a_link_works(
    there: Bench,
) -> None:
    there.remote.account_facts = replace(PENDING, at=there.clock.now())
    await there.go(*ONE)
    there.remote.account_facts = AccountFacts()
    there.clock.time += 60
    assert (await there.go(*ONE)).report("main").summary["blocked"] == 1
    asked = Request(again=frozenset({"AppOne"}), at=there.clock.now())
    run = await there.go(run=PartnerRun(there.task(*TWO, asked=asked)))
    assert run.report("main").summary["linked"] == 2, "the first link shows that all of them may go"
    assert (await there.memory()).account.terms_accepted is True


async def test_an_approved_action_whose_turn_comes_later_is_looked_at_again(there: Bench) -> None:
    """Somebody does it while it waits for its budget: nothing is sent on the strength of an old read."""
    one = there.remote.put("AppOne", "910000000001")
    declared = (app(callback=None), events())
    planned = PartnerRun(there.task(*declared))
    plan = await plan_when_observed(there.account(), planned, until=there.clock.now() + 60)
    there.remote.on("subscribe", Busy("the budget is used up", there.clock.now() + 30))
    run = partner_run(there.task(*declared), approval_of(plan))

    def on_progress(_: PartnerRun) -> None:
        there.remote.subs[one]["events"] = remote(events())

    until = there.clock.now() + 300
    await apply_until_settled(there.account(), run, wait=False, until=until, on_progress=on_progress)
    assert there.remote.count("subscribe") == 1, "the one that had no budget"
    (result,) = run.report("main").results
    assert (result.outcome, result.reason) == (Outcome.STALE, "AlreadyAsPlanned")
