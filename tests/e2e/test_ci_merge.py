"""The steps of examples/ci around a pull request: its comment, its saved plan, and what a merge applies.

A real repository with a bare remote, the installed command, the simulator, and a GitHub of a few routes.
"""

import copy
import io
import zipfile
from pathlib import Path

import pytest

from tests.e2e.ci_project import ELSEWHERE, MAIN, CiProject, project
from tests.e2e.world import HASTY, app

TWO = app("AppTwo", 2)


@pytest.mark.parametrize("how", ["--squash", "--no-ff"])
def test_a_merge_applies_exactly_the_plan_that_was_reviewed(tmp_path: Path, how: str) -> None:
    """The webhook that somebody moved meanwhile is no part of it, and is left for the drift check."""
    with project(tmp_path) as it:
        it.start()
        done, values = it.propose(TWO)
        assert (done.code, values["exit-code"], values["has-changes"]) == (0, "0", "true")
        it.move()
        it.accept(how)
        merged = it.merge()

        assert (merged.code, it.state()) == (0, "success")
        assert "exactly as it was reviewed" in merged.out
        assert it.file("apply.json")["plan"]["digest"] == values["digest"]
        assert it.file("apply.json")["summary"]["linked"] == 1
        assert it.there.tags()["AppTwo"] == ["events"]
        assert it.there.apps()["AppOne"]["subscriptions"][0]["url"] == ELSEWHERE
        assert it.hub.foreign_headers == [None], "the address of the archive never gets the token"
        it.step("outputs.py", "apply", "0", GITHUB_OUTPUT=str(it.there.folder / "said"))
        assert "has-changes=true" in it.text("said").splitlines()


def test_a_plan_is_applied_once_and_then_everything_is_planned(tmp_path: Path) -> None:
    with project(tmp_path) as it:
        it.start()
        it.propose(TWO)
        it.accept()
        assert it.merge().code == 0
        it.move()
        again = it.merge()
        assert again.code == 0
        assert "had been applied before" in again.out
        assert it.file("apply.json")["summary"]["updated"] == 1


def another_repository(it: CiProject) -> None:
    it.hub.runs[0]["head_repository"] = {"full_name": "mallory/manifests"}


def another_commit(it: CiProject) -> None:
    it.hub.artefacts[0]["workflow_run"]["head_sha"] = "1" * 40


def another_run(it: CiProject) -> None:
    it.hub.artefacts[0]["workflow_run"]["id"] = 76


def another_workflow(it: CiProject) -> None:
    it.hub.runs[0]["path"] = ".github/workflows/evil.yml"


def another_event(it: CiProject) -> None:
    it.hub.runs[0]["event"] = "push"


def a_rewritten_workflow(it: CiProject) -> None:
    it.hub.blobs[it.hub.pulls[0]["head"]["sha"]] = "another blob"


def a_fork(it: CiProject) -> None:
    it.hub.pulls[0]["head"]["repo"] = {"full_name": "mallory/manifests"}


def a_deleted_fork(it: CiProject) -> None:
    it.hub.pulls[0]["head"]["repo"] = None


def another_branch(it: CiProject) -> None:
    it.hub.pulls[0]["base"]["ref"] = "other"


def expired(it: CiProject) -> None:
    it.hub.artefacts[0]["expired"] = True


def nothing_kept(it: CiProject) -> None:
    it.hub.artefacts.clear()


def no_archive(it: CiProject) -> None:
    it.hub.artefacts[0]["data"] = b"no archive"


