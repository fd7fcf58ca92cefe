"""Parts of a plan or a report: entries by their cause, each part under its heading."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from controller.core.planning.actions import Provisioning, Unverifiable
from controller.core.planning.changes.causes import Cause, Caused, cause
from controller.core.render.entries.entry import Entry, entry_of, result_entry, undeclared
from controller.core.render.entries.phones import Phones
from controller.core.status.run_report import Report
from controller.model.plan import Item, Plan

CHANGES, SINCE = "Changes", "Because of this change"
DRIFT, PROGRESS, ALSO = "Drift", "In progress", "Also found"
RESULTS, LEFT = "Results", "Not done"
HEADINGS = (RESULTS, LEFT, CHANGES, SINCE, DRIFT, PROGRESS, ALSO)
"""The order of the parts."""

Lasting: TypeAlias = Plan | Report


@dataclass(frozen=True, slots=True)
class Part:
    """Entries under one *heading*. There is at least one."""

    heading: str
    entries: tuple[Entry, ...]


def parts_of_plan(plan: Plan, phones: Phones) -> tuple[Part, ...]:
    """Return the parts that have entries: what the change does, what the world did, what goes on."""
    heading = CHANGES if plan.touched is None else SINCE
    parts = _by_cause((*plan.actions, *_stuck(plan)), plan.touched, heading, phones)
    return _some(parts, plan)


def parts_of_report(report: Report, phones: Phones) -> tuple[Part, ...]:
    """Return what was done, or tried, and then what was not, in the parts of a plan."""
    results = Part(RESULTS, tuple(result_entry(each, phones) for each in report.results))
    return _some([results, *_by_cause(_stuck(report), None, LEFT, phones)], report)


def joined(parts: Iterable[Part]) -> Iterator[Part]:
    """Join the parts of several partners, by their headings."""
    found: dict[str, list[Entry]] = {}
    for part in parts:
        found.setdefault(part.heading, []).extend(part.entries)
    for heading in HEADINGS:
        if heading in found:
            yield Part(heading, tuple(found[heading]))


def _stuck(of: Lasting) -> Iterator[Caused]:
    yield from of.blocked
    yield from of.held
    yield from of.waiting
    yield from map(Provisioning, of.provisioning)
    yield from map(Unverifiable, of.unverifiable)


def _by_cause(
    entries: Iterable[Caused], touched: frozenset[Item] | None, heading: str, phones: Phones
) -> Sequence[Part]:
    found: dict[Cause, list[Entry]] = {each: [] for each in Cause}
    for entry in entries:
        found[cause(entry, touched)].append(entry_of(entry, phones))
    headings = {Cause.CHANGE: heading, Cause.DRIFT: DRIFT, Cause.PROGRESS: PROGRESS}
    return [Part(headings[each], tuple(entries)) for each, entries in found.items()]


def _some(parts: Sequence[Part], of: Lasting) -> tuple[Part, ...]:
    also = Part(ALSO, (*map(undeclared, of.unmanaged), *map(undeclared, of.foreign)))
    return tuple(part for part in (*parts, also) if part.entries)
