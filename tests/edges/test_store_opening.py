"""A store is opened whole, or refused with a sentence; it is never replaced, and never starts empty."""

import asyncio
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from controller.edges.store import default_location, open_store
from controller.edges.store.migrations.upgrade import upgrade
from controller.edges.store.schema import VERSIONS
from controller.errors import Locked, StoreError, Usage
from controller.model.history import Declared, WriteRecord
from controller.model.manifest import AppId
from controller.model.memory import Bind, Binding
from controller.model.source import SourceFile
from tests.builders.upstream import HERE
from tests.clock import FakeClock

BOUND = Bind(Binding("919876543210", AppId("app-1")))


async def made(path: Path) -> None:
    """Make a store with something in it."""
    async with open_store(path, FakeClock()) as store:
        await store.memories.note(HERE, [BOUND])


def schema(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as raw:
        rows = raw.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall()
    return {(name, canonical(sql)) for name, sql in rows}


def canonical(sql: str) -> str:
    """Return *sql* with its columns and constraints sorted: their order is no difference."""
    head, _, rest = " ".join(sql.replace('"', "").split()).partition("(")
    parts = re.split(r",(?![^()]*\))", rest.rpartition(")")[0])
    return "|".join([head.strip(), *sorted(map(str.strip, parts))])


def raw(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def as_of_version_1(path: Path) -> None:
    raw(
        path,
        *(
            f"DROP TABLE {name}"
            for name in (
                "accounts",
                "app_health",
                "hints",
                "leases",
                "replicas",
                "declared",
                "manifests",
                "universal_tokens",
            )
        ),
        "ALTER TABLE bindings DROP COLUMN name",
        "ALTER TABLE history DROP COLUMN app_id",
        "ALTER TABLE history DROP COLUMN tag",
        "CREATE TABLE declared (upstream TEXT NOT NULL, source TEXT NOT NULL, apps INTEGER NOT NULL, "
        "subscriptions INTEGER NOT NULL, CONSTRAINT pk_declared PRIMARY KEY (upstream, source))",
        "INSERT INTO revisions VALUES ('/a', 'r', 3), ('/b', 'r', 2)",
        "INSERT INTO declared VALUES ('u', '/a', 10, 7), ('u', '/b', 99, 7), ('u', '/c', 1, 7)",
        "CREATE TABLE manifests (source TEXT NOT NULL, path TEXT NOT NULL, data BLOB NOT NULL, "
        "CONSTRAINT pk_manifests PRIMARY KEY (source, path))",
        "INSERT INTO manifests VALUES ('/a', 'a.yaml', X'613A2062')",
        "UPDATE alembic_version SET version_num = '0001'",
    )


async def test_a_new_store_is_readable_by_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / ".gupshupctl" / "state.db"
    async with open_store(path, FakeClock()) as store:
        assert store.new
        await store.reachable()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) & 0o077 for file in path.parent.iterdir()}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert {name for name, open_to_others in modes.items() if open_to_others} <= {".gitignore"}
    async with open_store(f"sqlite:///{path}", FakeClock()) as store:
        assert not store.new


