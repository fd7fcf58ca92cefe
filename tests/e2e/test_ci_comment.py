"""The comment of examples/ci on a change: one for each verb and each set of manifests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.ci_project import CiProject, quiet_project
from tests.e2e.fake_github import BOT
from tests.e2e.world import Done

PULL = {"pull_request": {"number": 7, "head": {"sha": "a" * 40}}}


def commented(it: CiProject, text: str) -> Done:
    (it.there.folder / "plan.md").write_text(text, encoding="utf-8")
    return it.step("comment.py", "plan", event=PULL, GITHUB_SHA="b" * 40)


@pytest.fixture
def it(tmp_path: Path) -> Iterator[CiProject]:
    with quiet_project(tmp_path) as it:
        yield it


def test_a_change_has_one_comment_which_is_edited(it: CiProject) -> None:
    it.hub.comments += [{"id": number, "body": "hello", "user": {"login": "ann"}} for number in range(5)]
    assert "was written" in commented(it, "### first\n").out
    assert "was edited" in commented(it, "### second\n").out
    assert "is as it should be" in commented(it, "### second\n").out
    (ours,) = it.hub.comments[5:]
    assert ours["body"].endswith("### second\n")
    assert [method for method, _ in it.hub.writes()] == ["POST", "PATCH"]


def test_manifests_of_two_folders_have_a_comment_each(it: CiProject) -> None:
    for paths in (["prod"], ["lab"], ["prod"]):
        (it.there.folder / "plan.md").write_text(f"### {paths}\n", encoding="utf-8")
        assert it.step("comment.py", "plan", *paths, event=PULL).code == 0
    assert len(it.hub.comments) == 2


def test_a_comment_of_somebody_else_is_never_edited(it: CiProject) -> None:
    assert commented(it, "### first\n").code == 0
    forged = {**it.hub.comments[0], "id": 1, "user": {"login": "mallory"}}
    it.hub.comments.insert(0, forged)
    assert commented(it, "### second\n").code == 0
    assert [each["body"].endswith("### second\n") for each in it.hub.comments] == [False, True]


def test_a_comment_is_written_once_though_answers_are_lost_and_calls_are_too_many(it: CiProject) -> None:
    it.hub.lost += ["POST"]
    it.hub.failing += [
        ("GET", 502, {}),
        ("GET", 403, {"Retry-After": "0"}),
        ("POST", 429, {"Retry-After": "0"}),
    ]
    assert commented(it, "### first\n").code == 0
    assert len(it.hub.comments) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_comment_that_is_refused_ends_with_1_and_why(it: CiProject, status: int) -> None:
    it.hub.failing += [("POST", status, {})]
    done = commented(it, "### first\n")
    assert (done.code, f": {status} hiccup" in done.out) == (1, True)


def test_a_long_report_is_cut_to_what_a_comment_may_hold(it: CiProject) -> None:
    assert commented(it, "| a row |\n" * 10_000).code == 0
    (ours,) = it.hub.comments
    assert len(ours["body"]) < 65_536
    assert "summary of the run shows the rest" in ours["body"]


def test_the_comment_shows_what_an_earlier_job_of_the_run_kept(it: CiProject) -> None:
    name = it.step("outputs.py", "plan", "0", event=PULL, GITHUB_OUTPUT=str(it.there.folder / "outputs"))
    assert name.code == 0
    kept = dict(line.split("=", 1) for line in it.text("outputs").splitlines())["artefact"]
    it.hub.keep(kept, {"plan.md": b"### kept\n"}, 77, "a" * 40)
    it.hub.keep(kept, {"plan.md": b"### of another run\n"}, 76, "a" * 40)
    assert it.step("comment.py", "plan", event=PULL).code == 0
    assert it.hub.comments[0]["body"].endswith("### kept\n")
    assert it.hub.comments[0]["user"] == BOT


def test_a_change_that_was_not_planned_loses_the_plan_of_before(it: CiProject) -> None:
    commented(it, "### first\n")
    (it.there.folder / "plan.md").unlink()
    assert it.step("comment.py", "plan", event=PULL).code == 0
    (ours,) = it.hub.comments
    assert "### Gupshup plan: no result" in ours["body"]


def test_the_action_runs_a_step_for_each_line_of_paths_and_no_other_command(it: CiProject) -> None:
    """A path is a word, whatever it holds."""
    (it.there.folder / "plan.md").write_text("### a plan\n", encoding="utf-8")
    paths = "my prod\n$(touch evil)\nplan*"
    assert it.step("action.sh", "comment", event=PULL, MANIFESTS=paths).code == 0
    assert it.step("comment.py", "plan", "my prod", "$(touch evil)", "plan*", event=PULL).code == 0
    assert len(it.hub.comments) == 1, "both know these manifests under one name"
    assert not (it.there.folder / "evil").exists()
    assert it.step("action.sh", "destroy").code == 64
