"""Sources that changed too much: every verb that reads them reports the same, and everything at once."""

import re
import signal
from pathlib import Path

import httpx
import pytest

from tests.e2e.test_cases import CALLBACK, SETTLED
from tests.e2e.test_once import ALL, released, settle
from tests.e2e.test_run import EAGER, running
from tests.e2e.world import AMPLE, HASTY, PARTNER, THREE, Done, World, app, subscription, world
from tests.edges.git_server import serving
from tests.edges.repositories import Repository

LOSES_ANYTHING = PARTNER.replace("2s}}", "2s}, guards: {maxShrink: 100%}}")
VERBS = ("plan", "apply", "once")


def look(there: World, verb: str, folder: str = "manifests", *more: str) -> Done:
    """Have one verb read *folder* and end."""
    match verb:
        case "plan":
            return there.run("plan", folder, *more)
        case "apply":
            return there.run("apply", "--yes", folder, *more)
        case _:
            return there.run("run", "--once", "--manifests", folder, *more)


def writes(there: World) -> int:
    return len(there.calls("link", "subscribe", "updateSubscription", "unsubscribe", "callback"))


# A file that was emptied.


def mount(there: World, name: str, **files: str) -> None:
    """Have the link `..data` lead to a folder *name* with *files*, as a ConfigMap's volume does."""
    folder = there.manifests
    (folder / f"..{name}").mkdir()
    for file, text in files.items():
        (folder / f"..{name}" / f"{file}.yaml").write_text(text, encoding="utf-8")
        if not (folder / f"{file}.yaml").is_symlink():
            (folder / f"{file}.yaml").symlink_to(f"..data/{file}.yaml")
    (folder / "new").symlink_to(f"..{name}")
    (folder / "new").replace(folder / "..data")


def test_a_file_emptied_behind_a_swapped_link_counts_as_shrunken(tmp_path: Path) -> None:
    apps = "---\n".join((HASTY, *THREE[:3]))
    with world(tmp_path, *AMPLE) as there:
        mount(there, "one", apps=apps, hooks=subscription())
        settle(there)
        with running(there) as run:
            there.until(lambda w: len(w.calls("list")) > 2)
            mount(there, "two", apps=apps, hooks="")
            digest = re.search(r"--release (sha256:\w+)", run.said("3 Subscriptions became 0"))
            looks = len(there.calls("list"))
            there.until(lambda w: len(w.calls("list")) > looks + 1)
            assert not any("is empty and held" in line for line in run.lines())
            run.signal(signal.SIGTERM)
        assert digest is not None
        for each in VERBS:
            done = look(there, each)
            assert (done.code, released(done)) == (4, digest[1]), done.err
        done = look(there, "once", "manifests", "--release", digest[1])
        assert done.code == 0, done.err
        done = look(there, "apply")
        assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("known", "called"),
    [("manifests", "link"), ("link", "manifests"), ("manifests", "./link/")],
    ids=["a link to what is known", "what is known by a link", "another spelling"],
)
def test_an_emptied_file_is_refused_whatever_its_folder_is_called(
    tmp_path: Path, known: str, called: str
) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(LOSES_ANYTHING, *THREE[:3])
        there.declare(subscription(), name="hooks.yaml")
        (tmp_path / "link").symlink_to("manifests")
        settle(there, "--manifests", known)
        before = writes(there)
        (there.manifests / "hooks.yaml").write_text("")
        for verb in VERBS:
            done = look(there, verb, called)
            assert (done.code, "hooks.yaml is empty and held manifests before" in done.err) == (4, True), (
                done.err
            )
        (there.manifests / "hooks.yaml").unlink()
        lost = look(there, "apply", called)
        assert "3 Subscriptions became 0" in lost.err, "it was deleted, as the message says"
        assert look(there, "apply", called, "--release", released(lost)).code == 0
        assert writes(there) == before


