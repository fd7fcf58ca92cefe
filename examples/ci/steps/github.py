"""GitHub, as a job of a workflow sees it. The token may do only what the job's `permissions` say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api import Api, ApiError
from artefacts import files_of
from host import Change, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONTEXT = "gupshup apply"


class GitHub:
    """The repository of this job. Nobody but GUPSHUP_BOT is *us*: the account that the token belongs to."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._name = environ["GITHUB_REPOSITORY"]
        self._api = Api(
            environ.get("GITHUB_API_URL", "https://api.github.com"),
            "Authorization",
            f"Bearer {environ.get('GITHUB_TOKEN', '')}",
            "application/vnd.github+json",
        )
        self._repo = f"repos/{quote(self._name)}"
        self._bot = environ.get("GUPSHUP_BOT") or "github-actions[bot]"
        path = environ.get("GITHUB_EVENT_PATH")
        self._event: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
        self.commit = str(self._pull.get("head", {}).get("sha") or environ["GITHUB_SHA"])
        self.before = str(self._event.get("before") or "")

    def change_number(self) -> int | None:
        """Return the number of the pull request of this run."""
        return int(self._pull["number"]) if self._pull else None

    @property
    def _pull(self) -> dict[str, Any]:
        return self._event.get("pull_request") or {}

    def merged_change(self) -> Change | None:
        """Return the pull request that was merged as this commit, into this branch of this repository."""
        found = [
            each
            for each in self._api.pages(f"{self._repo}/commits/{self.commit}/pulls")
            if each["merged_at"] and each["merge_commit_sha"] == self.commit and self._is_base(each["base"])
        ]
        if len(found) != 1:
            return None
        whole = self._api.get(f"{self._repo}/pulls/{int(found[0]['number'])}")
        foreign = (whole["head"]["repo"] or {}).get("full_name") != self._name
        return Change(int(whole["number"]), whole["head"]["sha"], int(whole["commits"]), foreign)

    def _is_base(self, base: Mapping[str, Any]) -> bool:
        return base["repo"]["full_name"] == self._name and base["ref"] == self._environ["GITHUB_REF_NAME"]

    def reviewed_files(self, change: Change, artefact: str) -> dict[str, bytes]:
        """Return the files of the newest run of this workflow for the last commit of *change*.

        A run of another workflow, or of a workflow that the change itself rewrote, is none to trust.
        """
        path = self._workflow()
        if change.foreign or self._blob(path, change.head) != self._blob(path, self.commit):
            return {}
        runs = self._api.pages(
            f"{self._repo}/actions/runs", head_sha=change.head, event="pull_request", status="completed"
        )
        ours = [each for each in runs if self._is_run_of(each, change, path)]
        for run in sorted(ours, key=lambda each: int(each["id"]), reverse=True):
            found = self._artefact(int(run["id"]), artefact, change.head)
            if found:
                return found
        return {}

    def files_of_this_run(self, artefact: str) -> dict[str, bytes]:
        """Return the files that an earlier job of this run kept."""
        return self._artefact(int(self._environ["GITHUB_RUN_ID"]), artefact, None)

    def _workflow(self) -> str:
        """Return the path of this workflow's file: GITHUB_WORKFLOW_REF is owner/name/PATH@REF."""
        return self._environ["GITHUB_WORKFLOW_REF"].partition("@")[0][len(self._name) + 1 :]

    def _blob(self, path: str, commit: str) -> str:
        return str(self._api.get(f"{self._repo}/contents/{quote(path)}", ref=commit)["sha"])

    def _is_run_of(self, run: Mapping[str, Any], change: Change, path: str) -> bool:
        return (
            (run["event"], run["head_sha"], run["path"].partition("@")[0])
            == ("pull_request", change.head, path)
            and run["repository"]["full_name"] == self._name
            and (run["head_repository"] or {}).get("full_name") == self._name
        )

    def _artefact(self, run: int, name: str, head: str | None) -> dict[str, bytes]:
        for each in self._api.pages(f"{self._repo}/actions/runs/{run}/artifacts", name=name):
            of = each["workflow_run"]
            right = of["id"] == run and head in {None, of["head_sha"]}
            if each["name"] == name and right and not each["expired"]:
                return files_of(self._api.download(f"{self._repo}/actions/artifacts/{int(each['id'])}/zip"))
        return {}

    def comments(self, number: int) -> Iterator[Text]:
        """Yield the comments on a pull request."""
        for each in self._api.pages(f"{self._repo}/issues/{number}/comments"):
            yield Text(int(each["id"]), each["body"] or "", self._is_us(each["user"]))

    def _is_us(self, user: Mapping[str, Any] | None) -> bool:
        return user is not None and user["login"] == self._bot

    def write_comment(self, change: int, comment: int | None, body: str) -> None:
        """Write a comment, or a new one."""
        if comment is None:
            self._api.send("POST", f"{self._repo}/issues/{change}/comments", {"body": body})
        else:
            self._api.send("PATCH", f"{self._repo}/issues/comments/{comment}", {"body": body})

    def set_status(self, state: str, description: str) -> None:
        """Set the status of this commit."""
        server, run = (
            self._environ.get("GITHUB_SERVER_URL", "https://github.com"),
            self._environ["GITHUB_RUN_ID"],
        )
        body = {
            "state": state,
            "context": CONTEXT,
            "description": description,
            "target_url": f"{server}/{self._name}/actions/runs/{run}",
        }
        self._api.send("POST", f"{self._repo}/statuses/{self.commit}", body)

    def state_of(self, commit: str) -> str:
        """Return the newest state of a commit: GitHub lists them newest first."""
        for each in self._api.pages(f"{self._repo}/commits/{commit}/statuses"):
            if each["context"] == CONTEXT and self._is_us(each["creator"]):
                return str(each["state"])
        return ""

    def issues(self, label: str) -> Iterator[Text]:
        """Yield the open issues. GitHub lists pull requests among them."""
        for each in self._api.pages(f"{self._repo}/issues", labels=label, state="open"):
            if "pull_request" not in each:
                yield Text(int(each["number"]), each["body"] or "", self._is_us(each["user"]), each["title"])

    def open_issue(self, title: str, body: str, label: str) -> None:
        """Open an issue. A label that does not exist is made by it."""
        self._api.send("POST", f"{self._repo}/issues", {"title": title, "body": body, "labels": [label]})

    def write_issue(self, number: int, body: str) -> None:
        """Write the text of an issue."""
        self._api.send("PATCH", f"{self._repo}/issues/{number}", {"body": body})

    def close_issue(self, number: int, why: str) -> None:
        """Close an issue first: a comment is only its explanation."""
        self._api.send(
            "PATCH", f"{self._repo}/issues/{number}", {"state": "closed", "state_reason": "completed"}
        )
        try:
            self._api.send("POST", f"{self._repo}/issues/{number}/comments", {"body": why})
        except ApiError as error:
            print(f"Note: issue {number} is closed without a comment: {error}")
