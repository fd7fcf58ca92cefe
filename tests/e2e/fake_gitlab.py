"""A GitLab of a few routes, as rude as the GitHub beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.fake_github import TOKEN, FakeGitHub, Row

BOT = {"id": 4}
"""The user of the project access token."""


@dataclass
class FakeGitLab(FakeGitHub):
    """What there is: merge requests are the *pulls*. *jobs* are those of pipeline 31, *kept* their plans."""

    secret: tuple[str, str] = ("Private-Token", TOKEN)
    jobs: list[Row] = field(default_factory=list)
    kept: dict[int, bytes] = field(default_factory=dict)
    trees: dict[str, list[Row]] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": self.url,
            "CI_PROJECT_ID": "9",
            "CI_COMMIT_BRANCH": "main",
            "CI_JOB_URL": "https://gitlab.example.com/acme/manifests/-/jobs/5",
            "GUPSHUP_GITLAB_TOKEN": TOKEN,
        }

    def routes(self, query: Mapping[str, str]) -> dict[str, Callable[..., Any]]:
        return {
            "/user": lambda: BOT,
            r"/projects/9/merge_requests/\d+/notes": lambda: self.comments,
            r"/projects/9/merge_requests/\d+/commits": lambda: [{}],
            r"/projects/9/merge_requests/\d+": lambda: self.pulls[0],
            r"/projects/9/repository/commits/\w+/merge_requests": lambda: self.pulls,
            r"/projects/9/repository/commits/(\w+)/statuses": lambda sha: [
                each for each in self.statuses if each["sha"] == sha
            ],
            r"/projects/9/repository/tree": lambda: self.trees.get(query["ref"], TREE),
            r"/projects/9/pipelines/31/jobs": lambda: self.jobs,
            r"/projects/9/jobs/(\d+)/artifacts/saved-plan.json": lambda job: self.kept.get(int(job)),
            r"/projects/9/issues": lambda: [
                each
                for each in self.issues
                if each["state"] == query["state"] and query["labels"] == each["labels"]
            ],
        }

    def write(self, method: str, path: str, body: Row) -> Row:
        """Do a write, and return the answer."""
        last = path.rpartition("/")[2]
        if method == "PUT":
            rows, key = (self.comments, "id") if "/notes/" in path else (self.issues, "iid")
            row = next(each for each in rows if each[key] == int(last))
            closed = {"state": "closed"} if body.get("state_event") == "close" else {}
            row |= {**body, **closed}
        elif path.endswith("/notes"):
            row = {**body, "id": 500 + len(self.comments), "author": BOT, "system": False}
            self.comments.append(row)
        elif "/statuses/" in path:
            row = {"id": len(self.statuses), "status": body["state"], "name": body["name"], "sha": last}
            self.statuses.append({**row, "author": BOT})
        else:
            row = {**body, "iid": 20 + len(self.issues), "author": BOT, "state": "opened"}
            self.issues.append(row)
        return row


TREE = [{"path": name, "id": f"id of {name}"} for name in ("README.md", "manifests", "ci", ".gitlab-ci.yml")]
