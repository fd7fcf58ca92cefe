"""Sign-ups from people: an issue form with its workflow, and the page that catches the end of a sign-up."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.portal import MAIN
from tests.e2e.world import COMMAND, PATIENCE, ROOT
from tests.edges.checkouts import WorkingTree

FORM = """### Name

Café "; rm -rf / #

### WABA id

109876543210987

### Phone

+91 98765 43210

### Labels

tier=gold;region=north

### Partner

_No response_
"""


FROM_ISSUE = ROOT / "examples/onboarding/github/from_issue.py"


def from_issue(folder: Path, body: str) -> "subprocess.CompletedProcess[str]":
    event = folder / "event.json"
    event.write_text(json.dumps({"issue": {"number": 7, "body": body}}))
    words = [sys.executable, str(FROM_ISSUE), str(event)]
    return subprocess.run(words, check=False, capture_output=True, text=True)


def test_an_issue_becomes_a_record_of_new_app(tmp_path: Path) -> None:
    done = from_issue(tmp_path, FORM.replace("\n", "\r\n"))
    assert json.loads(done.stdout) == [
        {
            "name": 'Café "; rm -rf / #',
            "wabaId": "109876543210987",
            "phone": "+91 98765 43210",
            "labels": "tier=gold;region=north",
        }
    ]
    words = [str(COMMAND), "new", "app", "--from", "-", "--out", "manifests"]
    made = subprocess.run(words, input=done.stdout, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (made.returncode, made.stdout.splitlines()[0]) == (
        0,
        "written manifests/cafe-rm-rf.yaml  App/cafe-rm-rf",
    )


@pytest.mark.parametrize("body", ["", "### Name\n\nAnn\n", FORM.replace("### Phone", "### Fax")])
def test_an_issue_that_lacks_something_is_refused(tmp_path: Path, body: str) -> None:
    done = from_issue(tmp_path, body)
    assert (done.returncode, done.stdout) == (3, "")
    assert "the issue lacks" in done.stderr


WORKFLOW = ROOT / "examples/onboarding/github/onboard.yml"
GH = """#!/bin/sh
echo "$@" >> "$RUNNER_TEMP/gh"
[ "$2" = view ] && exit 1
[ "$4" = --body-file ] && cat "$5" >> "$RUNNER_TEMP/gh"
exit 0
"""


def labelled(folder: Path, body: str) -> str:
    """Run the steps of the workflow, as GitHub does after a label; return what `gh` was asked for."""
    tree = WorkingTree(folder / "tree")
    if not (folder / "origin.git").exists():
        tree.commit({"manifests/partner.yaml": MAIN, "ci/onboarding/from_issue.py": FROM_ISSUE.read_text()})
        tree.git("clone", "--quiet", "--bare", ".", "../origin.git")
        tree.git("remote", "add", "origin", "../origin.git")
        (folder / "gh").write_text(GH)
        (folder / "gh").chmod(0o755)
        (folder / "temp").mkdir()
    (folder / "event.json").write_text(json.dumps({"issue": {"number": 7, "body": body}}))
    (folder / "temp/gh").unlink(missing_ok=True)
    environ = {
        "PATH": os.pathsep.join([str(folder), str(COMMAND.parent), os.environ["PATH"]]),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "RUNNER_TEMP": str(folder / "temp"),
        "ISSUE": "7",
        "BASE": "main",
        "RUN": "https://example.com/run",
    }
    steps = [
        step for step in yaml.safe_load(WORKFLOW.read_text())["jobs"]["declare"]["steps"] if "name" in step
    ]
    failed = False
    for step in steps:
        if failed is (step.get("if") == "failure()"):
            words = ["bash", "-eo", "pipefail", "-c", step["run"]]
            done = subprocess.run(words, cwd=tree.folder, env=environ, check=False, capture_output=True)
            failed = failed or done.returncode != 0
    return (folder / "temp/gh").read_text()


def test_a_labelled_issue_becomes_a_pull_request_or_its_author_is_told_why_not(tmp_path: Path) -> None:
    wrong = labelled(tmp_path, FORM.replace("+91 98765 43210", "@team\n```\n1"))
    assert wrong.startswith("issue comment 7 --body-file")
    assert "There is no pull request yet ([log](https://example.com/run))" in wrong
    assert "    " in next(line for line in wrong.splitlines() if "@team" in line)[:4]
    opened = labelled(tmp_path, FORM)
    assert "pr create --base main --head onboarding/issue-7" in opened
    tree = WorkingTree(tmp_path / "tree")
    tree.git("fetch", "--quiet", "origin", "onboarding/issue-7")
    assert "customers/cafe-rm-rf.yaml" in tree.git("ls-tree", "-r", "--name-only", "FETCH_HEAD")
    assert "declared already" in labelled(tmp_path, FORM)


def test_no_step_has_the_text_of_an_issue_in_its_script() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    job = workflow["jobs"]["declare"]
    assert (workflow["permissions"], list(job["permissions"])) == (
        {},
        ["contents", "pull-requests", "issues"],
    )
    assert not [step for step in job["steps"] if "${{" in step.get("run", "")]
    assert "event.issue.body" not in WORKFLOW.read_text()
    assert "event.issue.title" not in WORKFLOW.read_text()


def test_the_form_has_the_fields_that_are_read() -> None:
    form = yaml.safe_load((ROOT / "examples/onboarding/github/onboard-form.yml").read_text())
    labels = [field["attributes"]["label"] for field in form["body"] if field["type"] != "markdown"]
    assert [f"### {label}" for label in labels] == [
        line for line in FORM.splitlines() if line.startswith("#")
    ]


EVENTS = """
const at = (origin, data) => JSON.stringify(signUpOf({origin, data}));
const finish = {type: "WA_EMBEDDED_SIGNUP", event: "FINISH", data: {waba_id: "1", phone_number_id: "2"}};
const meta = "https://www.facebook.com";
document.title = [
  at(meta, JSON.stringify(finish)),
  at(meta, finish),
  at("https://facebook.com.example.org", JSON.stringify(finish)),
  at("http://www.facebook.com", JSON.stringify(finish)),
  at("https://evilfacebook.com", JSON.stringify(finish)),
  at("https://www.facebook.com:8443", JSON.stringify(finish)),
  at("null", JSON.stringify(finish)),
  at(meta, JSON.stringify({...finish, data: {waba_id: "1", phone_number_id: "2/../3"}})),
  at(meta, JSON.stringify({...finish, event: "CANCEL"})),
  at(meta, "cb=abc&domain=x"),
  at(meta, JSON.stringify({...finish, data: {}})),
  at(meta, "null"),
].join("|");
"""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine")
def test_the_page_takes_the_session_event_of_meta_only(tmp_path: Path) -> None:
    script = (ROOT / "examples/onboarding/page/session-event.js").read_text()
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><title></title><script>{script}\n{EVENTS}</script>")
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/c"]
    done = subprocess.run(
        [*words, "--dump-dom", page.as_uri()], check=True, capture_output=True, text=True, timeout=PATIENCE
    )
    found = done.stdout.split("<title>")[1].split("</title>")[0].split("|")
    taken = '{"wabaId":"1","phoneNumberId":"2"}'
    assert found == [taken, taken, *["null"] * 10]
