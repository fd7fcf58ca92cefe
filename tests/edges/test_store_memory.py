"""What is noted of an upstream is read back, whole, and of that upstream only."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from controller.edges.clock import SystemClock
from controller.edges.store import SqlStore, open_store
from controller.edges.store.tables.app_health import health_of
from controller.errors import Busy, StoreError
from controller.model.health import AppHealth, SendingError, WabaInfo
from controller.model.history import Declared, Hint, LastGood, WriteRecord
from controller.model.manifest import AppId
from controller.model.memory import (
    Bind,
    Binding,
    ClearRefusal,
    ClearRefusals,
    CloseIntent,
    HealthRead,
    Intent,
    LedgerEntry,
    LedgerWritten,
    LinkAttempt,
    Memory,
    MemoryUpdate,
    Refusal,
    Refuse,
    Unbind,
)
from controller.model.source import SourceFile
from tests.clock import FakeClock
from tests.edges.engines import Engine

HERE, THERE = "https://partner.gupshup.io#1", "http://127.0.0.1:9000#1"
PHONE, APP, OTHER_APP = "919876543210", AppId("app-1"), AppId("app-2")
REFUSAL = Refusal("acme", "d1", "LinkRefused", "no", at=5.0, tries=2, retry_at=9.0)
ALIKE = Refusal("alike", "d2", "LinkRefused", "no", at=6.0)
OTHER_REFUSAL = Refusal("other", "d1", "Rejected", "no", at=5.0)
SICK = AppHealth(
    WabaInfo("1", "BANNED", quality="RED", errors=(SendingError("7", "no"),), verified_name="Acmé"),
    at=11.0,
    colour="RED",
    fell_from="GREEN",
    fell_at=10.0,
)
WELL = AppHealth(WabaInfo("1", can_send="AVAILABLE"), at=12.0)
WRITTEN = LedgerEntry("acme/gitops", "d1", secret="s1", updates=2, active_at=7.0)


@pytest.fixture
async def store(engine: Engine) -> AsyncIterator[SqlStore]:
    """Open a store and be its writer."""
    async with engine.open() as store, store.writer(HERE), store.writer(THERE):
        yield store


def bound(waba: str | None = None, app: AppId = APP, missing: float | None = None) -> Bind:
    return Bind(Binding(PHONE, app, missing_since=missing, waba=waba))


@pytest.mark.parametrize(
    ("notes", "memory"),
    [
        pytest.param([], Memory(), id="nothing"),
        pytest.param([HealthRead(APP, SICK)], Memory(health={APP: SICK}), id="a health"),
        pytest.param(
            [HealthRead(APP, SICK), HealthRead(OTHER_APP, SICK), HealthRead(APP, WELL)],
            Memory(health={APP: WELL, OTHER_APP: SICK}),
            id="the last health of each app",
        ),
        pytest.param(
            [bound("w", missing=3.0)], Memory({PHONE: Binding(PHONE, APP, 3.0, "w")}), id="a binding"
        ),
        pytest.param(
            [Bind(Binding(PHONE, APP, name="Acme"))],
            Memory({PHONE: Binding(PHONE, APP, name="Acme")}),
            id="its name at Gupshup",
        ),
        pytest.param(
            [bound("w"), bound(missing=4.0)],
            Memory({PHONE: Binding(PHONE, APP, 4.0, "w")}),
            id="a waba once told stays",
        ),
        pytest.param(
            [bound(missing=4.0), bound("")],
            Memory({PHONE: Binding(PHONE, APP, None, "")}),
            id="back in the list, and its waba not told",
        ),
        pytest.param(
            [bound("w"), bound(app=OTHER_APP)],
            Memory({PHONE: Binding(PHONE, OTHER_APP)}),
            id="another app has another waba",
        ),
        pytest.param([bound(), Unbind(PHONE)], Memory(), id="a binding taken back"),
        pytest.param([Refuse(REFUSAL)], Memory(refusals={"acme": REFUSAL}), id="a refusal"),
        pytest.param(
            [Refuse(REFUSAL), Refuse(Refusal("acme", "d2", "r", "m", 6.0))],
            Memory(refusals={"acme": Refusal("acme", "d2", "r", "m", 6.0)}),
            id="a later refusal replaces it",
        ),
        pytest.param([Refuse(REFUSAL), ClearRefusal("acme")], Memory(), id="a refusal forgiven"),
        pytest.param(
            [Refuse(REFUSAL), Refuse(OTHER_REFUSAL), Refuse(ALIKE), ClearRefusals("LinkRefused")],
            Memory(refusals={"other": OTHER_REFUSAL}),
            id="all refusals with one reason forgiven",
        ),
        pytest.param([LedgerWritten(WRITTEN)], Memory(ledger={WRITTEN.key: WRITTEN}), id="a write"),
        pytest.param(
            [LedgerWritten(WRITTEN), LedgerWritten(LedgerEntry(WRITTEN.key, "d2"))],
            Memory(ledger={WRITTEN.key: LedgerEntry(WRITTEN.key, "d2")}),
            id="a later write replaces it",
        ),
        pytest.param([CloseIntent(PHONE)], Memory(), id="closing what is not open"),
    ],
)
async def test_memory_updates_are_read_back(
    store: SqlStore, notes: list[MemoryUpdate], memory: Memory
) -> None:
    await store.memories.note(HERE, notes)
    assert await store.memories.read(HERE) == memory
    assert await store.memories.read(THERE) == Memory()


async def test_memory_updates_are_stored_all_together_or_not_at_all(store: SqlStore) -> None:
    bad = LedgerWritten(LedgerEntry("k", None))  # type: ignore[arg-type]  # what no type check would let through
    with pytest.raises(Exception, match=r"NOT NULL|not-null"):
        await store.memories.note(HERE, [bound(), bad])
    assert await store.memories.read(HERE) == Memory()


async def test_an_intent_is_open_until_it_is_closed(store: SqlStore) -> None:
    intent = await store.intents.open(HERE, PHONE, "Acme")
    assert intent == Intent(intent.id, PHONE, "Acme")
    assert (await store.memories.read(HERE)).intents == {PHONE: intent}
    await store.memories.note(HERE, [bound(), CloseIntent(PHONE)])
    assert (await store.memories.read(HERE)).intents == {}


@pytest.mark.parametrize(
    ("phone", "name"),
    [
        pytest.param(PHONE, "Another", id="the same phone under another name"),
        pytest.param("919876543211", "Acme", id="the same name for another phone"),
    ],
)
async def test_a_second_intent_for_a_phone_or_name_is_refused(store: SqlStore, phone: str, name: str) -> None:
    await store.intents.open(HERE, PHONE, "Acme")
    with pytest.raises(Busy, match="nothing was sent"):
        await store.intents.open(HERE, phone, name)
    await store.intents.open(THERE, phone, name)


async def test_the_first_end_of_a_link_attempt_counts(store: SqlStore, clock: FakeClock) -> None:
    intent = await store.intents.open(HERE, PHONE, "Acme")
    await store.intents.end(HERE, intent.id)
    ended = clock.now()
    clock.time += 50
    await store.intents.end(HERE, intent.id)
    assert (await store.memories.read(HERE)).intents[PHONE].ended == ended


async def unclear(store: SqlStore) -> Intent:
    """One attempt whose outcome nobody heard, and that was proven absent afterwards."""
    intent = await store.intents.open(HERE, PHONE, "Acme")
    await store.intents.end(HERE, intent.id)
    await store.memories.note(HERE, [CloseIntent(PHONE)])
    return intent


async def test_unclear_attempts_are_counted_in_a_row(store: SqlStore) -> None:
    assert [(await unclear(store)).unclear for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    "note",
    [pytest.param(bound(), id="a binding"), pytest.param(Unbind(PHONE), id="a person who said: absent")],
)
async def test_a_known_outcome_ends_the_count_of_unclear_links(store: SqlStore, note: MemoryUpdate) -> None:
    await unclear(store)
    await store.memories.note(HERE, [note])
    assert (await unclear(store)).unclear == 1


async def test_a_clear_answer_ends_the_count(store: SqlStore) -> None:
    await unclear(store)
    assert (await store.intents.open(HERE, PHONE, "Acme")).unclear == 2
    await store.memories.note(HERE, [CloseIntent(PHONE)])
    assert (await store.intents.open(HERE, PHONE, "Acme")).unclear == 1


async def test_an_orphaned_intent_ends_when_it_is_first_found(engine: Engine, clock: FakeClock) -> None:
    async with engine.open() as before:
        async with before.writer(HERE):
            await before.intents.open(HERE, PHONE, "Acme")
            assert await before.intents.adopt_orphans(HERE) == 0, "its process lives: it is ours"
        async with engine.open() as after, after.writer(HERE), after.writer(THERE):
            clock.time += 100
            found = clock.now()
            assert await after.intents.adopt_orphans(THERE) == 0
            assert await after.intents.adopt_orphans(HERE) == 1
            clock.time += 100
            assert await after.intents.adopt_orphans(HERE) == 0
            assert (await after.memories.read(HERE)).intents[PHONE].ended == found


ATTEMPT = """
import asyncio, sys
from controller.edges.clock import SystemClock
from controller.edges.store import open_store
from controller.edges.store.postgresql.leases import Terms

