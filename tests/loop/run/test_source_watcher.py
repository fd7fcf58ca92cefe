"""A source that is read for ever: whatever comes, the last good revision stands, over restarts too."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from controller.edges.store import SqlStore, open_store
from controller.errors import ControllerError, Denied, SourceError, StoreError, Unsettled
from controller.loop.run.source_watcher import LONG, SourceWatcher
from controller.model.history import Declared, LastGood
from controller.model.manifest import Desired, Partner
from controller.model.passes import SourceState
from controller.model.problem import Place, Problem, Severity
from controller.model.source import Decoded, Source, SourceFile, Stamp
from tests.builders.manifest import PARTNER
from tests.clock import FakeClock
from tests.loop.apply_fixture import app

BAD = Problem(Place("a.yaml"), "GS101", Severity.ERROR, "spec.phone", "must be digits")


@dataclass
class Shelf:
    """A source in a few words: *lies* is the revision there, or why it cannot be read."""

    lies: str | ControllerError
    grows: bool = True
    identity: str = "shelf"
    whole: list[str] = field(default_factory=list)
    beside: tuple[SourceFile, ...] = ()
    steps: list[tuple[str, str]] = field(default_factory=list)

    async def read(self, known: str) -> Source | None:
        if isinstance(self.lies, ControllerError):
            raise self.lies
        if self.lies == known:
            return None
        self.whole.append(self.lies)
        there = source(self.lies)
        stamps = tuple(Stamp(file.path, file.place, ()) for file in self.beside)
        return replace(there, files=(*there.files, *self.beside), stamps=stamps)

    async def advanced(self, old: str, new: str) -> bool:
        self.steps.append((old, new))
        return self.grows


def source(revision: str) -> Source:
    return Source("shelf", revision, (SourceFile("a.yaml", revision.encode()),))


def declared(revision: str, apps: int) -> Desired:
    some = tuple(app(f"App{n}", f"91000000{n:04d}") for n in range(apps))
    return Desired(revision, (PARTNER,), some)


async def decode(found: Source) -> Decoded:
    """Read revisions like `ten-b`: so many apps, or a mistake."""
    file, *_ = found.files
    word, _, more = file.data.decode().partition("-")
    if word == "bad":
        return Decoded(None, (BAD,))
    made = declared(found.revision, {"none": 0, "one": 1, "nine": 9, "ten": 10}[word])
    if more == "by-manifest":
        made = replace(made, partners=(replace(PARTNER, place=Place("partner.yaml")),))
    return Decoded(renamed(made) if more == "renamed" else made, ())


def renamed(made: Desired) -> Desired:
    """Return the same under a partner of another name."""
    partners = tuple(replace(each, name="primary") for each in made.partners)
    return replace(
        made, partners=partners, apps=tuple(replace(each, partner="primary") for each in made.apps)
    )


HERE = f"{PARTNER.url}#1"


async def whose(_: Partner) -> str | None:
    """Sign in: whatever the partner is called, it is the same account."""
    return HERE


@dataclass
class World:
    shelf: Shelf
    store: SqlStore
    clock: FakeClock

    async def watched(self, released: Iterable[str] = (), shelf: Shelf | None = None) -> SourceWatcher:
        made = SourceWatcher(shelf or self.shelf, self.store.revisions, decode, self.clock, set(released))
        await made.load_last_good()
        return made

    async def settled(self) -> SourceWatcher:
        made = await self.watched()
        assert await made.read()
        return made


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = FakeClock()
    async with open_store(tmp_path / "state.db", clock, inline=True) as store:
        yield World(Shelf("ten"), store, clock)


def kept(made: SourceWatcher) -> str:
    return made.desired.revision if made.desired is not None else ""


async def test_an_observing_process_stores_nothing_about_what_an_account_declares(world: World) -> None:
    await world.store.revisions.declare(HERE, Declared(9, 0))
    made = await world.watched()
    made.admits = False
    assert await made.read(whose)
    assert await world.store.revisions.declared(HERE) == Declared(9, 0)


async def test_a_good_revision_is_accepted_and_stored(world: World) -> None:
    made = await world.watched()
    assert (made.desired, made.state) == (None, SourceState("shelf"))
    assert await made.read()
    now = world.clock.now()
    assert (kept(made), made.state) == ("ten", SourceState("shelf", "ten", now, now))
    good = await world.store.revisions.last_good("shelf")
    assert good == LastGood("ten", now, source("ten").files)


async def test_an_unchanged_source_is_not_read_twice(world: World) -> None:
    made = await world.settled()
    since = world.clock.now()
    world.clock.time += 60
    assert not await made.read()
    assert world.shelf.whole == ["ten"]
    assert made.state == SourceState("shelf", "ten", since, since + 60)


@pytest.mark.parametrize(
    ("lies", "grows", "words"),
    [
        pytest.param("bad", True, "GS101", id="bad manifests"),
        pytest.param("none", True, "declares no app", id="an empty source"),
        pytest.param("one", True, "10 Apps became 1", id="one that lost too much"),
        pytest.param("nine-elsewhere", False, "did not grow out of ten", id="a history that was rewritten"),
        pytest.param(SourceError("cannot fetch: no route"), True, "no route", id="one that cannot be read"),
    ],
)
async def test_a_rejected_revision_leaves_the_source_on_the_last_good_one(
    world: World, lies: str | ControllerError, words: str, *, grows: bool
) -> None:
    made = await world.settled()
    since = world.clock.now()
    world.shelf.lies, world.shelf.grows = lies, grows
    for _ in range(3):
        world.clock.time += 60
        assert not await made.read()
        assert (kept(made), made.state.revision, made.state.since) == ("ten", "ten", since)
        assert words in made.state.error
        assert made.state.error_since == since + 60, "since when"
    again = await world.watched()
    assert (kept(again), again.state) == ("ten", SourceState("shelf", "ten", since))
    assert not await again.read()
    assert (kept(again), again.state.revision) == ("ten", "ten")
    assert words in again.state.error


async def test_each_revision_has_to_grow_out_of_the_last_good_one(world: World) -> None:
    made = await world.settled()
    for lies, grows in (("nine-b", False), ("nine-c", True), ("ten-d", True)):
        world.shelf.lies, world.shelf.grows = lies, grows
        assert await made.read() is grows
    assert world.shelf.steps == [("ten", "nine-b"), ("ten", "nine-c"), ("nine-c", "ten-d")]


async def test_a_failed_sign_in_is_the_error_of_the_source_and_no_revision_is_accepted(world: World) -> None:
    async def denied(_: Partner) -> str | None:
        raise Denied("the credentials are refused")

    await world.store.revisions.declare(HERE, Declared(1, 1))
    made = await world.watched()
    assert not await made.read(denied)
    assert (kept(made), made.state.error) == ("", "the credentials are refused")


async def test_returning_to_the_good_revision_clears_the_error_of_a_source(world: World) -> None:
    made = await world.settled()
    since = world.clock.now()
    for lies in ("bad", "none", SourceError("no route")):
        world.shelf.lies = lies
        await made.read()
        assert made.state.error
        world.shelf.lies = "ten"
        assert not await made.read()
        assert made.state == SourceState("shelf", "ten", since, world.clock.now())


async def test_the_next_good_revision_clears_the_error_of_a_source(world: World) -> None:
    made = await world.settled()
    world.shelf.lies = "bad"
    await made.read()
    world.shelf.lies = "nine"
    assert await made.read()
    assert (kept(made), made.state.error, made.state.error_since) == ("nine", "", None)


@pytest.mark.parametrize(
    ("lies", "grows"),
    [("none", True), ("one", True), ("nine-elsewhere", False)],
    ids=["empty", "shrunken", "rewritten"],
)
async def test_the_digest_of_a_rejected_revision_releases_exactly_that_one(
    world: World, lies: str, *, grows: bool
) -> None:
    world.shelf.grows = grows
    made = await world.settled()
    world.shelf.lies = lies
    await made.read()
    key = made.state.digest
    assert key in made.state.error
    wrong = await world.watched(["sha256:0"])
    assert not await wrong.read()
    agreed = await world.watched(key.split(","))
    assert await agreed.read()
    assert (kept(agreed), agreed.state.digest) == (lies, "")
    world.shelf.lies = "none-later"
    if lies != "none":
        assert not await agreed.read(), "that was no consent to another loss"


async def test_all_refusals_of_a_revision_are_reported_at_once_with_every_digest(world: World) -> None:
    """Empty is one thing, so much less than before is another, and so is a history that was rewritten."""
    world.shelf.grows = False
    made = await world.settled()
    world.shelf.lies = "none"
    await made.read()
    for words in ("declares no app", "10 Apps became 0", "did not grow out of ten"):
        assert words in made.state.error
    digests = made.state.digest.split(",")
    assert (len(set(digests)), made.state.error.endswith(f"--release {made.state.digest}")) == (3, True)
    for released in (digests[:2], digests[1:]):
        again = await world.watched(released)
        assert not await again.read()
        assert {again.state.digest} == set(digests) - set(released)
    assert await (await world.watched(digests)).read()


async def test_a_first_revision_that_is_bad_declares_nothing(world: World) -> None:
    world.shelf.lies = "bad"
    made = await world.watched()
    assert not await made.read()
    assert (made.desired, made.state.revision) == (None, "")
    assert made.state.error


async def test_a_new_source_may_begin_with_a_partner_manifest_and_is_never_emptied_later(
    world: World,
) -> None:
    world.shelf.lies = "none-by-manifest"
    made = await world.settled()
    assert (kept(made), made.state.error) == ("none-by-manifest", "")
    world.shelf.lies = "ten"
    assert await made.read()
    for watcher in (made, await world.watched()):
        world.shelf.lies = "none-by-manifest"
        assert not await watcher.read()
        assert (kept(watcher), "declares no app" in watcher.state.error) == ("ten", True)


async def test_a_last_good_revision_that_newer_rules_refuse_is_not_followed_by_an_empty_one(
    world: World,
) -> None:
    await world.store.revisions.save_good("shelf", LastGood("bad", 1.0, source("bad").files))
    world.shelf.lies = "none-by-manifest"
    made = await world.watched()
    assert not await made.read()
    assert "declares no app" in made.state.error


async def test_an_unreachable_source_hides_a_bad_revision_only_while_it_lasts(world: World) -> None:
    made = await world.settled()
    since = world.clock.now()
    world.shelf.lies = "bad"
    await made.read()
    world.shelf.lies = SourceError("no route")
    await made.read()
    assert "no route" in made.state.error
    world.shelf.lies = "bad"
    await made.read()
    assert "GS101" in made.state.error
    assert made.state.error_since == since


@dataclass
class Full:
    """A disk that takes no more for a while."""

    full: bool = True

    async def last_good(self, _source: str) -> LastGood | None:
        return None

    async def save_good(self, _source: str, _good: LastGood) -> None:
        if self.full:
            raise StoreError("the disk is full")

    async def filled(self, _places: Sequence[str]) -> frozenset[str]:
        return frozenset()

    async def declared(self, _upstream: str) -> Declared | None:
        return None

    async def declare(self, _upstream: str, _count: Declared) -> None:
        return None

    async def knows(self, _url: str) -> bool:
        return False


async def test_a_revision_that_cannot_be_stored_is_not_accepted(world: World) -> None:
    """Without it a restart could take less for all there was."""
    disk = Full()
    made = SourceWatcher(world.shelf, disk, decode, world.clock)
    await made.load_last_good()
    assert not await made.read()
    assert (made.desired, made.state.error) == (None, "the disk is full")
    disk.full = False
    assert await made.read()
    assert (kept(made), made.state.error) == ("ten", "")


async def test_a_stored_revision_that_newer_rules_refuse_is_not_good(world: World) -> None:
    await world.store.revisions.save_good("shelf", LastGood("bad", 1.0, source("bad").files))
    made = await world.watched()
    assert (made.desired, made.state) == (None, SourceState("shelf"))
    assert await made.read()


async def test_an_account_is_not_compared_with_what_another_one_declared(world: World) -> None:
    """What is declared for a rehearsal elsewhere says nothing about this account."""
    made = await world.settled()
    assert made.desired is not None
    elsewhere = replace(PARTNER, url="http://localhost:8000")
    made.accepted = Decoded(Desired("ten", (elsewhere,), made.desired.apps), ())
    world.shelf.lies = "one"
    assert await made.read()


# What an account was declared to have, whatever things are called.


async def signed_in(world: World) -> SourceWatcher:
    """Take ten, and let the partner's loop keep how many that were, as it does once it is signed in."""
    made = await world.settled()
    await world.store.revisions.declare(HERE, Declared(10, 0))
    return made


