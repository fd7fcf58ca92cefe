"""Opening of a store in PostgreSQL: made whole or not at all, checked each time, and upgraded.

All of it is one transaction under one lock. Processes that start together wait for each other, and a process
that dies leaves the state from before.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, false, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateSchema

from controller.edges.store.create import AS_IT_WAS, Content, fill, missing, taken_place, version_in
from controller.edges.store.postgresql.server import SCHEMA, PostgresqlDialect
from controller.edges.store.schema import VERSIONS, meta, tables
from controller.errors import StoreError

_OURS = "gupshup-controller"
_MARK = "application"
_ENCODING = "UTF8"


def opened(dialect: PostgresqlDialect, engine: Engine, *, make: bool) -> bool:
    """Check the store, or make it if there is none and *make* is set. Return whether it was made now."""
    with _alone(dialect, engine) as connection:
        return _opened(connection, dialect.place, make=make)


def make_new(dialect: PostgresqlDialect, engine: Engine, content: Content) -> None:
    """Make a store with *content*, whole or not at all. StoreError if any table is in its schema."""
    with _alone(dialect, engine) as connection:
        _refuse_taken(connection, dialect.place)
        _create(connection, content)


def refuse_taken(dialect: PostgresqlDialect, engine: Engine) -> None:
    """Refuse with a StoreError a database in which no store can be made anew. Nothing is made."""
    with _alone(dialect, engine) as connection:
        _refuse_taken(connection, dialect.place)


def _refuse_taken(connection: Connection, place: str) -> None:
    if _table_names(connection):
        raise taken_place(place)


@contextmanager
def _alone(dialect: PostgresqlDialect, engine: Engine) -> Iterator[Connection]:
    """Yield a transaction that no other process that opens or makes the store has at the same time."""
    try:
        with engine.connect() as connection, connection.begin():
            dialect.enter(connection, "")
            _check_encoding(connection, dialect.place)
            yield connection
    except DBAPIError as error:
        raise dialect.refused(error) from error


def _check_encoding(connection: Connection, place: str) -> None:
    """Refuse a database that could not store every text, or would store any bytes as text."""
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != _ENCODING:
        raise StoreError(
            f"the store {place} cannot be there: that database stores texts in {encoding}, which is not "
            f"{_ENCODING}: {AS_IT_WAS}; make another one: CREATE DATABASE name TEMPLATE template0 ENCODING "
            f"'{_ENCODING}' LOCALE 'C' (docs/store.md says how a store is moved)"
        )


def _opened(connection: Connection, place: str, *, make: bool) -> bool:
    names = _table_names(connection)
    if not names:
        if not make:
            raise missing(place)
        _create(connection)
        return True
    _check(connection, place, names)
    return False


def _table_names(connection: Connection) -> frozenset[str]:
    return frozenset(inspect(connection).get_table_names(schema=SCHEMA))


def _create(connection: Connection, content: Content | None = None) -> None:
    if not inspect(connection).has_schema(SCHEMA):
        connection.execute(CreateSchema(SCHEMA))
    fill(connection, content)
    connection.execute(insert(meta).values(name=_MARK, value=_OURS))
    _continue_ids(connection)


def _continue_ids(connection: Connection) -> None:
    """Let every counted id go on after the greatest one: rows that bring their id along do not move it."""
    for column in (table.c.id for table in tables.sorted_tables if "id" in table.c):
        counter = func.pg_get_serial_sequence(f"{SCHEMA}.{column.table.name}", column.name)
        following = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
        connection.execute(select(func.setval(counter, following, false())))


def _check(connection: Connection, place: str, names: frozenset[str]) -> None:
    if not names >= {"alembic_version", "meta"} or not _marked(connection):
        raise StoreError(
            f"the store {place} cannot be there: the schema {SCHEMA} holds tables that are not ours: "
            f"{AS_IT_WAS}; give another database"
        )
    if version_in(connection, place) != VERSIONS[-1]:
        _migrate(connection)
    gone = sorted(set(tables.tables) - _table_names(connection))
    if gone:
        raise StoreError(
            f"the store {place} is damaged: its table {gone[0]} is gone: {AS_IT_WAS}; restore a copy"
        )


def _marked(connection: Connection) -> bool:
    columns = {column["name"] for column in inspect(connection).get_columns("meta", schema=SCHEMA)}
    if not columns >= set(meta.columns.keys()):
        return False
    mark = select(meta.c.value).where(meta.c.name == _MARK)
    return connection.execute(mark).scalar_one_or_none() == _OURS


def _migrate(connection: Connection) -> None:
    """Upgrade the store in the transaction of *connection*. A crash leaves the old version."""
    from controller.edges.store.migrations.upgrade import upgrade  # noqa: PLC0415  (alembic takes half a second)

    connection.execute(
        text(f"SET LOCAL search_path TO {SCHEMA}")
    )  # alembic names tables without their schema
    upgrade(connection)
