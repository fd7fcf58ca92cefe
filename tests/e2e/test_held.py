"""What a guard holds is a state of its own, and the command that is shown releases exactly that."""

import json
import re
import shlex
import signal
from pathlib import Path

import httpx
import pytest

from tests.e2e.test_run import running
from tests.e2e.test_since import committed
from tests.e2e.world import AMPLE, HASTY, PARTNER, THREE, Done, World, app, subscription, world

ONE_LINK = HASTY.replace("spec: {", "spec: {guards: {maxLinks: 1}, ")
SLOW = ("--interval", "1h", "--drift-interval", "1h")
COMMAND = re.compile(r"gupshupctl (?:reconcile|apply|plan) .*--release .*")


def command(text: str) -> list[str]:
    """Return the words of the first command in *text* that releases something, as a shell reads them."""
    found = COMMAND.search(text)
    assert found, text
    return shlex.split(found[0])[1:]


def states(there: World, *more: str) -> dict[str, str]:
    """Return the state of each app, as `get` shows it."""
    done = there.run("get", "-o", "json", *more)
    items = json.loads(done.out)["items"] if done.code == 0 else []
    return {each["name"]: each["state"] for each in items}


def held(there: World, *more: str) -> bool:
    return states(there, *more) == {"AppOne": "Held", "AppTwo": "Held", "AppThree": "Held"}


def test_held_apps_are_shown_as_held_and_the_command_that_is_shown_releases_them(tmp_path: Path) -> None:
    store = ("--store", "my store.db")
    with world(tmp_path, *AMPLE) as there:
        there.declare(ONE_LINK, *THREE)
        with running(there, *SLOW, *store) as run:
            line = json.loads(run.said('"held"'))
            there.until(lambda w: held(w, *store))
            at = next(json.loads(each)["at"] for each in run.lines() if '"listening"' in each)
            with httpx.Client(base_url=at, timeout=10, trust_env=False) as door:
                page, api = door.get("/").text, door.get("/api/v1/partners").json()["items"][0]
                metrics = door.get("/metrics").text
            got = there.run("get", *store).out
            described = there.run("describe", "AppOne", *store).out
            released = there.run(*command(got), "--wait")
            there.until(lambda w: set(states(w, *store).values()) == {"Ready"})
            run.said("no longer held")
            run.signal(signal.SIGTERM)

        assert (line["partner"], line["guard"], line["count"]) == ("main", "maxLinks", 3)
        words = f"reconcile --release {line['digest']} --store '{tmp_path / 'my store.db'}'"
        assert line["command"] == f"gupshupctl {words}"
        assert line["command"] in got
        assert line["command"] in described
        assert api["held"][0]["command"] == line["command"]
        assert f"--release {line['digest']}" in page
        assert 'held_changes{guard="maxLinks",partner="main",verb="link"} 3.0' in metrics
        assert "guard maxLinks: 3 planned, 1 allowed" in described
        assert "Reconciling" not in described
        assert (released.code, there.counted()["link"]) == (0, 3), released.out + released.err
        assert "Warning" not in released.err


