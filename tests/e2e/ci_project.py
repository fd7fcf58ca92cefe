"""A project of manifests as CI sees it: a clone of a bare repository, an API, and Gupshup."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.fake_github import REPOSITORY, TOKEN, FakeGitHub, fake_github, served_api
from tests.e2e.world import AMPLE, COMMAND, HASTY, PATIENCE, ROOT, Done, World, app, subscription, world
from tests.edges.checkouts import WorkingTree

STEPS = ROOT / "examples/ci/steps"
MAIN = (HASTY, app("AppOne", 1), subscription())
"""What main declares at first; the change adds AppTwo."""
ELSEWHERE = "https://elsewhere.example.com/"
WORKFLOW = ".github/workflows/gupshup.yml"


@dataclass(frozen=True)
class CiProject:
    """A clone of a bare repository, the hub that shows it, and Gupshup."""

    there: World
    hub: FakeGitHub
    tree: WorkingTree

    def step(self, name: str, *arguments: str, event: object = None, **environ: str) -> Done:
        """Run a step as a job does, with the installed command in reach."""
        path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
        payload = self.there.folder.parent / "event.json"
        payload.write_text(json.dumps(event or {}))
        done = subprocess.run(
            ["python3", STEPS / name, *arguments] if name.endswith(".py") else [STEPS / name, *arguments],
            cwd=self.there.folder,
            env={
                **self.there.environ,
                **self.hub.environ(),
                "CI": "true",
                "PATH": path,
                "GITHUB_EVENT_PATH": str(payload),
                "GITHUB_SHA": self.tree.git("rev-parse", "HEAD"),
                "GUPSHUP_WAIT": "60s",
                "GUPSHUPCTL_STORE": str(self.there.folder.parent / "store.db"),
                **environ,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def file(self, name: str) -> Any:  # noqa: ANN401  (JSON)
        return json.loads((self.there.folder / name).read_text(encoding="utf-8"))

    def text(self, name: str) -> str:
        return (self.there.folder / name).read_text(encoding="utf-8")

    def push_event(self) -> dict[str, object]:
        return {"before": self.tree.git("rev-parse", "HEAD^1")}

    def merge(self) -> Done:
        """Run what a push of a merge runs."""
        return self.step("apply-merged.sh", event=self.push_event())

    def move(self) -> None:
        """Let somebody move the webhook of AppOne at Gupshup."""
        moved = [{"tag": "events", "url": ELSEWHERE}]
        self.there.control("drift", {"app": "AppOne", "subscriptions": moved})

    def state(self) -> str:
        return str(self.hub.statuses[-1]["state"])

    def start(self) -> None:
        """Commit and apply what main declares, as a first merge did."""
        self.there.declare(*MAIN)
        self._commit("base")
        self.tree.git("push", "--quiet", "origin", "main")
        assert self.merge_first().code == 0
        assert self.state() == "success"

    def merge_first(self) -> Done:
        return self.step("apply-merged.sh")

    def _commit(self, message: str) -> str:
        self.tree.git("add", "manifests")
        self.tree.git("commit", "--quiet", "--message", message)
        return self.tree.git("rev-parse", "HEAD")

    def propose(self, *documents: str) -> tuple[Done, dict[str, Any]]:
        """Commit *documents* on a branch, plan them as a pull request, and keep the plan."""
        number = 7 + len(self.hub.pulls)
        self.tree.git("checkout", "--quiet", "-b", f"feature-{number}")
        self.there.declare(*documents, name=f"more-{number}.yaml")
        head = self._commit("a change")
        event = {"pull_request": {"number": number, "head": {"sha": head}}}
        outputs = self.there.folder.parent / "outputs"
        outputs.write_text("")
        done = self.step("plan.sh", event=event, GITHUB_BASE_REF="main", GITHUB_OUTPUT=str(outputs))
        values = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        saved = self.there.folder / "saved-plan.json"
        if saved.exists():
            self.hub.keep(values["artefact"], {"saved-plan.json": saved.read_bytes()}, 70 + number, head)
        saved.unlink(missing_ok=True)
        where = {"full_name": REPOSITORY}
        self.hub.runs.append(
            {
                "id": 70 + number,
                "event": "pull_request",
                "head_sha": head,
                "path": WORKFLOW,
                "repository": where,
                "head_repository": where,
            }
        )
        self.hub.pulls.append(
            {
                "number": number,
                "merged_at": None,
                "merge_commit_sha": "0" * 40,
                "commits": 1,
                "base": {"repo": where, "ref": "main"},
                "head": {"repo": where, "sha": head},
            }
        )
        return done, values

    def accept(self, how: str = "--squash") -> str:
        """Merge the branch, and return the commit that main has now."""
        self.tree.git("checkout", "--quiet", "main")
        self.tree.git("merge", "--quiet", how, f"feature-{self.hub.pulls[-1]['number']}")
        if how == "--squash":
            self.tree.git("commit", "--quiet", "--message", "A change (#7)")
        self.tree.git("push", "--quiet", "origin", "main")
        commit = self.tree.git("rev-parse", "HEAD")
        self.hub.pulls[-1] |= {"merged_at": "2026-11-28T09:00:00Z", "merge_commit_sha": commit}
        return commit


@contextmanager
def project(folder: Path) -> Iterator[CiProject]:
    """Serve a project of an empty repository."""
    (folder / "clone").mkdir()
    remote = WorkingTree(folder / "remote")
    remote.git("config", "core.bare", "true")
    with world(folder / "clone", *AMPLE) as there, fake_github() as hub:
        tree = WorkingTree(there.folder)
        tree.git("remote", "add", "origin", str(folder / "remote"))
        there.stay_signed_in()
        yield CiProject(there, hub, tree)


@contextmanager
def quiet_project(folder: Path, hub: FakeGitHub | None = None) -> Iterator[CiProject]:
    """Serve a project whose Gupshup is asked nothing."""
    (folder / "clone").mkdir()
    hub = hub or FakeGitHub()
    with served_api(hub):
        tree = WorkingTree(folder / "clone")
        tree.commit()
        there = World(folder / "clone", {"GUPSHUP_URL": "http://127.0.0.1:9"})
        yield CiProject(there, hub, tree)
        there.http.close()
