"""The log of calls as a test reads it: no part of the product does."""

from sqlalchemy import Connection

from controller.edges.store import SqlStore
from controller.edges.store.tables.calls import _rest, _rows
from controller.model.ratelimit import CallSpan


async def call_log(store: SqlStore, upstream: str, budget: str) -> tuple[tuple[CallSpan, ...], float]:
    """Return the calls of one budget and the end of its cool-down (0: none), on the caller's clock."""
    clock = store.calls._clock

    def work(connection: Connection) -> tuple[tuple[CallSpan, ...], float]:
        shift = clock.ahead(clock.now(connection))
        rows, until = _rows(connection, upstream, budget), _rest(connection, upstream, budget)
        spans = (
            CallSpan(row.reserved + shift, None if row.ended is None else row.ended + shift) for row in rows
        )
        return tuple(spans), until + shift if until else 0.0

    return await store.calls._database.read(work)
