"""The steps of examples/ci, run as a CI would run them: against the stand-in, exit codes included."""

import json
import os
import runpy
import subprocess
from pathlib import Path

import pytest

from tests.e2e.world import COMMAND, PATIENCE, ROOT, THREE, Done, World, app, subscription, world

STEPS = ROOT / "examples/ci/steps"
REPORT = runpy.run_path(str(STEPS / "report.py"))
HOSTILE = '<img src=x>|`id`[a](https://evil.example)@everyone\n::error::gone\x1b[31m"919876543210"'


def step(there: World, name: str, *arguments: str, **environ: str) -> Done:
    """Run a step in the world's folder, with the installed command in reach."""
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [STEPS / name, *arguments],
        cwd=there.folder,
        env={**there.environ, "PATH": path, "GUPSHUP_WAIT": "60s", **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def on_github(there: World) -> dict[str, str]:
    return {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(there.folder / "summary.md")}


def test_a_good_change_is_valid_on_every_host(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        assert step(there, "validate.sh").code == 0
        (hint,) = step(there, "validate.sh", "manifests", **on_github(there)).out.splitlines()
        assert hint.startswith("::notice "), "nobody asks for ACCOUNT, which fails nothing"
        assert step(there, "validate.sh", GITLAB_CI="true").code == 0
        (found,) = json.loads((tmp_path / "gl-code-quality-report.json").read_text())
        assert (found["check_name"], found["severity"]) == ("GS518", "info")
        assert not there.calls(), "nothing was asked"


def test_a_bad_change_is_annotated_on_its_lines(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE, app("Bad_Name", 7))
        assert step(there, "validate.sh").code == 3
        hub = step(there, "validate.sh", **on_github(there))
        assert (hub.code, hub.out.startswith("::error file=manifests/all.yaml,line=33,col=18,")) == (3, True)
        lab = step(there, "validate.sh", GITLAB_CI="true")
        assert (lab.code, "manifests/all.yaml:33:18" in lab.out + lab.err) == (3, True)
        found = json.loads((tmp_path / "gl-code-quality-report.json").read_text())
        assert {each["location"]["lines"]["begin"] for each in found} == {33}
        assert len({each["fingerprint"] for each in found}) == len(found)


def test_a_fork_without_secrets_is_validated_without_any_call(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        done = step(there, "plan.sh", GUPSHUP_SECRET="")
        assert (done.code, "No credentials here" in done.out) == (0, True)
        assert not there.calls()
        there.declare(*THREE, app("Bad_Name", 7))
        assert step(there, "plan.sh", GUPSHUP_SECRET="").code == 3


def test_a_plan_stands_in_the_summary_without_phone_numbers(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        assert step(there, "plan.sh", **on_github(there)).code == 0
        summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
        assert summary == (tmp_path / "plan.md").read_text(encoding="utf-8")
        assert summary.startswith(
            "<!-- gupshupctl plan manifests -->\n### Gupshup plan: 3 changes, 3 waiting\n"
        )
        assert "| +&#160;link | <code>App/AppOne</code> | <code>as AppOne, phone 91&#42;" in summary
        assert "910000000001" not in summary
        assert json.loads((tmp_path / "plan.json").read_text())["summary"]["link"] == 3
        assert not there.calls("link"), "a plan reads only"


def test_held_changes_fail_the_plan_step_and_are_released_by_their_digest(tmp_path: Path) -> None:
    guarded = "apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {name: main}\n"
    with world(tmp_path) as there:
        there.declare(guarded + "spec: {guards: {maxLinks: 2}}\n", *THREE)
        plan = step(there, "plan.sh", **on_github(there))
        assert (plan.code, plan.out.count("\n::warning file=manifests/all.yaml,line=")) == (4, 3)
        assert step(there, "apply.sh", GUPSHUP_WAIT="0").code == 4
        digest = json.loads((tmp_path / "plan.json").read_text())["heldDigest"]
        assert digest in (tmp_path / "plan.md").read_text(encoding="utf-8")
        assert step(there, "apply.sh", GUPSHUP_RELEASE=digest).code == 0
        assert len(there.apps()) == 3


def test_a_refused_credential_is_exit_7_in_each_step_of_ci(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        assert step(there, "plan.sh", GUPSHUP_SECRET="wrong").code == 7
        assert step(there, "apply.sh", GUPSHUP_SECRET="wrong").code == 7
        for verb in ("plan", "apply"):
            assert "rror | <code>Partner/default</code> |" in (tmp_path / f"{verb}.md").read_text()


def test_a_merge_is_applied_and_the_next_one_finds_nothing_to_do(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        assert step(there, "apply.sh", **on_github(there)).code == 0
        summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
        assert "### Gupshup apply — Done: 3 linked, 3 subscribed" in summary
        assert sorted(map(len, there.tags().values())) == [1, 1, 1]
        assert step(there, "drift.sh").code == 0
        before = len(there.calls())
        assert step(there, "apply.sh").code == 0
        assert {call["method"] for call in there.calls(since=before) if "login" not in call["path"]} == {
            "GET"
        }


def test_an_app_that_takes_its_time_is_a_failure_only_where_that_was_not_expected(tmp_path: Path) -> None:
    with world(tmp_path, scale=1) as there:
        there.declare(app("AppOne", 1), subscription())
        assert step(there, "apply.sh", GUPSHUP_WAIT="2s").code == 6
        assert step(there, "apply.sh", GUPSHUP_WAIT="2s", GUPSHUP_CONVERGING="ok").code == 0
        assert step(there, "apply.sh", GUPSHUP_WAIT="0").code == 0


def test_the_drift_step_reports_manual_changes(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        assert step(there, "apply.sh").code == 0
        changed = [{"tag": "events", "url": "https://elsewhere.example.com/"}, {"tag": "stranger"}]
        there.control("drift", {"app": "AppTwo", "subscriptions": changed})
        assert step(there, "drift.sh", **on_github(there)).code == 2
        summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
        assert "| &#126;&#160;update | <code>Subscription/events on App/AppTwo</code> |" in summary
        assert "#### Drift\n" in summary


def test_the_drift_step_restores_what_is_missing_if_it_may_apply(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed({"name": "AppOne", "phone": "910000000001"})
        there.declare(app("AppOne", 1), subscription())
        assert step(there, "drift.sh", GUPSHUP_DRIFT="apply").code == 0
        assert there.tags() == {"AppOne": ["events"]}
        assert step(there, "drift.sh").code == 0


def test_messages_are_plain_text_in_the_report_for_gitlab() -> None:
    each = {"rule": "GS402", "severity": "error", "file": "a.yaml", "line": 3, "field": "spec.phone"}
    (found,) = REPORT["quality"]({"problems": [{**each, "message": HOSTILE * 10}]})
    assert found["description"].isprintable()
    assert "919876543210" not in found["description"]
    assert len(found["description"]) <= 300


@pytest.mark.parametrize("code", [1, 3, 4, 7, 8])
def test_a_run_that_wrote_nothing_is_reported_in_the_summary(tmp_path: Path, code: int) -> None:
    (tmp_path / "apply.md").write_text("")
    summary = tmp_path / "summary.md"
    environ = {**os.environ, "GITHUB_STEP_SUMMARY": str(summary)}
    subprocess.run([STEPS / "summary.sh", "apply", str(code)], cwd=tmp_path, env=environ, check=True)
    first, title, *rest = summary.read_text(encoding="utf-8").splitlines()
    assert first == "<!-- gupshupctl apply -->"
    assert title.startswith("### Gupshup apply: ")
    assert f"Exit code {code}. The log shows more." in rest


def test_invalid_manifests_are_no_plan_in_the_summary(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE, app("Bad_Name", 7))
        assert step(there, "plan.sh", **on_github(there)).code == 3
        assert "### Gupshup plan: the manifests are invalid\n" in (tmp_path / "summary.md").read_text()