async def main():
    store = open_store(sys.argv[1], SystemClock(), terms=Terms(ttl=0.5, guard=0.1, every=0.1))
    async with store.writer(sys.argv[2]):
        await store.intents.open(sys.argv[2], sys.argv[3], "Acme")
        print("open", flush=True)
        sys.stdin.read()

asyncio.run(main())
"""


def test_an_intent_outlives_the_process_that_had_it(engine: Engine) -> None:
    """A link that was under way when its process was killed is found, and ended, by the next one."""
    command = [sys.executable, "-c", ATTEMPT, engine.real, HERE, PHONE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        os.kill(process.pid, signal.SIGKILL)

    async def found() -> tuple[Memory, int, Memory]:
        async with open_store(engine.real, SystemClock()) as store, store.writer(HERE, timeout=30):
            before = await store.memories.read(HERE)
            return before, await store.intents.adopt_orphans(HERE), await store.memories.read(HERE)

    before, adopted, after = asyncio.run(found())
    assert (before.intents[PHONE].ended, adopted) == (None, 1)
    assert after.intents[PHONE].ended is not None


async def test_the_end_of_an_intent_that_could_not_be_written_is_written_later(tmp_path: Path) -> None:
    async with open_store(tmp_path / "state.db", FakeClock(), inline=True) as store:
        await _tripped(store, tmp_path / "state.db")


async def _tripped(store: SqlStore, path: Path) -> None:
    intent = await store.intents.open(HERE, PHONE, "Acme")
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TRIGGER trip BEFORE UPDATE ON intents BEGIN SELECT RAISE(ABORT, 'tripped'); END")
        with pytest.raises(StoreError, match="tripped"):
            await store.intents.end(HERE, intent.id)
        raw.execute("DROP TRIGGER trip")
    assert await store.intents.adopt_orphans(HERE) == 1


def entry(target: str, *, at: float = 1.0, verb: str = "link") -> WriteRecord:
    return WriteRecord(at, "ann", "r1", verb, target)


async def test_a_write_stands_in_the_history_before_and_after_its_outcome(store: SqlStore) -> None:
    number = await store.history.begin(HERE, entry("acme"))
    assert [found.outcome for _, found in await store.history.read()] == [""]
    await store.history.finish(number, "done", "app-1")
    assert await store.history.read(HERE) == (
        (HERE, WriteRecord(1.0, "ann", "r1", "link", "acme", "done", "app-1")),
    )
    assert await store.history.read(THERE) == ()


async def test_a_write_that_was_not_sent_leaves_no_line_of_history(store: SqlStore, clock: FakeClock) -> None:
    answered, unsent = [await store.history.begin(HERE, entry(name, at=clock.now())) for name in ("a", "b")]
    await store.history.finish(answered, "done", "")
    for number in (answered, unsent):
        await store.history.drop(number)
    assert [found.target for _, found in await store.history.read()] == ["a"]


async def test_the_history_is_read_newest_first_and_by_target(store: SqlStore, clock: FakeClock) -> None:
    for name in ("a", "b", "a"):
        await store.history.begin(HERE, entry(name, at=clock.now()))
    assert [found.target for _, found in await store.history.read(limit=2)] == ["a", "b"]
    assert [found.target for _, found in await store.history.read(target="a")] == ["a", "a"]


async def test_the_history_is_read_by_how_the_name_of_who_asked_begins(
    store: SqlStore, clock: FakeClock
) -> None:
    """The beginning is taken as it is: no pattern, no other case."""
    for who in ("apply plan 0a1 by me@here", "apply plan 0a12 by me@here", "apply by me@here", "%"):
        await store.history.begin(HERE, replace(entry("a", at=clock.now()), who=who))
    await store.history.begin(THERE, replace(entry("a", at=clock.now()), who="apply plan 0a1 by me@here"))
    for who, count in (("apply plan 0a1 by ", 1), ("apply plan 0a1", 2), ("Apply", 0), ("%", 1), ("", 4)):
        assert len(await store.history.read(HERE, who=who)) == count, who


A, B = AppId("app-a"), AppId("app-b")


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        pytest.param(
            {HERE: A}, ["1", "2", "5", "7"], id="what was written to it, and by its name of no other"
        ),
        pytest.param(
            {HERE: B}, ["3", "4", "5", "7"], id="those of the app that had the name before, by its own id"
        ),
        pytest.param({}, ["3", "4", "5", "7"], id="without an id, its name counts"),
        pytest.param({THERE: A}, ["3", "4", "5", "7"], id="an id counts in its own upstream"),
    ],
)
async def test_the_history_of_an_app_goes_on_under_another_name(
    store: SqlStore, clock: FakeClock, ids: dict[str, AppId], found: list[str]
) -> None:
    """An app `old` is called `new` now. Another app was called so before, and links before have no id."""
    await store.memories.note(HERE, [Bind(Binding("1", A)), Bind(Binding("2", B))])
    written = (
        ("App/old", A),
        ("Subscription/e on App/old", A),
        ("App/new", B),
        ("Subscription/e on App/new", B),
        ("App/new", None),
        ("App/else", AppId("app-c")),
        ("App/new", AppId("gone")),
    )
    for revision, (target, app) in enumerate(written, 1):
        given = replace(entry(target, at=clock.now()), revision=str(revision), app_id=app)
        await store.history.begin(HERE, given)
    records = await store.history.read(app="new", ids=ids)
    assert sorted(record.revision for _, record in records) == found


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("App/new", ["App/old"]),
        ("Subscription/e on App/new", ["Subscription/e on App/old"]),
        ("Subscription/f on App/new", []),
    ],
)
async def test_the_history_of_one_resource_goes_on_under_another_name_of_its_app(
    store: SqlStore, clock: FakeClock, target: str, found: list[str]
) -> None:
    for each in ("App/old", "Subscription/e on App/old"):
        await store.history.begin(HERE, replace(entry(each, at=clock.now()), app_id=A))
    records = await store.history.read(HERE, target=target, ids={HERE: A})
    assert [record.target for _, record in records] == found


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        pytest.param("e", ["1", "3", "4", "6"], id="under any name"),
        pytest.param(None, ["3", "4", "5"], id="it was never listed: by the name alone"),
    ],
)
async def test_a_webhook_is_known_by_its_tag_under_another_name(
    store: SqlStore, clock: FakeClock, tag: str | None, found: list[str]
) -> None:
    """`now` has the tag `e`. What an older release wrote has no tag, so it is known by the name alone."""
    written = (
        ("Subscription/before on App/acme", "e", A),
        ("Subscription/before on App/acme", None, A),
        ("Subscription/now on App/acme", "e", A),
        ("Subscription/now on App/acme", None, A),
        ("Subscription/now on App/acme", "another", A),
        ("Subscription/before on App/old", "e", A),
        ("Subscription/before on App/else", "e", B),
        ("App/acme", None, A),
    )
    for revision, (target, had, app) in enumerate(written, 1):
        given = replace(entry(target, at=clock.now()), revision=str(revision), app_id=app, tag=had)
        await store.history.begin(HERE, given)
    target = "Subscription/now on App/acme"
    records = await store.history.read(HERE, target=target, tag=tag, ids={HERE: A})
    assert sorted(record.revision for _, record in records) == found


async def test_the_answer_to_a_link_tells_the_app(store: SqlStore) -> None:
    number = await store.history.begin(HERE, entry("App/acme"))
    await store.history.finish(number, "done", "", A)
    assert [record.app_id for _, record in await store.history.read()] == [A]


RESOURCES = ["App/a", "App/A", "App/ba", "App/a%", "Subscription/e on App/a", "Subscription/e on App/A"]


@pytest.mark.parametrize(
    ("app", "found"),
    [
        ("a", ["App/a", "Subscription/e on App/a"]),
        ("A", ["App/A", "Subscription/e on App/A"]),
        ("%", []),
        ("a%", ["App/a%"]),
        ("x" * 200, []),
    ],
    ids=["an app", "in another case", "no pattern", "a name like a pattern", "longer than any"],
)
async def test_history_and_statuses_of_an_app_are_found_by_its_exact_name(
    app: str, found: list[str], store: SqlStore, clock: FakeClock
) -> None:
    for name in RESOURCES:
        await store.history.begin(HERE, entry(name, at=clock.now()))
    await store.statuses.save(HERE, dict.fromkeys(RESOURCES, "{}"))
    written = [each.target for _, each in await store.history.read(app=app)]
    assert sorted(written) == found
    assert list(await store.statuses.read(HERE, app=app)) == found


async def test_statuses_are_found_by_kind(store: SqlStore) -> None:
    await store.statuses.save(HERE, dict.fromkeys(RESOURCES, "{}"))
    assert set(await store.statuses.read(HERE, kind="App")) == set(RESOURCES[:4])
    assert set(await store.statuses.read(HERE, kind="Subscription")) == set(RESOURCES[4:])


async def test_the_history_is_deleted_after_90_days(store: SqlStore, clock: FakeClock) -> None:
    await store.history.begin(HERE, entry("old", at=clock.now()))
    clock.time += 91 * 86_400
    await store.history.begin(HERE, entry("new", at=clock.now()))
    assert [found.target for _, found in await store.history.read()] == ["new"]


async def test_the_last_five_answers_to_links_are_stored(store: SqlStore, clock: FakeClock) -> None:
    for count in range(7):
        number = await store.history.begin(HERE, entry(f"a{count}", at=float(clock.now())))
        await store.history.finish(number, "failed", "400")
    await store.history.begin(HERE, entry("unanswered", at=clock.now()))
    number = await store.history.begin(HERE, entry("sub", at=clock.now(), verb="subscribe"))
    await store.history.finish(number, "done", "")
    links = (await store.memories.read(HERE)).links
    assert [link.target for link in links] == ["a6", "a5", "a4", "a3", "a2"]
    assert links[0] == LinkAttempt(clock.now(), "link", "a6", "failed", "400")


async def test_the_last_status_of_each_resource_is_stored(store: SqlStore) -> None:
    await store.statuses.save(HERE, {"App/a": "{}", "App/b": "{}"})
    await store.statuses.save(HERE, {"App/a": '{"x":1}'})
    assert await store.statuses.read(HERE) == {"App/a": '{"x":1}', "App/b": "{}"}
    await store.statuses.save(HERE, {"App/a": "{}"}, whole=True)
    assert await store.statuses.read(HERE) == {"App/a": "{}"}
    assert await store.statuses.read(THERE) == {}
    assert await store.statuses.upstreams() == (HERE,)


async def test_a_release_is_used_once(store: SqlStore) -> None:
    assert [await store.spent.spend(HERE, "d") for _ in range(2)] == [True, False]
    assert await store.spent.spend(THERE, "d")


async def test_a_spent_plan_is_known_with_its_time_for_its_own_account(
    store: SqlStore, clock: FakeClock
) -> None:
    assert await store.spent.when(HERE, "d") is None
    await store.spent.spend(HERE, "d")
    at = clock.now()
    clock.time += 60
    assert not await store.spent.spend(HERE, "d")
    assert await store.spent.when(HERE, "d") == at, "the first time counts"
    assert (await store.spent.when(THERE, "d"), await store.spent.when(HERE, "e")) == (None, None)


async def test_the_last_good_revision_is_stored_with_its_manifests(store: SqlStore) -> None:
    good = LastGood("r1", 1.0, (SourceFile("a.yaml", b"\xff", "/m/a.yaml"), SourceFile("b.yaml", b"")))
    assert await store.revisions.last_good("/m") is None
    await store.revisions.save_good("/m", good)
    assert await store.revisions.last_good("/m") == good
    assert await store.revisions.last_good("/other") is None


async def test_a_file_counts_as_filled_by_its_place_in_the_newest_revision(
    store: SqlStore,
) -> None:
    def good(at: float, **data: bytes) -> LastGood:
        return LastGood(f"r{at}", at, tuple(SourceFile(f, some, f"/m/{f}") for f, some in data.items()))

    await store.revisions.save_good("/m", good(2.0, full=b"a: b", late=b"a: b", gone=b" \n"))
    await store.revisions.save_good("/link", good(1.0, late=b"", gone=b"a: b"))
    await store.revisions.save_good("git", LastGood("c", 3.0, (SourceFile("full", b""),)))
    places = [f"/m/{name}" for name in ("full", "late", "gone", "unknown")] + [f"/{n}" for n in range(2_000)]
    assert await store.revisions.filled(places) == {"/m/full", "/m/late"}


async def test_the_declared_counts_are_stored_by_account_only(store: SqlStore) -> None:
    """A rehearsal elsewhere says nothing about the real account."""
    url = HERE.partition("#")[0]
    assert (await store.revisions.declared(HERE), await store.revisions.knows(url)) == (None, False)
    await store.revisions.declare(HERE, Declared(30, 40))
    await store.revisions.declare(THERE, Declared(1, 1))
    assert await store.revisions.declared(HERE) == Declared(30, 40)
    await store.revisions.declare(HERE, Declared(29, 40))
    assert await store.revisions.declared(HERE) == Declared(29, 40)
    assert await store.revisions.knows(url)
    assert not await store.revisions.knows(url[:-1]), "a url that begins alike is another one"


async def test_hints_are_taken_once_and_stored_once_for_each_app(store: SqlStore, clock: FakeClock) -> None:
    await store.hints.leave(HERE, "acme", "event")
    clock.time += 1
    await store.hints.leave(HERE, "acme", "reconcile")
    await store.hints.leave(HERE, "", "reconcile")
    now = clock.now()
    assert await store.hints.kinds() == {"reconcile"}
    assert await store.hints.take(HERE) == (Hint("", "reconcile", now), Hint("acme", "reconcile", now))
    assert await store.hints.take(HERE) == ()


async def test_a_keyed_digest_differs_in_another_store(
    engine: Engine, store: SqlStore, tmp_path: Path
) -> None:
    digest = store.keyed_digest("secret")
    assert len(digest) == 64
    assert digest == store.keyed_digest("secret")
    async with open_store(tmp_path / "other.db", FakeClock(), inline=True) as other:
        assert other.keyed_digest("secret") != digest
    async with engine.open() as again:
        assert again.keyed_digest("secret") == digest


def test_what_another_release_left_out_of_a_health_is_unknown() -> None:
    row = {"document": '{"quality": "RED"}', "at": 3.0, "fell_at": None}
    assert health_of(row) == AppHealth(WabaInfo(quality="RED"), 3.0)
