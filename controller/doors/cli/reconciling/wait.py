"""A wait until all that was asked about was observed again, and nothing moves by itself."""

import asyncio
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import click

from controller.core.render.held import held_lines
from controller.core.render.tables import status_table
from controller.core.status.movement import moving, unsendable
from controller.core.status.state import ResourceState, state_of
from controller.doors.cli.exits import CONVERGING, FAILED, HELD
from controller.doors.cli.output.release import release_by
from controller.doors.cli.output.wait_progress import MOST_NAMES, OnWait, wait_display, wait_words
from controller.doors.cli.reconciling.fetched import POLL_EVERY
from controller.doors.cli.reconciling.runs import Runs, nobody
from controller.doors.stored import StoredStatus, all_statuses, held_of
from controller.edges.store import SqlStore
from controller.model.plan import Kind
from controller.model.status import Status

Resource = tuple[str, str]
"""What stays the same of a resource, whatever its partner is called and its status says."""


def _resource(stored: StoredStatus) -> Resource:
    return stored.upstream, str(stored.status.item)


@dataclass(slots=True)
class StatusWait:
    """A wait until all of *asked* were observed again and nothing moves by itself; *seconds* end it at *end*.

    Nobody waits for an upstream on which none of *runs* works. *whole*: all apps of the partners were asked
    about.
    """

    store: SqlStore
    runs: Runs
    asked: Sequence[StoredStatus]
    seconds: float
    end: float
    given: str | None = None
    whole: bool = True
    _before: dict[Resource, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._before = {_resource(stored): stored.status.at for stored in self.asked}

    async def run(self) -> set[int]:
        """Wait, print the statuses, and return the exit codes."""
        with wait_display(live=sys.stderr is not None and sys.stderr.isatty()) as show:
            now = await self.last(show)
        return await self._report(now)

    async def last(self, show: OnWait) -> list[StoredStatus]:
        """Return the statuses as they are when the wait ends."""
        while True:
            now = [each for each in await all_statuses(self.store) if _resource(each) in self._before]
            over = time.monotonic() >= self.end
            await self.runs.look(patient=not over)
            show(*self._open(now))
            if over or not any(self._open(now)):
                return now
            await asyncio.sleep(POLL_EVERY)

    def _open(self, now: Iterable[StoredStatus]) -> tuple[list[Status], list[Status]]:
        """Return what was not observed yet, and what still moves, where a `run` works."""
        present = [each for each in now if each.upstream not in self.runs.absent]
        unseen = [each.status for each in present if each.status.at == self._before[_resource(each)]]
        by_upstream = {
            upstream: moving([each.status for each in present if each.upstream == upstream])
            for upstream in self.runs.upstreams
        }
        return unseen, [each.status for each in present if each.status.item in by_upstream[each.upstream]]

    async def _report(self, now: Sequence[StoredStatus]) -> set[int]:
        click.echo(status_table(stored.status for stored in now))
        unseen, moves = self._open(now)
        for upstream in sorted(self.runs.absent):
            click.echo(f"Not observed: {await nobody(self.store, upstream)}", err=True)
        if unseen:
            click.echo(f"Not observed within {self.seconds:g} s: {wait_words(unseen)}", err=True)
        elif moves:
            click.echo(f"Still converging after {self.seconds:g} s: {wait_words(moves)}", err=True)
        present = [each for each in now if each.upstream not in self.runs.absent]
        held = await self._print_held(present)
        codes = {CONVERGING} if self.runs.absent or unseen or moves else set()
        return {*codes, *_codes(present), *({HELD} if held else ())}

    async def _print_held(self, now: Sequence[StoredStatus]) -> bool:
        """Print what guards hold of the resources, or of their partners, and how it is released."""
        statuses, upstreams = await all_statuses(self.store), {each.upstream for each in now}
        partners = [each for each in statuses if each.status.item.kind is Kind.PARTNER]
        about = [each for each in partners if each.upstream in upstreams] if self.whole else now
        found = {(each.upstream, held): None for each in about for held in held_of(each, statuses)}
        for upstream, held in found:
            command = await release_by(self.store, upstream, self.given)
            for line in held_lines([held], command):
                click.echo(line, err=True)
        return bool(found)


def _codes(now: Iterable[StoredStatus]) -> Iterator[int]:
    """Yield the exit codes for statuses that do not move any more."""
    statuses = [stored.status for stored in now]
    states = {state_of(status)[0] for status in statuses}
    if ResourceState.STALLED in states:
        yield FAILED
    if ResourceState.HELD in states:
        yield HELD
    if cannot_send := unsendable(statuses):
        names = ", ".join(map(str, cannot_send[:MOST_NAMES]))
        click.echo(f"{len(cannot_send)} cannot send, which Gupshup or Meta ends in days: {names}", err=True)
        yield CONVERGING
