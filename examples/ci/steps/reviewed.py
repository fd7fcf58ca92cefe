"""The plan that was reviewed: that of the pull request whose merge made this commit.

    python3 reviewed.py FILE [PATH]…     Writes FILE and ends with 0, or shows why there is none (1).

The file came through CI, and so nobody trusts it. Its manifests must be those of this commit, byte for byte.
What a guard held, or what was blocked, needs a plan of its own. A change that was merged earlier and never
applied must not be lost: then everything is planned.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api import ApiError
from artefacts import artefact_of
from host import this_host

if TYPE_CHECKING:
    from host import Change, Host

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
FINISHED = {"success", "failure"}
COMMIT = re.compile(r"[0-9a-f]{40,64}")


class NoPlan(Exception):
    """Why no reviewed plan is applied."""


def git(*words: str) -> str:
    """Return what git says of this checkout."""
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    if done.returncode:
        raise NoPlan("this checkout has not the history that shows what was merged")
    return done.stdout.strip()


def refuse_gap(host: Host, change: Change, paths: list[str]) -> None:
    """Raise NoPlan if more than *change* was merged since the last commit that was applied."""
    if not COMMIT.fullmatch(host.before) or not host.before.strip("0"):
        raise NoPlan("the run does not belong to a push of one merge")
    if git("rev-list", "--first-parent", "--count", f"{host.before}..HEAD") not in {"1", str(change.commits)}:
        raise NoPlan("more than one change was pushed together")
    earlier = git("log", "-1", "--first-parent", "--format=%H", host.before, "--", *paths)
    if earlier and host.state_of(earlier) not in FINISHED:
        raise NoPlan(f"the change before ({earlier[:12]}) was not applied")


def seconds(text: str) -> float:
    """Return a duration such as 24h in seconds."""
    return float(text[:-1]) * UNITS[text[-1]]


def refuse_content(document: dict[str, Any], now: float) -> None:
    """Raise NoPlan if the plan is too old, is about other manifests, or has more than actions."""
    if now - float(document["created"]) > seconds(os.environ.get("GUPSHUP_MAX_AGE") or "24h"):
        raise NoPlan("it is too old")
    for each in document["manifests"]:
        path = Path(each["path"])
        if not path.is_file() or path.read_bytes() != each["text"].encode():
            raise NoPlan("its manifests are not those of this commit")
    if any(plan[kind] for plan in document["plans"] for kind in ("held", "blocked")):
        raise NoPlan("a guard held something in it, or something was blocked")


def reviewed(host: Host, paths: list[str]) -> bytes:
    """Return the plan. Raises NoPlan or ApiError."""
    change = host.merged_change()
    if change is None:
        raise NoPlan("no single pull request was merged as this commit")
    if change.foreign:
        raise NoPlan("the change came from a fork, which is never planned")
    refuse_gap(host, change, paths)
    found = host.reviewed_files(change, artefact_of("plan", paths, change.head)).get("saved-plan.json")
    if found is None:
        raise NoPlan(f"the run for {change.head[:12]} kept none, or its workflow is not the one here")
    try:
        refuse_content(json.loads(found), time.time())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NoPlan("it is not whole") from None
    return found


def main(file: str, paths: list[str]) -> int:
    """Write the plan, or say why there is none."""
    try:
        Path(file).write_bytes(reviewed(this_host(), paths))
    except (NoPlan, ApiError, KeyError) as error:
        print(f"No reviewed plan is applied: {error}. Everything is planned now.")
        return 1
    print("The plan of the merged change is applied, exactly as it was reviewed.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:] or ["manifests"]))
