"""`reconcile --wait` has the source read first, and its end is about what was pushed."""

import signal
from pathlib import Path

from tests.e2e.test_run import ALL, running, settled
from tests.e2e.world import AMPLE, HASTY, THREE, app, world
from tests.edges.git_server import serving
from tests.edges.repositories import Repository

SELDOM = ("--interval", "1h", "--drift-interval", "1h")
"""Nothing is read between two requests."""


def manifests(*documents: str, **files: str) -> dict[str, str]:
    others = {f"apps/{name}.yaml": text for name, text in files.items()}
    return {"apps/all.yaml": "---\n".join((HASTY, *documents)), **others}


def test_reconcile_is_about_the_commit_that_was_pushed_and_about_no_older_one(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit(manifests(*THREE))
    with world(tmp_path, *AMPLE) as there, serving(repository.folder) as server:
        store = ("--store", "kept.db")
        where = ("--git", server.url, "--branch", "main", "--git-path", "apps", *store)
        with running(there, *SELDOM, *where) as run:
            there.until(settled)
            there.until(lambda w: w.run("reconcile", "--wait", *store).code == 0)
            good = repository.commit(manifests(*THREE, app("AppFour", 4)))
            done = there.run("reconcile", "App/AppFour", "--wait", *store)
            assert (done.code, there.tags()) == (0, {**ALL, "AppFour": ["events"]}), done.out + done.err
            assert f"Reconciled with revision {good} of {server.url}" in done.out

            bad = repository.commit(manifests(*THREE, app("AppFour", 4), bad="kind: ["))
            for words in ((), ("AppFour",), ("Bad",)):
                done = there.run("reconcile", *words, "--wait", *store)
                assert done.code == 3, done.out + done.err
                assert f"revision {bad} is rejected" in done.err
                assert "apps/bad.yaml:2:1: error [GS101]" in done.err, "the diagnostics"
            listed = there.run("get", *store)
            assert f"revision {bad} is rejected since" in listed.err
            assert f"{good} stays in force" in listed.err
            assert there.run("get", "-o", "json", *store).json()["items"]

            less = repository.commit(manifests(THREE[0]))
            done = there.run("reconcile", "--wait", *store)
            assert (done.code, f"revision {less} is rejected" in done.err) == (4, True), done.err
            digest = done.err.split("gupshupctl reconcile --release ")[1].split()[0]
            done = there.run("reconcile", "--wait", "--release", digest, *store)
            assert "Warning" not in done.err
            assert f"Reconciled with revision {less}" in done.out
            assert there.run("get", *store).err == ""

            server.password = "another"
            done = there.run("reconcile", "--wait", *store)
            assert (done.code, "no newer revision could be read" in done.err) == (1, True), done.err
            run.signal(signal.SIGTERM)


def test_get_shows_that_the_first_revision_of_all_is_rejected(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare("kind: [", name="bad.yaml")
        with running(there) as run:
            run.said("source rejected")
            there.until(lambda w: "no revision is in force" in w.run("get").err)
            done = there.run("reconcile", "--wait")
            assert (done.code, "bad.yaml:2:1: error [GS101]" in done.err) == (3, True), done.err


def test_reconcile_without_a_wait_has_the_source_read_too(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit(manifests(*THREE))
    with world(tmp_path, *AMPLE) as there, serving(repository.folder) as server:
        where = ("--git", server.url, "--branch", "main", "--git-path", "apps", "--store", "kept.db")
        with running(there, *SELDOM, *where):
            there.until(settled)
            there.until(lambda w: w.run("reconcile", "--wait", "--store", "kept.db").code == 0)
            repository.commit(manifests(*THREE, app("AppFour", 4)))
            assert there.run("reconcile", "AppOne", "--store", "kept.db").code == 0
            there.until(lambda w: "AppFour" in w.apps())
