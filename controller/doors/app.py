"""Where the rooms are joined: the only module that names concrete classes of the edges."""

import asyncio
import getpass
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from controller.core.identity import SignedIn
from controller.edges.clock import SystemClock
from controller.edges.gupshup import GupshupReader, GupshupWriter, Network, reader, writer
from controller.edges.secrets import reveal_credential, reveal_header
from controller.edges.store import SqlStore, WriterLock, chosen_location, look_into, open_store
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

SIGN_IN_PATIENCE = 70.0
"""Seconds for which a run waits for its turn to sign in: a little more than Gupshup's window."""

_ASK_EVERY = 3.0

ReaderT = TypeVar("ReaderT", bound=GupshupReader)


@dataclass(slots=True)
class WritePermit:
    """Whether a client may write: not before it was signed in and *by* is held, nor after that was lost.

    Nor once its process is *stopping*.
    """

    by: WriterLock | None = None
    stopping: Callable[[], bool] = lambda: False

    def holds(self) -> bool:
        return self.by is not None and not self.stopping() and self.by.holds()


@dataclass(frozen=True, slots=True)
class Runtime:
    """What every partner's account in one process shares; *who* and *revision* stand in the history.

    *heard* is told of every call to Gupshup. *signed_in* are the accounts, each with its Partner's name.
    """

    store: SqlStore
    clock: SystemClock
    network: Network
    environ: Mapping[str, str]
    who: str
    revision: str
    heard: OnCall = ignore_call
    signed_in: dict[Upstream, str] = field(default_factory=dict)

    def secret(self, reference: Reference) -> Secret:
        return reveal_credential(reference, self.environ)


def open_runtime(
    store: str | None,
    network: Network,
    environ: Mapping[str, str],
    *,
    verb: str,
    revision: str,
    looks: bool = False,
) -> Runtime:
    """Open the store (None: the usual place) and whatever else is shared. Raises StoreError or Usage.

    *looks*: nothing is to be written to Gupshup, so that the store need not be writable.
    """
    clock = SystemClock()
    place = chosen_location(store, environ, Path.cwd())
    opened = (look_into if looks else open_store)(place, clock)
    return Runtime(opened, clock, network, environ, f"{verb} by {_user()}", revision)


@asynccontextmanager
async def open_reader(house: Runtime, partner: Partner) -> AsyncIterator[Account[GupshupReader]]:
    """Sign in to look: what comes out cannot write. Raises Denied or Busy."""
    gate = _gate(house, partner)
    async with reader(
        partner, reveal=house.secret, limiter=gate, clock=house.clock, network=house.network
    ) as remote:
        upstream = await _signed_in(house, partner, remote, gate)
        with _only(house, partner, upstream):
            yield _account(house, partner, upstream, remote)


@asynccontextmanager
async def open_writer(
    house: Runtime, partner: Partner, *, lock_timeout: float, stand: SignIn | None = None
) -> AsyncIterator[Account[ports.Writer]]:
    """Sign in, by *stand* where it is given, and become the partner's one writer.

    Raises Denied or Busy, and Locked after *lock_timeout* seconds.
    """
    stand = stand or partial(open_session, house)
    async with stand(partner) as session, AsyncExitStack() as stack:
        asking = asyncio.create_task(_ask(house, session.account.upstream, lock_timeout))
        try:
            account = await stack.enter_async_context(session.writing(lock_timeout))
        finally:
            asking.cancel()
        yield account


async def _ask(house: Runtime, upstream: Upstream, lock_timeout: float) -> None:
    """Ask whoever holds the lock to give way, again and again: another one may have taken it before us."""
    give_up = house.clock.monotonic() + lock_timeout
    while house.clock.monotonic() < give_up:
        with suppress(StoreError):  # the lock lies in the same store
            await house.store.hints.leave(upstream, *HANDOVER)
        await house.clock.sleep(_ASK_EVERY)


