"""The runtime of one process, and the sign-ins of its partners.

Only this module joins the loop and the concrete classes of the edges.
"""

import asyncio
import getpass
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from controller.core.identity import SignedIn
from controller.doors.tokens import (
    OnWarning,
    learn_account,
    log_warning,
    login_key,
    random_suffix,
    source_of_tokens,
)
from controller.edges.clock import SystemClock
from controller.edges.gupshup import GupshupReader, GupshupWriter, Network, SourceOfTokens, reader, writer
from controller.edges.secrets import reveal_credential, reveal_header
from controller.edges.store import SqlStore, WriterLock, chosen_location, look_into, open_store, store_words
from controller.errors import AccountError, Busy, StoreError
from controller.loop import ports
from controller.loop.identity import identified
from controller.loop.ports import Account, Elections
from controller.loop.rate_limiter import RateLimiter
from controller.loop.run.replicas import ReplicaMember, SingleReplica
from controller.loop.run.sign_ins import SignIn
from controller.loop.run.worker import HANDOVER
from controller.model.manifest import Login, Partner, Reference
from controller.model.ratelimit import OnCall, ignore_call
from controller.model.secret import Secret
from controller.model.upstream import Upstream

LONGEST_SIGN_IN_WAIT = 70.0
"""Seconds that a sign-in may wait for its rate limit: a little more than Gupshup's window."""

_ASK_EVERY = 3.0
"""Seconds between two requests to hand over the writer lock."""

ReaderT = TypeVar("ReaderT", bound=GupshupReader)


