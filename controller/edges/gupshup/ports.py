"""Ports of the client: permission to send and the partner's token, which the loop gives."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from controller.edges.gupshup.auth.tokens import IssuedToken
from controller.model.account import AccountFacts
from controller.model.manifest import AppId, Bucket
from controller.model.secret import Secret


class CallPermit(Protocol):
    """One call that may be sent now."""

    def answered(self, status: int, retry_after: float | None) -> None:
        """Note the HTTP status. *retry_after* is in seconds from now, never negative, as Gupshup sent it."""
        ...


class CallLimiter(Protocol):
    def call(
        self, bucket: Bucket, *, app_id: AppId | None, route: str
    ) -> AbstractAsyncContextManager[CallPermit]:
        """Reserve one call in *bucket*. The client enters the block right before the bytes go.

        The limiter may wait, or raise Busy or Limited with `until`. *app_id* is given only for buckets that
        are kept per app; *route* is a name in `routes.ROUTES`. If the block ends without `answered`, the
        call may or may not have arrived.
        """
        ...


class TokenSource(Protocol):
    """The source of the partner's token, whichever kind it is."""

    @property
    def app_routes(self) -> "AppRoutes": ...
    @property
    def facts(self) -> AccountFacts:
        """Return what the last sign-in told of the account, and the ends of the tokens in use."""
        ...

    async def fetch(self, refused: Secret | None = None) -> IssuedToken:
        """Return a token, another one than *refused* if there is any. Raises Busy, Limited or Denied."""
        ...

    async def ask_account(self) -> None:
        """Renew `facts` by a login, if that still works; nothing is raised if it does not."""
        ...

    async def app_token(
        self, app: AppId, universal: IssuedToken, refused: Secret | None = None
    ) -> IssuedToken:
        """Return a Universal App Token other than *refused*, minted with *universal*.

        Raises Busy, Limited or Rejected.
        """
        ...

    def accepted(self, token: Secret) -> None:
        """Note that Gupshup accepted *token*."""
        ...

    async def close(self) -> None:
        """Give back what was taken for this session only."""
        ...


class AppRoutes(Protocol):
    """What is known about Universal Tokens on the routes of apps."""

    async def refused(self) -> frozenset[str]:
        """Return the HTTP methods that want an app's own token, and `token` if no app token is given out."""
        ...

    async def refuse(self, method: str) -> None:
        """Remember that *method* wants an app's own token, or for `token` that no app token is given out."""
        ...
