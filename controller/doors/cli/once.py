"""All of `run --once`: an `apply` that goes on with the last good revision where the source is refused."""

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from controller.doors.app import Runtime, open_session
from controller.doors.cli.applying import Applied, Patience, apply_all, ended_by_signals
from controller.doors.cli.ending import after_refusal
from controller.doors.cli.fleet import Wish
from controller.doors.cli.load import Loaded, tell_warnings, whole
from controller.doors.cli.running import Where, decode, origin_of
from controller.edges import settings
from controller.errors import SourceError
from controller.loop.ports import Revisions
from controller.loop.run.controller import not_taken
from controller.loop.run.sign_ins import SignIns
from controller.loop.run.source_watcher import SourceWatcher
from controller.model.history import Declared, LastGood
from controller.model.manifest import Desired
from controller.model.source import Source


@dataclass(frozen=True, slots=True)
class _Unsaved:
    """What the store knows; it keeps nothing before the files were compared right before a write."""

    known: Revisions

    async def last_good(self, source: str) -> LastGood | None:
        return await self.known.last_good(source)

    async def save_good(self, _source: str, _good: LastGood) -> None:
        return

    async def filled(self, places: Sequence[str]) -> frozenset[str]:
        return await self.known.filled(places)

    async def declared(self, upstream: str) -> Declared | None:
        return await self.known.declared(upstream)

    async def declare(self, _upstream: str, _count: Declared) -> None:
        return

    async def knows(self, url: str) -> bool:
        return await self.known.knows(url)


async def once(where: Where, house: Runtime, released: frozenset[str]) -> Applied:
    """Apply *where* once, as `apply --yes` does, or the last good revision where that is refused.

    Closes the house's store. Raises what stands against the source where it never was good.
    """
    async with ended_by_signals(), origin_of(where, house.clock, quiet=0.0) as origin:
        watched = SourceWatcher(origin, _Unsaved(house.store.revisions), decode, house.clock, released)
        seats = SignIns(partial(open_session, house))
        desired = await _read(watched, house, seats)
        source = Source(origin.identity, desired.revision, watched.files)
        still = origin.still if watched.refusal is None else whole
        loaded = Loaded(source, desired, settings.rules(os.environ), still)
        return await _applied(watched, house, seats, loaded)


async def _read(watched: SourceWatcher, house: Runtime, seats: SignIns) -> Desired:
    """Return what the source declares, or did when it was good; what is open is left to `apply_all`."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(house.store)
        await stack.enter_async_context(seats)
        await watched.load_last_good()
        await watched.read(seats.account_of)
        if watched.refusal is not None:
            not_taken(watched.state)
        if watched.desired is None:
            raise watched.refusal or SourceError(f"cannot read {watched.origin.identity}")
        tell_warnings(watched.accepted)
        stack.pop_all()
    return watched.desired


async def _applied(watched: SourceWatcher, house: Runtime, seats: SignIns, loaded: Loaded) -> Applied:
    house = replace(house, revision=loaded.desired.revision)
    patience, wish = Patience(wait=False, timeout=600.0, lock_timeout=0.0), Wish(released=watched.released)
    applied = await apply_all(loaded, wish, house, patience, lambda _: None, seats)
    if watched.refusal is None:
        return applied
    code = after_refusal(watched.refusal, applied.code)
    return replace(applied, source=watched.state, code=code)
