"""Sign-ins that are made before they are needed: whose account a partner is, is known to nobody before."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from controller.errors import ControllerError
from controller.loop.ports import Account, Reader, Writer
from controller.model.manifest import Partner
from controller.model.problem import ENVIRONMENT


class PartnerSession(Protocol):
    """A partner that is signed in: as long as it is, no other sign-in is needed."""

    @property
    def account(self) -> Account[Reader]:
        """Only for looking."""
        ...

    def writing(self, lock_timeout: float = 0.0) -> AbstractAsyncContextManager[Account[Writer]]:
        """Be the partner's one writer. Raises Locked where another process is, for *lock_timeout* seconds."""
        ...


SignIn = Callable[[Partner], AbstractAsyncContextManager[PartnerSession]]


@dataclass(slots=True)
class _Early:
    """What a sign-in ahead of time came to, for whoever signs in next."""

    partner: Partner
    found: PartnerSession | ControllerError
    stack: AsyncExitStack


@dataclass(slots=True)
class SignIns:
    """Signs partners in by *sign_in*, and tells whose account they are. One sign-in serves both."""

    by: SignIn
    _known: dict[str, tuple[Partner, str]] = field(default_factory=dict)
    _early: dict[str, _Early] = field(default_factory=dict)

    async def account_of(self, partner: Partner) -> str | None:
        """Return the upstream of *partner*, None where nobody can tell now. Signs in where nobody has yet.

        One that failed is not tried again before somebody stood: accounts get locked.
        """
        bare = _bare(partner)
        known = self._known.get(bare.name)
        if known is not None and known[0] == bare:
            return known[1]
        early = self._early.get(bare.name)
        if early is None or early.partner != bare:
            await self._drop(bare.name)
            early = self._early[bare.name] = await self._signed_in(partner)
        return None if isinstance(early.found, ControllerError) else self._learn(bare, early.found)

    @asynccontextmanager
    async def sign_in(self, partner: Partner) -> AsyncIterator[PartnerSession]:
        """Be signed in, by a sign-in of before where there is one. Raises what that, or a new one, met."""
        bare = _bare(partner)
        early = self._early.pop(bare.name, None)
        if early is None or early.partner != bare:
            if early is not None:
                await early.stack.aclose()
            early = await self._signed_in(partner)
        async with early.stack:
            if isinstance(early.found, ControllerError):
                raise early.found
            self._learn(bare, early.found)
            yield early.found

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the sign-ins that nobody took."""
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
    """Return *partner* wherever it stands: a moved line is no other account."""
    return replace(partner, place=ENVIRONMENT)
