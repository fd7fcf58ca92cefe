"""Stored waiting times last as declared, whatever the wall clock says; after a reboot they begin anew."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from controller.edges.store import SqlStore, open_store
from controller.errors import Locked
from controller.model.history import Hint, WriteRecord
from controller.model.manifest import AppId
from controller.model.memory import Bind, Binding, LedgerEntry, LedgerWritten, Memory, Refusal, Refuse
from tests.builders.upstream import HERE
from tests.clock import FakeClock
from tests.edges.engines import Engine

PHONE, NAME = "919876543210", "Acme"
HOUR, DAY = 3_600.0, 86_400.0
STEPS = [
    pytest.param(0.0, 0.0, id="a clock that is right"),
    pytest.param(-HOUR, 0.0, id="an hour slow, then right"),
    pytest.param(3 * DAY, 0.0, id="three days fast, then right"),
    pytest.param(0.0, 3 * DAY, id="set forward in between"),
    pytest.param(0.0, -3 * DAY, id="set back in between"),
]


@asynccontextmanager
async def process(engine: Engine, *, wall: float = 0.0, boot: str = "b1") -> AsyncIterator[SqlStore]:
    """Open the store as one process does, and be the writer; *wall* is by how much its clock is wrong."""
    engine.clock.offset, engine.clock.boot = wall, boot
    async with engine.open() as store, store.writer(HERE):
        yield store


async def remember(store: SqlStore, now: float) -> None:
    """Have one of each moment that a store keeps, all of them now."""
    intent = await store.intents.open(HERE, PHONE, NAME)
    await store.intents.end(HERE, intent.id)
    bound = Bind(Binding(PHONE, AppId("app-1"), missing_since=now))
    refused = Refuse(Refusal("acme", "d1", "SubscriptionRefused", "no", at=now, retry_at=now + 100))
    await store.memories.note(
        HERE, [bound, refused, LedgerWritten(LedgerEntry("acme/events", "d1", active_at=now))]
    )
    await store.hints.leave(HERE, "acme", "event")
    await store.hints.heard(HERE)


def ages(memory: Memory, now: float) -> dict[str, float]:
    """Return how long ago each remembered moment is."""
    intent, bound = memory.intents[PHONE], memory.bindings[PHONE]
    refused, written = memory.refusals["acme"], memory.ledger["acme/events"]
    moments = {
        "ended": intent.ended,
        "missing": bound.missing_since,
        "refused": refused.at,
        "retry": refused.retry_at,
        "active": written.active_at,
    }
    return {name: round(now - moment, 3) for name, moment in moments.items() if moment is not None}


@pytest.mark.parametrize(("first", "second"), STEPS)
async def test_a_stored_time_has_its_true_age(engine: Engine, first: float, second: float) -> None:
    async with process(engine, wall=first) as store:
        await remember(store, engine.clock.now())
    engine.clock.time += 600
    async with process(engine, wall=second) as store:
        found = ages(await store.memories.read(HERE), engine.clock.now())
        assert found == {**dict.fromkeys(found, 600.0), "retry": 500.0}
        assert len(found) == 5
        assert await store.hints.take(HERE) == (Hint("acme", "event", engine.clock.now() - 600),)
        assert await store.hints.last_heard(HERE) == pytest.approx(engine.clock.now() - 600)


@pytest.mark.parametrize("step", [-3 * DAY, -HOUR, HOUR, 3 * DAY])
async def test_a_wall_clock_that_is_set_while_the_store_is_open_moves_nothing(
    engine: Engine, step: float
) -> None:
    async with process(engine) as store:
        await remember(store, engine.clock.now())
        engine.clock.offset = step
        found = ages(await store.memories.read(HERE), engine.clock.now())
        assert found == {**dict.fromkeys(found, 0.0), "retry": -100.0}


WALLS = pytest.mark.parametrize("wall", [0.0, -3 * DAY, 3 * DAY], ids=["right", "slow", "fast"])


@WALLS
async def test_after_a_reboot_every_waiting_time_begins_anew(tmp_path: Path, wall: float) -> None:
    """Whatever the wall clock says after it, and once for each run."""
    engine = Engine("sqlite", str(tmp_path / "state.db"), "")
    async with process(engine) as store:
        await remember(store, engine.clock.now())
    engine.clock.time += 600
    async with process(engine, wall=wall, boot="b2"):
        engine.clock.time += 50
    async with process(engine, boot="b2") as store:
        found = ages(await store.memories.read(HERE), engine.clock.now())
    assert {found[name] for name in ("ended", "missing", "active")} == {50.0}


@pytest.mark.parametrize(
    ("wall", "age"),
    [(0.0, 600.0), (-3 * DAY, 600 + 3 * DAY), (3 * DAY, 100_000_600.0)],
    ids=["right", "slow", "fast"],
)
async def test_a_refusal_from_before_a_reboot_is_never_dated_ahead(
    tmp_path: Path, wall: float, age: float
) -> None:
    """It is then as old as the run at the least: a person who asks for it anew did so later, and is heard."""
    engine = Engine("sqlite", str(tmp_path / "state.db"), "")
    async with process(engine, wall=wall) as store:
        await remember(store, engine.clock.now())
    engine.clock.time += 600
    async with process(engine, boot="b2") as store:
        found = ages(await store.memories.read(HERE), engine.clock.now())
    assert (found["refused"], found["retry"]) == (age, age - 100)


async def test_waiting_times_begin_anew_in_each_process_if_the_boot_has_no_id(tmp_path: Path) -> None:
    """Without it, a reboot in between cannot be noticed."""
    engine = Engine("sqlite", str(tmp_path / "state.db"), "")
    async with process(engine, boot="") as store:
        await remember(store, engine.clock.now())
    engine.clock.time += 600
    async with process(engine, boot="") as store:
        assert ages(await store.memories.read(HERE), engine.clock.now())["ended"] == 0.0


async def test_waiting_times_of_an_older_release_begin_anew(tmp_path: Path) -> None:
    """Its times are on the clocks of the processes that wrote them."""
    engine = Engine("sqlite", str(tmp_path / "state.db"), "")
    async with process(engine) as store:
        await remember(store, engine.clock.now())
    with closing(sqlite3.connect(tmp_path / "state.db")) as raw:
        raw.execute("UPDATE meta SET name = 'anchor' WHERE name = 'clock'")
        raw.commit()
    engine.clock.time += 600
    async with process(engine) as store:
        assert ages(await store.memories.read(HERE), engine.clock.now())["ended"] == 0.0


async def noted(store: SqlStore, name: str, now: float) -> None:
    await store.history.begin(HERE, WriteRecord(now, "ann", "r1", "link", name))


async def told(store: SqlStore) -> list[str]:
    return [entry.target for _, entry in await store.history.read()]


async def test_a_clock_that_is_a_year_fast_deletes_no_history(engine: Engine) -> None:
    async with process(engine) as store:
        await noted(store, "before", engine.clock.now())
    async with process(engine, wall=365 * DAY) as store:
        await noted(store, "meanwhile", engine.clock.now())
    async with process(engine) as store:
        await noted(store, "after", engine.clock.now())
        assert await told(store) == ["after", "meanwhile", "before"]


async def test_history_dated_back_by_a_clock_is_kept_as_long_as_earlier_lines(engine: Engine) -> None:
    async with process(engine) as store:
        await noted(store, "before", engine.clock.now())
    async with process(engine, wall=-365 * DAY) as store:
        await noted(store, "meanwhile", engine.clock.now())
    async with process(engine) as store:
        await noted(store, "after", engine.clock.now())
        assert await told(store) == ["after", "meanwhile", "before"]
        engine.clock.time += 91 * DAY
        await noted(store, "later", engine.clock.now())
        assert await told(store) == ["later"]


class Unsteady(FakeClock):
    """A wall clock that is set back by an hour each time somebody sleeps."""

    async def sleep(self, seconds: float) -> None:
        self.offset -= HOUR
        await super().sleep(seconds)


async def test_a_writer_waits_until_its_timeout_although_the_wall_clock_is_set_back(
    tmp_path: Path,
) -> None:
    clock = Unsteady(boot="b1")
    async with open_store(tmp_path / "state.db", clock, inline=True) as store, store.writer(HERE):
        before = clock.monotonic()
        with pytest.raises(Locked):
            async with store.writer(HERE, timeout=30):
                pytest.fail("two writers")
        assert clock.monotonic() - before == pytest.approx(30)
