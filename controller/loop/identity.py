"""Find out whose account it is that signed in, before anything else is asked or sent."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Protocol, assert_never

from controller.core.identity import SignedIn, identify
from controller.errors import AccountError, Denied, Rejected
from controller.loop.ports import Hold, Reader
from controller.loop.rate_limiter import RateLimiter
from controller.model.account import AskAbout, Identified, Identity, KnownAccount, Unidentified
from controller.model.upstream import Upstream

_UNAUTHORIZED = 401


class Accounts(Protocol):
    """What is asked of the store's accounts (`edges.store.tables.accounts.AccountTable`)."""

    async def settle(self, url: str, decide: Callable[[Sequence[KnownAccount]], Identity]) -> Identity: ...
    async def join(self, same: Upstream, into: Upstream) -> None: ...


class AccountStore(Protocol):
    @property
    def accounts(self) -> Accounts: ...
    def writer(self, upstream: str, timeout: float = 0.0) -> AbstractAsyncContextManager[Hold]: ...


async def identified(store: AccountStore, remote: Reader, gate: RateLimiter, who: SignedIn) -> Upstream:
    """Return the account that *who* is, as the store knows it, new or not.

    Raises AccountError where that cannot be told, or is told otherwise than declared; Locked where two names
    turned out to be one account, and another process writes under one of them.
    """
    ours: dict[Upstream, bool] = {}
    while True:
        found = await store.accounts.settle(who.url, partial(identify, who, ours=dict(ours)))
        match found:
            case AskAbout(accounts):
                for account in accounts:
                    ours[account.upstream] = await _is_ours(remote, gate, account)
            case Unidentified(message):
                raise AccountError(message)
            case Identified(upstream, _, same):
                for each in same:
                    await _join(store, each, upstream)
                return upstream
            case _:
                assert_never(found)


async def _is_ours(remote: Reader, gate: RateLimiter, account: KnownAccount) -> bool:
    """Ask Gupshup for an app of *account*, at its pace: it shows nobody the apps of others."""
    gate.upstream = account.upstream
    for app in account.apps:
        try:
            await remote.details(app)
        except Rejected as error:
            if error.status == _UNAUTHORIZED:
                raise Denied(f"{error}; check the partner's credentials") from error
        else:
            return True
    return False


async def _join(store: AccountStore, same: Upstream, into: Upstream) -> None:
    """Join two names; whoever writes under one of them knows its rows by heart, so nobody may."""
    async with store.writer(into), store.writer(same):
        await store.accounts.join(same, into)
