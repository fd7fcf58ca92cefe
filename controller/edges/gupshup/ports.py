"""The ports of the client: leave to send, which the loop gives."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from controller.model.manifest import AppId, Bucket


class CallPermit(Protocol):
    """One call that may be sent now."""

    def answered(self, status: int, retry_after: float | None) -> None:
        """Take note of the HTTP status; *retry_after* is in seconds from now, never negative, as sent."""
        ...


class CallLimiter(Protocol):
    def call(
        self, bucket: Bucket, *, app_id: AppId | None, route: str
    ) -> AbstractAsyncContextManager[CallPermit]:
        """Reserve one call in *bucket*; it is entered right before the bytes go.

        It may wait, or raise Busy or Limited with `until`. *app_id* is given for the buckets that are kept
        per app only; *route* is a name of `routes.ROUTES`. Left without `answered`: nobody knows whether
        the call arrived.
        """
        ...
