"""Every write but a link: one line of history, one observation if unclear, no repetition of a refusal."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from controller.errors import Busy, Denied, Limited, Rejected, Unclear
from controller.loop.apply import PartnerRun
from controller.loop.reconcile.attempt import INTERRUPTED
from controller.model.manifest import App, FromEnv, Reference, Subscription
from controller.model.plan import Outcome, Request, WaitFor
from controller.model.secret import Secret
from controller.model.upstream import RemoteSubscription, SubscriptionId
from tests.builders.manifest import CALLBACK, PARTNER
from tests.loop.apply_fixture import Bench, app, events, outcomes
from tests.loop.fake_gupshup import Lose

PHONE = "910000000001"
URL = "https://hooks.example.com/AppOne"
MINUTE = 60


@pytest.fixture
def there(there: Bench) -> Bench:
    """Let an app be there and live, without a subscription."""
    there.remote.put("AppOne", PHONE)
    there.partner = replace(PARTNER, owned_tags="events*")
    return there


def there_is(tag: str = "events", url: str = URL) -> RemoteSubscription:
    return RemoteSubscription(
        SubscriptionId(f"9{len(tag)}"), tag, url, 3, 65, ("SENT", "MESSAGE"), active=True
    )


ONE = (app(callback=None), events())


async def test_a_clear_success_needs_no_further_observation(there: Bench) -> None:
    run = await there.go(*ONE)
    assert outcomes(run) == [("subscribe", "done", "")]
    assert (there.remote.count("subscribe"), there.remote.count("subscriptions")) == (1, 1)
    assert run.report("main").unchanged == 1


async def test_a_second_run_of_apply_writes_nothing(there: Bench) -> None:
    await there.go(*ONE)
    before = len(there.remote.writes)
    run = await there.go(*ONE)
    assert (outcomes(run), len(there.remote.writes)) == ([], before)


async def test_a_lost_reply_costs_one_observation_and_no_second_write(there: Bench) -> None:
    there.remote.on("subscribe", Lose())
    run = await there.go(*ONE)
    assert outcomes(run) == [("subscribe", "done", "Confirmed")]
    assert (there.remote.count("subscribe"), there.remote.count("subscriptions")) == (1, 2)


async def test_a_write_that_was_lost_on_the_way_is_sent_again(there: Bench) -> None:
    there.remote.on("subscribe", Unclear("sent, no reply"))
    run = await there.go(*ONE)
    assert outcomes(run) == [("subscribe", "done", "")]
    assert there.remote.count("subscribe") == 2


async def test_a_duplicate_subscription_is_observed_and_updated(there: Bench) -> None:
    """The observation missed a subscription that somebody made right after it, with another URL."""
    (one,) = there.remote.apps
    there.remote.subs[one]["events"] = there_is(url="https://hooks.example.com/other")
    look, first = there.remote.subscriptions, [()]

    async def late(_: object) -> object:
        return first.pop() if first else await look(one)

    there.remote.subscriptions = late  # type: ignore[method-assign, assignment]  # the first look is too early
    run = await there.go(*ONE)
    assert [verb for verb, _ in there.remote.writes] == ["subscribe", "update_subscription"]
    assert there.remote.subs[one]["events"].url == URL
    assert ("update", "done", "") in outcomes(run)


async def test_an_update_of_a_missing_subscription_becomes_a_subscribe(there: Bench) -> None:
    (one,) = there.remote.apps
    there.remote.subs[one]["events"] = there_is(url="https://hooks.example.com/other")
    there.remote.on("update_subscription", Rejected("400", status=400, words="Subscription Does Not Exist"))
    look = there.remote.subscriptions

    async def gone(_: object) -> object:
        found = await look(one)
        there.remote.subs[one].clear()
        return found

    there.remote.subscriptions = gone  # type: ignore[method-assign, assignment]  # gone right after the look
    await there.go(*ONE)
    assert [verb for verb, _ in there.remote.writes] == ["update_subscription", "subscribe"]


async def test_an_active_flag_that_backs_off_for_an_hour_does_not_keep_a_run_waiting(
    there: Bench,
) -> None:
    (one,) = there.remote.apps
    await there.go(*ONE)
    for _ in range(2):
        there.remote.subs[one]["events"] = replace(there.remote.subs[one]["events"], active=False)
        before = there.clock.now()
        run = await there.go(*ONE, wait=False)
        assert there.clock.now() - before < MINUTE
    (waiting,) = run.report("main").waiting
    assert waiting.wait_for is WaitFor.BACKOFF
    assert waiting.until == pytest.approx(before + 3600, abs=1)
    assert there.remote.count("update_subscription") == 1


async def test_a_url_that_cannot_be_reached_is_tried_again_at_longer_and_longer_intervals(
    there: Bench,
) -> None:
    no = Rejected("400", status=400, words="Invalid URL Passed: timeout")
    there.remote.on("subscribe", no, no)
    before = there.clock.now()
    run = await there.go(*ONE, wait=False)
    assert outcomes(run) == [("subscribe", "failed", "InvalidUrl")]
    assert there.clock.now() == pytest.approx(before, abs=1), "who need not wait for it does not"
    run = await there.go(*ONE)
    assert outcomes(run)[-1][:2] == ("subscribe", "done")
    assert there.remote.count("subscribe") == 3
    assert there.clock.now() - before == pytest.approx(30 + 60, abs=5)


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        pytest.param(403, "Not Subscription Owner", "NotSubscriptionOwner", id="somebody else's"),
        pytest.param(400, "Invalid version", "Rejected", id="anything else"),
    ],
)
async def test_a_rejected_subscription_is_blocked_and_not_repeated(
    there: Bench, status: int, words: str, reason: str
) -> None:
    there.remote.on("subscribe", Rejected("no", status=status, words=words))
    run = await there.go(*ONE)
    assert outcomes(run) == [("subscribe", "failed", reason)]
    again = await there.go(*ONE)
    assert [each.reason for each in again.report("main").blocked] == [reason]
    assert there.remote.count("subscribe") == 1


async def test_a_refusal_for_want_of_room_is_followed_by_a_read_and_never_by_a_blind_try(
    there: Bench,
) -> None:
    (one,) = there.remote.apps
    full = Rejected("no", status=400, words="Maximum of 5 subscriptions")
    there.remote.on("subscribe", full, full)
    first = await there.go(*ONE)
    assert outcomes(first) == [("subscribe", "failed", "TooManySubscriptions")]
    assert [each.reason for each in first.report("main").blocked] == ["TooManySubscriptions"]
    assert (there.remote.count("subscribe"), there.remote.count("subscriptions")) == (2, 3), "room was shown"

    there.remote.subs[one] = {
        f"theirs-{n}": replace(there_is(f"theirs-{n}"), id=SubscriptionId(str(n))) for n in range(5)
    }
    await there.clock.sleep(120 * MINUTE)
    again = await there.go(*ONE)
    assert [each.reason for each in again.report("main").blocked] == ["TooManySubscriptions"]
    assert there.remote.count("subscribe") == 2, "no room is shown"

    del there.remote.subs[one]["theirs-0"]
    assert outcomes(await there.go(*ONE)) == [("subscribe", "done", "")]


async def test_undeclared_subscriptions_are_removed_only_if_owned(there: Bench) -> None:
    (one,) = there.remote.apps
    there.remote.subs[one] = {"events-old": there_is("events-old"), "manual": there_is("manual")}
    run = await there.go(app(callback=None))
    assert outcomes(run) == [("unsubscribe", "done", "")]
    assert list(there.remote.subs[one]) == ["manual"]
    assert [each.item.name for each in run.report("main").foreign] == ["manual"]
    narrowed = PartnerRun(there.task(app(callback=None), complete=False))
    there.remote.subs[one]["events-other"] = there_is("events-other")
    await there.go(run=narrowed)
    assert "events-other" in there.remote.subs[one], "a narrowed scope never unsubscribes"


async def test_a_callback_that_was_never_written_from_here_is_written_once(there: Bench) -> None:
    """Somebody else linked the app, or the store is lost, or the manifest had none until now."""
    (one,) = there.remote.apps
    run = await there.go(run=PartnerRun(there.task(app(), asked=Request(resend=False))), wait=False)
    assert there.remote.writes == []
    assert [item.name for item in run.report("main").unverifiable] == ["AppOne"]
    assert run.report("main").unchanged == 0
    run = await there.go(app(), wait=False)
    assert outcomes(run) == [("update", "done", "")]
    assert there.remote.callbacks == {one: CALLBACK}
    for _ in range(2):
        await there.go(app(), wait=False)
    assert there.remote.count("set_callback") == 1


async def test_a_callback_declared_after_the_link_is_written(there: Bench) -> None:
    await there.go(app("AppNew", "910000000007", callback=None))
    await there.go(app("AppNew", "910000000007"))
    assert list(there.remote.callbacks.values()) == [CALLBACK]
    await there.go(app("AppNew", "910000000007", callback=None))
    assert there.remote.count("set_callback") == 1, "what is not declared any more is not compared"


async def test_headers_that_were_never_written_from_here_are_written_once(there: Bench) -> None:
    (one,) = there.remote.apps
    there.remote.subs[one] = {"events": there_is()}
    wanted = replace(events(), headers={"X-Hook": FromEnv("HOOK_SECRET")})
    for _ in range(2):
        await there.go(app(callback=None), wanted)
    assert [verb for verb, _ in there.remote.writes] == ["update_subscription"]


async def test_a_mass_of_first_callback_writes_is_held_and_other_writes_go_on(there: Bench) -> None:
    """As after the first apply of an imported account, or with a new `defaults.callbackUrl`."""
    fleet = [(f"App{number:03}", f"9100000001{number:02}") for number in range(30)]
    for name, phone in fleet:
        there.remote.put(name, phone)
    declared: list[App | Subscription] = [
        *(app(name, phone) for name, phone in fleet),
        events("App007"),
        app("New", "910000000009"),
    ]
    run = await there.go(*declared)
    report = run.report("main")
    assert (report.summary["held"], report.summary["linked"], report.summary["subscribed"]) == (30, 1, 1)
    assert [there.remote.apps[each].name for each in there.remote.callbacks] == ["New"]
    released = replace(there.task(*declared), released=frozenset({report.held_digest or ""}))
    await there.go(run=PartnerRun(released))
    assert (there.remote.count("set_callback"), len(there.remote.callbacks)) == (30, 31)


async def test_a_callback_that_gupshup_refuses_is_blocked_until_a_person_acts(there: Bench) -> None:
    there.remote.on("set_callback", *[Rejected("no", status=403, words="Not supported for this app")] * 9)
    run = await there.go(app(), events())
    assert ("subscribe", "done", "") in outcomes(run), "its webhooks go on"
    (blocked,) = run.report("main").blocked
    assert (blocked.item.name, blocked.reason) == ("AppOne", "Forbidden")
    assert "remove it (from spec.defaults, too)" in blocked.message
    assert there.remote.count("set_callback") == 1


async def test_a_secret_that_disappears_before_the_write_fails_its_item_alone(there: Bench) -> None:
    wanted = replace(events(), headers={"X-Hook": FromEnv("HOOK_SECRET")})
    revealed = 0

    def once(_: Reference) -> Secret:
        nonlocal revealed
        revealed += 1
        if revealed > 1:
            raise Denied("no secret: HOOK_SECRET is not set")
        return Secret("canary-of-the-hook")

    account = replace(there.account(), reveal=once)
    run = await there.go(app(callback=None), wanted, events(tag="events2"), account=account)
    assert sorted(outcomes(run)) == [
        ("subscribe", "done", ""),
        ("subscribe", "failed", "HeaderUnavailable"),
    ]
    assert [each.reason for each in run.report("main").blocked] == ["HeaderUnavailable"]
    assert len(await there.history()) == 1, "what was never sent leaves no line"


async def test_a_callback_of_our_own_is_set_when_it_changes(there: Bench) -> None:
    (one,) = there.remote.apps
    await there.go(app())
    await there.go(app(callback="https://hooks.example.com/changed"))
    await there.go(app(callback="https://hooks.example.com/changed"))
    assert there.remote.callbacks == {one: "https://hooks.example.com/changed"}
    assert there.remote.count("set_callback") == 2


async def test_headers_are_sent_and_their_change_is_noticed_without_keeping_them(there: Bench) -> None:
    wanted = replace(events(), headers={"X-Hook": FromEnv("HOOK_SECRET")})
    await there.go(app(callback=None), wanted)
    await there.go(app(callback=None), wanted)
    assert [verb for verb, _ in there.remote.writes] == ["subscribe"]
    renamed = replace(events(), headers={"X-Other": FromEnv("HOOK_SECRET")})
    await there.go(app(callback=None), renamed)
    assert [verb for verb, _ in there.remote.writes] == ["subscribe", "update_subscription"]
    assert b"canary-of-the-hook" not in await asyncio.to_thread(Path(there.store.place).read_bytes)


async def test_an_unavailable_header_blocks_its_subscription_alone(there: Bench) -> None:
    run = await there.go(
        app(callback=None), events(), replace(events(tag="events2"), headers={"X": FromEnv("HOOK_NONE")})
    )
    assert outcomes(run) == [("subscribe", "done", "")]
    assert [(each.item.name, each.reason) for each in run.report("main").blocked] == [
        ("events2", "HeaderUnavailable")
    ]


async def test_a_header_that_becomes_unavailable_blocks_an_existing_subscription(there: Bench) -> None:
    wanted = replace(events(), headers={"X-Hook": FromEnv("HOOK_SECRET")})
    await there.go(app(callback=None), wanted)

    def lost(reference: Reference) -> Secret:
        raise Denied(f"no secret: {reference} is not set")

    run = await there.go(app(callback=None), wanted, account=replace(there.account(), reveal=lost))
    assert [each.reason for each in run.report("main").blocked] == ["HeaderUnavailable"]
    (of_app, of_it) = run.statuses
    for type_, truth in (("Synced", "False"), ("Ready", "False"), ("Stalled", "True")):
        found = of_it.condition(type_), of_app.condition(type_)
        assert {(str(each.status), each.reason) for each in found if each} == {(truth, "HeaderUnavailable")}
    assert len(there.remote.writes) == 1


async def test_an_exhausted_budget_of_one_app_delays_its_own_writes_only(there: Bench) -> None:
    there.remote.put("AppTwo", "910000000002")
    until = there.clock.now() + MINUTE
    there.remote.on("subscribe", Busy("the budget is used up", until))
    declared = (app(callback=None), events(), events(tag="events2"))
    two = (app("AppTwo", "910000000002", callback=None), events("AppTwo"))
    run = await there.go(*declared, *two, seconds=0)
    assert [(each.item.app, each.outcome) for each in run.report("main").results] == [
        ("AppTwo", Outcome.DONE)
    ]
    assert [(each.item.name, each.wait_for, each.until) for each in run.report("main").waiting] == [
        ("events", WaitFor.BUDGET, until),
        ("events2", WaitFor.BUDGET, until),
    ]
    calls = there.remote.count("subscribe")
    run = await there.go(*declared, *two)
    assert (there.clock.now() >= until, run.report("main").waiting) == (False, ())
    assert there.remote.count("subscribe") == calls + 2


async def test_an_exhausted_budget_is_not_tried_again_before_its_time(there: Bench) -> None:
    until = there.clock.now() + MINUTE
    there.remote.on("subscribe", Busy("the budget is used up", until))
    run = await there.go(*ONE)
    assert outcomes(run) == [("subscribe", "done", "")]
    assert (there.remote.count("subscribe"), there.clock.now() >= until) == (2, True)


async def test_writes_of_one_app_wait_for_their_budget_over_passes_of_other_apps(there: Bench) -> None:
    until = there.clock.now() + MINUTE
    there.remote.on("subscribe", Busy("the budget is used up", until))
    await there.go(*ONE, app("AppTwo", "910000000002"), events("AppTwo"))
    lines = [entry for entry in await there.history() if entry.target == "Subscription/events on App/AppOne"]
    assert [(entry.outcome, entry.at >= until) for entry in lines] == [("done", True)]


async def test_every_write_has_one_finished_line_of_history(there: Bench) -> None:
    """Done, failed, unclear and turned away; what never went out left none."""
    there.remote.put("AppTwo", "910000000002")
    there.remote.on(
        "subscribe",
        Busy("our own pace", there.clock.now() + 1),
        Limited("429", there.clock.now() + 2),
        Unclear("no reply"),
        Rejected("no", status=400, words="Invalid URL Passed"),
        Busy("connection refused"),
    )
    bare = partial(app, callback=None)
    await there.go(
        bare(), events(), bare("AppTwo", "910000000002"), events("AppTwo"), bare("New", "910000000003")
    )
    entries = await there.history()
    assert len(entries) == len(there.remote.writes) - 1
    assert sorted(entry.outcome for entry in entries) == ["done"] * 3 + ["failed"] * 3 + ["unclear"]
    assert {(entry.who, entry.revision) for entry in entries} == {("a test", "r1")}


async def test_a_refused_token_ends_later_writes_and_is_tried_once_more(there: Bench) -> None:
    there.remote.on("subscribe", Denied("the app token was refused"))
    run = await there.go(*ONE)
    assert outcomes(run) == [("subscribe", "done", "")]
    there.remote.on("update_subscription", *[Denied("the app token was refused")] * 2)
    changed = replace(events(), url="https://hooks.example.com/changed")
    with pytest.raises(Denied):
        await there.go(ONE[0], changed)
    assert there.remote.count("update_subscription") == 2


async def test_a_cancelled_write_is_reported_as_unclear(there: Bench) -> None:
    going = asyncio.Event()

    async def hang(*_: object) -> object:
        going.set()
        return await asyncio.Event().wait()

    there.remote.subscribe = hang  # type: ignore[method-assign, assignment]  # a Gupshup that never answers
    run = PartnerRun(there.task(*ONE))
    task = asyncio.ensure_future(there.go(run=run))
    await going.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (entry,) = await there.history()
    assert (entry.verb, entry.outcome, entry.message) == ("subscribe", "unclear", INTERRUPTED)
    assert outcomes(run) == [("subscribe", "unclear", "OutcomeUnknown")]
