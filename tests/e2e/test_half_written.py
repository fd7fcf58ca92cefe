"""Manifests that are being written while they are read cause no call."""

from pathlib import Path

import pytest

from tests.e2e.test_once import ALL, settle
from tests.e2e.test_run import running
from tests.e2e.world import AMPLE, HASTY, PARTNER, THREE, World, subscription, world

ONE_MODE = subscription().replace("[SENT, MESSAGE]", "\n  - SENT")
FIVE_MODES = ONE_MODE + "".join(f"  - {mode}\n" for mode in ("DELIVERED", "READ", "FAILED", "MESSAGE"))
WRITES = ("link", "subscribe", "updateSubscription", "unsubscribe", "callback")
SELDOM = ("--interval", "1s", "--drift-interval", "1h")


def rewrite(there: World, text: str) -> None:
    (there.manifests / "hooks.yaml").write_text(text, encoding="utf-8")


def written(there: World, since: int) -> list[str]:
    return [each["route"] for each in there.calls(*WRITES, since=since)]


def another_look(there: World) -> None:
    """Wait until the process has listed once more."""
    looks = len(there.calls("list"))
    there.until(lambda w: len(w.calls("list")) > looks)


def test_a_file_that_is_rewritten_slowly_in_place_is_one_update(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, THREE[0])
        rewrite(there, subscription())
        with running(there, *SELDOM) as run:
            there.until(lambda w: w.tags() == {"AppOne": ["events"]})
            since = len(there.calls())
            with (there.manifests / "hooks.yaml").open("w", encoding="utf-8") as file:
                file.write(ONE_MODE)
                file.flush()
                another_look(there)
                file.write(FIVE_MODES.removeprefix(ONE_MODE))
            there.until(lambda w: bool(written(w, since)))
            another_look(there)
            another_look(there)
            run.said("source pending")
        assert written(there, since) == ["updateSubscription"]


def test_a_file_that_is_emptied_freezes_the_process_until_it_is_filled_or_deleted(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE[:3])
        rewrite(there, subscription())
        with running(there, *SELDOM) as run:
            there.until(lambda w: w.tags() == ALL)
            since = len(there.calls())
            rewrite(there, "")
            assert "hooks.yaml is empty and held manifests before" in run.said("source rejected")
            another_look(there)
            for verb in (("apply", "--yes"), ("plan",)):
                done = there.run(*verb, "--lock-timeout", "20s") if verb[0] == "apply" else there.run(*verb)
                assert (done.code, "is empty and held" in done.err) == (4, True), done.err
            rewrite(there, subscription())
            run.said("source recovered")
        assert (written(there, since), there.tags()) == ([], ALL)
        rewrite(there, "")
        assert there.run("run", "--once").code == 4
        assert (written(there, since), there.tags()) == ([], ALL)


@pytest.mark.parametrize("verb", [("apply", "--yes"), ("run", "--once"), ("plan",)], ids=lambda each: each[0])
def test_a_manifest_that_changes_after_it_was_read_stops_the_run_before_a_write(
    tmp_path: Path, verb: tuple[str, ...]
) -> None:
    with world(tmp_path, *AMPLE) as there:
        legacy = HASTY.replace("2s}}", "2s}, guards: {maxUpdates: 100%}, credentials: {auth: legacy}}")
        there.declare(legacy, *THREE[:3])
        rewrite(there, subscription())
        settle(there)
        since = len(there.calls())
        rewrite(there, ONE_MODE)
        there.faults({"kind": "slow", "route": "list", "seconds": 2})
        with there.going(*verb) as run:
            there.until(lambda w: bool(w.calls("login", since=since)))
            rewrite(there, FIVE_MODES)
            done = run.end()
        assert (done.code, written(there, since)) == (1, []), done.err
        assert "hooks.yaml changed after it was read" in done.err
        there.faults()
        assert there.run("run", "--once").code == 0
        assert written(there, since).count("updateSubscription") == 3
