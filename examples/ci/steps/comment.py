"""One comment on a change for each verb and each set of manifests: written once, then edited in place.

    python3 comment.py plan|apply [PATH]…

It shows plan.md or apply.md of this folder, otherwise what an earlier job of this run kept. The comment of
somebody else is never edited, whatever it holds.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from api import ApiError
from artefacts import artefact_of, key_of
from host import this_host

if TYPE_CHECKING:
    from host import Host

TRIES = 3
LONGEST = 65_000
"""Characters. GitHub takes 65,536."""


def show(host: Host, number: int, marker: str, text: str) -> str:
    """Let the change show *text* in one comment, and return what was done.

    It looks again after an unclear answer.
    """
    body = f"{marker}\n{shortened(text)}"
    for attempt in range(1, TRIES + 1):
        found = [each for each in host.comments(number) if each.ours and each.body.startswith(marker)]
        if found and found[0].body.split() == body.split():
            return "is as it should be"
        try:
            host.write_comment(number, found[0].number if found else None, body)
        except ApiError as error:
            if attempt == TRIES or not error.unclear:
                raise
        else:
            return "was edited" if found else "was written"
    raise AssertionError


def shortened(text: str) -> str:
    """Return *text*, or as many of its lines as a comment may have."""
    if len(text) <= LONGEST:
        return text
    whole = text[:LONGEST].rpartition("\n")[0]
    return f"{whole}\n\n… The summary of the run shows the rest.\n"


def text_of(host: Host, verb: str, paths: list[str]) -> str:
    """Return what the comment shows: of this folder, or of an earlier job."""
    here = Path(f"{verb}.md")
    if here.exists():
        return here.read_text(encoding="utf-8")
    found = host.files_of_this_run(artefact_of(verb, paths, host.commit))
    return (
        found[here.name].decode()
        if here.name in found
        else f"### Gupshup {verb}: no result\n\nThe log shows more.\n"
    )


def main(verb: str, paths: list[str]) -> int:
    """Write the comment. Return 1 if that is not possible."""
    try:
        host = this_host()
        number = host.change_number()
        if number is None:
            merged = host.merged_change()
            number = merged.number if merged else None
        if number is None:
            print("No pull request belongs to this commit, so there is nothing to comment on.")
            return 0
        marker = f"<!-- gupshup-ci {verb} {key_of(paths)} -->"
        print(f"The comment on {number} {show(host, number, marker, text_of(host, verb, paths))}.")
    except ApiError as error:
        print(f"Error: the comment cannot be written: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:] or ["manifests"]))
