"""The PostgreSQL server: its connections, the locks that keep writers apart, and its clock."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Float,
    Select,
    cast,
    create_engine,
    extract,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from controller.edges.store.database import BUSY_TIMEOUT
from controller.edges.store.location import place_of
from controller.edges.store.postgresql.compaction import compact
from controller.edges.store.postgresql.errors import refused
from controller.errors import StoreError, Usage
from controller.model.clock import Clock

SCHEMA = "gupshup_controller"
NOW = cast(extract("epoch", func.clock_timestamp()), Float)
"""The server's time now, in epoch seconds, and not the time of the transaction's start."""

IDLE = 5.0
"""Seconds for which a process may be silent in the middle of a write before the server undoes the write."""

_ALWAYS: Mapping[str, Any] = {
    "client_encoding": "UTF8",  # whatever the URL, PGCLIENTENCODING or the server has set
    "prepare_threshold": None,  # a pooler may give a session's prepared statement to another session
}
_CONNECTED: Mapping[str, Any] = {
    "application_name": "gupshupctl",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "target_session_attrs": "read-write",
}


@dataclass(frozen=True, slots=True)
class PostgresqlDialect:
    """One database of a server. *wait* is for how many seconds a write waits for others, *idle* as IDLE."""

    url: URL
    wait: float = BUSY_TIMEOUT
    idle: float = IDLE

    @property
    def place(self) -> str:
        return place_of(self.url)

    def options(self, *, write: bool) -> Mapping[str, object]:
        """Return options so that a read sees one moment, and a write all commits of earlier writes."""
        return {} if write else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    def check(self) -> None:
        """Do nothing: a server's database cannot be moved or replaced under a connection."""

    def enter(self, connection: Connection, key: str | None) -> None:
        """Wait for the lock of *key*. The lock ends with the transaction and needs no session of its own."""
        connection.execute(_entering(key, self.wait, self.idle))

    def compact(self, engine: Engine) -> str:
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                return compact(connection, SCHEMA)
        except DBAPIError as error:
            return f"its tables, until a VACUUM FULL, and the server's log: {self.refused(error)}"

    def again(self, engine: Engine) -> Engine:
        """Return *engine*: the content of a server's database is never unknown."""
        return engine

    def refused(self, error: DBAPIError) -> StoreError:
        query = self.url.query
        hidden = [self.url.password, query.get("password"), query.get("sslpassword")]
        return refused(self.place, error, [str(secret) for secret in hidden if secret])


@dataclass(frozen=True, slots=True)
class ServerClock:
    """The server's clock, which all machines share."""

    clock: Clock

    def now(self, connection: Connection) -> float:
        return float(connection.execute(select(NOW)).scalar_one())

    def ahead(self, now: float) -> float:
        return self.clock.now() - now


def connect(url: URL) -> Engine:
    """Return an engine over one connection, made when it is needed, and again after a loss."""
    defaults = {name: value for name, value in _CONNECTED.items() if name not in url.query}
    try:
        return create_engine(
            url,
            connect_args={**defaults, **_ALWAYS},
            execution_options={"schema_translate_map": {None: SCHEMA}},
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            max_overflow=0,
            pool_pre_ping=True,
            pool_size=1,
            use_native_hstore=False,
        )
    except ImportError:
        raise StoreError(
            f"the store {place_of(url)} cannot be used: psycopg is not installed; install the extra "
            "`postgresql`: pip install 'gupshup-controller[postgresql]'"
        ) from None
    except (TypeError, ValueError):
        raise Usage(
            f"the store {place_of(url)} cannot be used: its URL has a part that cannot be read"
        ) from None


def _entering(key: str | None, wait: float, idle: float) -> Select[Any]:
    bounds = {"lock_timeout": wait, "idle_in_transaction_session_timeout": idle}
    settings = [func.set_config(name, f"{seconds * 1000:.0f}ms", true()) for name, seconds in bounds.items()]
    return (
        select(*settings)
        if key is None
        else select(*settings, func.pg_advisory_xact_lock(literal(number(key))))
    )


def number(key: str) -> int:
    """Return the number under which the server locks *key*. With 64 bits, two keys hardly ever collide."""
    digest = hashlib.blake2b(f"{SCHEMA} {key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
