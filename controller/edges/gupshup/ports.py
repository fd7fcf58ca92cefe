"""Ports of the client: permission to send, which the loop gives."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from controller.model.manifest import AppId, Bucket


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
