"""The option `--since`, and its default in the CI of a pull request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from controller.doors.cli.options.mirrored import option

F = TypeVar("F", bound=Callable[..., Any])

NONE = "none"
"""The word for no revision, also where CI names one."""


@dataclass(frozen=True, slots=True)
class Since:
    """A revision to compare with. *variable* is where CI names it, "" if a person did."""

    ref: str
    variable: str = ""


def since_option(function: F) -> F:
    words = (
        "Plan only what changed since the merge base of REF and HEAD. In the CI of a pull request, its base "
        f"is the default; `{NONE}` plans everything."
    )
    return option("--since", metavar="REF", help=words)(function)


def chosen(given: str | None, environ: Mapping[str, str]) -> Since | None:
    """Return the revision that is meant, None for a plan of everything."""
    if given is not None:
        return None if given == NONE else Since(given)
    if not environ.get("CI"):
        return None
    if branch := environ.get("GITHUB_BASE_REF"):
        return Since(f"origin/{branch}", "GITHUB_BASE_REF")
    commit = environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA")
    return Since(commit, "CI_MERGE_REQUEST_DIFF_BASE_SHA") if commit else None
