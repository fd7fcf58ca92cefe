"""GitLab, as a job of a pipeline sees it. GUPSHUP_GITLAB_TOKEN is a project access token of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api import Api, ApiError
from host import Change, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONTEXT = "gupshup apply"
STATES = {"success": "success", "failure": "failed", "error": "canceled"}
KEPT = "saved-plan.json"


class GitLab:
    """The project of this job. *We* are the user that the token belongs to."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._id = int(environ["CI_PROJECT_ID"])
        self._api = Api(environ["CI_API_V4_URL"], "Private-Token", environ.get("GUPSHUP_GITLAB_TOKEN", ""))
        self._project = f"projects/{self._id}"
        self._us: int | None = None
        self.commit = environ["CI_COMMIT_SHA"]
        self.before = environ.get("CI_COMMIT_BEFORE_SHA", "")

    def change_number(self) -> int | None:
        """Return the number of the merge request of this pipeline."""
        found = self._environ.get("CI_MERGE_REQUEST_IID")
        return int(found) if found else None

    def merged_change(self) -> Change | None:
        """Return the merge request that was merged as this commit, into this branch of this project."""
        found = [
            each
            for each in self._api.pages(f"{self._project}/repository/commits/{self.commit}/merge_requests")
            if each["state"] == "merged"
            and each["target_project_id"] == self._id
            and each["target_branch"] == self._environ["CI_COMMIT_BRANCH"]
            and self.commit in {each["merge_commit_sha"], each["squash_commit_sha"], each["sha"]}
        ]
        if len(found) != 1:
            return None
        number = int(found[0]["iid"])
        commits = sum(1 for _ in self._api.pages(f"{self._project}/merge_requests/{number}/commits"))
        return Change(number, found[0]["sha"], commits, found[0]["source_project_id"] != self._id)

    def reviewed_files(self, change: Change, artefact: str) -> dict[str, bytes]:  # noqa: ARG002  (GitHub's name)
        """Return the plan of the last pipeline of *change*, unless the change edited what a pipeline runs."""
        if change.foreign or self._rules(change.head) != self._rules(self.commit):
            return {}
        pipeline = self._api.get(f"{self._project}/merge_requests/{change.number}")["head_pipeline"] or {}
        if (pipeline.get("project_id"), pipeline.get("source")) != (self._id, "merge_request_event"):
            return {}
        name = self._environ.get("GUPSHUP_PLAN_JOB") or "plan"
        jobs = self._api.pages(f"{self._project}/pipelines/{int(pipeline['id'])}/jobs")
        for job in sorted(jobs, key=lambda each: int(each["id"]), reverse=True):
            if job["name"] == name:
                return self._kept(int(job["id"]))
        return {}

    def _kept(self, job: int) -> dict[str, bytes]:
        try:
            return {KEPT: self._api.download(f"{self._project}/jobs/{job}/artifacts/{KEPT}")}
        except ApiError as error:
            print(f"Note: the job kept no plan: {error}")
            return {}

    def _rules(self, commit: str) -> list[tuple[str, str]]:
        """Return what decides what a pipeline runs: its own file, and what is in ci/."""
        top = self._api.pages(f"{self._project}/repository/tree", ref=commit)
        ours = {self._environ.get("CI_CONFIG_PATH") or ".gitlab-ci.yml", "ci"}
        return sorted((each["path"], each["id"]) for each in top if each["path"] in ours)

    def files_of_this_run(self, artefact: str) -> dict[str, bytes]:  # noqa: ARG002
        """Return nothing: GitLab puts the files of earlier jobs into the folder."""
        return {}

    def comments(self, number: int) -> Iterator[Text]:
        """Yield the comments on a merge request."""
        for each in self._api.pages(f"{self._project}/merge_requests/{number}/notes"):
            if not each["system"]:
                yield Text(int(each["id"]), each["body"] or "", self._is_us(each["author"]))

    def _is_us(self, user: Mapping[str, Any] | None) -> bool:
        if self._us is None:
            self._us = int(self._api.get("user")["id"])
        return user is not None and user["id"] == self._us

    def write_comment(self, change: int, comment: int | None, body: str) -> None:
        """Write a comment, or a new one."""
        notes = f"{self._project}/merge_requests/{change}/notes"
        if comment is None:
            self._api.send("POST", notes, {"body": body})
        else:
            self._api.send("PUT", f"{notes}/{comment}", {"body": body})

    def set_status(self, state: str, description: str) -> None:
        """Set the status of this commit. A pending one is left out: it would hold the pipeline for ever."""
        if state in STATES:
            body = {
                "state": STATES[state],
                "name": CONTEXT,
                "description": description,
                "target_url": self._environ["CI_JOB_URL"],
            }
            self._api.send("POST", f"{self._project}/statuses/{self.commit}", body)

    def state_of(self, commit: str) -> str:
        """Return the newest state of a commit."""
        words = {value: name for name, value in STATES.items()}
        found = self._api.pages(f"{self._project}/repository/commits/{commit}/statuses", name=CONTEXT)
        ours = [each for each in found if each["name"] == CONTEXT and self._is_us(each["author"])]
        newest = max(ours, key=lambda each: int(each["id"]), default=None)
        return words.get(newest["status"], "") if newest else ""

    def issues(self, label: str) -> Iterator[Text]:
        """Yield the open issues."""
        for each in self._api.pages(f"{self._project}/issues", labels=label, state="opened"):
            ours = self._is_us(each["author"])
            yield Text(int(each["iid"]), each["description"] or "", ours, each["title"])

    def open_issue(self, title: str, body: str, label: str) -> None:
        """Open an issue. A label that does not exist is made by it."""
        self._api.send(
            "POST", f"{self._project}/issues", {"title": title, "description": body, "labels": label}
        )

    def write_issue(self, number: int, body: str) -> None:
        """Write the text of an issue."""
        self._api.send("PUT", f"{self._project}/issues/{number}", {"description": body})

    def close_issue(self, number: int, why: str) -> None:
        """Close an issue first: a comment is only its explanation."""
        self._api.send("PUT", f"{self._project}/issues/{number}", {"state_event": "close"})
        try:
            self._api.send("POST", f"{self._project}/issues/{number}/notes", {"body": why})
        except ApiError as error:
            print(f"Note: issue {number} is closed without a comment: {error}")
