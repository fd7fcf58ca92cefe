"""The source of a process that never stops: the last good revision, and why a newer one is not taken.

What is bad, empty or shrunken freezes it on what was good, over restarts too: half a source deletes things.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from controller.core.digest import digest
from controller.core.door import declared, refuse_empty, refuse_shrunk
from controller.core.render.problems import first
from controller.errors import ControllerError, PlanRefused, SourceError, StoreError
from controller.loop.ports import Clock, Revisions
from controller.model.history import LastGood
from controller.model.manifest import Desired, Partner
from controller.model.scope import SourceState
from controller.model.source import Decoded, Source


class Origin(Protocol):
    """Where manifests come from."""

    @property
    def identity(self) -> str: ...

    async def read(self, known: str) -> Source | None:
        """Return the source whole, None where it is still at the revision *known*. Raises SourceError."""
        ...

    async def advanced(self, old: str, new: str) -> bool:
        """Say whether *new* grew out of *old*; a source without a history always says yes."""
        ...


Decode = Callable[[Source], Awaitable[Decoded]]


@dataclass(slots=True)
class Watched:
    """*released* are digests that let through what lost too much, or whose history was rewritten."""

    origin: Origin
    revisions: Revisions
    decode: Decode
    clock: Clock
    released: frozenset[str] = frozenset()
    desired: Desired | None = None
    state: SourceState = field(default_factory=lambda: SourceState(""))
    _seen: str = ""

    async def begin(self) -> None:
        """Begin with the last good revision that the store holds, if there is one."""
        identity = self.origin.identity
        self.state = SourceState(identity)
        good = await self.revisions.last_good(identity)
        if good is None:
            return
        found = await self.decode(Source(identity, good.revision, good.files))
        if found.desired is not None:  # rules may have become stricter since
            self.desired = found.desired
            self.state = SourceState(identity, good.revision, good.at)

    async def read(self) -> bool:
        """Read the source; say whether it declares something new."""
        try:
            source = await self.origin.read(self._seen)
        except ControllerError as error:
            self._unread(str(error))
            return False
        if source is None:
            self._calm_if(self._seen)
            return False
        try:
            desired = await self._judged(source)
        except PlanRefused as error:
            self._trouble(str(error), error.digest)
            return False
        except ControllerError as error:
            self._trouble(str(error))
            return False
        return await self._take(source, desired)

    async def _judged(self, source: Source) -> Desired:
        """Return what *source* declares. Raises SourceError or PlanRefused where it is not to be taken."""
        found = await self.decode(source)
        if found.desired is None:
            self._seen = source.revision
            raise SourceError(first(found.problems))
        if source.revision != self.state.revision:
            await self._door(found.desired, source)
        return found.desired

    async def _door(self, desired: Desired, source: Source) -> None:
        refuse_empty(desired, source.identity, self.released)
        if self.desired is None:
            return
        for partner in desired.partners:
            if (before := _earlier(partner, self.desired)) is not None:
                refuse_shrunk(
                    declared(self.desired, before.name),
                    declared(desired, partner.name),
                    partner.guards.max_shrink,
                    source=source.identity,
                    released=self.released,
                )
        await self._grown(source)

    async def _grown(self, source: Source) -> None:
        old, new = self.state.revision, source.revision
        key = digest(["rewritten", source.identity, old, new])
        if key not in self.released and not await self.origin.advanced(old, new):
            raise PlanRefused(
                f"{source.identity}: {new} did not grow out of {old}: its history was rewritten, or it went "
                f"back. To go on all the same: --release {key}",
                key,
            )

    async def _take(self, source: Source, desired: Desired) -> bool:
        self._seen = source.revision
        now = self.clock.now()
        if self.desired is not None and source.revision == self.state.revision:
            self.state = replace(self.state, read=now, trouble="", troubled=None, digest="")
            return False
        try:
            await self.revisions.save_good(source.identity, LastGood(source.revision, now, source.files))
        except StoreError as error:  # a guard needs it: without it a restart could take less for all
            self._seen = ""
            self._trouble(str(error))
            return False
        self.desired = desired
        self.state = SourceState(source.identity, source.revision, now, now)
        return True

    def _calm_if(self, seen: str) -> None:
        if seen == self.state.revision:
            self.state = replace(self.state, read=self.clock.now(), trouble="", troubled=None, digest="")

    def _unread(self, why: str) -> None:
        """Tell of it; afterwards a revision that was not taken is read anew, so that it is told of anew."""
        self._trouble(why)
        if self._seen != self.state.revision:
            self._seen = ""

    def _trouble(self, why: str, key: str = "") -> None:
        since = self.state.troubled if self.state.troubled is not None else self.clock.now()
        self.state = replace(self.state, trouble=why, troubled=since, digest=key)


def _earlier(partner: Partner, desired: Desired) -> Partner | None:
    """Return the same account as it was declared before; a rehearsal elsewhere says nothing about it."""
    return next((p for p in desired.partners if (p.name, p.url) == (partner.name, partner.url)), None)
