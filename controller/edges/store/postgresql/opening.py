"""Opening of a store in PostgreSQL: made whole or not at all, checked each time, and upgraded.

All of it is one transaction under one lock. Processes that start together wait for each other, and a process
that dies leaves the state from before.
"""

from sqlalchemy import Connection, Engine, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateSchema

from controller.edges.store.create import AS_IT_WAS, fill, missing, version_in
from controller.edges.store.postgresql.server import SCHEMA, PostgresqlDialect
from controller.edges.store.schema import VERSIONS, meta, tables
from controller.errors import StoreError

_OURS = "gupshup-controller"
_MARK = "application"
_ENCODING = "UTF8"


def opened(dialect: PostgresqlDialect, engine: Engine, *, make: bool) -> bool:
    """Check the store, or make it if there is none and *make* is set. Return whether it was made now."""
    try:
        with engine.connect() as connection, connection.begin():
            dialect.enter(connection, "")
            _check_encoding(connection, dialect.place)
            return _opened(connection, dialect.place, make=make)
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
    names = frozenset(inspect(connection).get_table_names(schema=SCHEMA))
    if not names:
        if not make:
            raise missing(place)
        _create(connection)
        return True
    _check(connection, place, names)
    return False


def _create(connection: Connection) -> None:
    if not inspect(connection).has_schema(SCHEMA):
        connection.execute(CreateSchema(SCHEMA))
    fill(connection)
    connection.execute(insert(meta).values(name=_MARK, value=_OURS))


def _check(connection: Connection, place: str, names: frozenset[str]) -> None:
    if not names >= {"alembic_version", "meta"} or not _marked(connection):
        raise StoreError(
            f"the store {place} cannot be there: the schema {SCHEMA} holds tables that are not ours: "
            f"{AS_IT_WAS}; give another database"
        )
    if version_in(connection, place) != VERSIONS[-1]:
        _migrate(connection)
    gone = sorted(set(tables.tables) - set(inspect(connection).get_table_names(schema=SCHEMA)))
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
