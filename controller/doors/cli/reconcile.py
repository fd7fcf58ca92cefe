"""`gupshupctl reconcile`: a request in the store that the running controller observes now."""

import asyncio
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import click

from controller.core.render.held import held_lines
from controller.core.render.tables import status_table
from controller.core.status.movement import moving, unsendable
from controller.core.status.state import ResourceState, state_of
from controller.doors.cli.exits import CONVERGING, FAILED, HELD, OK, worst
from controller.doors.cli.options.connection import store_option
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.names import names_of
from controller.doors.cli.options.values import Duration, digests
from controller.doors.cli.output.release import release_by
from controller.doors.cli.output.wait_progress import MOST_NAMES, OnWait, wait_display, wait_words
from controller.doors.stored import StoredStatus, all_statuses, held_of, is_running, named, use_store
from controller.edges.store import SqlStore
from controller.errors import Usage
from controller.loop.run.worker import RECONCILE, RELEASE
from controller.model.plan import Kind
from controller.model.status import Status

POLL_EVERY = 0.5
"""Seconds between two reads of the store."""

ARRIVES = 10.0
"""Seconds in which a `run` becomes the writer that just started, or that let another command go first."""

MOVES = 20.0
"""Seconds in which another replica takes over from the `run` that worked on a partner."""


@click.command()
@click.argument("name", required=False, shell_complete=names_of(Kind.APP))
@option("--wait", is_flag=True, help="Wait until it was observed again and nothing is under way.")
@option("--timeout", type=Duration(), default="5m", show_default=True, help="Stop waiting after this long.")
@option(
    "--release",
    multiple=True,
    metavar="DIGEST",
    help="Allow exactly the changes that a guard held as DIGEST.",
)
@store_option
def command(
    name: str | None, *, wait: bool, timeout: float, release: tuple[str, ...], store: str | None
) -> int:
    """Ask `run` to check App NAME now, or every partner. Earlier refusals no longer count.

    This verb sends nothing to Gupshup: it leaves a row in the store, which `run` sees within a second. With
    --wait it ends once nothing moves any more without a person: exit 0 if all is as declared, 4 if a guard
    holds something, 5 if something is stalled, 6 if it still converges, or if no `run` works with this store.
    """
    request = partial(
        _request, name=name, release=digests(release), seconds=timeout if wait else None, given=store
    )
    return use_store(store, request)


async def _request(
    store: SqlStore,
    *,
    name: str | None,
    release: Collection[str],
    seconds: float | None,
    given: str | None,
) -> int:
    """Leave the request, wait for the result unless *seconds* is None, and return the exit code."""
    known = await all_statuses(store)
    statuses = [stored for stored in known if stored.status.item.kind is not Kind.PARTNER]
    selected = statuses if name is None else _with_subscriptions(named(statuses, name), statuses)
    if not selected:
        raise Usage("the store has no status of an app: the first pass of `apply` or `run` writes one")
    asked = None if release else name  # what a guard holds is decided by a pass over all apps
    _print_unknown(release, known)
    await _leave_hints(store, selected, asked, release)
    if seconds is not None:
        return await _Wait(store, selected, seconds, given, whole=asked is None).run()
    upstreams = sorted({stored.upstream for stored in selected})
    absent = [upstream for upstream in upstreams if not await is_running(store, upstream)]
    for upstream in absent:
        click.echo(f"Note: {await _nobody(store, upstream)}", err=True)
    if len(absent) < len(upstreams):
        click.echo("Requested. The running controller picks it up within a second.")
    return OK


def _print_unknown(release: Collection[str], known: Iterable[StoredStatus]) -> None:
    """Warn of each digest that no held change has. The store does not hold that of a refused source."""
    held = {digest for each in known for one in each.status.held for digest in one.digest.split(",")}
    for digest in sorted(set(release) - held):
        click.echo(
            f"Warning: --release {digest}: nothing that is held has it. If it is not that of a source which "
            "`run` refuses, it is of an older plan, or was released: see `gupshupctl get`",
            err=True,
        )


def _with_subscriptions(
    selected: Sequence[StoredStatus], statuses: Iterable[StoredStatus]
) -> list[StoredStatus]:
    """Return *selected*, and the subscriptions of the apps among them."""
    own = [each for each in statuses if each not in selected and any(one.owns(each) for one in selected)]
    return [*selected, *own]


