"""What the scripts ask of GitHub and GitLab alike, and which of the two this is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from api import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Text:
    """A comment or an issue, by its number. *ours*: the account that this script runs as wrote it."""

    number: int
    body: str
    ours: bool
    title: str = ""


@dataclass(frozen=True)
class Change:
    """A merged pull or merge request: its *number*, its last commit, how many commits it has.

    *foreign*: it came from another repository.
    """

    number: int
    head: str
    commits: int
    foreign: bool


class Host(Protocol):
    """The project that this job runs for."""

    commit: str
    before: str

    def change_number(self) -> int | None:
        """Return the number of the change that this job checks; None if it checks none."""

    def merged_change(self) -> Change | None:
        """Return the one change whose merge made this commit; None if there is none, or more than one."""

    def reviewed_files(self, change: Change, artefact: str) -> dict[str, bytes]:
        """Return the files of the last plan of *change*; none if there is none that can be trusted."""

    def files_of_this_run(self, artefact: str) -> dict[str, bytes]:
        """Return the files that an earlier job of this run kept."""

    def comments(self, number: int) -> Iterable[Text]:
        """Return the comments on a change."""

    def write_comment(self, change: int, comment: int | None, body: str) -> None:
        """Write a comment, or a new one."""

    def set_status(self, state: str, description: str) -> None:
        """Set the status of this commit: pending, success, failure, or error."""

    def state_of(self, commit: str) -> str:
        """Return the state that the last run gave *commit*; empty if none did."""

    def issues(self, label: str) -> Iterable[Text]:
        """Return the open issues with *label*."""

    def open_issue(self, title: str, body: str, label: str) -> None:
        """Open an issue."""

    def write_issue(self, number: int, body: str) -> None:
        """Write the text of an issue."""

    def close_issue(self, number: int, why: str) -> None:
        """Close an issue, with a comment."""


def this_host() -> Host:
    """Return the host that runs this job."""
    if os.environ.get("GITLAB_CI"):
        from gitlab import GitLab  # noqa: PLC0415  (only one of the two is needed)

        return GitLab(os.environ)
    if not os.environ.get("GITHUB_REPOSITORY"):
        raise ApiError("host", 0, "this is neither a job of GitHub nor one of GitLab")
    from github import GitHub  # noqa: PLC0415

    return GitHub(os.environ)
