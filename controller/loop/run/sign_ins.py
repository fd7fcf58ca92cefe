"""Sign-ins ahead of time: only a sign-in shows whose account a partner is."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from controller.errors import ControllerError
from controller.loop.ports import Account, Reader, Writer
from controller.model.manifest import Partner
from controller.model.problem import ENVIRONMENT


class PartnerSession(Protocol):
    """A partner that is signed in. No other sign-in is needed while the session lasts."""

    @property
    def account(self) -> Account[Reader]:
        """The account, only for reading."""
        ...

    def writing(self, lock_timeout: float = 0.0) -> AbstractAsyncContextManager[Account[Writer]]:
        """Be the partner's one writer. Raises Locked if another process is, for *lock_timeout* seconds."""
        ...


SignIn = Callable[[Partner], AbstractAsyncContextManager[PartnerSession]]


@dataclass(slots=True)
class _Early:
    """Outcome of a sign-in ahead of time, for the next `sign_in`."""

    partner: Partner
    outcome: PartnerSession | ControllerError
    stack: AsyncExitStack


@dataclass(slots=True)
class SignIns:
    """Signs partners in by *by*, and returns whose account each one is. One sign-in serves both."""

    by: SignIn
    _known: dict[str, tuple[Partner, str]] = field(default_factory=dict)
    _early: dict[str, _Early] = field(default_factory=dict)

    async def account_of(self, partner: Partner) -> str | None:
        """Return the upstream of *partner*, None if the sign-in failed. Signs in if that was not done yet.

        A failed sign-in is not tried again before `sign_in` has raised its error: accounts get locked.
        """
        bare = _bare(partner)
        known = self._known.get(bare.name)
        if known is not None and known[0] == bare:
            return known[1]
        early = self._early.get(bare.name)
        if early is None or early.partner != bare:
            await self._drop(bare.name)
            early = self._early[bare.name] = await self._signed_in(partner)
        return None if isinstance(early.outcome, ControllerError) else self._learn(bare, early.outcome)

    @asynccontextmanager
    async def sign_in(self, partner: Partner) -> AsyncIterator[PartnerSession]:
        """Be signed in, by an earlier sign-in if one was made. Raises the error of the sign-in."""
        bare = _bare(partner)
        early = self._early.pop(bare.name, None)
        if early is None or early.partner != bare:
            if early is not None:
                await early.stack.aclose()
            early = await self._signed_in(partner)
        async with early.stack:
            if isinstance(early.outcome, ControllerError):
                raise early.outcome
            self._learn(bare, early.outcome)
            yield early.outcome

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the sessions that no `sign_in` took over."""
        for name in list(self._early):
            await self._drop(name)

    async def _signed_in(self, partner: Partner) -> _Early:
        stack, bare = AsyncExitStack(), _bare(partner)
        try:
            return _Early(bare, await stack.enter_async_context(self.by(partner)), stack)
        except ControllerError as error:
            return _Early(bare, error, stack)

    def _learn(self, bare: Partner, session: PartnerSession) -> str:
        self._known[bare.name] = bare, session.account.upstream
        return session.account.upstream

    async def _drop(self, name: str) -> None:
        early = self._early.pop(name, None)
        if early is not None:
            await early.stack.aclose()


def _bare(partner: Partner) -> Partner:
    """Return *partner* without its place in a file: a moved line is no other account."""
    return replace(partner, place=ENVIRONMENT)
