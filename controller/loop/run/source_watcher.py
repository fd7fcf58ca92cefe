"""Source of a process that never stops: the last good revision, and why a newer one is rejected.

A bad, empty or shrunken revision leaves the last good one in force, over restarts too: half a source deletes
things.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from controller.core.planning.digest import digest
from controller.core.planning.source_guard import Refusals, begins, lasting, refuse_empty, refuse_shrunk
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
"""Seconds after which a source that is still being written counts as an error, and is not waited for."""

SIGN_IN = 20.0
"""Seconds that a new revision waits at most for a sign-in that shows the account of a partner."""


class SourceReader(Protocol):
    """Reader of the manifests at one place."""

    @property
    def identity(self) -> str: ...

    async def read(self, known: str, /) -> Source | None:
        """Return the whole source, None if its revision is still *known* and its place the same.

        Raises Unsettled if the source is being written, and SourceError.
        """
        ...

    async def advanced(self, old: str, new: str) -> bool:
        """Return whether *new* grew out of *old*; always True for a source without a history."""
        ...


Decode = Callable[[Source], Awaitable[Decoded]]
AccountOf = Callable[[Partner], Awaitable[str | None]]
"""Returns the account of a partner, None if it is unknown now."""


async def unknown_account(_: Partner) -> str | None:
    return None


@dataclass(slots=True)
class SourceWatcher:
    """Watches one source. *released* are digests that let through what lost too much or was rewritten.

    With *admits*, an accepted revision is stored as what its accounts declare. It is False in a process that
    only observes.

    *accepted* and *files* are those of one revision, the last good one. *refusal* is why the newest revision
    is rejected, None if it is accepted or still waited for.
    """

    origin: SourceReader
    revisions: Revisions
    decode: Decode
    clock: Clock
    released: set[str] = field(default_factory=set)
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
        decoded = await self.decode(Source(identity, good.revision, good.files))
        if decoded.desired is not None:  # rules may have become stricter since
            self.accepted, self.files = decoded, good.files
            self.state = SourceState(identity, good.revision, good.at)

    @property
    def desired(self) -> Desired | None:
        """The declaration of the last good revision, None if there was none yet."""
        return self.accepted.desired

    def release(self, digest: str) -> None:
        """Let through what *digest* names; what is refused now is read again."""
        self.released.add(digest)
        if self.refusal is not None:
            self._seen = ""

    @property
    def pending(self) -> bool:
        """Return whether the last good revision waits for one that has been in writing for less than LONG."""
        waited = self.state.waited
        return waited is not None and self.clock.now() - waited < LONG

    async def read(self, account_of: AccountOf = unknown_account) -> bool:
        """Read the source; return whether it declares something new."""
        try:
            source = await self.origin.read(self._seen)
        except Unsettled as error:
            self._note_waiting(error)
            return False
        except ControllerError as error:
            self._clear_waiting()
            self._read_failed(error)
            return False
        self._clear_waiting()
        if source is None:
            self._clear_error_if(self._seen)
            return False
        try:
            decoded, counts = await self._checked(source, account_of)
        except (ManifestError, PlanRefused) as error:
            self._note_error(error, source.revision)
            return False
        except ControllerError as error:
            self._note_error(error)
            return False
        return await self._take(source, decoded, counts)

    async def _checked(self, source: Source, account_of: AccountOf) -> tuple[Decoded, Mapping[str, Declared]]:
        """Return what *source* declares, and how much of it for each account that is known.

        Raises ManifestError or PlanRefused if *source* must not be accepted, and SourceError or StoreError.
        """
        decoded = await self.decode(source)
        if decoded.desired is None:
            self._seen = source.revision
            raise ManifestError(decoded.problems)
        if source.revision == self.state.revision:
            return decoded, {}
        await refuse_half_written(self.revisions, source)
        refusals = Refusals()
        with refusals:
            if (self._grew_from and self.desired is None) or not begins(decoded.desired, self.desired):
                refuse_empty(decoded.desired, source.identity, self.released)
        with refusals:
            await self._check_ancestry(source)
        counts = await self._count_and_compare(decoded.desired, source, account_of, refusals)
        refusals.refuse()
        return decoded, counts

    async def _count_and_compare(
        self, desired: Desired, source: Source, account_of: AccountOf, refusals: Refusals
    ) -> Mapping[str, Declared]:
        """Count *desired* by account, and gather a refusal for each account that lost too much."""
        counts: dict[str, Declared] = {}
        for partner in desired.partners:
            upstream = await self._known_account(partner, account_of)
            with refusals:
                if upstream is not None:
                    counts[upstream] = lasting(desired, partner.name)
                    await refuse_loss(self.revisions, upstream, partner, desired, self.released)
                if upstream is None or await self.revisions.declared(upstream) is None:
                    self._compare_with_good(partner, desired, source)
        return counts

    async def _known_account(self, partner: Partner, account_of: AccountOf) -> str | None:
        """Return the account of *partner*. None if unknown, or if no declaration at its URL is stored."""
        if await self.revisions.knows(partner.url):
            with suppress(TimeoutError):
                async with asyncio.timeout(SIGN_IN):
                    return await account_of(partner)
        return None

    def _compare_with_good(self, partner: Partner, desired: Desired, source: Source) -> None:
        """Compare by name with the last good revision, if the store knows no declaration of the account."""
        before = None if self.desired is None else _earlier(partner, self.desired)
        if before is not None and self.desired is not None:
            refuse_shrunk(
                lasting(self.desired, before.name),
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

    async def _take(self, source: Source, decoded: Decoded, counts: Mapping[str, Declared]) -> bool:
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
        except StoreError as error:  # without the record a restart could take a shrunken source
            self._seen = ""
            self._note_error(error)
            return False
        self.accepted, self.files, self.refusal = decoded, source.files, None
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

    def _note_waiting(self, error: Unsettled) -> None:
        since = self.clock.now() if self.state.waited is None else self.state.waited
        self.state = replace(self.state, waiting=str(error), waited=since)
        if not self.pending:
            self._note_error(error)

    def _clear_waiting(self) -> None:
        self.state = replace(self.state, waiting="", waited=None)

    def _read_failed(self, error: ControllerError) -> None:
        """Note *error*. A rejected revision is read again later, so that its own error is noted again."""
        self._note_error(error, error.revision if isinstance(error, SourceError) else "")
        if self._seen != self.state.revision:
            self._seen = ""

    def _note_error(self, error: ControllerError, rejected: str = "") -> None:
        """Note why the newest revision is rejected; *rejected* names it if its content is the reason."""
        since = self.state.error_since if self.state.error_since is not None else self.clock.now()
        why = first(error.problems) if isinstance(error, ManifestError) else str(error)
        key = error.digest if isinstance(error, PlanRefused) else ""
        self.refusal = error
        self.state = replace(self.state, error=why, error_since=since, digest=key, rejected=rejected)


def _earlier(partner: Partner, desired: Desired) -> Partner | None:
    """Return the partner as declared before at the same URL: a rehearsal at another URL does not count."""
    return next((p for p in desired.partners if (p.name, p.url) == (partner.name, partner.url)), None)
