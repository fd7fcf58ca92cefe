"""The replica table: a row for each process that shares the store, which ends by itself unless renewed.

One statement renews our row and reads the others and every lease, all at one moment of the server's clock.
"""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import CTE, CompoundSelect, Connection, Row, delete, literal, select
from sqlalchemy.dialects.postgresql import insert

from controller.edges.store.database import Database
from controller.edges.store.postgresql.server import NOW
from controller.edges.store.schema import leases, replicas
from controller.edges.store.writer_lock import signature
from controller.model.clock import Clock
from controller.model.replica import LeaseState, Peers, Replica

TTL = 7.5
"""Seconds for which a replica counts as alive. A replica ends before its leases do."""

_REMEMBERED = 60.0
_KEPT = 3600.0


class ReplicaTable:
    """One replica among those that share the store. The tokens of its leases begin with *name*."""

    def __init__(self, database: Database, clock: Clock, name: str, ttl: float = TTL) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._ttl = ttl

    async def beat(self, candidate_for: Collection[str]) -> Peers:
        """Renew our row, as a candidate for these upstreams, and return the peers."""
        listed = json.dumps(sorted(candidate_for))
        statement = _beat(self._name, signature(self._clock.now()), listed, self._ttl)

        def work(connection: Connection) -> Sequence[Row[str, str, str, float]]:
            return connection.execute(statement).all()

        rows = await self._database.write(work, None)
        return _peers(self._name, self._clock.now(), frozenset(candidate_for), rows)

    async def leave(self) -> None:
        """Delete our row, so that the others need not wait for its end."""
        mine = delete(replicas).where(replicas.c.name == self._name)
        await self._database.write(lambda connection: connection.execute(mine) and None, None)


def _beat(name: str, holder: str, stands: str, ttl: float) -> CompoundSelect[str, str, str, float]:
    others = select(literal("replica"), replicas.c.name, replicas.c.stands, replicas.c.expires - NOW).where(
        replicas.c.expires > NOW, replicas.c.name != name
    )
    held = select(literal("lease"), leases.c.upstream, leases.c.token, leases.c.expires - NOW).where(
        leases.c.expires > NOW - _REMEMBERED
    )
    return others.add_cte(_renewed(name, holder, stands, ttl), _forgotten(name)).union_all(held)


def _renewed(name: str, holder: str, stands: str, ttl: float) -> CTE:
    row = {"name": name, "holder": holder, "stands": stands, "expires": NOW + ttl}
    asked = insert(replicas).values(row)
    given = {"stands": asked.excluded.stands, "expires": asked.excluded.expires}
    renewed = asked.on_conflict_do_update(index_elements=[replicas.c.name], set_=given)
    return renewed.returning(replicas.c.name).cte("renewed")


def _forgotten(name: str) -> CTE:
    """Delete rows that ended long ago, but never our own, which the same statement renews."""
    old = delete(replicas).where(replicas.c.expires < NOW - _KEPT, replicas.c.name != name)
    return old.returning(replicas.c.name).cte("forgotten")


def _peers(
    me: str, at: float, candidate_for: frozenset[str], rows: Sequence[Row[str, str, str, float]]
) -> Peers:
    others = tuple(
        Replica(name, frozenset(json.loads(text)), at + left)
        for what, name, text, left in rows
        if what == "replica"
    )
    leases_ = {
        upstream: LeaseState(token.partition(".")[0], at + left)
        for what, upstream, token, left in rows
        if what == "lease"
    }
    return Peers(me, at, candidate_for, tuple(sorted(others, key=lambda replica: replica.name)), leases_)