def test_the_command_of_apply_releases_what_it_held(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(ONE_LINK, *THREE)
        planned, applied = there.run("plan"), there.run("apply", "--yes", "-l", "fleet=all")
        assert (planned.code, applied.code, there.apps()) == (4, 4, {})
        assert held(there)
        assert "apply PATHS --release" in there.run("describe", "AppOne").out
        words = command(applied.out)
        assert words[:2] == ["apply", "manifests/"]
        assert words[-2:] == ["-l", "fleet=all"]
        done = there.run(*words, "--yes", "-o", "json")
        assert (done.code, done.summary["linked"]) == (0, 3), done.err


@pytest.mark.parametrize(
    ("options", "environ", "file"),
    [
        pytest.param("--since main --out kept.json", {}, "kept.json", id="a change, saved"),
        pytest.param("--since main", {}, "plan.json", id="a change"),
        pytest.param("--out kept.json", {}, "kept.json", id="everything, saved"),
        pytest.param(
            "--out kept.json",
            {"CI": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "main"},
            "kept.json",
            id="a change that CI names",
        ),
    ],
)
def test_the_command_of_a_plan_makes_it_again_and_it_is_then_applied(
    tmp_path: Path, options: str, environ: dict[str, str], file: str
) -> None:
    with world(tmp_path, *AMPLE) as there:
        committed(there, ONE_LINK)
        there.declare(ONE_LINK, *THREE)
        found = there.run("plan", "-l", "fleet=all", "--resend", *options.split(), **environ)
        since = ["--since", "main"] if "--since" in options or environ else []
        words = command(found.out)
        assert (found.code, words[:3]) == (4, ["plan", "manifests/", "--release"])
        assert words[4:] == ["-l", "fleet=all", "--resend", *since, "--out", file]

        assert there.run(*words).code == 0, "outside of that CI, too"
        assert bool(json.loads(there.run("show", file, "-o", "json").out)["since"]) == bool(since)
        assert there.run("apply", file).code == 0
        assert len(there.apps()) == 3


def test_a_saved_plan_shows_how_it_is_made_again_with_the_release(tmp_path: Path) -> None:
    """It does not hold the options that it was made with, but for the revision."""
    with world(tmp_path, *AMPLE) as there:
        committed(there, ONE_LINK)
        there.declare(ONE_LINK, *THREE)
        for since in ([], ["--since", "main"]):
            digest = there.plan(*since, "--out", "my plan.json").json()["heldDigest"]
            for done in (there.run("show", "my plan.json"), there.run("apply", "my plan.json")):
                assert command(done.out) == [
                    *("plan", "PATHS", "--release", digest),
                    *(*since, "--out", "my plan.json"),
                ]


def test_a_digest_that_nothing_has_is_told_and_not_handed_on(tmp_path: Path) -> None:
    unknown = f"sha256:{'0' * 64}"
    words = f"Warning: --release {unknown}: nothing that is held has it; it is of an older plan"
    with world(tmp_path, *AMPLE) as there:
        there.declare(ONE_LINK, *THREE)
        for verb in (("plan",), ("plan", "--out", "plan.json"), ("apply", "--yes")):
            done = there.run(*verb, "--release", unknown)
            assert (done.code, done.err.count(words), unknown in done.out) == (4, 1, False), done.err
            assert unknown not in command(done.out)
        digest = there.plan().json()["heldDigest"]
        assert "Warning" not in there.plan("--release", digest).err
        assert "Warning" not in there.apply("--release", digest, "--wait").err
        assert f"--release {digest}: nothing that is held has it" in there.apply("--release", digest).err


def test_a_digest_that_a_guard_took_is_a_part_of_the_next_command(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        assert there.apply().code == 0
        there.declare(ONE_LINK.replace("maxLinks: 1", "maxLinks: 0"), app("AppFour", 4))
        source = there.plan().json()["refused"]["digest"]
        done = there.run("plan", "--release", source)
        words = command(done.out)
        assert (done.code, words[-2:], "Warning" in done.err) == (4, ["--release", source], False), done.err
        assert there.run(*words, "--yes").code == 0
        assert "AppFour" in there.apps()


# reconcile --wait


def waited(there: World, *words: str) -> Done:
    """Return how a wait ended before its time was over."""
    done = there.run("reconcile", "--wait", "--timeout", "1h", *words)
    assert "after 3600 s" not in done.err
    return done


def test_a_wait_ends_at_once_with_4_if_only_a_guard_holds_something(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(ONE_LINK, *THREE)
        with running(there, *SLOW):
            there.until(held)
            for words in ((), ("AppOne",)):
                done = waited(there, *words)
                assert done.code == 4, done.err
                assert command(done.err)[:2] == ["reconcile", "--release"]
                assert "looks at App/AppOne" in done.err
            wrong = waited(there, "--release", f"sha256:{'0' * 64}")
            assert (wrong.code, there.apps()) == (4, {}), wrong.err
            assert f"Warning: --release sha256:{'0' * 64}: nothing that is held has it" in wrong.err


def test_a_wait_ends_at_once_with_5_if_the_rest_needs_a_person(tmp_path: Path) -> None:
    """A subscription of an app that will never be linked waits for Gupshup, and waiting changes nothing."""
    with world(tmp_path, *AMPLE) as there:
        there.seed({"name": "Elsewhere", "phone": "910000000001"})
        there.declare(HASTY, *THREE)
        with running(there, *SLOW):
            there.until(lambda w: states(w).get("AppOne") == "Stalled")
            there.until(lambda w: states(w).get("AppTwo") == states(w).get("AppThree") == "Ready")
            done = waited(there)
            assert done.code == 5, done.out + done.err


def test_a_wait_ends_with_0_once_everything_is_as_declared_and_tells_what_it_waits_for(
    tmp_path: Path,
) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        with running(there, *SLOW):
            there.until(lambda w: set(states(w).values()) == {"Ready"} and len(states(w)) == 3)
            there.control("drift", {"app": "AppOne", "subscriptions": [{"tag": "events", "delete": True}]})
            done = waited(there, "AppOne")
            assert (done.code, there.tags()["AppOne"]) == (0, ["events"]), done.err
            assert "looks at App/AppOne, Subscription/events on App/AppOne" in done.err


def test_a_wait_for_provisioning_ends_with_6_at_its_timeout(tmp_path: Path) -> None:
    minutes = ("--switch", "provision-min=30", "--switch", "provision-max=30")
    with world(tmp_path, *AMPLE, *minutes, scale=1) as there:
        there.declare(HASTY, THREE[0], subscription())
        with running(there, *SLOW):
            there.until(lambda w: states(w).get("AppOne") == "Reconciling" and "AppOne" in w.apps())
            done = there.run("reconcile", "--wait", "--timeout", "6s")
            assert (done.code, "Still converging after 6 s: App/AppOne" in done.err) == (6, True), done.err
            assert "… waiting      App/AppOne" in done.err


def test_a_wait_without_a_running_controller_ends_soon_with_6(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(PARTNER, *THREE)
        there.apply("--wait")
        done = waited(there)
        assert done.code == 6
        assert f"No `gupshupctl run` works on {there.url}" in done.err, "it is told at once"
        assert f"Not observed: no `gupshupctl run` works on {there.url}" in done.err
        assert "the next `run` picks it up" in done.err


def test_a_wait_ends_if_the_controller_dies_meanwhile(tmp_path: Path) -> None:
    minutes = ("--switch", "provision-min=30", "--switch", "provision-max=30")
    with world(tmp_path, *AMPLE, *minutes, scale=1) as there:
        there.declare(HASTY, app("AppOne", 1))
        with running(there, *SLOW) as run:
            there.until(lambda w: states(w).get("AppOne") == "Reconciling" and "AppOne" in w.apps())
            with there.going("reconcile", "--wait", "--timeout", "1h") as waiting:
                waiting.said("… waiting      App/AppOne")
                run.signal(signal.SIGKILL)
                done = waiting.end()
        assert (done.code, "no `gupshupctl run` works" in done.err) == (6, True), done.err
