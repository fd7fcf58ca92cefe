"""Loop of one partner: sign in, become its writer, run the worker; and begin again when the worker ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import assert_never

from controller.core.account.ends import ends_of
from controller.core.backoff import pass_backoff
from controller.core.replicas.election import Acquire, WaitUntil
from controller.edges import log
from controller.errors import ControllerError, Denied, Locked, PlanRefused, StoreError
from controller.loop.admission import admit, refuse_loss, resends
from controller.loop.ports import Account, Elections, Hints, Reader, SourceReads, Triggers
from controller.loop.run.control import OnPass, ignore_fetch, ignore_release
from controller.loop.run.replicas import SingleReplica
from controller.loop.run.sign_ins import PartnerSession, SignIn
from controller.loop.run.worker import EVENT, RELEASE, YIELD, Worker
from controller.model.account import AccountFacts
from controller.model.clock import Clock
from controller.model.manifest import Desired, Partner
from controller.model.passes import WHOLE_PARTNER, Lane, PartnerState, Pass, Timing
from controller.model.upstream import Upstream

ASK_AGAIN = 1.0
"""Seconds between two tries to become the writer of a partner that another process leads."""

GIVEN_WAY = 3.0
"""Seconds for which the writer lock is left to the process that asked for it: that one tries often."""

REFUSED_REST = 30.0
"""Seconds at most until a refused revision is tried again: a person may have released it meanwhile."""

STORE_REST = 5.0
"""Seconds at most between two tries to reach a store that is away: our own store bears many tries."""

_LEAST_PAUSE = 0.05

DENIALS = 3
"""Tries in a row that are refused, a minute apart; then one every quarter of an hour: accounts get locked."""


@dataclass(frozen=True, slots=True)
class LoopContext:
    """Context that every partner of a process shares. Once *stopping* is set, no loop begins anything new.

    *released* are digests of losses that a person agreed to; *on_release* takes further ones. *on_fetch*
    has the source read soon. With *ci* the
    store may begin anew with each run. *resent* holds by account the first answer of `resends`, which counts
    for the whole process. *store_words* name the store in commands.
    """

    sign_in: SignIn
    hints: Hints
    reads: SourceReads
    clock: Clock
    timing: Timing
    triggers: Triggers
    on_pass: OnPass
    chance: Callable[[], float]
    stopping: asyncio.Event
    elections: Elections = field(default_factory=SingleReplica)
    released: set[str] = field(default_factory=set)
    on_release: Callable[[str], None] = ignore_release
    on_fetch: Callable[[], None] = ignore_fetch
    ci: bool = False
    resent: dict[str, bool] = field(default_factory=dict)
    store_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceRefused:
    """Refusal of a revision that lost too much, and the time since when it is refused (epoch seconds)."""

    error: PlanRefused
    since: float


class PartnerLoop:
    def __init__(self, partner: Partner, desired: Desired, context: LoopContext) -> None:
        self.partner = partner
        self._desired = desired
        self._context = context
        self._worker: Worker | None = None
        self._account: Account[Reader] | None = None
        self._upstream = ""
        self._error = ""
        self._refusal: SourceRefused | None = None
        self._failures = self._denials = 0
        self._progressed_at = context.clock.now()
        self._leaving = False

    def leave(self) -> None:
        """End once the pass under way is over."""
        self._leaving = True

    def declare(self, desired: Desired) -> None:
        self._desired = desired
        if self._worker is not None:
            self._worker.declare(desired)

    @property
    def refusal(self) -> SourceRefused | None:
        """Reason why the revision may not act on the account; None if it may, or was not checked yet."""
        return self._refusal

    async def hint(self, names: Iterable[str]) -> bool:
        """Observe the app that has one of *names*; if another process leads the partner, leave it a hint."""
        names = tuple(names)
        known = self._worker.event(names) if self._worker is not None else await self._leave_hint(names)
        if known and self._upstream:
            with suppress(ControllerError):  # the note is for people: without it the hint is as good
                await self._context.hints.heard(self._upstream)
        return known

    async def _leave_hint(self, names: Iterable[str]) -> bool:
        keys = {key for app in self._desired.apps for key in (app.phone, app.app_name, app.app_id)}
        known = [name for name in names if name in keys]
        if known and self._upstream:
            # Under a name of its own: the hint must not replace what a person asked for.
            event = f"{EVENT} {known[0]}"
            await self._context.hints.leave(self._upstream, f":{event}", event)
        return bool(known)

    def awaits(self, names: Iterable[str]) -> bool:
        """Return whether one of *names* is an app that is under way, of a partner that this process leads."""
        return self._worker is not None and self._worker.awaits(names)

    def state(self) -> PartnerState:
        ends = ends_of(self.partner, self._account_facts())
        if self._worker is not None:
            return replace(self._worker.state(), ends=ends)
        return PartnerState(
            self.partner.name,
            self._upstream,
            apps=len(self._desired.apps),
            progressed_at=self._progressed_at,
            error=self._error,
            failures=self._failures,
            ends=ends,
        )

    def _account_facts(self) -> AccountFacts:
        return AccountFacts() if self._account is None else self._account.remote.account_facts

    async def run(self) -> None:
        """Run until the process stops, or `leave`. No error ends the loop."""
        while not self._over():
            began = self._context.clock.now()
            try:
                async with self._context.sign_in(self.partner) as session:
                    self._account, self._upstream = session.account, session.account.upstream
                    await self._lead_when_elected(session)
            except ControllerError as error:
                await self._pause(self._rest(error, began))
            except Exception as bug:  # noqa: BLE001  (a bug of ours must not end a partner's loop)
                log.logger().exception("partner crashed", partner=self.partner.name)
                await self._pause(self._rest(bug, began))

    def _rest(self, error: Exception, began: float) -> float:
        """Report *error*, and return the seconds to rest after it."""
        now = self._context.clock.now()
        self._failures += 1
        self._denials += isinstance(error, Denied)
        self._error = str(error)
        self._context.on_pass(self._failed(error, began, now))
        if isinstance(error, Denied):
            return 60.0 if self._denials < DENIALS else 900.0
        return pass_backoff(self._failures, self._context.chance())

    def _over(self) -> bool:
        return self._leaving or self._context.stopping.is_set()

    def _failed(self, error: Exception, began: float, now: float) -> Pass:
        return Pass(
            self.partner.name,
            self._upstream,
            WHOLE_PARTNER,
            Lane.CHANGED,
            self._desired.revision,
            began,
            now - began,
            error=str(error),
            error_kind=type(error).__name__,
        )

    async def _lead_when_elected(self, session: PartnerSession) -> None:
        """Run the worker each time this process becomes the writer, and wait between those times.

        Neither another writer, nor a refused loss, nor a store that is away ends the session: a sign-in is
        worth keeping.
        """
        with self._context.elections.candidacy(self._upstream):
            while not self._over():
                began = self._context.clock.now()
                try:
                    await self._elect(session)
                except Locked as error:
                    self._error = str(error)
                    await self._pause(ASK_AGAIN)
                except PlanRefused as error:
                    self._refusal = SourceRefused(error, self._refusal.since if self._refusal else began)
                    await self._pause(min(self._rest(error, began), REFUSED_REST))
                except StoreError as error:
                    await self._pause(min(self._rest(error, began), STORE_REST))

    async def _elect(self, session: PartnerSession) -> None:
        """Take the election's next step. Raises Locked if another process was faster."""
        match self._context.elections.next_step(self._upstream):
            case WaitUntil(until, blind):
                if not blind:
                    self._failures = self._denials = 0
                    self._error, self._refusal = "", None
                await self._pause(max(_LEAST_PAUSE, min(ASK_AGAIN, until - self._context.clock.now())))
            case Acquire():
                await self._lead_once(session)
            case other:
                assert_never(other)

    async def _lead_once(self, session: PartnerSession) -> None:
        async with self._writing(session) as account:
            await self._admit(account)
            if account.upstream not in self._context.resent:
                self._context.resent[account.upstream] = await resends(account, ci=self._context.ci)
            self._error, self._refusal = "", None
            await self._work(account)
        await self._pause(GIVEN_WAY)

    async def _admit(self, account: Account[Reader]) -> None:
        """Check again whether the revision may act: another process may have declared more meanwhile."""
        await self._take_releases(account.upstream)
        revisions, released = account.store.revisions, self._context.released
        check = admit if self._context.timing.enforce else refuse_loss
        await check(revisions, account.upstream, self.partner, self._desired, released)

    async def _take_releases(self, upstream: Upstream) -> None:
        """Take the digests that other processes left. The worker takes what else they left."""
        for hint in await self._context.hints.take(upstream) if self._context.timing.enforce else ():
            kind, _, digest = hint.kind.partition(" ")
            if kind == RELEASE:
                self._context.on_release(digest)
            if kind != YIELD:  # whoever wants the lock repeats it
                await self._context.hints.leave(upstream, hint.app, hint.kind)

    @asynccontextmanager
    async def _writing(self, session: PartnerSession) -> AsyncIterator[Account[Reader]]:
        if not self._context.timing.enforce:
            yield session.account
            return
        async with session.writing() as account:
            await account.store.intents.adopt_orphans(account.upstream)
            yield account

    async def _work(self, account: Account[Reader]) -> None:
        context = self._context
        self._worker = Worker(
            account,
            hints=context.hints,
            timing=replace(context.timing, resend=context.resent[account.upstream]),
            triggers=context.triggers,
            on_pass=context.on_pass,
            chance=context.chance,
            on_release=context.on_release,
            on_fetch=context.on_fetch,
        )
        try:
            self._worker.declare(self._desired)
            await self._worker.run(self._over)
        finally:
            if self._worker.state().listed_at:  # an admission alone is no success
                self._failures = self._denials = 0
            self._worker = None

    async def _pause(self, seconds: float) -> None:
        """Wait *seconds*, or less if the process stops."""
        until = self._context.clock.now() + seconds
        while (left := until - self._context.clock.now()) > 0 and not self._over():
            self._progressed_at = self._context.clock.now()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, ASK_AGAIN)):
                    await self._context.stopping.wait()
