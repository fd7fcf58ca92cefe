"""The source of a process that never stops: the last good revision, and why a newer one is not taken.

What is bad, empty or shrunken freezes it on what was good, over restarts too: half a source deletes things.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from controller.core.planning.digest import digest
from controller.core.planning.source_guard import Refusals, declared, refuse_empty, refuse_shrunk
from controller.core.render.problems import first
from controller.errors import ControllerError, ManifestError, PlanRefused, SourceError, StoreError, Unsettled
from controller.loop.admission import refuse_half_written, refuse_loss
from controller.loop.ports import Revisions
from controller.model.clock import Clock
from controller.model.history import Declared, LastGood
from controller.model.manifest import Desired, Partner
from controller.model.passes import SourceState
from controller.model.source import Decoded, Source, SourceFile

LONG = 30.0
"""Seconds after which a source that is written to all the time is no longer waited for: it is in trouble."""

SIGN_IN = 20.0
"""Seconds for which a new revision waits for a sign-in that tells whose account a partner is."""


class SourceReader(Protocol):
    """Where manifests come from."""

    @property
    def identity(self) -> str: ...

    async def read(self, known: str, /) -> Source | None:
        """Return the source whole, None where it is still at the revision *known*, and where it was.

        Raises Unsettled where it is being written, and SourceError.
        """
        ...

    async def advanced(self, old: str, new: str) -> bool:
        """Say whether *new* grew out of *old*; a source without a history always says yes."""
        ...


Decode = Callable[[Source], Awaitable[Decoded]]
Whose = Callable[[Partner], Awaitable[str | None]]
"""Returns whose account a partner is, None where nobody can tell now."""


async def nobody(_: Partner) -> str | None:
    return None


@dataclass(slots=True)
class SourceWatcher:
    """*released* are digests that let through what lost too much, or whose history was rewritten.

    *admits*: what is taken is what its accounts have from now on; not so for who only observes.

    *accepted* and *files* are those of one revision, the last good one. *refusal* is why what lies there now
    is not taken, None where it is, or where it is only waited for.
    """

    origin: SourceReader
    revisions: Revisions
    decode: Decode
    clock: Clock
    released: frozenset[str] = frozenset()
    admits: bool = True
    accepted: Decoded = field(default_factory=lambda: Decoded(None, ()))
    files: tuple[SourceFile, ...] = ()
    state: SourceState = field(default_factory=lambda: SourceState(""))
    refusal: ControllerError | None = None
    _seen: str = ""
    _grew_from: str = ""

    async def load_last_good(self) -> None:
        """Begin with the last good revision that the store holds, if there is one."""
        identity = self.origin.identity
        self.state = SourceState(identity)
        good = await self.revisions.last_good(identity)
        if good is None:
            return
        self._grew_from = good.revision
        found = await self.decode(Source(identity, good.revision, good.files))
        if found.desired is not None:  # rules may have become stricter since
            self.accepted, self.files = found, good.files
            self.state = SourceState(identity, good.revision, good.at)

    @property
    def desired(self) -> Desired | None:
        """What the last good revision declares, None where there was none yet."""
        return self.accepted.desired

    @property
    def pending(self) -> bool:
        """Whether what lies there is worth waiting for, before the last good revision is acted on."""
        waited = self.state.waited
        return waited is not None and self.clock.now() - waited < LONG

    async def read(self, whose: Whose = nobody) -> bool:
        """Read the source; say whether it declares something new."""
        try:
            source = await self.origin.read(self._seen)
        except Unsettled as error:
            self._wait(error)
            return False
        except ControllerError as error:
            self._rest()
            self._unread(error)
            return False
        self._rest()
        if source is None:
            self._clear_error_if(self._seen)
            return False
        try:
            found, counts = await self._judged(source, whose)
        except (ManifestError, PlanRefused) as error:
            self._trouble(error, source.revision)
            return False
        except ControllerError as error:
            self._trouble(error)
            return False
        return await self._take(source, found, counts)

    async def _judged(self, source: Source, whose: Whose) -> tuple[Decoded, Mapping[str, Declared]]:
        """Return what *source* declares, and how much of it for which account, as far as that is known.

        Raises ManifestError or PlanRefused where it is not to be taken, and SourceError or StoreError.
        """
        found = await self.decode(source)
        if found.desired is None:
            self._seen = source.revision
            raise ManifestError(found.problems)
        if source.revision == self.state.revision:
            return found, {}
        await refuse_half_written(self.revisions, source)
        refusals = Refusals()
        with refusals:
            refuse_empty(found.desired, source.identity, self.released)
        with refusals:
            await self._check_ancestry(source)
        counts = await self._compared(found.desired, source, whose, refusals)
        refusals.refuse()
        return found, counts

    async def _compared(
        self, desired: Desired, source: Source, whose: Whose, refusals: Refusals
    ) -> Mapping[str, Declared]:
        """Count *desired* by account, and gather what speaks against it where one of them lost too much."""
        counts: dict[str, Declared] = {}
        for partner in desired.partners:
            upstream = await self._account(partner, whose)
            with refusals:
                if upstream is not None:
                    counts[upstream] = declared(desired, partner.name)
                    await refuse_loss(self.revisions, upstream, partner, desired, self.released)
                if upstream is None or await self.revisions.declared(upstream) is None:
                    self._compare_with_good(partner, desired, source)
        return counts

    async def _account(self, partner: Partner, whose: Whose) -> str | None:
        """Return whose account *partner* is, if any account there has something to lose."""
        if await self.revisions.knows(partner.url):
            with suppress(TimeoutError):
                async with asyncio.timeout(SIGN_IN):
                    return await whose(partner)
        return None

    def _compare_with_good(self, partner: Partner, desired: Desired, source: Source) -> None:
        """Compare by name, where nothing is known of the account: the last good revision is what is left."""
        before = None if self.desired is None else _earlier(partner, self.desired)
        if before is not None and self.desired is not None:
            refuse_shrunk(
                declared(self.desired, before.name),
                desired,
                partner,
                account=f"{partner.name} at {partner.url}",
                source=source.identity,
                released=self.released,
            )

    async def _check_ancestry(self, source: Source) -> None:
        old, new = self._grew_from, source.revision
        key = digest(["rewritten", source.identity, old, new])
        if old and key not in self.released and not await self.origin.advanced(old, new):
            raise PlanRefused(
                f"{source.identity}: {new} did not grow out of {old}: its history was rewritten, or it went "
                "back",
                key,
            )

    async def _take(self, source: Source, found: Decoded, counts: Mapping[str, Declared]) -> bool:
        self._seen = source.revision
        now = self.clock.now()
        known = self.desired is not None and source.revision == self.state.revision
        try:
            if not known or source.files != self.files:
                since = self.state.since if known else now
                await self.revisions.save_good(
                    source.identity, LastGood(source.revision, since, source.files)
                )
            for upstream, count in counts.items() if self.admits else ():
                await self.revisions.declare(upstream, count)
        except StoreError as error:  # a guard needs it: without it a restart could take less for all
            self._seen = ""
            self._trouble(error)
            return False
        self.accepted, self.files, self.refusal = found, source.files, None
        self._grew_from = source.revision
        since = self.state.since if known else now
        self.state = SourceState(source.identity, source.revision, since, now)
        return not known

    def _clear_error_if(self, seen: str) -> None:
        if seen == self.state.revision:
            self.refusal = None
            self.state = replace(
                self.state, read=self.clock.now(), error="", error_since=None, digest="", rejected=""
            )

    def _wait(self, error: Unsettled) -> None:
        since = self.clock.now() if self.state.waited is None else self.state.waited
        self.state = replace(self.state, waiting=str(error), waited=since)
        if not self.pending:
            self._trouble(error)

    def _rest(self) -> None:
        self.state = replace(self.state, waiting="", waited=None)

    def _unread(self, error: ControllerError) -> None:
        """Tell of it; afterwards a revision that was not taken is read anew, so that it is told of anew."""
        self._trouble(error, error.revision if isinstance(error, SourceError) else "")
        if self._seen != self.state.revision:
            self._seen = ""

    def _trouble(self, error: ControllerError, rejected: str = "") -> None:
        """Tell why what lies there is not taken; *rejected* is its revision, if that is what is wrong."""
        since = self.state.error_since if self.state.error_since is not None else self.clock.now()
        why = first(error.problems) if isinstance(error, ManifestError) else str(error)
        key = error.digest if isinstance(error, PlanRefused) else ""
        self.refusal = error
        self.state = replace(self.state, error=why, error_since=since, digest=key, rejected=rejected)


def _earlier(partner: Partner, desired: Desired) -> Partner | None:
    """Return the partner as it was declared before; a rehearsal elsewhere says nothing about it."""
    return next((p for p in desired.partners if (p.name, p.url) == (partner.name, partner.url)), None)