@pytest.mark.parametrize("lies", ["one", "one-renamed"])
async def test_a_loss_of_an_account_is_refused_whatever_its_partner_is_called(
    world: World, lies: str
) -> None:
    await signed_in(world)
    world.shelf.lies = lies
    for _ in range(2):
        made = await world.watched()
        assert not await made.read(whose)
        assert f"10 Apps became 1 for {HERE}" in made.state.error
        assert (kept(made), made.state.revision, made.state.rejected) == ("ten", "ten", lies)
    agreed = await world.watched([made.state.digest])
    assert await agreed.read(whose)
    assert await world.store.revisions.declared(HERE) == Declared(1, 0)


async def test_another_folder_is_compared_with_what_the_account_had(world: World) -> None:
    await signed_in(world)
    less = await world.watched(shelf=Shelf("one", identity="elsewhere"))
    assert not await less.read(whose)
    assert "10 Apps became 1" in less.state.error
    assert (less.desired, less.state.revision) == (None, "")
    moved = await world.watched(shelf=Shelf("ten", identity="elsewhere"))
    assert await moved.read(whose), "manifests that moved lost nothing"


async def test_a_renamed_partner_that_lost_nothing_is_accepted(world: World) -> None:
    made = await signed_in(world)
    world.shelf.lies = "nine-renamed"
    assert await made.read(whose)
    assert await world.store.revisions.declared(HERE) == Declared(9, 0)