async def _leave_hints(
    store: SqlStore, selected: Iterable[StoredStatus], name: str | None, release: Collection[str]
) -> None:
    hints = {(stored.upstream, "" if name is None else stored.status.item.app) for stored in selected}
    for upstream, app in sorted(hints):
        for number, digest in enumerate(sorted(release)):
            await store.hints.leave(upstream, f":release {number}", f"{RELEASE} {digest}")
        await store.hints.leave(upstream, app, RECONCILE)


async def _nobody(store: SqlStore, upstream: str) -> str:
    holder = await store.holder(upstream)
    who = f"{holder} is its writer, and takes no requests" if holder else "no process is its writer"
    return (
        f"no `gupshupctl run` works on {upstream} now ({who}). "
        "The request stays in the store: the next `run` picks it up."
    )


Resource = tuple[str, str]
"""What stays the same of a resource, whatever its partner is called and its status says."""


def _resource(stored: StoredStatus) -> Resource:
    return stored.upstream, str(stored.status.item)


@dataclass(slots=True)
class _Wait:
    """A wait of at most *seconds* until all of *asked* were observed again and nothing moves by itself.

    Nobody waits for an upstream on which no `run` works. *whole*: all apps of the partners were asked about.
    """

    store: SqlStore
    asked: Sequence[StoredStatus]
    seconds: float
    given: str | None
    whole: bool
    _before: dict[Resource, float] = field(default_factory=dict)
    _patience: dict[str, float] = field(default_factory=dict)
    _absent: set[str] = field(default_factory=set)

    async def run(self) -> int:
        """Wait, print the statuses, and return the exit code."""
        began = time.monotonic()
        self._before = {_resource(stored): stored.status.at for stored in self.asked}
        self._patience = {stored.upstream: began + ARRIVES for stored in self.asked}
        with wait_display(live=sys.stderr is not None and sys.stderr.isatty()) as show:
            await self._print_absent()
            now = await self._last(show, began + self.seconds)
        return await self._report(now)

    async def _last(self, show: OnWait, end: float) -> list[StoredStatus]:
        """Return the statuses as they are when the wait ends."""
        while True:
            now = [each for each in await all_statuses(self.store) if _resource(each) in self._before]
            over = time.monotonic() >= end
            await self._look_for_runs(patient=not over)
            show(*self._open(now))
            if over or not any(self._open(now)):
                return now
            await asyncio.sleep(POLL_EVERY)

    async def _print_absent(self) -> None:
        """Tell at once where no `run` works, before it is waited for a little."""
        for upstream in self._patience:
            if not await is_running(self.store, upstream):
                click.echo(
                    f"No `gupshupctl run` works on {upstream} yet: {ARRIVES:g} s are left to it", err=True
                )

    async def _look_for_runs(self, *, patient: bool) -> None:
        """Note where no `run` works, at once or if one is *patient* after a while."""
        now = time.monotonic()
        for upstream, until in self._patience.items():
            if await is_running(self.store, upstream):
                self._patience[upstream] = now + MOVES
            elif now >= until or not patient:
                self._absent.add(upstream)

    def _open(self, now: Iterable[StoredStatus]) -> tuple[list[Status], list[Status]]:
        """Return what was not observed yet, and what still moves, where a `run` works."""
        present = [each for each in now if each.upstream not in self._absent]
        unseen = [each.status for each in present if each.status.at == self._before[_resource(each)]]
        by_upstream = {
            upstream: moving([each.status for each in present if each.upstream == upstream])
            for upstream in self._patience
        }
        return unseen, [each.status for each in present if each.status.item in by_upstream[each.upstream]]

    async def _report(self, now: Sequence[StoredStatus]) -> int:
        click.echo(status_table(stored.status for stored in now))
        unseen, moves = self._open(now)
        for upstream in sorted(self._absent):
            click.echo(f"Not observed: {await _nobody(self.store, upstream)}", err=True)
        if unseen:
            click.echo(f"Not observed within {self.seconds:g} s: {wait_words(unseen)}", err=True)
        elif moves:
            click.echo(f"Still converging after {self.seconds:g} s: {wait_words(moves)}", err=True)
        present = [each for each in now if each.upstream not in self._absent]
        held = await self._print_held(present)
        codes = {CONVERGING} if self._absent or unseen or moves else set()
        return worst({*codes, *_codes(present), *({HELD} if held else ())})

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