async def test_a_store_is_safe_from_power_loss(tmp_path: Path) -> None:
    async with open_store(tmp_path / "state.db", FakeClock()) as store:
        found = await store._database.read(
            lambda c: [c.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
        )
    assert found == ["wal", 2]


async def test_a_folder_of_others_gets_no_gitignore(tmp_path: Path) -> None:
    async with open_store(tmp_path / "state.db", FakeClock()):
        assert not (tmp_path / ".gitignore").exists()


async def test_a_link_to_a_store_is_that_store(tmp_path: Path) -> None:
    path, link = tmp_path / "data" / "state.db", tmp_path / "state.db"
    link.symlink_to(path)
    await made(link)
    async with (
        open_store(link, FakeClock()) as store,
        store.writer(HERE),
        open_store(path, FakeClock()) as other,
    ):
        assert BOUND.binding in (await other.memories.read(HERE)).bindings.values()
        with pytest.raises(Locked):
            await other.writer(HERE).__aenter__()
    assert set(os.listdir(tmp_path)) == {"data", "state.db"}  # noqa: PTH208  (hidden files, too)


async def test_a_store_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await made(path)
    path.chmod(0o644)
    await made(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def overwrite(path: Path) -> None:
    """Turn some pages into noise."""
    data = bytearray(path.read_bytes())
    data[8192:20480] = os.urandom(12288)
    path.write_bytes(data)


def foreign(path: Path) -> None:
    path.unlink()
    raw(path, "CREATE TABLE theirs (x)")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        pytest.param(overwrite, "is damaged|malformed", id="noise in its pages"),
        pytest.param(lambda p: p.write_bytes(p.read_bytes()[:9000]), "damaged|malformed", id="cut off"),
        pytest.param(lambda p: p.write_bytes(b""), "is empty, as if cut off", id="cut off altogether"),
        pytest.param(lambda p: p.write_text("hello\n" * 99), "is no database", id="a text file"),
        pytest.param(foreign, "another program's database", id="another program's"),
        pytest.param(folder, "is no file", id="a folder"),
        pytest.param(
            lambda p: raw(p, "UPDATE alembic_version SET version_num = '9999'"),
            "has version 9999, .* knows up to " + VERSIONS[-1],
            id="a newer release's",
        ),
        pytest.param(lambda p: raw(p, "DELETE FROM alembic_version"), "has version none", id="of no version"),
        pytest.param(
            lambda p: raw(p, "DROP TABLE alembic_version"), "no such table", id="without its tables"
        ),
    ],
)
async def test_a_store_that_cannot_be_trusted_is_refused(
    tmp_path: Path, harm: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "state.db"
    await made(path)
    harm(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=words) as caught:
        open_store(path, FakeClock())
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


async def test_a_new_store_is_not_created_beside_the_remains_of_another(tmp_path: Path) -> None:
    """SQLite would take the log that is left for the new file's own."""
    path = tmp_path / "state.db"
    await made(path)
    path.unlink()
    (tmp_path / "state.db-wal").write_bytes(b"x" * 99)
    with pytest.raises(StoreError, match=r"is gone, but .*state\.db-wal is there"):
        open_store(path, FakeClock())
    assert not path.exists()


async def test_a_store_without_its_key_is_refused(tmp_path: Path) -> None:
    await made(tmp_path / "state.db")
    raw(tmp_path / "state.db", "DELETE FROM meta WHERE name = 'key'")
    with pytest.raises(StoreError, match="lost its key"):
        open_store(tmp_path / "state.db", FakeClock())


async def test_a_full_disk_is_reported_and_loses_nothing_written(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with open_store(path, FakeClock()) as store:
        await store.memories.note(HERE, [BOUND])
        pages = await store._database.read(lambda c: c.execute(text("PRAGMA page_count")).scalar())
        await store._database.read(lambda c: c.execute(text(f"PRAGMA max_page_count={pages}")).scalar())
        with pytest.raises(StoreError, match=r"SQLITE_FULL.*free some space"):
            await store.statuses.save(HERE, {f"App/{n}": "x" * 9000 for n in range(9)})
        assert (await store.memories.read(HERE)).bindings
        await store._database.read(lambda c: c.execute(text("PRAGMA max_page_count=99999")).scalar())
        await store.statuses.save(HERE, {"App/a": "x" * 9000})


AS_NOBODY = """
import asyncio, os, sys
from controller.edges.store import open_store
from controller.errors import StoreError
from tests.clock import FakeClock
if os.getuid() == 0:
    os.setuid(65534)
try:
    open_store(sys.argv[1], FakeClock())
except StoreError as error:
    print(error)
"""


@pytest.fixture
def readable_folder() -> Iterator[Path]:
    """Make a folder that other users may enter, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        pytest.param(0o555, "cannot be opened.*check the owner and mode", id="in a folder of another's"),
        pytest.param(0o777, "cannot be opened.*check the owner and mode", id="in a folder of everybody's"),
    ],
)
def test_a_store_of_another_user_is_refused(readable_folder: Path, mode: int, words: str) -> None:
    """Root can write anything, so another user tries."""
    path = readable_folder / "state.db"
    asyncio.run(made(path))
    path.chmod(0o444)
    readable_folder.chmod(mode)
    said = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(path)], capture_output=True, text=True, check=True
    )
    assert re.search(words, said.stdout)


async def test_a_failing_disk_stops_the_store_until_it_was_opened_and_checked_again(tmp_path: Path) -> None:
    """What a file holds after that is unknown until then."""
    path = tmp_path / "state.db"
    async with open_store(path, FakeClock()) as store:
        await store.memories.note(HERE, [BOUND])
        await store._database.read(lambda c: c.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).all())
        whole = path.read_bytes()
        path.write_bytes(whole[:8192])
        with pytest.raises(StoreError, match="is damaged"):
            await store.memories.read(HERE)
        for _ in range(2):
            with pytest.raises(StoreError, match="is damaged"):
                await store.reachable()
        path.write_bytes(whole)
        await store.hints.leave(HERE, "", "event")
        assert (await store.memories.read(HERE)).bindings


def taken(path: Path, aside: Path) -> list[Path]:
    """Move the store aside with all that lies beside it, and return what that was."""
    moved = sorted(path.parent.glob("state.db*"))
    for file in moved:
        file.rename(aside / file.name)
    return moved


@pytest.mark.parametrize("last", ["state.db", "state.db-wal"])
async def test_a_store_that_was_moved_away_is_used_again_once_it_is_back_whole(
    tmp_path: Path, last: str
) -> None:
    path, aside = tmp_path / "state.db", tmp_path / "aside"
    aside.mkdir()
    async with open_store(path, FakeClock()) as store:
        await store.memories.note(HERE, [BOUND])
        moved = taken(path, aside)
        for _ in range(2):
            with pytest.raises(StoreError, match=r"moved, deleted or replaced.*put it back"):
                await store.hints.leave(HERE, "", "event")
        for file in sorted(moved, key=lambda file: file.name == last):
            with pytest.raises(StoreError, match="put it back"):
                await store.reachable()
            (aside / file.name).rename(file)
        await store.hints.leave(HERE, "", "event")
        assert (await store.memories.read(HERE)).bindings
    async with open_store(path, FakeClock()) as store:
        assert [hint.kind for hint in await store.hints.take(HERE)] == ["event"]


async def test_a_store_that_replaced_the_opened_one_is_not_written(tmp_path: Path) -> None:
    path, aside = tmp_path / "state.db", tmp_path / "aside"
    aside.mkdir()
    async with open_store(path, FakeClock()) as store:
        taken(path, aside)
        await made(path)
        for _ in range(2):
            with pytest.raises(StoreError, match="moved, deleted or replaced"):
                await store.hints.leave(HERE, "", "event")
    async with open_store(path, FakeClock()) as store:
        assert await store.hints.take(HERE) == ()


async def test_an_older_store_is_brought_up_to_date_beside_a_copy(tmp_path: Path) -> None:
    path, fresh = tmp_path / "state.db", tmp_path / "fresh.db"
    await made(path)
    await made(fresh)
    as_of_version_1(path)
    async with open_store(path, FakeClock()) as store:
        assert (await store.memories.read(HERE)).bindings
        await store.hints.leave(HERE, "", "event")
        assert await store.revisions.declared("u") == Declared(10, 7), "what was taken last"
        good = await store.revisions.last_good("/a")
        assert good is not None
        assert good.files == (SourceFile("a.yaml", b"a: b"),)
    assert schema(path) == schema(fresh)
    copy = tmp_path / "state.db.backup-0001"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert old.execute("SELECT count(*) FROM bindings").fetchall() == [(1,)]


async def test_the_writes_of_an_older_store_get_the_app_of_the_status(tmp_path: Path) -> None:
    path, now = tmp_path / "state.db", FakeClock().now()
    async with open_store(path, FakeClock()) as store:
        statuses = {"App/a": '{"appId": "app-a"}', "App/b": "no json", "App/c": "[]", "App/d": "{}"}
        await store.statuses.save(HERE, {**statuses, "Subscription/e on App/a": '{"appId": "other"}'})
        for target in ("App/a", "Subscription/e on App/a", "App/b", "App/c", "App/d"):
            await store.history.begin(HERE, WriteRecord(now, "ann", "r1", "link", target))
        await store.history.begin("another", WriteRecord(now, "ann", "r1", "link", "App/a"))
    as_of_version_1(path)
    async with open_store(path, FakeClock()) as store:
        found = [(up, each.target) for up, each in await store.history.read() if each.app_id == "app-a"]
        assert sorted(found) == [(HERE, "App/a"), (HERE, "Subscription/e on App/a")]


async def test_a_migration_that_fails_half_way_leaves_the_store_at_its_old_version(tmp_path: Path) -> None:
    """All of them are one transaction: a store between two versions is none that any release knows."""
    path = tmp_path / "state.db"
    await made(path)
    as_of_version_1(path)
    raw(path, "CREATE TABLE replicas (in_the_way TEXT)")
    before = schema(path)
    with pytest.raises(StoreError):
        open_store(path, FakeClock())
    with closing(sqlite3.connect(path)) as left:
        assert left.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    assert schema(path) == before
    raw(path, "DROP TABLE replicas")
    async with open_store(path, FakeClock()) as store:
        assert (await store.memories.read(HERE)).bindings


async def test_migrations_lead_to_the_schema_of_a_new_store(tmp_path: Path) -> None:
    path, fresh = tmp_path / "migrated.db", tmp_path / "fresh.db"
    await made(fresh)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT NOT NULL)"))
        upgrade(connection)
    engine.dispose()
    ours = {found for found in schema(path) if found[0] != "alembic_version"}
    assert ours == {found for found in schema(fresh) if found[0] != "alembic_version"}


DIES_AT_EVERY_LINE = """
import itertools, os, shutil, signal, sys
from pathlib import Path
import controller.edges.store.migrations.upgrade
from controller.edges.store import opening


def die_at(line):
    left = itertools.count(1)

    def trace(frame, event, _):
        if frame.f_code.co_filename != opening.__file__:
            return None
        if event == "line" and next(left) == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


template, cases = Path(sys.argv[1]), Path(sys.argv[2])
for line in itertools.count(1):
    case = shutil.copytree(template, cases / str(line))
    if (child := os.fork()) == 0:
        die_at(line)
        opening.opened(case / "state.db")
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
"""


def cases(template: Path, into: Path) -> list[Path]:
    """Return the stores left by processes that opened *template*'s and were killed, each at another line."""
    into.mkdir()
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    words = [sys.executable, "-c", DIES_AT_EVERY_LINE, str(template), str(into)]
    subprocess.run(words, check=True, env=unmeasured)  # the trace function of coverage would be in the way
    return sorted(case / "state.db" for case in into.iterdir())


async def test_a_store_whose_creator_dies_exists_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    left = cases(tmp_path / "none", tmp_path / "cases")
    assert len(left) > 40
    for path in left:
        await made(path)
        assert schema(path) == schema(left[0]), path


async def test_an_interrupted_migration_is_done_again(tmp_path: Path) -> None:
    template = tmp_path / "old" / "state.db"
    await made(template)
    as_of_version_1(template)
    left = cases(template.parent, tmp_path / "cases")
    assert len(left) > 40
    for path in left:
        async with open_store(path, FakeClock()) as store:
            assert (await store.memories.read(HERE)).bindings, path
            await store.hints.leave(HERE, "", "event")


def test_the_default_store_is_in_the_git_root(tmp_path: Path) -> None:
    inner = tmp_path / "repo" / "manifests" / "eu"
    inner.mkdir(parents=True)
    (tmp_path / "repo" / ".git").write_text("gitdir: elsewhere\n")
    assert default_location(inner) == tmp_path / "repo" / ".gupshupctl" / "state.db"


def test_the_default_store_outside_of_git_is_in_the_current_folder(tmp_path: Path) -> None:
    assert default_location(tmp_path) == tmp_path / ".gupshupctl" / "state.db"


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("mysql://db/state", id="another database"),
        pytest.param("", id="nothing"),
        pytest.param("sqlite://state.db", id="a host where a path belongs"),
        pytest.param("sqlite:///", id="no path"),
    ],
)
def test_a_store_location_that_is_no_file_is_a_usage_error(location: str) -> None:
    with pytest.raises(Usage):
        open_store(location, FakeClock())
