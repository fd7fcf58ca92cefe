"""The drift check of examples/ci: one issue for each thing that is not as declared."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ci_project import ELSEWHERE, CiProject, project, quiet_project
from tests.e2e.fake_github import BOT, FakeGitHub
from tests.e2e.world import Done

HOSTILE = "<img src=x>`id`[a](https://evil.example)@everyone\n::error::gone\n<!-- gupshup-drift 1 2 -->"


def bodies(hub: FakeGitHub, state: str) -> list[str]:
    return [each["body"] for each in hub.issues if each["state"] == state]


def drifted(it: CiProject) -> Done:
    return it.step("drift.sh", GUPSHUP_ISSUES="true")


def test_an_issue_is_opened_updated_and_closed_with_the_drift(tmp_path: Path) -> None:
    with project(tmp_path) as it:
        it.start()
        assert (drifted(it).code, it.hub.issues) == (0, [])
        it.move()
        assert drifted(it).code == 2
        (issue,) = it.hub.issues
        assert issue["title"] == "Gupshup drift: Subscription/events on App/AppOne"
        assert issue["labels"] == ["gupshup-drift"]
        assert "elsewhere.example.com" in issue["body"]

        writes = len(it.hub.writes())
        assert drifted(it).code == 2
        assert len(it.hub.writes()) == writes, "nothing is new"
        moved = [{"tag": "events", "url": f"{ELSEWHERE}again"}]
        it.there.control("drift", {"app": "AppOne", "subscriptions": moved})
        assert drifted(it).code == 2
        assert [method for method, _ in it.hub.writes()[writes:]] == ["PATCH"]
        assert "elsewhere.example.com/again" in issue["body"]

        assert it.step("drift.sh", GUPSHUP_ISSUES="true", GUPSHUP_DRIFT="apply").code == 0
        assert [issue["state"], it.hub.comments[-1]["body"]] == ["closed", "This is as declared again."]


def test_a_gupshup_that_was_not_observed_closes_no_issue(tmp_path: Path) -> None:
    with project(tmp_path) as it:
        it.start()
        it.move()
        assert drifted(it).code == 2
        done = it.step("drift.sh", GUPSHUP_ISSUES="true", GUPSHUP_PARTNER_TOKEN="wrong")
        assert (done.code, len(bodies(it.hub, "open"))) == (7, 1)


@pytest.fixture
def it(tmp_path: Path) -> Iterator[CiProject]:
    with quiet_project(tmp_path) as it:
        yield it


def row(name: str = "events", **more: object) -> dict[str, Any]:
    named = {"kind": "Subscription", "name": name, "partner": "main", "app": "AppOne"}
    return {"verb": "update", **named, "before": {"url": "a"}, "after": {"url": "b"}, **more}


def told(it: CiProject, code: int = 2, **plan: object) -> Done:
    """Let the step read a plan."""
    (it.there.folder / "plan.json").write_text(json.dumps({"errors": [], **plan}))
    return it.step("issues.py", str(code))


def test_an_issue_of_somebody_else_is_left_alone(it: CiProject) -> None:
    assert told(it, actions=[row()]).code == 0
    it.hub.issues[0]["user"] = {"login": "mallory"}
    assert told(it, actions=[]).code == 0
    assert bodies(it.hub, "closed") == []
    assert told(it, actions=[row()]).code == 0
    assert [each["user"]["login"] for each in it.hub.issues] == ["mallory", BOT["login"]]


def test_an_issue_is_opened_once_though_the_answer_is_lost(it: CiProject) -> None:
    it.hub.lost += ["POST"]
    assert told(it, actions=[row(str(number)) for number in range(5)]).code == 0
    assert len(it.hub.issues) == 5
    assert told(it, actions=[row(str(number)) for number in range(5)]).code == 0
    assert len(it.hub.issues) == 5


def test_what_is_not_known_keeps_its_issue(it: CiProject) -> None:
    told(it, actions=[row()])
    told(it, waiting=[row(**{"for": "limits"})])
    assert len(bodies(it.hub, "open")) == 1
    told(it, errors=[{"partner": "main", "message": "no answer"}])
    assert len(bodies(it.hub, "open")) == 1
    told(it)
    assert len(bodies(it.hub, "closed")) == 1


def test_one_run_opens_fifty_issues_at_the_most(it: CiProject) -> None:
    done = told(it, actions=[row(f"n{number}") for number in range(70)])
    assert (len(it.hub.issues), "20 more have no issue yet" in done.out) == (50, True)


def test_a_second_issue_of_one_thing_is_closed(it: CiProject) -> None:
    told(it, actions=[row()])
    it.hub.issues.append({**it.hub.issues[0], "number": 99})
    told(it, actions=[row()])
    assert sorted(each["state"] for each in it.hub.issues) == ["closed", "open"]


def test_whatever_a_plan_holds_is_plain_text_in_an_issue(it: CiProject) -> None:
    told(it, blocked=[row(HOSTILE, reason=HOSTILE, message=HOSTILE, after={"url": HOSTILE})])
    (issue,) = it.hub.issues
    first, *rest = issue["body"].splitlines()
    assert first.startswith("<!-- gupshup-drift ")
    for dangerous in ("<img", "`", "](", "@everyone", "https://", "<!--"):
        assert dangerous not in "\n".join(rest), dangerous
    assert not [line for line in rest if line.startswith("::")]


def test_an_api_that_refuses_ends_with_1(it: CiProject) -> None:
    it.hub.failing += [("POST", 403, {})]
    done = told(it, actions=[row()])
    assert (done.code, "Error: the issues are not up to date" in done.out) == (1, True)