async def test_no_sign_in_happens_if_the_store_knows_of_nothing_to_lose(world: World) -> None:
    async def never(_: Partner) -> str | None:
        raise AssertionError

    made = await world.watched()
    assert await made.read(never)


async def test_an_unidentified_account_is_compared_with_the_last_good_revision(
    world: World,
) -> None:
    made = await signed_in(world)
    world.shelf.lies = "one"
    assert not await made.read()
    assert "10 Apps became 1 for main at https" in made.state.error


async def test_a_history_is_compared_although_newer_rules_refuse_its_last_good_revision(world: World) -> None:
    await world.store.revisions.save_good("shelf", LastGood("bad", 1.0, source("bad").files))
    world.shelf.grows = False
    made = await world.watched()
    assert not await made.read()
    assert "did not grow out of bad" in made.state.error


async def test_a_good_revision_with_the_wrong_files_in_the_store_is_corrected(world: World) -> None:
    """The files of a refused revision may stand in an old store under the id of a good one."""
    await world.store.revisions.save_good("shelf", LastGood("ten", 1.0, source("one").files))
    made = await world.watched()
    assert not await made.read()
    assert made.desired == declared("ten", 10)
    good = await world.store.revisions.last_good("shelf")
    assert good == LastGood("ten", 1.0, source("ten").files)


