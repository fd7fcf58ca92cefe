"""The status of the commit that is applied: pending at first, then how gupshupctl ended.

    python3 status.py pending|CODE

A status that cannot be set changes no exit code: a line shows why.
"""

from __future__ import annotations

import os
import sys

from api import ApiError
from host import this_host

ENDS = {
    0: ("success", "Done."),
    3: ("error", "The manifests are invalid."),
    4: ("failure", "A guard holds changes."),
    5: ("failure", "Something failed, is blocked or became different."),
    6: ("failure", "Gupshup was still converging when the time was over."),
    7: ("error", "Gupshup refused the credentials."),
    8: ("error", "Another process is writing."),
}
"""*failure*: what could be done was done. *error*: nothing was, or nobody knows."""

UNSET = "Warning: the status of this commit could not be set. What is applied does not depend on it."
REPAIR = "If it was refused, give the job the right to set statuses (at GitHub: `statuses: write`)."


def end_of(code: int) -> tuple[str, str]:
    """Return the state and its words."""
    if code == 6 and os.environ.get("GUPSHUP_CONVERGING") == "ok":  # noqa: PLR2004  (an exit code)
        return "success", "Done as far as possible: Gupshup still provisions an app."
    return ENDS.get(code, ("error", f"The run ended with exit code {code}."))


def main(what: str) -> None:
    """Set the status."""
    state, words = ("pending", "Applying.") if what == "pending" else end_of(int(what))
    try:
        this_host().set_status(state, words)
    except KeyError as error:
        print(f"{UNSET} The variable {error.args[0]} is not set. Run this step in a job of GitHub or GitLab.")
    except ApiError as error:
        print(f"{UNSET} The call failed: {error}. {REPAIR}")


if __name__ == "__main__":
    main(sys.argv[1])
