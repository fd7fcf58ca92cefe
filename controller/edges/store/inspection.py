"""Inspection of a store without a change to it: none is made, and none is upgraded."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import inspect as inspect_tables
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from controller.edges.store.create import known_version, version_in
from controller.edges.store.location import located, place_of
from controller.edges.store.opening import check_head, check_pages
from controller.edges.store.schema import VERSIONS
from controller.edges.store.sqlite import refused
from controller.errors import StoreError
from controller.model.memory import StoreFacts


def inspect(location: str) -> StoreFacts:
    """Return what the store at *location* is. Usage for another kind of store.

    Raises StoreError if it is damaged, foreign, newer or out of reach.
    """
    match located(location):
        case Path() as path:
            return _file(path)
        case url:
            return _server(url)


def _file(path: Path) -> StoreFacts:
    if not os.path.lexists(path):
        return StoreFacts(str(path), VERSIONS[-1], writable=_makeable(path.parent))
    try:
        check_head(path)
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as raw:
            check_pages(path, raw)
            found = raw.execute("SELECT version_num FROM alembic_version").fetchall()
        version = known_version([str(row[0]) for row in found], str(path))
        writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)
        return StoreFacts(str(path), VERSIONS[-1], version, path.stat().st_size, writable=writable)
    except sqlite3.Error as error:
        raise refused(path, error) from error
    except OSError as error:
        raise StoreError(f"the store {path} cannot be read: {error.strerror}") from error


def _makeable(folder: Path) -> bool:
    """Return whether a store could be made in *folder*, which may have to be made, too."""
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _server(url: URL) -> StoreFacts:
    from controller.edges.store.postgresql import server  # noqa: PLC0415  (only this kind of store needs it)

    place, engine = place_of(url), server.connect(url)
    try:
        with engine.connect() as connection, connection.begin():
            names = inspect_tables(connection).get_table_names(schema=server.SCHEMA)
            version = version_in(connection, place) if "alembic_version" in names else ""
    except DBAPIError as error:
        raise server.PostgresqlDialect(url).refused(error) from error
    finally:
        engine.dispose()
    return StoreFacts(place, VERSIONS[-1], version)