# What is waited for.


async def test_a_source_being_written_is_waited_for_and_shown_as_waiting(world: World) -> None:
    made = await world.settled()
    since = world.clock.now()
    world.shelf.lies = Unsettled("a.yaml changed last")
    for _ in range(2):
        world.clock.time += 1
        assert not await made.read()
        assert (made.state.waiting, made.state.waited) == ("a.yaml changed last", since + 1)
        assert (made.pending, made.state.error, kept(made)) == (True, "", "ten")
    world.shelf.lies = "nine"
    assert await made.read()
    assert (made.state.waiting, made.state.waited, made.pending) == ("", None, False)


async def test_a_source_that_is_written_for_ever_becomes_an_error(world: World) -> None:
    made = await world.settled()
    world.shelf.lies = Unsettled("a.yaml changed last")
    await made.read()
    world.clock.time += LONG
    await made.read()
    assert (made.pending, made.state.error, kept(made)) == (False, "a.yaml changed last", "ten")
    world.shelf.lies = "ten"
    await made.read()
    assert (made.state.error, made.state.waiting) == ("", "")


async def test_an_emptied_file_is_refused_unless_it_is_behind_a_swapped_link(
    world: World,
) -> None:
    world.shelf.beside = (SourceFile("b.yaml", b"b: c", "/m/b.yaml"),)
    made = await world.settled()
    for again in (made, await world.watched()):
        world.shelf.lies, world.shelf.beside = "nine", (SourceFile("b.yaml", b"", "/m/b.yaml"),)
        for _ in range(2):
            assert not await again.read()
            assert "b.yaml is empty and held manifests before" in again.state.error
            assert (kept(again), again.state.rejected, again.state.digest) == ("ten", "nine", "")
    world.shelf.beside = (SourceFile("b.yaml", b"", "/swapped/b.yaml"),)
    assert await made.read()


async def test_files_of_a_rejected_revision_are_not_known_as_filled(world: World) -> None:
    """What was refused for another reason was not good: its release is good for it later."""
    world.shelf.beside = (SourceFile("b.yaml", b"b: c", "/one/b.yaml"),)
    made = await world.settled()
    world.shelf.lies, world.shelf.beside = "one", (SourceFile("b.yaml", b"", "/two/b.yaml"),)
    for _ in range(2):
        assert not await made.read()
        assert "10 Apps became 1" in made.state.error
    agreed = await world.watched([made.state.digest])
    assert await agreed.read()


async def test_the_new_location_of_unchanged_manifests_is_stored(world: World) -> None:
    world.shelf.beside = (SourceFile("b.yaml", b"b: c", "/one/b.yaml"),)
    made = await world.settled()
    world.shelf.beside, made._seen = (SourceFile("b.yaml", b"b: c", "/two/b.yaml"),), ""
    assert not await made.read()
    assert await world.store.revisions.filled(["/one/b.yaml", "/two/b.yaml"]) == {"/two/b.yaml"}


async def test_the_state_of_a_source_names_the_rejected_revision(world: World) -> None:
    made = await world.settled()
    for lies in ("bad", "none"):
        world.shelf.lies = lies
        await made.read()
        assert made.state.rejected == lies
    world.shelf.lies = SourceError("no route")
    await made.read()
    assert made.state.rejected == "", "nobody knows what lies there"
    world.shelf.lies = SourceError("commit c1 has no folder at apps", "c1")
    await made.read()
    assert made.state.rejected == "c1"
