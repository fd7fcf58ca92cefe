"""The process that never stops: its source, its partners, and its end."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from controller.errors import SourceError, Unsettled
from controller.loop.run.controller import GRACE, Controller
from controller.loop.run.source_watcher import SourceWatcher
from controller.loop.run.worker import READ_SOURCE, RELEASE
from controller.model.history import Declared, LastGood
from controller.model.manifest import App, Desired, Partner
from controller.model.passes import WHOLE_PARTNER, SourceRead, SourceState
from controller.model.problem import Place, Problem, Severity
from controller.model.source import Decoded, Source
from controller.model.upstream import Row, Upstream
from tests.builders.manifest import PARTNER
from tests.loop.apply_fixture import ONE, TWO, app, events
from tests.loop.run_fixture import Door, Tending, tending

OTHER = replace(PARTNER, name="other")
OTHERS = replace(TWO, partner="other")
UPSTREAMS = {
    "main": Upstream("https://partner.gupshup.io#1"),
    "other": Upstream("https://partner.gupshup.io#2"),
}


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Tending]:
    with capture_logs(), tending(tmp_path) as found:
        yield found


@dataclass
class Shelf:
    """A source that holds *lies* after *slowly* seconds; *editions* are what its revisions declare."""

    editions: dict[str, Desired] = field(default_factory=dict)
    lies: str | SourceError = ""
    slowly: float = 0.0
    identity: str = "shelf"
    reads: int = 0
    odd: tuple[Problem, ...] = ()

    def put(self, revision: str, *declared: App | Partner) -> None:
        partners = tuple(each for each in declared if isinstance(each, Partner))
        apps = tuple(each for each in declared if isinstance(each, App))
        self.editions[revision] = Desired(revision, partners, apps)
        self.lies = revision

    async def read(self, known: str) -> Source | None:
        self.reads += 1
        await asyncio.sleep(self.slowly)
        if isinstance(self.lies, SourceError):
            raise self.lies
        return None if self.lies == known else Source("shelf", self.lies, ())

    async def advanced(self, _old: str, _new: str) -> bool:
        return True

    async def decode(self, source: Source) -> Decoded:
        return Decoded(self.editions[source.revision], self.odd, warnings=len(self.odd))


@dataclass
class World:
    tending: Tending
    door: Door
    shelf: Shelf
    controller: Controller
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def at(self, seconds: float, change: object, *arguments: object) -> None:
        assert callable(change)
        self.tending.loop.call_later(seconds, change, *arguments)

    def edit(self, seconds: float, revision: str, *declared: App | Partner) -> None:
        """Have the source hold something else from then on, and say so."""
        self.at(seconds, self.shelf.put, revision, *declared)
        self.at(seconds, self.controller.source_changed)

    def run(self, seconds: float) -> None:
        self.at(seconds, self.controller.stop)
        self.tending.run(self.controller.run())

    def passes(self, partner: str) -> list[str]:
        return [each.revision for each in self.tending.told if each.partner == partner and not each.error]


@pytest.fixture
def world(there: Tending) -> World:
    return made(there, Shelf())


def made(there: Tending, shelf: Shelf, *released: str) -> World:
    door = Door(there, UPSTREAMS)
    watched = SourceWatcher(shelf, there.store.revisions, shelf.decode, there.clock, released=set(released))
    return World(there, door, shelf, Controller(watched, there.context(door.stand, asyncio.Event())))


def test_every_partner_is_reconciled_with_its_own_apps(world: World) -> None:
    world.shelf.put("r1", PARTNER, OTHER, ONE, OTHERS)
    world.at(10, lambda: states.extend(world.controller.partners()))
    states: list[object] = []
    world.run(30)
    assert {row.name for row in world.tending.remote.apps.values()} == {"AppOne", "AppTwo"}
    assert [(each.name, each.apps) for each in states] == [("main", 1), ("other", 1)]  # type: ignore[attr-defined]
    assert sorted(name for name, _ in world.door.signed_in) == ["main", "other"]
    assert world.controller.source().revision == "r1"


def test_every_partner_gets_its_own_subscriptions_and_releases(there: Tending) -> None:
    there.run(there.store.revisions.declare(UPSTREAMS["main"], Declared(9, 9)))
    hooks = (events(), replace(events("AppTwo", tag="other"), partner="other"))
    shelf = Shelf({"r1": Desired("r1", (PARTNER, OTHER), (ONE, OTHERS), hooks)}, lies="r1")
    world = made(there, shelf)
    world.run(60)
    trouble = world.controller.source().error
    assert "9 Apps became 1" in trouble
    assert there.remote.calls == []
    made(there, shelf, trouble.rpartition(" ")[2]).run(60)
    tags = {there.remote.apps[app].name: set(subs) for app, subs in there.remote.subs.items()}
    assert tags == {"AppOne": {"events"}, "AppTwo": {"other"}}


def release(world: World, seconds: float, *digests: str) -> None:
    """Have another process release *digests*, or what is refused by then."""

    async def leave() -> None:
        named = digests or tuple(world.controller.source().digest.split(","))
        for number, digest in enumerate(named):
            hints = world.tending.store.hints
            await hints.leave(UPSTREAMS["main"], f":release {number}", f"{RELEASE} {digest}")

    world.at(seconds, lambda: world.tasks.append(world.tending.loop.create_task(leave())))


def test_a_source_that_lost_too_much_is_released_while_the_process_runs(world: World) -> None:
    apps = [app(f"AppNumber{number}", f"91000000000{number}") for number in range(1, 5)]
    world.shelf.put("r1", PARTNER, *apps)
    world.edit(60, "r2", PARTNER, apps[0])
    refused: list[str] = []
    world.at(90, lambda: refused.append(world.controller.source().error))
    release(world, 100, "sha256:of-something-else")
    world.at(110, lambda: refused.append(world.controller.source().error))
    release(world, 120)
    world.run(180)
    assert ["4 Apps became 1" in each for each in refused] == [True, True]
    state = world.controller.source()
    assert (state.revision, state.error) == ("r2", "")
    assert world.passes("main")[-1] == "r2"


def test_a_source_that_is_refused_before_any_was_good_is_released_while_the_process_runs(
    world: World,
) -> None:
    """No loop runs yet that could take what another process left."""
    there = world.tending
    there.run(there.store.revisions.declare(UPSTREAMS["main"], Declared(9, 9)))
    there.run(there.store.hints.leave(UPSTREAMS["main"], "AppOne", "event"))
    world.shelf.put("r1", PARTNER, ONE)
    refused: list[str] = []
    release(world, 20, "sha256:of-something-else")
    world.at(80, lambda: refused.append(world.controller.source().error))
    release(world, 90)
    world.run(180)
    assert ["9 Apps became 1" in each for each in refused] == [True]
    state = world.controller.source()
    assert (state.revision, state.error) == ("r1", "")
    assert there.remote.apps


def test_the_source_is_read_soon_after_a_change_and_otherwise_at_each_interval(world: World) -> None:
    world.shelf.put("r1", PARTNER, ONE)
    world.edit(10, "r2", PARTNER, ONE, app("AppTwo", "910000000002"))
    world.at(70, world.shelf.put, "r3", PARTNER, ONE, app("AppThree", "910000000003"))
    world.run(130)
    posts = {
        phone: at - world.tending.clock.now() + world.tending.seconds
        for at, phone in world.tending.remote.posts
    }
    assert posts["910000000002"] == pytest.approx(10, abs=0.5)
    assert posts["910000000003"] == pytest.approx(120, abs=1.5), "at the next tick"
    assert world.door.times == [0.0]


def warnings(*places: str) -> tuple[Problem, ...]:
    return tuple(Problem(Place(each), "GS709", Severity.WARNING, "", "is not read") for each in places)


def test_the_warnings_of_each_revision_are_one_line_of_log(world: World) -> None:
    """Not one at each reading; also of a revision that was good before this process began."""

    def misname() -> None:
        world.shelf.odd = warnings("a.YAML", "b.YAML", "c.YAML", "d.YAML", "e.YAML", "f.YAML", "g.YAML")

    world.shelf.put("r1", PARTNER, ONE)
    world.at(5, misname)
    world.edit(10, "r2", PARTNER, ONE, OTHERS)
    with capture_logs() as said:
        world.run(200)
    (line,) = [each for each in said if each["event"] == "manifests have warnings"]
    assert (line["log_level"], line["revision"], line["warnings"]) == ("warning", "r2", 7)
    assert line["first"].startswith("a.YAML:1:1: warning [GS709] is not read; b.YAML")
    assert line["first"].endswith("; and 2 more: gupshupctl validate")

    again = Controller(world.controller._source, world.controller._context)
    again._context.stopping.clear()
    world.tending.loop.call_later(5, again.stop)
    with capture_logs() as said:
        world.tending.run(again.run())
    assert [each["event"] for each in said].count("manifests have warnings") == 1


def test_the_source_is_read_although_the_timers_stand_still(world: World) -> None:
    class Broken:
        def every(self, *_: object) -> object:
            return lambda: None

    context = replace(world.controller._context, triggers=Broken())  # type: ignore[arg-type]  # they tell nothing
    world.controller._context = context
    world.shelf.put("r1", PARTNER, ONE)
    world.run(1_000)
    assert world.shelf.reads == pytest.approx(1_000 / 120 + 1, abs=1)
    assert world.tending.remote.count("rows") >= 1_000 / 120


def test_a_manifest_that_moved_in_its_file_restarts_no_partner(world: World) -> None:
    world.shelf.put("r1", PARTNER, ONE)
    moved = replace(PARTNER, place=Place("else.yaml", 99))
    world.edit(10, "r2", moved, replace(ONE, place=Place("else.yaml", 1)))
    world.run(30)
    assert world.door.times == [0.0]
    assert world.passes("main")[-1] == "r2"


def test_a_changed_partner_signs_in_anew(world: World) -> None:
    world.shelf.put("r1", PARTNER, OTHER, ONE, OTHERS)
    world.edit(10, "r2", replace(PARTNER, owned_tags="gitops-*"), OTHER, ONE, OTHERS)
    world.run(30)
    assert sorted((name, int(at)) for name, at in world.door.signed_in) == [
        ("main", 0),
        ("main", 10),
        ("other", 0),
    ]


def test_an_undeclared_partner_is_stopped_and_a_new_one_started(world: World) -> None:
    world.shelf.put("r1", PARTNER, ONE)
    world.edit(10, "r2", OTHER, TWO)
    world.run(90)
    assert {name for name, _ in world.door.signed_in} == {"main", "other"}
    last = max(each.began for each in world.tending.told if each.partner == "main")
    assert last <= world.tending.clock.now() - 78
    assert world.passes("other")


def test_an_app_that_changes_its_partner_moves_from_one_to_the_other(world: World) -> None:
    stays = fleet("other", 1)[0]
    world.shelf.put("r1", PARTNER, OTHER, ONE, OTHERS, stays)
    world.edit(10, "r2", PARTNER, OTHER, ONE, replace(TWO, partner="main"), stays)
    world.at(20, lambda: states.extend(world.controller.partners()))
    states: list[object] = []
    world.run(200)
    assert [(each.name, each.apps) for each in states] == [("main", 2), ("other", 1)]  # type: ignore[attr-defined]
    assert {each.error_kind for each in world.tending.told} == {""}
    assert len(world.tending.remote.posts) == 3
    found = world.tending.run(world.tending.store.statuses.read(UPSTREAMS["other"]))
    assert set(found) == {f"App/{TWO.name}", f"App/{stays.name}", "Partner/other"}
    assert "Unmanaged" in found[f"App/{TWO.name}"], "the app that it has there is still there"


def test_the_only_app_of_a_partner_moves_to_no_other_one_without_a_release(world: World) -> None:
    world.shelf.put("r1", PARTNER, OTHER, ONE, OTHERS)
    world.edit(10, "r2", PARTNER, OTHER, ONE, replace(TWO, partner="main"))
    world.at(20, lambda: errors.append(world.controller.source().error))
    errors: list[str] = []
    world.run(200)
    assert "1 Apps became 0 for https://partner.gupshup.io#2; nothing shrinks to zero" in errors[0]
    assert f"App/{TWO.name}" in world.tending.run(world.tending.store.statuses.read(UPSTREAMS["other"]))


def test_a_stored_revision_is_not_applied_before_the_source_was_read(world: World) -> None:
    old = LastGood("r1", 1.0, ())
    world.tending.run(world.tending.store.revisions.save_good("shelf", old))
    world.shelf.put("r1", PARTNER, ONE)
    world.shelf.put("r2", PARTNER, replace(TWO, partner="main"))
    world.shelf.slowly = 5.0
    world.run(30)
    assert {row.name for row in world.tending.remote.apps.values()} == {"AppTwo"}
    assert "r1" not in world.passes("main")


def test_a_rejected_revision_is_logged_once_with_revision_and_digest(world: World) -> None:
    with capture_logs() as logs:
        world.shelf.put("r1", PARTNER, *fleet("main", 5))
        world.edit(70, "r2", PARTNER, *fleet("main", 2))
        world.edit(200, "r1", PARTNER, *fleet("main", 5))
        world.run(260)
    told = [each for each in logs if str(each["event"]).startswith("source ")]
    assert [each["event"] for each in told] == ["source accepted", "source rejected", "source recovered"]
    assert {each["source"] for each in told} == {"shelf"}
    assert (told[1]["revision"], told[1]["rejected"], told[2]["revision"]) == ("r1", "r2", "r1")
    assert str(told[1]["digest"]) in str(told[1]["why"])


def test_an_unreachable_source_leaves_the_last_good_revision_at_work(world: World) -> None:
    world.shelf.put("r1", PARTNER, ONE)
    world.tending.run(world.tending.store.revisions.save_good("shelf", LastGood("r1", 1.0, ())))
    world.shelf.lies = SourceError("no route")
    world.run(30)
    assert {row.name for row in world.tending.remote.apps.values()} == {"AppOne"}
    assert world.controller.source().error == "no route"


def test_a_controller_without_a_good_revision_starts_no_partner(world: World) -> None:
    world.shelf.lies = SourceError("no route")
    world.run(30)
    assert (world.controller.partners(), world.door.signed_in) == ((), [])


# What an account was declared to have, whatever things are called.


def fleet(partner: str, count: int) -> list[App]:
    return [replace(app(f"App{n}x", f"9100000001{n:02}"), partner=partner) for n in range(count)]


def test_a_renamed_partner_evades_no_guard_and_signs_in_once(world: World) -> None:
    """The new revision is compared with what the account had, and the last good one goes on being kept."""
    primary = replace(PARTNER, name="primary")
    world.door.upstreams = {"main": UPSTREAMS["main"], "primary": UPSTREAMS["main"]}
    world.shelf.put("r1", PARTNER, *fleet("main", 5))
    world.edit(70, "r2", primary, *fleet("primary", 2))
    states: list[SourceState] = []
    world.at(200, lambda: states.append(world.controller.source()))
    world.edit(210, "r3", primary, *fleet("primary", 4))
    world.run(300)
    assert (states[0].revision, states[0].rejected) == ("r1", "r2")
    assert "5 Apps became 2" in states[0].error
    assert {each.partner for each in world.tending.told if each.revision == "r2"} == set()
    assert world.passes("main"), "what was good goes on being kept"
    assert world.passes("primary")
    assert [name for name, _ in world.door.signed_in] == ["main", "primary"]
    assert world.controller.source().revision == "r3"


def test_a_source_being_written_at_the_start_is_waited_for_before_older_revisions(
    world: World,
) -> None:
    world.tending.run(world.tending.store.revisions.save_good("shelf", LastGood("r1", 1.0, ())))
    world.shelf.put("r1", PARTNER, ONE)
    world.shelf.put("r2", PARTNER, replace(TWO, partner="main"))
    world.shelf.lies = Unsettled("a.yaml changed last")
    world.at(5, setattr, world.shelf, "lies", "r2")
    world.run(30)
    assert {row.name for row in world.tending.remote.apps.values()} == {"AppTwo"}
    assert world.door.times == [pytest.approx(6, abs=1)], "it is looked at every second meanwhile"


def test_a_source_that_is_written_for_ever_leaves_the_last_good_revision_at_work(world: World) -> None:
    world.tending.run(world.tending.store.revisions.save_good("shelf", LastGood("r1", 1.0, ())))
    world.shelf.put("r1", PARTNER, ONE)
    world.shelf.lies = Unsettled("a.yaml changed last")
    world.run(90)
    assert {row.name for row in world.tending.remote.apps.values()} == {"AppOne"}


# Hints.


def test_a_hint_reaches_every_partner_whichever_way_it_comes(world: World) -> None:
    world.shelf.put("r1", PARTNER, OTHER, ONE, OTHERS)
    known: list[bool] = []

    async def hint() -> None:
        await asyncio.sleep(40)
        before = len(world.tending.told)
        known.append(await world.controller.hint(each for each in ("AppTwo", "AppOne")))
        known.append(await world.controller.hint(["stranger"]))
        await asyncio.sleep(1)
        looked = {(each.partner, each.app) for each in world.tending.told[before:]}
        assert looked == {("main", "AppOne"), ("other", "AppTwo")}
        world.controller.stop()

    async def both() -> None:
        await asyncio.gather(hint(), world.controller.run())

    world.tending.run(both())
    assert known == [True, False]


# Its end.


def test_the_controller_ends_at_once_if_no_pass_is_running(world: World) -> None:
    world.shelf.put("r1", PARTNER, OTHER, ONE, OTHERS)
    world.run(100)
    assert world.tending.seconds <= 101.1


def test_the_controller_ends_while_its_source_is_read(world: World) -> None:
    world.shelf.put("r1", PARTNER, ONE)
    world.shelf.slowly = 3_600.0
    world.run(10)
    assert world.tending.seconds == pytest.approx(10, abs=0.1)


def test_a_stuck_pass_is_cut_off_when_the_controller_ends(world: World) -> None:
    async def stuck(until: float = 0) -> tuple[Row, ...]:  # noqa: ARG001  (it never comes to that)
        await asyncio.sleep(3_600)
        return ()

    world.tending.remote.rows = stuck  # type: ignore[method-assign]  # a call that does not end
    world.shelf.put("r1", PARTNER, OTHER, ONE, OTHERS)
    world.run(10)
    assert world.tending.seconds == pytest.approx(10 + GRACE, abs=0.5)


def test_changed_partners_are_stopped_side_by_side(world: World) -> None:
    async def stuck(_: float) -> tuple[Row, ...]:
        await asyncio.sleep(3_600)
        return ()

    world.shelf.put("r1", PARTNER, OTHER, ONE, OTHERS)
    world.at(50, setattr, world.tending.remote, "rows", stuck)
    third = replace(PARTNER, name="third")
    world.edit(70, "r2", third, replace(ONE, partner="third"))
    tended: dict[int, set[str]] = {}
    for at in (70 + int(GRACE) - 1, 70 + int(GRACE) + 1):
        world.at(at, lambda at=at: tended.update({at: {each.name for each in world.controller.partners()}}))
    world.run(100)
    assert ["third" in names for names in tended.values()] == [False, True]
    assert {each.app for each in world.tending.told} >= {WHOLE_PARTNER}


# What other processes learn of a read.


def test_a_read_is_noted_if_it_was_asked_for_or_shows_something_new(world: World) -> None:
    there, noted = world.tending, list[SourceRead]()
    store = there.store

    def look() -> None:
        async def read() -> None:
            noted.append((await store.source_reads.last())[UPSTREAMS["main"]])

        world.tasks.append(there.loop.create_task(read()))

    def ask() -> None:
        world.tasks.append(there.loop.create_task(store.hints.leave(UPSTREAMS["main"], *READ_SOURCE)))

    world.shelf.put("r1", PARTNER, *fleet("main", 5))
    for seconds in (100, 170):
        world.at(seconds, look)
    world.at(175, ask)
    world.at(179, look)
    world.edit(200, "r2", PARTNER, *fleet("main", 2))
    world.at(205, look)
    world.run(210)
    first, later, asked, refused = noted
    assert first == later, "nothing new, and nobody asked"
    assert (asked.state, asked.began > later.began) == (later.state, True)
    assert (refused.state.revision, refused.state.rejected, refused.refused_by) == ("r1", "r2", "PlanRefused")
