"""The findings that fail a plan: `--fail-on`, `--detailed-exitcode`, and the exit code that they choose."""

from collections.abc import Collection, Mapping, Sequence

import click

from controller.core.planning.changes.findings import PlanFinding
from controller.doors.cli.exits import CHANGES, CONVERGING, FAILED, HELD, OK
from controller.doors.cli.options.mirrored import option

CODES: Mapping[PlanFinding, int] = {
    PlanFinding.BLOCKED: FAILED,
    PlanFinding.HELD: HELD,
    PlanFinding.UNREAD: CONVERGING,
    PlanFinding.DRIFT: CHANGES,
    PlanFinding.CHANGES: CHANGES,
}
"""The exit code of each finding, in the order in which they count."""

_NAMED = tuple(each for each in CODES if each is not PlanFinding.CHANGES)


def _parsed(
    _ctx: click.Context, _param: click.Parameter, values: Sequence[str]
) -> frozenset[PlanFinding] | None:
    """Return the findings that are named, None if the option was not given."""
    words = [word.strip() for value in values for word in value.split(",")]
    for word in words:
        if word not in _NAMED:
            raise click.BadParameter(f"{word!r:.40} is none of {', '.join(_NAMED)}")
    return frozenset(map(PlanFinding, words)) or None


fail_on_option = option(
    "--fail-on",
    multiple=True,
    metavar="LIST",
    callback=_parsed,
    help="Fail on these alone: blocked (exit 5), held (4), unread (6), drift (2). With commas, or repeated.",
)

detailed_option = option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 5 for anything blocked, 4 if held, 2 if there are changes.",
)


def failing(fail_on: frozenset[PlanFinding] | None, *, detailed: bool) -> frozenset[PlanFinding]:
    """Return the findings that the two options choose."""
    chosen = frozenset({PlanFinding.BLOCKED, PlanFinding.HELD}) if fail_on is None else fail_on
    return chosen | {PlanFinding.CHANGES} if detailed else chosen


def code_for(found: Collection[PlanFinding]) -> int:
    """Return the exit code of the first of CODES that was *found*."""
    return next((code for finding, code in CODES.items() if finding in found), OK)
