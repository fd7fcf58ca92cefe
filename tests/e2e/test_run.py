"""The process that never stops keeps Gupshup as the manifests say, survives what happens, and ends well."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.test_damage import sql, store_of
from tests.e2e.world import AMPLE, HASTY, PARTNER, THREE, Going, World, app, subscription, world
from tests.edges.git_server import serving
from tests.edges.repositories import Repository

EAGER = ("--interval", "2s", "--drift-interval", "3s", "--log-format", "json", "--listen", "127.0.0.1:0")
ALL = {"AppOne": ["events"], "AppTwo": ["events"], "AppThree": ["events"]}


@contextmanager
def running(there: World, *arguments: str) -> Iterator[Going]:
    """Let `run` go on during the block."""
    with there.going("run", *EAGER, *arguments) as going:
        yield going


def settled(there: World) -> bool:
    return there.tags() == ALL


def ready(there: World, *names: str) -> bool:
    """Return whether all apps, or *names*, are ready in the store."""
    found = json.loads(there.run("get", "-o", "json").out or '{"items": []}')["items"]
    by_name = {
        each["name"]: any(c["status"] == "True" for c in each["conditions"] if c["type"] == "Ready")
        for each in found
    }
    wanted = names or tuple(ALL)
    return all(by_name.get(name) for name in wanted)


def test_run_brings_apps_live_and_subscribed_and_ends_cleanly(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        with running(there) as run:
            there.until(settled)
            there.until(ready)
            done = run.signal(signal.SIGTERM)
        counted = there.counted()

        assert done.code == 0, done.err
        assert (counted["link"], counted["subscribe"], counted["login"]) == (3, 3, 1)
        assert there.within_limits()


def test_run_applies_new_manifests_and_restores_manual_changes(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        with running(there) as run:
            there.until(settled)
            there.declare(app("AppFour", 4), name="four.yaml")
            there.until(lambda w: w.tags().get("AppFour") == ["events"])
            changed = {"tag": "events", "url": "https://elsewhere.example.com/", "active": True}
            there.control("drift", {"app": "AppTwo", "subscriptions": [changed]})
            there.until(
                lambda w: w.apps()["AppTwo"]["subscriptions"][0]["url"] == "https://hooks.example.com/AppTwo"
            )
            there.control("drift", {"app": "AppOne", "subscriptions": [{"tag": "events", "delete": True}]})
            there.until(lambda w: w.tags()["AppOne"] == ["events"])
            assert run.signal(signal.SIGTERM).code == 0
        assert there.counted()["link"] == 4


def test_a_source_that_turns_bad_leaves_run_on_the_last_good_revision(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        with running(there) as run:
            there.until(settled)
            there.declare("kind: [", name="bad.yaml")
            run.said("source rejected")
            there.control("drift", {"app": "AppOne", "subscriptions": [{"tag": "events", "delete": True}]})
            there.until(lambda w: w.tags()["AppOne"] == ["events"])
            run.signal(signal.SIGTERM)
        there.control("drift", {"app": "AppTwo", "subscriptions": [{"tag": "events", "delete": True}]})
        with running(there) as run:
            run.said("source rejected")
            there.until(lambda w: w.tags()["AppTwo"] == ["events"])
            (there.manifests / "bad.yaml").unlink()
            there.declare(app("AppFour", 4), name="four.yaml")
            there.until(lambda w: w.tags().get("AppFour") == ["events"])
            assert run.signal(signal.SIGTERM).code == 0


def test_an_empty_or_shrunken_source_changes_nothing_until_it_is_released(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        with running(there) as run:
            there.until(settled)
            there.declare(PARTNER, THREE[0], subscription())
            said = run.said("shrank")
            run.signal(signal.SIGTERM)
        digest = said.split("--release ")[1][:71]
        calls = len(there.calls())
        with running(there, "--release", digest) as run:
            there.until(lambda w: len(w.calls("list", since=calls)) > 2)
            there.until(lambda w: ready(w, "AppOne"))
            assert run.signal(signal.SIGTERM).code == 0
        assert there.tags() == ALL, "what is no longer declared is only reported"
        items = json.loads(there.run("get", "-o", "json").out)["items"]
        assert {each["name"]: each["state"] for each in items} == {
            "AppOne": "Ready",
            "AppTwo": "Unmanaged",
            "AppThree": "Unmanaged",
        }


def test_run_in_observe_mode_writes_nothing(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        with running(there, "--mode", "observe") as run:
            there.until(lambda w: len(w.calls("list")) > 2)
            assert run.signal(signal.SIGTERM).code == 0
        assert there.apps() == {}
        assert set(there.counted()) == {"list", "login", "mintPartner"}
        assert "ChangePlanned" in there.run("get").out


def test_run_once_does_what_can_be_done_now(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        assert there.run("run", "--once").code == 0
        assert there.counted()["link"] == 3
        there.until(lambda w: all(each["live"] for each in w.apps().values()))
        assert there.run("run", "--once").code == 0
        assert there.tags() == ALL
        there.declare("kind: [", name="bad.yaml")
        assert there.run("run", "--once").code == 3, "the last good revision is kept, and it is said"


def test_run_follows_a_branch_and_refuses_a_rewritten_one(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"apps/all.yaml": "---\n".join((PARTNER, *THREE))})
    with world(tmp_path) as there, serving(repository.folder) as server:
        where = ("--git", server.url, "--branch", "main", "--git-path", "apps", "--store", "kept.db")
        with running(there, *where) as run:
            there.until(settled)
            four = "---\n".join((PARTNER, *THREE, app("AppFour", 4)))
            repository.commit({"apps/all.yaml": four})
            there.until(lambda w: w.tags().get("AppFour") == ["events"])
            repository.commit({"apps/all.yaml": four + "---\n" + app("AppFive", 5)}, parent="0")
            run.said("did not grow out of")
            assert run.signal(signal.SIGTERM).code == 0
        assert "AppFive" not in there.apps()
        assert there.within_limits()


def test_reconcile_and_a_command_that_waits_for_the_lock_are_served_by_run(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        with running(there, "--interval", "1h", "--drift-interval", "1h") as run:
            there.until(settled)
            there.until(ready)
            there.control("drift", {"app": "AppOne", "subscriptions": [{"tag": "events", "delete": True}]})
            asked = there.run("reconcile", "AppOne", "--wait")
            assert (asked.code, there.tags()) == (0, ALL), asked.out + asked.err
            heard = there.run("reconcile")
            assert (heard.code, heard.out[:10], heard.err) == (0, "Requested.", "")
            assert there.run("apply", "--yes").code == 8, "one writer at a time"
            assert there.run("apply", "--yes", "--lock-timeout", "30s").code == 0
            assert run.signal(signal.SIGTERM).code == 0
        unheard = there.run("reconcile")
        assert (unheard.code, unheard.out) == (0, ""), "what nobody hears is not told as asked"
        assert "no `gupshupctl run` works on" in unheard.err
        nobody = there.run("reconcile", "--wait", "--timeout", "1s")
        assert (nobody.code, "Not observed: no `gupshupctl run` works on" in nobody.err) == (6, True)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE statuses SET document = '{' WHERE resource = 'App/AppOne'",
        "UPDATE statuses SET document = replace(document, 'main', 'old') WHERE resource = 'App/AppOne'",
    ],
    ids=["unreadable", "of another partner"],
)
def test_reconcile_waits_for_a_status_that_was_unreadable_or_of_another_partner(
    tmp_path: Path, damage: str
) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        with running(there, "--interval", "1h", "--drift-interval", "1h"):
            there.until(settled)
            there.until(ready)
            sql(store_of(there), damage)
            asked = there.run("reconcile", "AppOne", "--wait")
            (row,) = [line.split() for line in asked.out.splitlines() if "AppOne" in line]
            assert (asked.code, row[1]) == (0, "main"), asked.out + asked.err


def test_run_ends_soon_during_a_link_and_links_nothing_twice(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, THREE[0], subscription())
        there.faults({"kind": "slow", "route": "link", "seconds": 3})
        with running(there) as run:
            there.until(lambda w: bool(w.calls("link")) or "AppOne" in w.apps())
            done = run.signal(signal.SIGTERM)
        assert done.code == 0
        there.faults()
        with running(there) as run:
            there.until(lambda w: w.tags() == {"AppOne": ["events"]})
            assert run.signal(signal.SIGTERM).code == 0
        assert there.counted()["link"] == 1


def test_run_continues_after_it_was_killed_at_any_moment(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        for calls in (1, 3, 5, 7, 9):
            with running(there) as run:
                there.until(lambda w, least=calls: len(w.calls()) >= least)  # type: ignore[misc]
                run.signal(signal.SIGKILL)
        with running(there) as run:
            there.until(settled)
            assert run.signal(signal.SIGTERM).code == 0
        assert len(there.apps()) == 3
        assert there.within_limits()


SECRET = "0123456789abcdef0123456789abcdef"


def test_an_event_starts_a_pass_over_its_app_and_the_web_server_shows_its_state(tmp_path: Path) -> None:
    """Between the lists, an hour apart, only the event can show that the app is live."""
    with world(tmp_path, "--switch", "provision-min=30", "--switch", "provision-max=30", scale=1) as there:
        there.environ["GUPSHUPCTL_HOOK_SECRET"] = SECRET
        there.declare(PARTNER, THREE[0], subscription())
        with running(there) as run:
            at = run.said("listening").split('"at": "')[1].split('"')[0]
            with httpx.Client(base_url=at, timeout=10, trust_env=False) as door:
                there.until(lambda _: door.get("/readyz").status_code == 200)
                assert door.get("/healthz").text.strip() == "ok"
                there.until(lambda w: "AppOne" in w.apps())
                event = {
                    "app": "AppOne",
                    "type": "onboarding-event",
                    "payload": {"type": "docker-status-event"},
                }
                assert door.post(f"/hooks/gupshup/{'x' * 32}", json=event).status_code == 404
                assert "none about an app ever came to a `run`" in there.run("doctor").out
                assert door.post(f"/hooks/gupshup/{SECRET}", json=event).status_code == 200
                there.until(
                    lambda _: 'webhook_events_total{hook="gupshup",result="hint"} 1.0' in _metrics(door)
                )
                assert "the last one about an app came" in there.run("doctor").out
                assert "AppOne" in door.get("/").text
                assert door.get("/api/v1/apps/AppOne").json()["items"][0]["name"] == "AppOne"
            assert run.signal(signal.SIGTERM).code == 0


def test_run_is_ready_for_its_first_app_and_not_for_an_emptied_source(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare("")
        with running(there) as run, httpx.Client(timeout=10, trust_env=False) as door:
            at = run.said("listening").split('"at": "')[1].split('"')[0]
            assert "declares no app" in run.said("source rejected")
            assert door.get(f"{at}/readyz").text.startswith("the source was read and cannot be accepted")
            there.declare(PARTNER)
            there.until(lambda _: door.get(f"{at}/readyz").status_code == 200)
            there.declare(PARTNER, *THREE)
            there.until(settled)
            there.declare(PARTNER)
            assert "3 Apps became 0" in run.said("source rejected")
            assert door.get(f"{at}/readyz").status_code == 200, "the last good one is in force"
            assert run.signal(signal.SIGTERM).code == 0
        assert there.tags() == ALL


def _metrics(door: httpx.Client) -> str:
    return door.get("/metrics").text
