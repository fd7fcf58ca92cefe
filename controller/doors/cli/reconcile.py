"""`gupshupctl reconcile`: a request in the store that the running controller observes now."""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import click

from controller.core.status.unmanaged import unmanaged_note
from controller.doors.cli.exits import CONVERGING, OK, beside_source, code_of, print_error, worst
from controller.doors.cli.options.connection import store_option
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.names import names_of
from controller.doors.cli.options.values import Duration, digests
from controller.doors.cli.reconciling.fetched import ask_to_fetch, fetched, print_source
from controller.doors.cli.reconciling.runs import Runs, nobody
from controller.doors.cli.reconciling.wait import StatusWait
from controller.doors.stored import StoredStatus, all_statuses, is_called, is_running, named, use_store
from controller.edges.store import SqlStore
from controller.errors import ControllerError, Usage
from controller.loop.run.worker import RECONCILE, RELEASE
from controller.model.plan import Kind


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
    The source is read first: exit 3 if its newest revision is invalid, 4 if refused, 1 if it cannot be read.
    """

    def request(opened: SqlStore) -> Awaitable[int]:
        return _Request(opened, name, digests(release), timeout if wait else None, store).run()

    return use_store(store, request)


@dataclass(frozen=True, slots=True)
class _Request:
    """A request to reconcile the app *name* (None: everything), with what *release* lets through.

    *seconds* is how long to wait for the result, None: not at all. *given* names the store.
    """

    store: SqlStore
    name: str | None
    release: Collection[str]
    seconds: float | None
    given: str | None

    async def run(self) -> int:
        """Leave the request, wait for the result if it is asked for, and return the exit code."""
        known = await all_statuses(self.store)
        if all(each.status.item.kind is Kind.PARTNER for each in known):
            why = "the store has no status of an app: the first pass of `apply` or `run` writes one"
            return await self._refuse(Usage(why), None)
        await self._print_unknown(known)
        if self.seconds is not None:
            return await self._wait(known, self.seconds)
        selected = self._selected(known)
        upstreams = sorted({stored.upstream for stored in selected})
        await ask_to_fetch(self.store, upstreams)
        await self._leave(selected)
        absent = [upstream for upstream in upstreams if not await is_running(self.store, upstream)]
        for upstream in absent:
            click.echo(f"Note: {await nobody(self.store, upstream)}", err=True)
        if len(absent) < len(upstreams):
            click.echo("Requested. The running controller picks it up within a second.")
        return OK

    async def _wait(self, known: Sequence[StoredStatus], seconds: float) -> int:
        """Have the source read first, then what it declares observed; return the exit code of both."""
        end = time.monotonic() + seconds
        about = known if self._unknown(known) else self._selected(known)
        runs = Runs(self.store, {stored.upstream for stored in about})
        await runs.print_absent()
        await _leave_releases(self.store, runs.upstreams, self.release)
        late = await fetched(self.store, runs, end)
        for upstream in late:
            click.echo(f"The source was not read within {seconds:g} s for {upstream}", err=True)
        wait = partial(StatusWait, self.store, runs, seconds=seconds, end=end)
        try:
            selected = self._selected(await self._observed(wait))
        except ControllerError as error:
            return await self._refuse(error, runs.upstreams)
        await self._leave(selected)
        codes = await wait(asked=selected, given=self.given, whole=self._asked is None).run()
        source = await print_source(self.store, runs.upstreams, self.given, seen=CONVERGING not in codes)
        return beside_source(source, worst({*codes, *({CONVERGING} if late else ())}))

    async def _refuse(self, error: ControllerError, upstreams: Collection[str] | None) -> int:
        """Print *error*, and what of the source is rejected: that may be the reason."""
        source = await print_source(self.store, upstreams, self.given)
        print_error(error)
        return source or code_of(error)

    async def _observed(self, wait: Callable[..., StatusWait]) -> list[StoredStatus]:
        """Return all statuses, those of a pass over everything if none before it has the name."""
        known = await all_statuses(self.store)
        if self._unknown(known):
            partners = [each for each in known if each.status.item.kind is Kind.PARTNER]
            await _leave_hints(self.store, partners, None)
            await wait(asked=partners).last(lambda *_: None)
        return await all_statuses(self.store)

    @property
    def _asked(self) -> str | None:
        """What is to be checked: what a guard holds is decided by a pass over all apps."""
        return None if self.release else self.name

    def _unknown(self, known: Iterable[StoredStatus]) -> bool:
        return self.name is not None and not any(map(partial(is_called, self.name), known))

    def _selected(self, known: Iterable[StoredStatus]) -> list[StoredStatus]:
        """Return the statuses that the request is about. Raises ControllerError if there are none."""
        statuses = [stored for stored in known if stored.status.item.kind is not Kind.PARTNER]
        if self.name is None:
            return statuses
        selected = _with_subscriptions(named(statuses, self.name), statuses)
        if note := unmanaged_note([stored.status for stored in selected]):
            raise ControllerError(note)
        return selected

    async def _leave(self, selected: Iterable[StoredStatus]) -> None:
        await _leave_releases(self.store, {stored.upstream for stored in selected}, self.release)
        await _leave_hints(self.store, selected, self._asked)

    async def _print_unknown(self, known: Iterable[StoredStatus]) -> None:
        """Warn of each digest that nothing has: no held change, and no source that `run` refuses."""
        reads = (await self.store.source_reads.last()).values()
        held = [one.digest for each in known for one in each.status.held]
        held += [read.state.digest for read in reads]
        for digest in sorted(set(self.release) - {one for each in held for one in each.split(",")}):
            click.echo(
                f"Warning: --release {digest}: nothing that is held has it. It is of an older plan, or was "
                "released: see `gupshupctl get`",
                err=True,
            )


def _with_subscriptions(
    selected: Sequence[StoredStatus], statuses: Iterable[StoredStatus]
) -> list[StoredStatus]:
    """Return *selected*, and the subscriptions of the apps among them."""
    own = [each for each in statuses if each not in selected and any(one.owns(each) for one in selected)]
    return [*selected, *own]


async def _leave_releases(store: SqlStore, upstreams: Iterable[str], release: Collection[str]) -> None:
    for upstream in sorted(upstreams):
        for number, digest in enumerate(sorted(release)):
            await store.hints.leave(upstream, f":release {number}", f"{RELEASE} {digest}")


async def _leave_hints(store: SqlStore, selected: Iterable[StoredStatus], name: str | None) -> None:
    hints = {(stored.upstream, "" if name is None else stored.status.item.app) for stored in selected}
    for upstream, app in sorted(hints):
        await store.hints.leave(upstream, app, RECONCILE)
