"""One pass of `run --once` after another, as cron starts them: what was refused once stays refused."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.world import AMPLE, HASTY, THREE, Done, World, app, subscription, world
from tests.edges.git_server import serving
from tests.edges.repositories import Repository

ALL = {"AppOne": ["events"], "AppTwo": ["events"], "AppThree": ["events"]}
RENAMED = HASTY.replace("name: main", "name: primary")
FIVE = app("AppFive", 5)


def settle(there: World, *where: str) -> None:
    """Bring the fleet to where it is declared."""
    assert there.run("run", "--once", *where).code == 0
    there.until(lambda w: all(each["live"] for each in w.apps().values()))
    assert there.run("run", "--once", *where).code == 0
    assert there.tags() == ALL


def spoil(there: World, name: str) -> None:
    there.control("drift", {"app": name, "subscriptions": [{"tag": "events", "delete": True}]})


def released(done: Done) -> str:
    found = re.search(r"--release (sha256:[0-9a-f]{64})", done.err)
    assert found, done.err
    return found[1]


def shrink(there: World) -> None:
    there.declare(HASTY, THREE[0], subscription(), FIVE.replace("fleet: all", "fleet: none"))


def shrink_renamed(there: World) -> None:
    there.declare(RENAMED, THREE[0], subscription())


def spoil_manifests(there: World) -> None:
    there.declare("kind: [", FIVE, name="bad.yaml")


def empty(there: World) -> None:
    (there.manifests / "all.yaml").unlink()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(shrink, 4, id="shrunken"),
        pytest.param(shrink_renamed, 4, id="shrunken and renamed"),
        pytest.param(empty, 4, id="emptied"),
        pytest.param(spoil_manifests, 3, id="invalid"),
    ],
)
def test_a_refused_revision_is_refused_on_every_pass_and_drift_is_restored(
    tmp_path: Path, change: Callable[[World], None], code: int
) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        settle(there)
        change(there)
        for name in ("AppTwo", "AppThree"):
            spoil(there, name)
            done = there.run("run", "--once")
            assert (done.code, there.tags()) == (code, ALL), done.err
            assert "source rejected" in done.err


def test_the_forms_of_the_report_say_that_an_older_revision_was_applied(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        first = there.run("run", "--once", "-o", "markdown")
        assert (first.code, "### Gupshup apply — Done: 3 linked" in first.out) == (0, True), first.err
        spoil_manifests(there)
        done = there.run("run", "--once", "-o", "markdown", "--output-file", "github=notes")
        assert done.code == 3
        assert (
            "\nThe source is refused, and the last good revision was applied: manifests/bad.yaml" in done.out
        )
        notes = (tmp_path / "notes").read_text(encoding="utf-8")
        assert notes.startswith("::error title=the source is refused::manifests/bad.yaml:"), notes


def test_a_restored_revision_is_accepted_again(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        settle(there)
        spoil_manifests(there)
        assert there.run("run", "--once").code == 3
        (there.manifests / "bad.yaml").unlink()
        done = there.run("run", "--once")
        assert (done.code, "source rejected" in done.err) == (0, False)


def test_a_release_lets_a_shrunken_folder_through_and_the_next_pass_needs_none(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        settle(there)
        shrink(there)
        digest = released(there.run("run", "--once"))
        assert released(there.plan()) == released(there.apply()) == digest
        stale = f"sha256:{'0' * 64}"
        once = there.run("run", "--once", "--release", f"{digest},{stale}")
        warned = [line for line in once.err.splitlines() if line.startswith("Warning: --release")]
        assert (once.code, [line.split()[2] for line in warned]) == (0, [f"{stale}:"]), once.err
        done = there.run("run", "--once")
        assert (done.code, "AppFive" in there.apps()) == (0, True), done.err


def test_another_folder_for_the_same_account_is_compared_with_what_the_account_had(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        settle(there)
        less, moved = tmp_path / "less", tmp_path / "moved"
        less.mkdir()
        (less / "all.yaml").write_text("---\n".join((RENAMED, THREE[0], subscription())))
        calls = len(there.calls("updateSubscription", "unsubscribe", "subscribe", "link"))
        digests = set()
        for verb in (("plan", "less"), ("apply", "--yes", "less"), ("run", "--once", "--manifests", "less")):
            done = there.run(*verb)
            assert (done.code, "shrank: 3 Apps became 1" in done.err) == (4, True), done.err
            digests.add(released(done))
        assert len(digests) == 1
        there.manifests.rename(moved)
        for verb in (("apply", "--yes", "moved"), ("run", "--once", "--manifests", "moved")):
            assert there.run(*verb).code == 0, "manifests that moved lost nothing"
        assert len(there.calls("updateSubscription", "unsubscribe", "subscribe", "link")) == calls


def test_a_rewritten_history_is_refused_on_every_pass_until_it_is_released(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"apps/all.yaml": "---\n".join((HASTY, *THREE))})
    with world(tmp_path, *AMPLE) as there, serving(repository.folder) as server:
        where = ("--git", server.url, "--branch", "main", "--git-path", "apps", "--store", "kept.db")
        settle(there, *where)
        commit = repository.commit({"apps/all.yaml": "---\n".join((HASTY, *THREE, FIVE))}, parent="0")
        tip = repository.tip()
        for name in ("AppTwo", "AppThree"):
            spoil(there, name)
            done = there.run("run", "--once", *where)
            assert (done.code, there.tags()) == (4, ALL), (done.err, commit)
            assert f'"rejected": "{tip}"' in done.err or f"rejected={tip}" in done.err, done.err
        assert there.run("run", "--once", "--release", released(done), *where).code == 0
        assert there.run("run", "--once", *where).code in {0, 6}
        assert "AppFive" in there.apps()


@pytest.mark.parametrize(
    ("documents", "code"), [(("kind: [",), 3), ((), 4), ((HASTY,), 4)], ids=["invalid", "empty", "no app"]
)
def test_a_first_revision_that_is_refused_is_never_applied(
    tmp_path: Path, documents: tuple[str, ...], code: int
) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(*documents)
        for _ in range(2):
            done = there.run("run", "--once")
            assert (done.code, there.calls("link")) == (code, []), done.err


def test_the_exit_code_of_a_source_goes_before_that_of_its_passes(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        settle(there)
        spoil_manifests(there)
        spoil(there, "AppTwo")
        there.faults({"kind": "status", "route": "subscribe", "status": 403, "message": "no"})
        done = there.run("run", "--once")
        assert done.code == 3, done.err
        assert there.tags()["AppTwo"] == []