def a_damaged_archive(it: CiProject) -> None:
    """Its list of files is whole, and the bytes of the plan cannot be decompressed."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("saved-plan.json", b"{}" * 99)
    begin = data.getvalue().index(b"saved-plan.json") + len("saved-plan.json")
    data.seek(begin)
    data.write(b"\xff\xff\xff")
    it.hub.artefacts[0]["data"] = data.getvalue()


def not_applied_before(it: CiProject) -> None:
    it.hub.statuses[:] = [each for each in it.hub.statuses if each["state"] != "success"]


def a_status_of_somebody(it: CiProject) -> None:
    for each in it.hub.statuses:
        each["creator"] = {"login": "mallory"}


def no_api(it: CiProject) -> None:
    it.hub.failing += [("GET", 404, {})]


def other_manifests(it: CiProject) -> None:
    """Its author may push a branch, and so may have kept any file: these bytes nobody merged."""
    it.there.declare(TWO.replace('"910000000002"', '"910000000003"'), name="more-7.yaml")


SPOILS = (
    another_repository,
    another_commit,
    another_run,
    another_workflow,
    another_event,
    a_rewritten_workflow,
    a_fork,
    a_deleted_fork,
    another_branch,
    expired,
    nothing_kept,
    no_archive,
    a_damaged_archive,
    not_applied_before,
    a_status_of_somebody,
    no_api,
    other_manifests,
)


def test_a_plan_that_is_not_the_reviewed_one_is_not_applied(tmp_path: Path) -> None:
    """Only the decision is asked for here: what a merge does without a reviewed plan has its own test."""
    with project(tmp_path) as it:
        it.start()
        it.propose(TWO)
        it.accept()
        state = copy.deepcopy(it.hub.__dict__)
        for spoil in SPOILS:
            spoil(it)
            done = it.step("reviewed.py", "saved-plan.json", event=it.push_event())
            assert (done.code, "No reviewed plan is applied: " in done.out) == (1, True), spoil.__name__
            assert ("from a fork" in done.out) == (spoil in {a_fork, a_deleted_fork})
            assert not (it.there.folder / "saved-plan.json").exists()
            it.hub.__dict__.update(copy.deepcopy(state))
            it.there.declare(TWO, name="more-7.yaml")
        assert it.step("reviewed.py", "saved-plan.json", event=it.push_event()).code == 0


def test_a_plan_is_not_applied_if_more_was_pushed_with_its_change(tmp_path: Path) -> None:
    with project(tmp_path) as it:
        it.start()
        it.propose(TWO)
        it.accept()
        done = it.step("reviewed.py", "saved-plan.json", event={"before": it.tree.git("rev-parse", "HEAD")})
        assert (done.code, "more than one change" in done.out) == (1, True)


def test_a_plan_that_is_too_old_is_not_applied_and_the_merge_is_planned(tmp_path: Path) -> None:
    with project(tmp_path) as it:
        it.start()
        it.propose(TWO)
        it.accept()
        done = it.step("apply-merged.sh", event=it.push_event(), GUPSHUP_MAX_AGE="0s")
        assert (done.code, "it is too old" in done.out, it.state()) == (0, True, "success")
        assert set(it.there.apps()) == {"AppOne", "AppTwo"}


def test_merges_one_after_another_are_applied_as_reviewed_and_none_is_lost(tmp_path: Path) -> None:
    """The run of the third was cancelled while it waited: the fourth applies both."""
    with project(tmp_path) as it:
        it.start()
        it.propose(TWO)
        it.accept("--no-ff")
        assert "exactly as it was reviewed" in it.merge().out
        it.propose(app("AppThree", 3))
        it.accept()
        assert "exactly as it was reviewed" in it.merge().out
        it.propose(app("AppFour", 4))
        it.accept("--no-ff")
        it.propose(app("AppFive", 5))
        it.accept()
        last = it.merge()
        assert (last.code, "was not applied" in last.out, it.state()) == (0, True, "success")
        assert set(it.there.tags()) == {"AppOne", "AppTwo", "AppThree", "AppFour", "AppFive"}


def test_without_a_reviewed_plan_the_merge_commit_is_planned_and_applied(tmp_path: Path) -> None:
    with project(tmp_path) as it:
        it.start()
        it.propose(TWO)
        it.accept()
        nothing_kept(it)
        it.move()
        done = it.merge()
        assert (done.code, it.state()) == (0, "success")
        summary = it.file("apply.json")["summary"]
        assert (summary["linked"], summary["subscribed"], summary["updated"]) == (1, 1, 1), (
            "everything that is due, drift included"
        )
        assert it.file("apply.json")["plan"]["digest"] == it.file("saved-plan.json")["digest"]


GUARDED = HASTY.replace("spec: {", "spec: {guards: {maxLinks: 1}, ")


def test_what_a_guard_holds_is_never_a_success_and_is_released_by_its_digest(tmp_path: Path) -> None:
    with project(tmp_path) as it:
        it.start()
        more = (GUARDED, *MAIN[1:])
        it.there.declare(*more)
        plan, _ = it.propose(TWO, app("AppThree", 3))
        assert plan.code == 4
        it.accept()
        merged = it.merge()
        assert (merged.code, it.state()) == (4, "failure")
        assert "a guard held something" in merged.out
        digest = it.file("plan.json")["heldDigest"]
        assert digest in it.text("apply.md")
        assert set(it.there.apps()) == {"AppOne"}

        wrong = it.step("apply-merged.sh", GUPSHUP_RELEASE="sha256:" + "0" * 64)
        assert (wrong.code, set(it.there.apps())) == (4, {"AppOne"})
        released = it.step("apply-merged.sh", GUPSHUP_RELEASE=digest)
        assert (released.code, it.state()) == (0, "success")
        assert set(it.there.apps()) == {"AppOne", "AppTwo", "AppThree"}


def test_the_exit_code_of_the_command_is_that_of_the_job(tmp_path: Path) -> None:
    with project(tmp_path) as it:
        it.start()
        it.propose(TWO)
        it.accept()
        refused = it.step("apply-merged.sh", event=it.push_event(), GUPSHUP_PARTNER_TOKEN="wrong")
        assert (refused.code, it.state()) == (7, "error")
        it.there.declare(TWO.replace("phone:", "fone:"), name="more-7.yaml")
        assert (it.step("apply-merged.sh").code, it.state()) == (3, "error")
        it.there.declare(TWO, name="more-7.yaml")
        it.there.seed({"name": "AppTwo", "phone": "910000000009"})
        assert (it.step("apply-merged.sh").code, it.state()) == (5, "failure")
        assert "NameTakenByOtherPhone" in it.text("apply.md")


def test_a_status_that_cannot_be_set_changes_no_exit_code(tmp_path: Path) -> None:
    with project(tmp_path) as it:
        it.there.declare(*MAIN)
        it.hub.failing += [("POST", 403, {})] * 2
        it.tree.git("commit", "--quiet", "--allow-empty", "--message", "base")
        done = it.step("apply-merged.sh")
        assert (done.code, done.out.count("Warning: the status of this commit could not be set.")) == (0, 2)
        assert done.out.count("The call failed: POST ") == done.out.count("`statuses: write`") == 2