@dataclass(slots=True)
class LockingSession:
    """A partner that is signed in: *account* may look, and write while `writing`."""

    account: Account[GupshupWriter]
    held: WritePermit
    house: Runtime

    @asynccontextmanager
    async def writing(self, lock_timeout: float = 0.0) -> AsyncIterator[Account[GupshupWriter]]:
        """Be the partner's one writer. Raises Locked after *lock_timeout* seconds, Busy to sign in anew.

        Also AccountError where another Partner of this process writes for the same account.
        """
        upstream, store = self.account.upstream, self.house.store
        with _only(self.house, self.account.partner, upstream):
            async with store.writer(upstream, lock_timeout) as hold:
                if not await store.accounts.knows(upstream):
                    why = "was found to be another name of an account: it is signed in to anew"
                    raise Busy(f"{upstream} {why}")
                self.held.by = hold
                yield replace(self.account, holds=self.held.holds)


@asynccontextmanager
async def open_session(
    house: Runtime, partner: Partner, stopping: Callable[[], bool] = lambda: False
) -> AsyncIterator[LockingSession]:
    """Sign in, to become the writer as often as that may be. Raises Denied or Busy."""
    gate, held = _gate(house, partner), WritePermit(stopping=stopping)
    async with writer(
        partner, reveal=house.secret, limiter=gate, clock=house.clock, network=house.network, holds=held.holds
    ) as remote:
        upstream = await _signed_in(house, partner, remote, gate)
        yield LockingSession(_account(house, partner, upstream, remote), held, house)


@asynccontextmanager
async def join_replicas(
    house: Runtime, stopping: asyncio.Event, *, enforce: bool
) -> AsyncIterator[Elections]:
    """Be one of the replicas that share the store, until *stopping*; where there are none, be alone.

    It never ends before; where it does all the same, so does the process.
    """
    replicas = house.store.replicas
    if replicas is None or not enforce:
        yield SingleReplica()
        return
    shared = ReplicaMember(replicas, house.clock, stopping)
    keeping = asyncio.create_task(shared.run())
    keeping.add_done_callback(lambda _: stopping.set())
    try:
        yield shared
    finally:
        stopping.set()
        await keeping


def _gate(house: Runtime, partner: Partner) -> RateLimiter:
    return RateLimiter(
        house.store.calls,
        house.clock,
        account=_login_key(house, partner),
        limits=partner.limits,
        heard=house.heard,
    )


@contextmanager
def _only(house: Runtime, partner: Partner, upstream: Upstream) -> Iterator[None]:
    """Keep out a second Partner that is the same account: their guards and their lock are one."""
    first = house.signed_in.setdefault(upstream, partner.name)
    if first != partner.name:
        raise AccountError(
            f"the Partners {first} and {partner.name} are one account ({upstream}): nothing was done for "
            f"{partner.name}; declare it once, and name that Partner in its apps"
        )
    try:
        yield
    finally:
        house.signed_in.pop(upstream, None)


async def _signed_in(house: Runtime, partner: Partner, remote: GupshupReader, gate: RateLimiter) -> Upstream:
    """Sign in, and find out whose account it is. Raises AccountError where nobody tells."""
    who = SignedIn(partner.url, partner.partner_id, await _told(house, remote))
    gate.upstream = await identified(house.store, remote, gate, who)
    if isinstance(partner.credentials, Login):
        await house.store.accounts.opened(_login_key(house, partner), gate.upstream)
    return gate.upstream


async def _told(house: Runtime, remote: GupshupReader) -> str:
    """Sign in, after a wait where this account has just signed in too often; return the id that is told."""
    try:
        return await remote.sign_in()
    except Busy as error:
        pause = 0.0 if error.until is None else error.until - house.clock.now()
        if not 0 < pause < SIGN_IN_PATIENCE:
            raise
        await house.clock.sleep(pause)
        return await remote.sign_in()


def _account(house: Runtime, partner: Partner, upstream: Upstream, remote: ReaderT) -> Account[ReaderT]:
    return Account(
        partner=partner,
        upstream=upstream,
        remote=remote,
        store=house.store,
        clock=house.clock,
        reveal=partial(reveal_header, environ=house.environ),
        who=house.who,
        revision=house.revision,
    )


def _login_key(house: Runtime, partner: Partner) -> str:
    """Name the way to sign in: sign-ins are counted under it until it is known whose account it opens."""
    match partner.credentials:
        case Login(email):
            text = house.secret(email).reveal().strip().lower()
            return f"{partner.url} login {hashlib.sha256(text.encode()).hexdigest()[:16]}"
        case _:
            return f"{partner.url} token"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "an unnamed user"
