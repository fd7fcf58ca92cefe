"""A store that fails, is damaged or is gone is reported in one sentence; nothing is written blindly."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.commands import Process
from tests.e2e.torture import WRITES, unrecorded
from tests.e2e.world import COMMAND, PARTNER, PATIENCE, THREE, Done, World, world

LOST = {"kind": "lose-reply", "route": "link", "nth": 1, "seconds": 50}


def folder_of(there: World) -> Path:
    return there.folder / ".gupshupctl"


def store_of(there: World) -> Path:
    return folder_of(there) / "state.db"


def sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Run *statements* and return what the last one found."""
    with closing(sqlite3.connect(path, isolation_level=None)) as found:
        return [found.execute(each).fetchall() for each in statements][-1]


def grown(there: World) -> None:
    """Bring the fleet live, so that a store and what it is about are there."""
    there.declare(PARTNER, *THREE)
    done = there.apply("--wait")
    assert (done.code, done.summary) == (0, {"linked": 3, "subscribed": 3}), done.err


def on_disk(there: World, store: Path) -> None:
    """Hold every link that was sent against what the store knows of it: an intent, or what came of it."""
    calls = there.calls("link", "subscribe")
    assert not [*unrecorded(calls, there.apps(), store)]
    known = {phone for (phone,) in sql(store, "select phone from intents union select phone from bindings")}
    assert {each["phone"] for each in calls if each["route"] == "link"} <= known


def finished(there: World) -> None:
    """Check that an undisturbed run ends with each app linked once."""
    done = there.apply("--wait")
    assert done.code == 0, done.out + done.err
    assert set(there.tags()) == {"AppOne", "AppTwo", "AppThree"}
    phones = [each["phone"] for each in there.calls("link")]
    assert sorted(phones) == sorted(set(phones)), "no link was sent twice"
    assert there.within_limits()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


