"""Identity of the account that signed in, established before anything else is read or written."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Protocol, assert_never

from controller.core.identity import SignedIn, identify
from controller.errors import AccountError, Denied, Rejected
from controller.loop.ports import Reader, WriterLease
from controller.loop.rate_limiter import RateLimiter
from controller.model.account import AskAbout, Identified, Identity, KnownAccount, Unidentified
from controller.model.upstream import Upstream

_UNAUTHORIZED = 401


class Accounts(Protocol):
    """The accounts in the store (`edges.store.tables.accounts.AccountTable`), as used here."""

    async def settle(self, url: str, decide: Callable[[Sequence[KnownAccount]], Identity]) -> Identity: ...
    async def join(self, same: Upstream, into: Upstream) -> None: ...


class AccountStore(Protocol):
    @property
    def accounts(self) -> Accounts: ...
    def writer(self, upstream: str, timeout: float = 0.0) -> AbstractAsyncContextManager[WriterLease]: ...


async def identified(store: AccountStore, remote: Reader, limiter: RateLimiter, who: SignedIn) -> Upstream:
    """Return the account of *who*, as the store knows it, new or not.

    Raises AccountError if the account cannot be identified, or is another than the declared one. Raises
    Locked if two names turn out to be one account, and another process writes under one of them.
    """
    ours: dict[Upstream, bool] = {}
    while True:
        identity = await store.accounts.settle(who.url, partial(identify, who, ours=dict(ours)))
        match identity:
            case AskAbout(accounts):
                for account in accounts:
                    ours[account.upstream] = await _is_ours(remote, limiter, account)
            case Unidentified(message):
                raise AccountError(message)
            case Identified(upstream, _, same):
                for alias in same:
                    await _join(store, alias, upstream)
                return upstream
            case _:
                assert_never(identity)


async def _is_ours(remote: Reader, limiter: RateLimiter, account: KnownAccount) -> bool:
    """Return whether Gupshup shows an app of *account*: the apps of others are hidden. Denied on a 401."""
    limiter.upstream = account.upstream
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
    """Join two names under both writer locks: a process that writes under one of them caches its rows."""
    async with store.writer(into), store.writer(same):
        await store.accounts.join(same, into)
