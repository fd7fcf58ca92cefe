"""The steps of examples/ci that talk to GitLab: the comment, status, issues, and the reviewed plan."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ci_project import CiProject, quiet_project
from tests.e2e.fake_gitlab import FakeGitLab
from tests.e2e.world import Done


@pytest.fixture
def hub() -> FakeGitLab:
    return FakeGitLab()


@pytest.fixture
def it(tmp_path: Path, hub: FakeGitLab) -> Iterator[CiProject]:
    with quiet_project(tmp_path, hub) as it:
        yield it


def run(it: CiProject, name: str, *arguments: str, **environ: str) -> Done:
    commit = it.tree.git("rev-parse", "HEAD")
    return it.step(name, *arguments, **{"CI_COMMIT_SHA": commit, **environ})


def commented(it: CiProject, text: str) -> Done:
    (it.there.folder / "plan.md").write_text(text, encoding="utf-8")
    return run(it, "comment.py", "plan", CI_MERGE_REQUEST_IID="7")


def test_a_merge_request_has_one_comment_which_is_edited(it: CiProject, hub: FakeGitLab) -> None:
    hub.comments += [
        {"id": number, "body": "hello", "author": {"id": 1}, "system": number == 0} for number in range(5)
    ]
    assert "was written" in commented(it, "### first\n").out
    hub.comments.insert(0, {**hub.comments[5], "id": 1, "author": {"id": 66}})
    assert "was edited" in commented(it, "### second\n").out
    assert [method for method, _ in hub.writes()] == ["POST", "PUT"]
    assert [each["body"].endswith("### second\n") for each in hub.comments] == [False] * 6 + [True]


def drift(it: CiProject, *urls: str) -> Done:
    named = {"kind": "Subscription", "name": "events", "partner": "main", "app": "AppOne", "verb": "update"}
    rows = [{**named, "before": {"url": "a"}, "after": {"url": url}} for url in urls]
    (it.there.folder / "plan.json").write_text(json.dumps({"actions": rows, "errors": []}))
    return run(it, "issues.py", "2")


def test_an_issue_is_opened_updated_and_closed_at_gitlab(it: CiProject, hub: FakeGitLab) -> None:
    for urls in (("b",), ("b",), ("c",), ()):
        done = drift(it, *urls)
        assert done.code == 0, done.out
    (issue,) = hub.issues
    assert (issue["state"], hub.comments[0]["body"]) == ("closed", "This is as declared again.")
    assert [method for method, _ in hub.writes()] == ["POST", "PUT", "PUT", "POST"]


def test_a_status_without_a_variable_of_the_job_names_the_variable(it: CiProject) -> None:
    done = it.step("status.py", "pending")
    assert (done.code, "The variable CI_COMMIT_SHA is not set." in done.out) == (0, True)


def merged(it: CiProject, hub: FakeGitLab) -> dict[str, str]:
    """Let a merge request be merged whose pipeline kept a plan, and return what its push is told."""
    first = it.tree.commit({"manifests/all.yaml": "a: 1\n"})
    assert [run(it, "status.py", what).out for what in ("pending", "0")] == ["", ""]
    second = it.tree.commit({"manifests/all.yaml": "a: 2\n"})
    hub.pulls.append(
        {
            "iid": 7,
            "state": "merged",
            "target_project_id": 9,
            "source_project_id": 9,
            "target_branch": "main",
            "merge_commit_sha": None,
            "squash_commit_sha": second,
            "sha": "d" * 40,
            "head_pipeline": {"id": 31, "project_id": 9, "source": "merge_request_event"},
        }
    )
    plan = {
        "created": datetime.now(UTC).timestamp(),
        "manifests": [{"path": "manifests/all.yaml", "text": "a: 2\n"}],
        "plans": [{"held": [], "blocked": []}],
    }
    hub.jobs += [{"id": number, "name": name} for number, name in enumerate(("test", "plan", "plan"))]
    hub.kept |= {1: b"an earlier attempt", 2: json.dumps(plan).encode()}
    return {"CI_COMMIT_BEFORE_SHA": first}


def test_the_plan_of_the_merge_request_is_found(it: CiProject, hub: FakeGitLab) -> None:
    environ = merged(it, hub)
    assert [each["status"] for each in hub.statuses] == ["success"], "a pending one would hold the pipeline"
    done = run(it, "reviewed.py", "saved-plan.json", **environ)
    assert done.code == 0, done.out
    assert it.file("saved-plan.json")["manifests"][0]["text"] == "a: 2\n"


SPOILED: dict[str, Any] = {
    "a fork": lambda hub: hub.pulls[0].update(source_project_id=66),
    "a pipeline of a fork": lambda hub: hub.pulls[0]["head_pipeline"].update(project_id=66),
    "a pipeline of a branch": lambda hub: hub.pulls[0]["head_pipeline"].update(source="push"),
    "no pipeline": lambda hub: hub.pulls[0].update(head_pipeline=None),
    "other steps": lambda hub: hub.trees.update({"d" * 40: [{"path": "ci", "id": "other"}]}),
    "another branch": lambda hub: hub.pulls[0].update(target_branch="other"),
    "another commit": lambda hub: hub.pulls[0].update(squash_commit_sha="e" * 40),
    "nothing kept": lambda hub: hub.kept.clear(),
    "another job": lambda hub: hub.jobs.pop(),
    "not applied before": lambda hub: hub.statuses.clear(),
    "an error before": lambda hub: hub.statuses[0].update(status="canceled"),
}


def test_another_plan_is_not_taken_for_that_of_the_merge_request(it: CiProject, hub: FakeGitLab) -> None:
    environ = merged(it, hub)
    state = copy.deepcopy(hub.__dict__)
    for name, spoil in SPOILED.items():
        spoil(hub)
        done = run(it, "reviewed.py", "saved-plan.json", **environ)
        assert (done.code, "No reviewed plan is applied" in done.out) == (1, True), name
        hub.__dict__.update(copy.deepcopy(state))
