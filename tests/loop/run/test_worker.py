"""The worker of one partner: pass after pass, whatever each of them meets."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from controller.core.render.statuses import read_documents
from controller.core.status.state import ResourceState, state_of
from controller.errors import Busy, Denied, Locked, StoreError
from controller.loop.run.worker import EVENT, HANDOVER, RECONCILE, RELEASE, Worker
from controller.model.manifest import AppId, Count, Guards
from controller.model.memory import Memory
from controller.model.passes import WHOLE_PARTNER, Lane, Pass, Timing
from controller.model.status import Status, Truth
from controller.model.upstream import RemoteSubscription
from tests.builders.manifest import PARTNER, desired
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import HOOKS, ONE, TWO, app
from tests.loop.fake_gupshup import Gupshup
from tests.loop.run_fixture import TEMPO, Tending, tending

BOTH = desired(ONE, TWO, *HOOKS)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Tending]:
    with capture_logs(), tending(tmp_path) as found:
        yield found
        assert found.remote.faults == []


class Poisoned(Gupshup):
    """A Gupshup about one app of which our code has a bug."""

    async def subscriptions(self, app: AppId) -> tuple[RemoteSubscription, ...]:
        found = await super().subscriptions(app)
        if app == "app-1":
            raise RuntimeError("a bug of ours")
        return found


def poison(there: Tending) -> None:
    there.remote = Poisoned(there.remote.clock)


def both_live(there: Tending) -> None:
    there.remote.put("AppOne", ONE.phone)
    there.remote.put("AppTwo", TWO.phone)


def about(there: Tending, name: str) -> list[Pass]:
    return [each for each in there.told if each.app == name]


async def serve(there: Tending, made: Worker, seconds: float = 30.0) -> None:
    await there.serve(made, seconds)


# From declared to done.


def test_declared_apps_are_linked_and_subscribed_by_a_worker(there: Tending) -> None:
    there.remote.live_after = 20
    made = there.tenure(BOTH)
    there.run(serve(there, made, 60))
    assert {app: set(tags) for app, tags in there.remote.subs.items() if tags} == {
        AppId("app-1"): {"events"},
        AppId("app-2"): {"events"},
    }
    state = made.state()
    assert (state.apps, state.is_leader, state.provisioning, state.error, state.failures) == (
        2,
        True,
        0,
        "",
        0,
    )
    assert state.listed_at > 0
    assert {each.revision for each in there.told} == {"r1"}
    assert [len(each.results) for each in there.told if each.results] == [2, 1, 1], (
        "two links, each app's webhook"
    )
    assert {each.app: bool(each.summary) for each in there.told} == {
        WHOLE_PARTNER: True,
        "AppOne": False,
        "AppTwo": False,
    }


def test_a_full_pass_counts_what_nobody_declares(there: Tending) -> None:
    both_live(there)
    there.run(serve(there, there.tenure(desired(ONE)), 30))
    assert {each.summary["unmanaged"] for each in there.told if each.app == WHOLE_PARTNER} == {1}


def test_a_settled_partner_is_listed_at_each_interval_and_its_apps_in_turn(there: Tending) -> None:
    both_live(there)
    there.run(serve(there, there.tenure(BOTH), 30))
    before = len(there.remote.writes)
    there.remote.calls.clear()
    there.told.clear()
    made = there.tenure(BOTH)
    there.run(serve(there, made, 1_800))
    assert len(there.remote.writes) == 0 < before
    assert there.remote.count("rows") == pytest.approx(30, abs=2)
    assert there.remote.count("subscriptions") == pytest.approx(2 * (1_800 / 900 * 3 + 1), abs=3)


def test_an_event_starts_a_pass_over_its_app_at_once(there: Tending) -> None:
    both_live(there)
    made = there.tenure(BOTH)

    async def hint() -> None:
        await asyncio.sleep(40.2)
        assert made.event(["stranger", ONE.phone])
        assert not made.event(["stranger"])

    async def work() -> None:
        await asyncio.gather(hint(), serve(there, made, 50))

    there.run(work())
    last = about(there, "AppOne")[-1]
    assert last.lane is Lane.CHANGED
    assert last.began == pytest.approx(there.clock.now() - 50 + 40.2, abs=0.01)


# A bug about one app.


def test_a_crash_about_one_app_stops_no_other(there: Tending) -> None:
    poison(there)
    both_live(there)
    made = there.tenure(BOTH)
    there.run(serve(there, made, 120))
    assert set(there.remote.subs[AppId("app-2")]) == {"events"}
    crashed = about(there, "AppOne")
    assert {each.error_kind for each in crashed} == {"RuntimeError"}
    assert "a bug of ours" not in crashed[0].error
    assert 4 <= len(crashed) <= 8, "it rests longer each time"
    assert made.state().failures == len(crashed)
    assert {each.upstream for each in crashed} == {made.state().upstream} == {HERE}
    assert {each.revision for each in crashed} == {"r1"}
    assert {each.lane for each in crashed} <= set(Lane)
    assert all(0 <= each.seconds < 5 for each in crashed)
    assert set(made.state().queued) <= set(Lane)
    assert len(about(there, WHOLE_PARTNER)) >= 2


def test_a_crash_about_one_app_defers_no_guarded_change_of_others(there: Tending) -> None:
    """The guard waits for observations of all apps; one that always fails is not waited for."""
    poison(there)
    both_live(there)
    there.run(serve(there, there.tenure(desired(TWO, HOOKS[1])), 10))
    changed = replace(HOOKS[1], version=2)
    there.run(serve(there, there.tenure(desired(ONE, TWO, HOOKS[0], changed)), 130))
    assert there.remote.subs[AppId("app-2")]["events"].version == 2


def test_a_crash_of_a_full_pass_is_the_error_of_the_partner(there: Tending) -> None:
    made = there.tenure(BOTH)
    there.remote.on("rows", RuntimeError("a bug of ours"))
    there.run(serve(there, made, 0.5))
    assert "crashed" in made.state().error
    there.run(serve(there, made, 10))
    assert made.state().error == ""
    assert len(there.remote.apps) == 2


# What ends a tenure.


class Full:
    """A store whose disk is full when it comes to statuses."""

    async def save(self, *_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    async def read(self, _upstream: str) -> dict[str, str]:
        return {}


@pytest.mark.parametrize("error", [Denied("401"), Locked("another"), StoreError("the disk is full")])
def test_fatal_errors_end_the_worker_and_are_reported(there: Tending, error: Exception) -> None:
    there.remote.on("rows", error)
    with pytest.raises(type(error), match=str(error)):
        there.run(serve(there, there.tenure(BOTH)))
    assert [(each.error, each.error_kind) for each in there.told] == [(str(error), type(error).__name__)]


def test_statuses_that_cannot_be_stored_end_the_worker(there: Tending) -> None:
    there.store.statuses = Full()  # type: ignore[assignment]  # a store of one method
    with pytest.raises(StoreError, match="full"):
        there.run(serve(there, there.tenure(BOTH)))


def test_temporary_errors_do_not_end_the_worker(there: Tending) -> None:
    there.remote.on("rows", *[Busy("no answer")] * 3)
    made = there.tenure(BOTH)
    there.run(serve(there, made, 1.0))
    assert (made.state().error, made.state().failures) == ("no answer", 1)
    there.run(serve(there, made, 30))
    assert (made.state().error, made.state().failures, len(there.remote.apps)) == ("", 0, 2)


def test_a_list_with_a_retry_time_is_read_again_only_then(there: Tending) -> None:
    there.remote.on("rows", Busy("too fast", until=there.clock.now() + 45))
    there.run(serve(there, there.tenure(BOTH), 44))
    assert there.remote.count("rows") == 1
    there.remote.calls.clear()
    made = there.tenure(BOTH)
    there.remote.on("rows", Busy("too fast", until=there.clock.now() + 45))
    there.run(serve(there, made, 50))
    assert there.remote.count("rows") >= 2


def test_a_lost_lock_ends_the_worker_before_another_pass(there: Tending) -> None:
    there.holds = False
    with pytest.raises(Locked):
        there.run(serve(there, there.tenure(BOTH)))
    assert there.remote.calls == []


def test_the_worker_ends_soon_after_it_is_stopped(there: Tending) -> None:
    stopped: list[float] = []
    made = there.tenure(BOTH)

    async def work() -> None:
        asyncio.get_running_loop().call_later(33.3, stopped.append, 1.0)
        await made.run(lambda: bool(stopped))

    there.run(work())
    assert there.seconds <= 33.3 + TEMPO.hint_poll


# Hints of other processes.


async def leave(there: Tending, *hints: tuple[str, str], after: float = 30.0) -> None:
    await asyncio.sleep(after)
    for name, kind in hints:
        await there.store.hints.leave(HERE, name, kind)


def hinted(there: Tending, made: Worker, *hints: tuple[str, str], seconds: float = 40.0) -> None:
    async def work() -> None:
        await asyncio.gather(leave(there, *hints), serve(there, made, seconds))

    there.run(work())


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        pytest.param(("AppOne", RECONCILE), [("AppOne", Lane.ASKED)], id="a person asks for an app"),
        pytest.param((ONE.phone, EVENT), [("AppOne", Lane.CHANGED)], id="an event"),
        pytest.param(
            (f":{EVENT} {ONE.phone}", f"{EVENT} {ONE.phone}"),
            [("AppOne", Lane.CHANGED)],
            id="under its own name",
        ),
        pytest.param(("gone", RECONCILE), [], id="an app that is not declared"),
        pytest.param(("gone", EVENT), [], id="an event of a stranger"),
    ],
)
def test_a_hint_is_taken_within_a_second(
    there: Tending, hint: tuple[str, str], expected: list[object]
) -> None:
    both_live(there)
    hinted(there, there.tenure(BOTH), hint, seconds=32)
    late = [each for each in there.told if each.began >= there.clock.now() - 2]
    assert [(each.app, each.lane) for each in late] == expected
    assert there.run(there.store.hints.take(HERE)) == ()


def test_a_request_for_all_apps_observes_all_of_them(there: Tending) -> None:
    both_live(there)
    hinted(there, there.tenure(BOTH), (WHOLE_PARTNER, RECONCILE), seconds=35)
    late = [each for each in there.told if each.began >= there.clock.now() - 5]
    assert [(each.app, each.lane) for each in late] == [
        (WHOLE_PARTNER, Lane.ASKED),
        ("AppOne", Lane.DRIFT),
        ("AppTwo", Lane.DRIFT),
    ]


def test_an_event_does_not_replace_what_a_person_asked_for(there: Tending) -> None:
    both_live(there)
    made = there.tenure(BOTH)
    hinted(there, made, ("AppOne", RECONCILE), (":event AppOne", "event AppOne"), seconds=32)
    assert about(there, "AppOne")[-1].lane is Lane.ASKED


def test_a_request_dates_the_status_of_its_app_even_if_unchanged(there: Tending) -> None:
    """A status that says the same is not written each time, but for who waits for it."""
    both_live(there)
    hinted(there, there.tenure(BOTH), ("AppOne", RECONCILE))
    found = {str(each.item): each.at for each in read_documents(there.run(there.store.statuses.read(HERE)))}
    assert found["App/AppOne"] >= there.clock.now() - 10 > found["App/AppTwo"]


GUARDED = replace(PARTNER, guards=Guards(max_links=Count(1)))


def test_a_release_given_to_the_worker_lets_exactly_the_held_changes_through(there: Tending) -> None:
    made = there.tenure(desired(ONE, TWO, partner=GUARDED))
    there.run(serve(there, made, 5))
    key = made.state().held_digest
    assert (key.startswith("sha256:"), there.remote.posts) == (True, [])
    there.run(leave(there, (":release 0", f"{RELEASE} sha256:0"), after=0))
    there.run(serve(there, made, 5))
    assert there.remote.posts == []
    there.run(leave(there, (":release 0", f"{RELEASE} {key}"), after=0))
    there.run(serve(there, made, 5))
    assert len(there.remote.posts) == 2
    assert made.state().held_digest == ""


def stored(there: Tending) -> dict[str, Status]:
    return {str(each.item): each for each in read_documents(there.run(there.store.statuses.read(HERE)))}


def test_what_is_held_is_reported_with_the_pass_and_kept_with_the_partner(there: Tending) -> None:
    there.run(serve(there, there.tenure(desired(ONE, TWO, partner=GUARDED)), 5))
    (held,) = about(there, WHOLE_PARTNER)[-1].held or ()
    assert str(held) == "guard maxLinks: 2 planned, 1 allowed"
    assert stored(there)["Partner/main"].held == (held,)


def test_a_pass_over_a_held_app_leaves_it_held(there: Tending) -> None:
    """Such a pass counts nothing. Only the next full pass may find that the change is no longer held."""
    made = there.tenure(desired(ONE, TWO, partner=GUARDED))
    hinted(there, made, ("AppOne", RECONCILE), seconds=32)
    assert about(there, "AppOne")[-1].held is None
    found = stored(there)
    assert state_of(found["App/AppOne"])[0] is ResourceState.HELD
    assert found["Partner/main"].held, "the partner holds what the last full pass held"


def test_the_worker_hands_the_lock_over_on_request(there: Tending) -> None:
    made = there.tenure(BOTH)
    hinted(there, made, HANDOVER, seconds=600)
    assert there.seconds <= 32


def test_a_request_for_the_lock_from_before_the_worker_began_is_ignored(there: Tending) -> None:
    there.run(leave(there, HANDOVER, after=0))
    there.timeline.seconds += 5
    there.run(serve(there, there.tenure(BOTH), 60))
    assert there.seconds >= 65


# What is declared meanwhile.


def test_an_app_undeclared_during_its_pass_is_left_alone(there: Tending) -> None:
    both_live(there)
    made = there.tenure(BOTH)
    look = there.remote.subscriptions

    async def leaving(app: AppId) -> tuple[RemoteSubscription, ...]:
        if app == "app-1":
            made.declare(replace(desired(TWO, HOOKS[1]), revision="r2"))
        return await look(app)

    there.remote.subscriptions = leaving  # type: ignore[method-assign]  # it is declared no more meanwhile
    there.run(serve(there, made, 1_000))
    assert {each.error_kind for each in there.told} == {""}
    assert len(about(there, "AppOne")) == 1
    assert [each.revision for each in about(there, "AppOne")] == ["r1"], "what was evaluated"
    found = read_documents(there.run(there.store.statuses.read(HERE)))
    assert {(each.item.app, each.revision) for each in found} == {
        ("AppOne", "r2"),  # unmanaged
        ("AppTwo", "r2"),
        ("", "r2"),  # the partner
    }
    assert [each.item.app for each in found if each.condition("Unmanaged")] == ["AppOne"]


def test_an_app_renamed_during_its_pass_goes_on_under_its_new_name(there: Tending) -> None:
    """No read is repeated, its conditions keep their times, and nothing stays under the old name."""
    both_live(there)
    made = there.tenure(BOTH)
    look, began = there.remote.subscriptions, there.clock.now()

    async def renaming(app: AppId) -> tuple[RemoteSubscription, ...]:
        there.remote.subscriptions = look  # type: ignore[method-assign]  # once
        new = replace(ONE, name="acme"), TWO, replace(HOOKS[0], app="acme"), HOOKS[1]
        made.declare(replace(desired(*new), revision="r2"))
        return await look(app)

    async def rename() -> None:
        await asyncio.sleep(40)
        there.remote.subscriptions = renaming  # type: ignore[method-assign]  # the name changes in a pass
        made.event(["AppOne"])

    async def work() -> None:
        await asyncio.gather(rename(), serve(there, made, 200))

    there.run(work())
    assert {each.error for each in there.told} == {""}
    assert there.remote.count("subscriptions") == 3, "each at first, and one for the event"
    found = read_documents(there.run(there.store.statuses.read(HERE)))
    assert {each.item.app for each in found} == {"acme", "AppTwo", ""}
    assert {c.status for each in found for c in each.conditions if c.type == "Ready"} == {Truth.TRUE}
    assert max(c.since for each in found for c in each.conditions) < began + 40
    (moved,) = [each.renamed for each in there.told if each.renamed]
    assert {str(was): str(now) for was, now in moved.items()} == {
        "App/AppOne": "App/acme",
        "Subscription/events on App/AppOne": "Subscription/events on App/acme",
    }


def test_a_pass_reports_the_revision_that_it_began_with(there: Tending) -> None:
    made = there.tenure(BOTH)
    rows = there.remote.rows

    async def meanwhile(_: float) -> object:
        there.remote.rows = rows  # type: ignore[method-assign]  # once
        made.declare(replace(BOTH, revision="r2"))
        return await rows()

    there.remote.rows = meanwhile  # type: ignore[method-assign, assignment]  # something new is declared
    there.run(serve(there, made, 5))
    revisions = [each.revision for each in there.told]
    assert revisions == sorted(revisions)
    assert revisions[:2] == ["r1", "r2"]


def test_a_new_manifest_is_linked_at_once(there: Tending) -> None:
    both_live(there)
    made = there.tenure(desired(ONE, HOOKS[0]))

    async def commit() -> None:
        await asyncio.sleep(40)
        made.declare(replace(desired(ONE, app("AppThree", "910000000003")), revision="r2"))

    async def work() -> None:
        await asyncio.gather(commit(), serve(there, made, 50))

    there.run(work())
    [(at, phone)] = there.remote.posts
    assert phone == "910000000003"
    assert at == pytest.approx(there.clock.now() - 10, abs=0.1)


# Looking alone.


def test_an_observing_worker_writes_nothing_and_takes_no_hint_from_the_writer(there: Tending) -> None:
    there.remote.put("AppOne", ONE.phone)
    there.tempo = Timing(enforce=False)
    there.holds = False
    made = there.tenure(BOTH)
    hinted(there, made, ("AppOne", RECONCILE), HANDOVER)
    assert there.remote.writes == []
    assert there.run(there.store.memories.read(HERE)) == Memory()
    assert len(there.run(there.store.hints.take(HERE))) == 2
    assert made.state().is_leader is False
    assert there.seconds == pytest.approx(40, abs=2)
