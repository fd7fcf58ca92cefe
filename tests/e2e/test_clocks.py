"""A wrong wall clock, or one set between two processes, causes no second link and no longer wait."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.test_run import ALL, running, settled
from tests.e2e.world import PARTNER, THREE, World, app, world

HOUR, DAY = 3_600, 86_400
_PRETENDED = """
import os, time
_real, _ahead = time.time, float(os.environ.get("WALL_CLOCK_AHEAD", "0"))
time.time = lambda: _real() + _ahead
"""
"""What Python reads first where it is on its path: the wall clock of the whole process is ahead then."""

SLOW = PARTNER.replace("lateEffect: 3s", "lateEffect: 30s")


@contextmanager
def clocked(folder: Path) -> Iterator[World]:
    """Give a world whose processes have a wall clock that is WALL_CLOCK_AHEAD seconds ahead."""
    with world(folder) as there:
        (folder / "clock").mkdir()
        (folder / "clock" / "sitecustomize.py").write_text(_PRETENDED)
        there.environ["PYTHONPATH"] = str(folder / "clock")
        yield there


def ahead(seconds: float) -> dict[str, str]:
    return {"WALL_CLOCK_AHEAD": str(seconds)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(-HOUR, 0, id="an hour slow, then right"),
        pytest.param(0, 3 * DAY, id="set forward in between"),
        pytest.param(3 * DAY, 0, id="three days fast, then right"),
        pytest.param(0, -HOUR, id="set back in between"),
    ],
)
def test_a_link_without_an_answer_is_waited_for_as_long_as_declared(
    tmp_path: Path, first: float, second: float
) -> None:
    with clocked(tmp_path) as there:
        there.declare(SLOW, app("AppOne", 1))
        there.faults({"kind": "lose-request", "route": "link", "nth": 1})
        for wall, seconds in ((first, "8s"), (second, "3s")):  # the first one has to get to its link
            assert there.apply("--wait", "--timeout", seconds, **ahead(wall)).code == 6
        assert there.counted()["link"] == 1, "nobody can tell yet what became of the first"
        last = there.apply("--wait", "--timeout", "90s", **ahead(second))
        assert (last.code, there.counted()["link"], list(there.apps())) == (0, 2, ["AppOne"])


@pytest.mark.parametrize("seconds", [-3 * DAY, 3 * DAY], ids=["set back", "set forward"])
def test_another_command_gets_the_lock_of_a_run_although_the_clock_was_set(
    tmp_path: Path, seconds: float
) -> None:
    with clocked(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        with running(there, "--interval", "1h", "--drift-interval", "1h") as run:
            there.until(settled)
            done = there.apply("--lock-timeout", "30s", **ahead(seconds))
            assert done.code == 0, done.err
            asked = there.run("reconcile", "AppOne", "--wait", **ahead(seconds))
            assert asked.code == 0, asked.out + asked.err
            assert run.signal(signal.SIGTERM).code == 0


def test_reconcile_returns_although_an_earlier_run_was_three_days_fast(tmp_path: Path) -> None:
    with clocked(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        assert there.apply("--wait", **ahead(3 * DAY)).code == 0
        with running(there, "--interval", "1h", "--drift-interval", "1h") as run:
            run.said("pass done")
            asked = there.run("reconcile", "--wait", "--timeout", "20s")
            assert asked.code == 0, asked.out + asked.err
            assert run.signal(signal.SIGTERM).code == 0


def test_a_run_goes_on_once_its_store_is_back(tmp_path: Path) -> None:
    """It was moved away with all that lay beside it, and nothing was written meanwhile."""
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        with running(there) as run:
            at = run.said("listening").split('"at": "')[1].split('"')[0]
            there.until(settled)
            (folder,) = (path.parent for path in tmp_path.rglob("state.db"))
            with httpx.Client(base_url=at, timeout=10, trust_env=False) as door:
                there.until(lambda _: door.get("/readyz").status_code == 200)
                folder.rename(folder.with_name("aside"))
                there.until(lambda _: door.get("/readyz").status_code == 503)
                there.control(
                    "drift", {"app": "AppOne", "subscriptions": [{"tag": "events", "delete": True}]}
                )
                before = there.counted()["subscribe"]
                folder.with_name("aside").rename(folder)
                there.until(lambda _: door.get("/readyz").status_code == 200)
                there.until(settled)
            assert there.counted()["subscribe"] == before + 1
            assert there.tags() == ALL
            assert run.signal(signal.SIGTERM).code == 0