@dataclass(slots=True)
class WritePermit:
    """Permission to write, while the client holds the writer *lock* and the process is not stopping."""

    lock: WriterLock | None = None
    stopping: Callable[[], bool] = lambda: False

    def holds(self) -> bool:
        return self.lock is not None and not self.stopping() and self.lock.holds()


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that all accounts of one process share. The history of writes names *who* and *revision*.

    *on_call* is called after every call to Gupshup. *signed_in* maps each account to the name of its Partner.
    *endless*: the process never stops by itself, so that it keeps its tokens in a new store, too. *warn* is
    called with a partner's name and a warning about its credentials. *suffix* ends the names of new tokens.
    *store_words* name the store in a command for another shell.
    """

    store: SqlStore
    clock: SystemClock
    network: Network
    environ: Mapping[str, str]
    who: str
    revision: str
    on_call: OnCall = ignore_call
    signed_in: dict[Upstream, str] = field(default_factory=dict)
    endless: bool = False
    warn: OnWarning = log_warning
    suffix: Callable[[], str] = random_suffix
    store_words: tuple[str, ...] = ()

    def secret(self, reference: Reference) -> Secret:
        return reveal_credential(reference, self.environ)


def open_runtime(
    store: str | None,
    network: Network,
    environ: Mapping[str, str],
    *,
    verb: str,
    revision: str,
    read_only: bool = False,
) -> Runtime:
    """Open the store (None: the usual place) and everything else that is shared. Raises StoreError or Usage.

    *read_only*: the verb writes nothing to Gupshup, so the store need not be writable.
    """
    clock = SystemClock()
    location = chosen_location(store, environ, Path.cwd())
    opened = (look_into if read_only else open_store)(location, clock)
    who, words = f"{verb} by {_user()}", store_words(store)
    return Runtime(opened, clock, network, environ, who, revision, store_words=words)


@asynccontextmanager
async def open_reader(runtime: Runtime, partner: Partner) -> AsyncIterator[Account[GupshupReader]]:
    """Sign in for reading: the account that is yielded cannot write. Raises Denied or Busy."""
    limiter = _limiter(runtime, partner)
    async with reader(
        partner,
        reveal=runtime.secret,
        limiter=limiter,
        clock=runtime.clock,
        network=runtime.network,
        tokens=_tokens(runtime, partner),
    ) as remote:
        upstream = await _signed_in(runtime, partner, remote, limiter)
        with _one_partner(runtime, partner, upstream):
            yield _account(runtime, partner, upstream, remote)


@asynccontextmanager
async def open_writer(
    runtime: Runtime, partner: Partner, *, lock_timeout: float, sign_in: SignIn | None = None
) -> AsyncIterator[Account[ports.Writer]]:
    """Sign in, by *sign_in* if it is given, and become the partner's one writer.

    Raises Denied or Busy, and Locked after *lock_timeout* seconds.
    """
    sign_in = sign_in or partial(open_session, runtime)
    async with sign_in(partner) as session, AsyncExitStack() as stack:
        asking = asyncio.create_task(
            ask_for_handover(runtime.store, session.account.upstream, lock_timeout, runtime.clock)
        )
        try:
            account = await stack.enter_async_context(session.writing(lock_timeout))
        finally:
            asking.cancel()
        yield account


async def ask_for_handover(store: SqlStore, upstream: str, lock_timeout: float, clock: SystemClock) -> None:
    """Request the writer lock from its holder, until *lock_timeout* is over.

    The request is repeated, because another process may take the lock first.
    """
    give_up = clock.monotonic() + lock_timeout
    while clock.monotonic() < give_up:
        with suppress(StoreError):  # the lock is in the same store: the error shows there
            await store.hints.leave(upstream, *HANDOVER)
        await clock.sleep(_ASK_EVERY)


@dataclass(slots=True)
class LockingSession:
    """A partner that is signed in: *account* can read, and can write inside `writing`."""

    account: Account[GupshupWriter]
    permit: WritePermit
    runtime: Runtime

    @asynccontextmanager
    async def writing(self, lock_timeout: float = 0.0) -> AsyncIterator[Account[GupshupWriter]]:
        """Become the partner's only writer. Raises Locked after *lock_timeout* seconds, Busy to sign in anew.

        Raises AccountError if another Partner of this process writes for the same account.
        """
        upstream, store = self.account.upstream, self.runtime.store
        with _one_partner(self.runtime, self.account.partner, upstream):
            async with store.writer(upstream, lock_timeout) as lock:
                if not await store.accounts.knows(upstream):
                    why = "is another name of an account, as is known now: this process signs in again"
                    raise Busy(f"{upstream} {why}")
                self.permit.lock = lock
                yield replace(self.account, holds=self.permit.holds)


@asynccontextmanager
async def open_session(
    runtime: Runtime, partner: Partner, stopping: Callable[[], bool] = lambda: False
) -> AsyncIterator[LockingSession]:
    """Sign in, and stay so: the session can become the writer many times. Raises Denied or Busy."""
    limiter, permit = _limiter(runtime, partner), WritePermit(stopping=stopping)
    async with writer(
        partner,
        reveal=runtime.secret,
        limiter=limiter,
        clock=runtime.clock,
        network=runtime.network,
        holds=permit.holds,
        tokens=_tokens(runtime, partner),
    ) as remote:
        upstream = await _signed_in(runtime, partner, remote, limiter)
        yield LockingSession(_account(runtime, partner, upstream, remote), permit, runtime)


@asynccontextmanager
async def join_replicas(
    runtime: Runtime, stopping: asyncio.Event, *, enforce: bool
) -> AsyncIterator[Elections]:
    """Join the replicas that share this store until *stopping* is set. Without shared leases, run alone.

    If the heartbeat ends early, *stopping* is set and the process stops.
    """
    replicas = runtime.store.replicas
    if replicas is None or not enforce:
        yield SingleReplica()
        return
    member = ReplicaMember(replicas, runtime.clock, stopping)
    heartbeat = asyncio.create_task(member.run())
    heartbeat.add_done_callback(lambda _: stopping.set())
    try:
        yield member
    finally:
        stopping.set()
        await heartbeat


def _tokens(runtime: Runtime, partner: Partner) -> SourceOfTokens:
    return source_of_tokens(
        partner,
        runtime.store,
        clock=runtime.clock,
        reveal=runtime.secret,
        endless=runtime.endless,
        warn=runtime.warn,
        suffix=runtime.suffix,
    )


def _limiter(runtime: Runtime, partner: Partner) -> RateLimiter:
    return RateLimiter(
        runtime.store.calls,
        runtime.clock,
        account=login_key(partner, runtime.secret),
        limits=partner.limits,
        on_call=runtime.on_call,
    )


@contextmanager
def _one_partner(runtime: Runtime, partner: Partner, upstream: Upstream) -> Iterator[None]:
    """Refuse a second Partner for the same account: an account has one lock and one set of guards."""
    first = runtime.signed_in.setdefault(upstream, partner.name)
    if first != partner.name:
        raise AccountError(
            f"the Partners {first} and {partner.name} are one account ({upstream}): nothing was done for "
            f"{partner.name}; declare it once, and name that Partner in its apps"
        )
    try:
        yield
    finally:
        runtime.signed_in.pop(upstream, None)


async def _signed_in(
    runtime: Runtime, partner: Partner, remote: GupshupReader, limiter: RateLimiter
) -> Upstream:
    """Sign in, and return the account that was opened. Raises AccountError if it stays unknown."""
    who = SignedIn(partner.url, partner.partner_id, await _partner_id(runtime, remote))
    limiter.upstream = await identified(runtime.store, remote, limiter, who)
    if isinstance(partner.credentials, Login):
        await runtime.store.accounts.opened(login_key(partner, runtime.secret), limiter.upstream)
    await learn_account(runtime.store, remote, limiter.upstream)
    return limiter.upstream


async def _partner_id(runtime: Runtime, remote: GupshupReader) -> str:
    """Sign in and return the partner id. If sign-ins are rate limited now, wait once and try again."""
    try:
        return await remote.sign_in()
    except Busy as error:
        pause = 0.0 if error.until is None else error.until - runtime.clock.now()
        if not 0 < pause < LONGEST_SIGN_IN_WAIT:
            raise
        await runtime.clock.sleep(pause)
        return await remote.sign_in()


def _account(runtime: Runtime, partner: Partner, upstream: Upstream, remote: ReaderT) -> Account[ReaderT]:
    return Account(
        partner=partner,
        upstream=upstream,
        remote=remote,
        store=runtime.store,
        clock=runtime.clock,
        reveal=partial(reveal_header, environ=runtime.environ),
        who=runtime.who,
        revision=runtime.revision,
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "an unnamed user"
