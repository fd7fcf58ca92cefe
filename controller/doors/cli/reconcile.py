"""`gupshupctl reconcile`: a request in the store that the running controller observes now."""

import asyncio
import re
import time
from collections.abc import Iterable
from functools import partial

import click

from controller.core.planning.waits import BY_REASON, EndedBy
from controller.core.render.tables import status_table
from controller.doors.cli.exits import CONVERGING, FAILED, HELD, OK
from controller.doors.cli.options.connection import store_option
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.values import Duration
from controller.doors.stored import StoredStatus, all_statuses, named, use_store
from controller.edges.store import SqlStore
from controller.errors import Usage
from controller.loop.run.worker import RECONCILE, RELEASE
from controller.model.plan import Kind

POLL_EVERY = 0.5
"""Seconds between two reads of the store."""


@click.command()
@click.argument("name", required=False)
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
    --wait, exit 0 if all is as declared, 4 if a guard holds something, 5 if something is stalled, 6 if it
    still converges.
    """
    if wrong := sorted(digest for digest in release if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest)):
        raise Usage(
            f"--release takes a digest as `plan` and the status page show it, sha256:…; not {wrong[0]!r:.80}"
        )
    request = partial(_request, name=name, release=release, seconds=timeout if wait else None)
    return use_store(store, request)


async def _request(
    store: SqlStore, *, name: str | None, release: tuple[str, ...], seconds: float | None
) -> int:
    """Leave the request, wait for the result unless *seconds* is None, and return the exit code."""
    statuses = [stored for stored in await all_statuses(store) if stored.status.item.kind is not Kind.PARTNER]
    selected = statuses if name is None else named(statuses, name)
    if not selected:
        raise Usage("the store has no status of an app: the first pass of `apply` or `run` writes one")
    await _leave_hints(store, selected, name, release)
    upstreams = sorted({stored.upstream for stored in selected})
    running = [await _is_running(store, upstream) for upstream in upstreams]
    if seconds is not None:
        return await _wait(store, selected, seconds)
    if any(running):
        click.echo("Requested. The running controller picks it up within a second.")
    return OK


async def _leave_hints(
    store: SqlStore, selected: Iterable[StoredStatus], name: str | None, release: tuple[str, ...]
) -> None:
    hints = {(stored.upstream, "" if name is None else stored.status.item.app) for stored in selected}
    for upstream, app in sorted(hints):
        for number, digest in enumerate(release):
            await store.hints.leave(upstream, f":release {number}", f"{RELEASE} {digest}")
        await store.hints.leave(upstream, app, RECONCILE)


async def _is_running(store: SqlStore, upstream: str) -> bool:
    """Return whether a `run` works on *upstream*. If none does, a note on stderr explains the request."""
    holder = await store.holder(upstream)
    if " run on " in holder:
        return True
    who = f"{holder} is its writer, and takes no requests" if holder else "no process is its writer"
    click.echo(
        f"Note: no `gupshupctl run` works on {upstream} now ({who}). "
        "The request stays in the store: the next `run` picks it up.",
        err=True,
    )
    return False


async def _wait(store: SqlStore, selected: list[StoredStatus], seconds: float) -> int:
    """Wait until all of *selected* were observed again and nothing changes. Then print their statuses."""
    before = {_resource(stored): stored.status.at for stored in selected}
    end = time.monotonic() + seconds
    while True:
        now = [stored for stored in await all_statuses(store) if _resource(stored) in before]
        observed = bool(now) and all(stored.status.at != before[_resource(stored)] for stored in now)
        changing = not observed or any(_is_changing(stored) for stored in now)
        if not changing or time.monotonic() >= end:
            break
        await asyncio.sleep(POLL_EVERY)
    click.echo(status_table(stored.status for stored in now))
    if not observed:
        click.echo("Nothing was observed: is `gupshupctl run` running with this store?", err=True)
    elif changing:
        click.echo(f"Still converging after {seconds:g} s.", err=True)
    return CONVERGING if changing else _code(now)


def _resource(stored: StoredStatus) -> tuple[str, str]:
    """Return what stays the same of a resource, whatever its partner is called and its status says."""
    return stored.upstream, str(stored.status.item)


def _code(statuses: Iterable[StoredStatus]) -> int:
    """Return the exit code for *statuses*, none of which still changes."""
    if any(stored.status.condition("Stalled") for stored in statuses):
        return FAILED
    return HELD if any(_reason(stored) == "Held" for stored in statuses) else OK


def _is_changing(stored: StoredStatus) -> bool:
    reason = _reason(stored)
    wait = BY_REASON.get(reason)
    return reason not in {"", "Held"} and (wait is None or wait.ended_by is not EndedBy.PERSON)


def _reason(stored: StoredStatus) -> str:
    """Return the reason why a resource is not as declared yet, "" if nothing is under way."""
    condition = stored.status.condition("Reconciling")
    return "" if condition is None else condition.reason