def scribble(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(2, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xa5" * 600)


def foreign(path: Path) -> None:
    path.unlink()
    sql(path, "create table notes (text)")


def newer(path: Path) -> None:
    sql(path, "update alembic_version set version_num = '9999'")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Bring a fleet live, and keep copies of its store to damage again and again."""
    with world(tmp_path_factory.mktemp("lived")) as there:
        there.declare(PARTNER)
        assert there.plan().code == 4, "a store is made, and nothing is declared yet"
        shutil.copytree(folder_of(there), there.folder / "first")
        grown(there)
        shutil.copytree(folder_of(there), there.folder / "last")
        yield there


def back(there: World, which: str) -> None:
    shutil.rmtree(folder_of(there))
    shutil.copytree(there.folder / which, folder_of(there))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        pytest.param(cut, "is damaged", id="cut off in the middle"),
        pytest.param(scribble, "is damaged", id="noise in its pages"),
        pytest.param(lambda path: os.truncate(path, 0), "is empty, as if cut off", id="emptied"),
        pytest.param(lambda path: path.write_text("dear diary"), "is no database", id="a text file"),
        pytest.param(foreign, "is another program's database", id="another program's"),
        pytest.param(newer, "has version 9999", id="a newer release's"),
        pytest.param(folder, "is no file", id="a folder"),
    ],
)
def test_a_store_that_cannot_be_trusted_is_left_as_it_is(
    lived: World, damage: Callable[[Path], object], words: str
) -> None:
    back(lived, "last")
    damage(store_of(lived))
    before = sorted((each.name, each.stat().st_size) for each in folder_of(lived).iterdir())
    calls = len(lived.calls())
    for arguments in (("apply", "--yes"), ("resolve", "AppOne", "--absent")):
        done = lived.run(*arguments)
        assert (done.code, done.out) == (1, ""), done.err
        assert words in done.err
        assert str(store_of(lived)) in done.err, "on what"
    assert before == sorted((each.name, each.stat().st_size) for each in folder_of(lived).iterdir())
    assert len(lived.calls()) == calls, "Gupshup was not even asked"


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(lambda there: shutil.rmtree(folder_of(there)), id="all of it"),
        pytest.param(lambda there: back(there, "first"), id="all since the first copy"),
    ],
)
def test_a_lost_store_is_rebuilt_by_observing(lived: World, lose: Callable[[World], None]) -> None:
    """Nothing that exists is linked, subscribed or changed again."""
    before = len(lived.calls(*WRITES))
    lose(lived)
    done = lived.apply("--wait")

    assert (done.code, done.summary) == (0, {"unchanged": 6}), done.err
    assert len(lived.calls(*WRITES)) == before


def test_a_store_open_to_others_is_closed_to_them(lived: World) -> None:
    back(lived, "last")
    store_of(lived).chmod(0o644)
    assert lived.run("get").code == 0
    assert store_of(lived).stat().st_mode & 0o777 == 0o600


def test_a_write_ahead_log_that_a_killed_run_left_belongs_to_its_store(tmp_path: Path) -> None:
    """Its newest lines are there; without the store itself nothing is begun anew beside them."""
    with world(tmp_path) as there:
        killed_in_a_link(there)
        assert store_of(there).with_name("state.db-wal").stat().st_size
        aside = store_of(there).rename(there.folder / "aside.db")
        done = there.apply()
        assert done.code == 1
        assert "state.db-wal is there" in done.err
        aside.rename(store_of(there))
        finished(there)


def killed_in_a_link(there: World) -> None:
    there.faults(LOST)
    there.declare(PARTNER, *THREE)
    with there.going("apply", "--yes", "-o", "json") as run:
        there.until(lambda there: there.counted_faults() == 1)
        assert run.signal(signal.SIGKILL).code == -signal.SIGKILL


def test_a_store_without_its_write_ahead_log_causes_no_second_link(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        killed_in_a_link(there)
        for side in ("-wal", "-shm"):
            store_of(there).with_name("state.db" + side).unlink()
        there.rest()  # the log of calls is lost, too
        finished(there)


def unlock(there: World) -> None:
    for each in folder_of(there).glob("*.writer"):
        each.unlink()


@pytest.mark.parametrize(
    "remove",
    [
        pytest.param(lambda there: shutil.rmtree(folder_of(there)), id="with its folder"),
        pytest.param(lambda there: store_of(there).unlink(), id="the database alone"),
        pytest.param(lambda there: _replace(store_of(there)), id="replaced by a copy"),
        pytest.param(unlock, id="only the writer's lock"),
    ],
)
def test_a_store_taken_away_while_it_is_used_ends_the_writing(
    tmp_path: Path, remove: Callable[[World], object]
) -> None:
    """The link that is under way is the last: an intent that nobody could ever find allows none."""
    with world(tmp_path) as there:
        there.faults({"kind": "slow", "route": "link", "seconds": 2})
        there.declare(PARTNER, *THREE)
        with there.going("apply", "--yes", "-o", "json") as run:
            there.until(lambda there: len(there.calls("link")) == 1)
            remove(there)
            done = ended(run.process, run.end)
        assert done.code in {1, 8}, done.out + done.err
        assert str(folder_of(there)) in done.err or "lock was taken away" in done.err, done.err
        assert len(there.calls("link")) == 1
        there.faults()
        if not store_of(there).exists() and folder_of(there).exists():
            assert "state.db-wal is there" in there.apply().err, "nothing is begun beside its remains"
            shutil.rmtree(folder_of(there))
        finished(there)


def _replace(store: Path) -> None:
    shutil.copy(store, store.with_name("copy.db"))
    store.with_name("copy.db").replace(store)


def ended(process: Process, end: Callable[[], Done]) -> Done:
    process.wait(PATIENCE)
    return end()


def test_an_outcome_that_cannot_be_written_ends_the_run_and_is_found_by_the_next(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.faults({"kind": "slow", "route": "link", "seconds": 2, "nth": 2})
        there.declare(PARTNER, *THREE)
        with there.going("apply", "--yes", "-o", "json") as run:
            there.until(lambda there: len(there.calls("link")) == 2)
            resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (512, resource.RLIM_INFINITY))
            done = ended(run.process, run.end)
        assert done.code == 1, done.out + done.err
        assert str(store_of(there)) in done.err
        assert len(there.calls("link")) == 2, "no further link without a store"
        on_disk(there, store_of(there))
        finished(there)


@pytest.mark.parametrize("kilobytes", [24, 280, 340, 420])
def test_a_full_disk_allows_no_write_that_cannot_be_stored(tmp_path: Path, kilobytes: int) -> None:
    """On a disk of so many kilobytes: what went to Gupshup stands in the store, whenever it was full."""
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        place, kept = there.folder / "small", there.folder / ".gupshupctl"
        for each in (place, kept):
            each.mkdir()
        script = (
            f"mount -t tmpfs -o size={kilobytes}k none small || exit 99; "
            f'"$0" apply --yes --wait --timeout 60s --store small/state.db; code=$?; '
            "cp small/state.db* .gupshupctl/; exit $code"
        )
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", script, COMMAND],
            cwd=there.folder,
            env=there.environ,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        if done.returncode == 99 or "unshare" in done.stderr:
            pytest.skip("a small disk cannot be mounted here")
        assert "Traceback" not in done.stderr
        assert done.returncode in {0, 1}
        if done.returncode:
            assert "small/state.db" in done.stderr, done.stderr
            assert "full" in done.stderr or "disk" in done.stderr, done.stderr
        if store_of(there).exists():
            on_disk(there, store_of(there))
        else:
            assert not there.calls()
        finished(there)


def test_a_store_that_cannot_be_written_is_exit_1_and_gupshup_is_not_asked(lived: World) -> None:
    back(lived, "last")
    calls = len(lived.calls())
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 99; shift; exec "$0" "$@"'
    words = ["unshare", "-m", "sh", "-c", script, str(COMMAND), str(folder_of(lived)), "apply", "--yes"]
    done = subprocess.run(
        words, cwd=lived.folder, env=lived.environ, capture_output=True, text=True, check=False
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("a folder cannot be mounted read-only here")
    assert (done.returncode, done.stdout) == (1, "")
    assert str(store_of(lived)) in done.stderr
    assert "owner and mode" in done.stderr
    assert len(lived.calls()) == calls