def test_a_single_manifest_file_that_was_emptied_is_refused_by_every_verb(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        settle(there)
        (there.manifests / "all.yaml").write_text("")
        told = "all.yaml is empty and held manifests before; fill it, or delete it"
        for verb in VERBS:
            done = look(there, verb)
            assert (done.code, told in done.err, "--release" in done.err) == (4, True, False), done.err
        (there.manifests / "all.yaml").unlink()
        for verb in VERBS:
            done = look(there, verb)
            assert (done.code, "declares no app" in done.err) == (4, True), done.err
        assert there.tags() == ALL


# Several guards at once.

TWO = re.compile(r"--release (sha256:[0-9a-f]{64},sha256:[0-9a-f]{64})$", re.MULTILINE)


def test_an_empty_fleet_is_refused_with_every_digest_and_stays_released(
    tmp_path: Path,
) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.stay_signed_in()
        there.declare(HASTY, *THREE)
        settle(there)
        there.declare(HASTY)
        digests = set()
        for verb in VERBS:
            done = look(there, verb)
            found = TWO.search(done.err)
            assert done.code == 4, done.err
            assert found, done.err
            digests.add(found[1])
        assert len(digests) == 1, "plan, apply and run name the same"
        one, _, other = digests.pop().partition(",")
        assert look(there, "apply", "manifests", "--release", one).code == 4
        assert look(there, "once", "manifests", "--release", other).code == 4
        done = look(there, "apply", "manifests", "--release", one, "--release", other)
        assert done.code == 0, done.err
        for verb in VERBS:
            done = look(there, verb)
            assert done.code == 0, done.err


def test_the_plan_of_a_source_that_shrank_shows_what_its_release_would_do(tmp_path: Path) -> None:
    """Also what policies make of the loss: a digest that was released before releases nothing then."""
    tight = HASTY.replace("spec: {", 'spec: {ownedTags: "*", ')
    policies = "policies: [Link, Subscribe, Update, Unsubscribe]"
    with world(tmp_path, *AMPLE) as there:
        there.stay_signed_in()
        there.declare(tight, *THREE)
        settle(there)
        there.declare(tight, app("AppOne", 1))
        first = look(there, "plan", "-o", "json")
        assert first.code == 4
        assert first.json()["actions"] == []
        there.declare(tight, app("AppOne", 1, policies))
        second = look(there, "plan", "-o", "json")
        (action,) = second.json()["actions"]
        assert (second.code, action["verb"], action["app"]) == (4, "unsubscribe", "AppOne")
        digests = [each.json()["refused"]["digest"] for each in (first, second)]
        assert digests[0] != digests[1]
        assert "3 Apps became 1" in second.json()["refused"]["message"]
        text = look(there, "plan", "--out", "p.json")
        assert (text.code, (tmp_path / "p.json").exists()) == (4, False)
        assert "Its release would mean:" in text.out
        assert "- unsubscribe  Subscription/events on App/AppOne" in text.out
        assert f"--release {digests[1]}" in text.err
        assert look(there, "apply", "--release", digests[0]).code == 4
        assert there.tags()["AppOne"] == ["events"]
        assert look(there, "apply", "--release", digests[1]).code == 0
        assert there.tags()["AppOne"] == []


def test_a_rewritten_history_that_lost_too_much_is_released_by_both_digests(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"apps/all.yaml": "---\n".join((HASTY, *THREE))})
    with world(tmp_path, *AMPLE) as there, serving(repository.folder) as server:
        where = ("--git", server.url, "--branch", "main", "--git-path", "apps", "--store", "kept.db")
        settle(there, *where)
        repository.commit({"apps/all.yaml": "---\n".join((HASTY, THREE[0]))}, parent="0")
        done = there.run("run", "--once", *where)
        found = TWO.search(done.err)
        assert done.code == 4, done.err
        assert found, done.err
        done = there.run("run", "--once", "--release", found[1], *where)
        assert done.code == 0, done.err
        tip = repository.commit({"elsewhere/all.yaml": HASTY})
        done = there.run("run", "--once", "-o", "json", *where)
        assert (done.code, done.json()["source"]["rejected"]) == (1, tip), "a commit without the folder"


# What a process that never stops says and does, as the others do.


def test_a_source_smaller_than_its_account_is_shown_as_rejected_everywhere(tmp_path: Path) -> None:
    with world(tmp_path) as there, there.going("run", *EAGER, "--manifests", "less") as run:
        less = tmp_path / "less"
        less.mkdir()
        (less / "all.yaml").write_text("---\n".join((PARTNER, THREE[0])), encoding="utf-8")
        there.declare(PARTNER, *THREE)
        at = run.said("listening").split('"at": "')[1].split('"')[0]
        there.until(lambda w: "AppOne" in w.apps())
        done = there.run("apply", "--yes", "--lock-timeout", "30s")
        assert done.code == 0, done.err
        told = run.said("source rejected")
        with httpx.Client(base_url=at, timeout=10, trust_env=False) as door:
            source = door.get("/api/v1/source").json()
            assert "3 Apps became 1" in source["error"]
            assert source["errorSince"]
            assert (source["digest"] in told, source["rejected"] in told) == (True, True)
            assert "gupshup_controller_source_error 1.0" in door.get("/metrics").text
            assert "3 Apps became 1" in door.get("/").text
            (less / "all.yaml").write_text("---\n".join((PARTNER, *THREE)), encoding="utf-8")
            run.said("source accepted")
            there.until(lambda _: "gupshup_controller_source_error 0.0" in door.get("/metrics").text)
            assert door.get("/api/v1/source").json()["error"] is None


def test_no_verb_writes_unknown_values_in_ci_with_a_new_store(tmp_path: Path) -> None:
    for verb in (*VERBS, "run"):
        folder = tmp_path / verb
        folder.mkdir()
        with world(folder) as there:
            there.environ["CI"] = "true"
            there.seed(SETTLED)
            there.declare(app("AppOne", 1, CALLBACK))
            if verb == "run":
                with running(there):
                    there.until(lambda w: len(w.calls("list")) > 2)
            else:
                assert look(there, verb).code == 0
            assert verb == "plan" or "Unverifiable" in there.run("get").out
            assert not there.calls("callbackUrl"), verb


@pytest.mark.parametrize(
    ("flags", "environ", "named"),
    [
        pytest.param(("--mode", "observe"), {}, "--mode is observe", id="the flag"),
        pytest.param((), {"GUPSHUPCTL_MODE": "observe"}, "GUPSHUPCTL_MODE is observe", id="the variable"),
    ],
)
def test_once_and_observe_together_are_refused_with_the_name_of_the_option(
    tmp_path: Path, flags: tuple[str, ...], environ: dict[str, str], named: str
) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE)
        done = there.run("run", "--once", *flags, **environ)
        assert (done.code, named in done.err, "gupshupctl plan" in done.err) == (64, True, True), done.err
        assert there.calls() == []
        assert there.run("run", "--once", "--mode", "enforce", **environ).code == 0
