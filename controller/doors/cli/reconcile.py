"""`gupshupctl reconcile`: ask the process that never stops to look now, through the store."""

import asyncio
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controller.core.planning.waits import BY_REASON, EndedBy
from controller.doors.cli.exits import CONVERGING, FAILED, HELD, OK
from controller.doors.cli.options import option
from controller.doors.cli.reach import Duration, store
from controller.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.doors.cli.stored import Known
    from controller.edges.store import SqlStore

GLANCE = 0.5
"""Seconds between two looks at the store."""


@click.command()
@click.argument("name", required=False)
@option("--wait", is_flag=True, help="Wait until it was looked at and nothing is under way any more.")
@option("--timeout", type=Duration(), default="5m", show_default=True, help="How long to wait at the most.")
@option("--release", multiple=True, metavar="DIGEST", help="Let through exactly what a guard held as DIGEST.")
@store
def command(
    name: str | None, *, wait: bool, timeout: float, release: tuple[str, ...], store: str | None
) -> int:
    """Have `run` look at once at App NAME, or at every partner; earlier refusals no longer count.

    Nothing is asked of Gupshup from here: it is a row in the store that `run` sees within a second. With
    --wait, exit 0 where all of it is as declared, 4 where a guard holds something, 5 where something is
    stalled, 6 where it still converges.
    """
    if odd := sorted(each for each in release if not re.fullmatch(r"sha256:[0-9a-f]{64}", each)):
        raise Usage(f"--release takes a digest as `get` and the log tell it, sha256:…; not {odd[0]!r:.80}")
    return asyncio.run(_reconcile(store, name, release, timeout if wait else None))


async def _reconcile(
    location: str | None, name: str | None, release: tuple[str, ...], patience: float | None
) -> int:
    from controller.doors.cli.stored import named, read  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.edges.clock import SystemClock  # noqa: PLC0415  (likewise)
    from controller.edges.store import chosen_location, open_store  # noqa: PLC0415  (likewise)

    place = chosen_location(location, os.environ, Path.cwd())
    async with open_store(place, SystemClock(), make=False) as opened:
        before = await read(opened)
        chosen = before if name is None else named(before, name)
        if not chosen:
            raise Usage("the store knows of no app yet: nothing was applied with it")
        await _ask(opened, chosen, name, release)
        tended = [await _tended(opened, upstream) for upstream in sorted({each.upstream for each in chosen})]
        if patience is None:
            if any(tended):
                click.echo("Asked: it is looked at as soon as the process that tends it takes notice.")
            return OK
        return await _follow(opened, chosen, patience)


async def _ask(
    opened: "SqlStore", chosen: "Iterable[Known]", name: str | None, release: tuple[str, ...]
) -> None:
    from controller.loop.run.worker import RECONCILE, RELEASE  # noqa: PLC0415  (heavy)

    wishes = {(each.upstream, "" if name is None else each.status.item.app) for each in chosen}
    for upstream, app in sorted(wishes):
        for number, digest in enumerate(release):
            await opened.hints.leave(upstream, f":release {number}", f"{RELEASE} {digest}")
        await opened.hints.leave(upstream, app, RECONCILE)


async def _tended(opened: "SqlStore", upstream: str) -> bool:
    """Say whether a `run` tends *upstream*; where none does, tell what becomes of the wish."""
    holder = await opened.holder(upstream)
    if " run on " in holder:
        return True
    who = f"{holder} holds it, and takes no wishes" if holder else "no process holds it"
    click.echo(
        f"Note: no `gupshupctl run` tends {upstream} now ({who}); the wish stays in the store for the next.",
        err=True,
    )
    return False


async def _follow(opened: "SqlStore", chosen: "list[Known]", patience: float) -> int:
    """Wait until each of *chosen* was looked at again and stands still; tell how it stands."""
    from controller.core.render.tables import status_table  # noqa: PLC0415  (heavy)
    from controller.doors.cli.stored import read  # noqa: PLC0415  (likewise)

    seen = {(each.upstream, each.status.item): each.status.at for each in chosen}
    end = time.monotonic() + patience
    while True:
        now = [each for each in await read(opened) if (each.upstream, each.status.item) in seen]
        looked = all(each.status.at != seen[each.upstream, each.status.item] for each in now)
        moving = not looked or any(_moves(each) for each in now)
        if not moving or time.monotonic() >= end:
            break
        await asyncio.sleep(GLANCE)
    click.echo(status_table(each.status for each in now))
    if not looked:
        click.echo("Nobody looked: is `gupshupctl run` going on with this store?", err=True)
    if moving:
        return CONVERGING
    held = any(_reason(each) == "Held" for each in now)
    stalled = any(each.status.condition("Stalled") for each in now)
    return FAILED if stalled else HELD if held else OK


def _moves(each: "Known") -> bool:
    reason = _reason(each)
    wait = BY_REASON.get(reason)
    return reason not in {"", "Held"} and (wait is None or wait.ended_by is not EndedBy.PERSON)


def _reason(each: "Known") -> str:
    """Return why something is not as declared yet, "" where nothing is under way."""
    found = each.status.condition("Reconciling")
    return "" if found is None else found.reason
