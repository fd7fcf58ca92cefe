"""Names for the completion of a command line: read from a store in a file, at once or not at all."""

import sqlite3
from contextlib import closing
from pathlib import Path

from controller.edges.store.location import located
from controller.errors import ControllerError

_PATIENCE = 0.2
"""Seconds to wait for another process. Somebody is typing."""


def stored_resources(location: str) -> tuple[str, ...]:
    """Return the resources with a status in the store at *location*, sorted: App/acme, or the like.

    Nothing is made, changed or upgraded. A store in a database on a server is not asked, because that may
    take long. If there is no store, or it cannot be read, there are no names.
    """
    try:
        path = located(location)
        return _resources(path) if isinstance(path, Path) and path.is_file() else ()
    except (ControllerError, OSError, sqlite3.Error, ValueError):
        return ()


def _resources(path: Path) -> tuple[str, ...]:
    """Read without a -wal as a file that nobody changes: SQLite would make one even for a reader."""
    is_open = path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.as_uri()}?mode=ro{'' if is_open else '&immutable=1'}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as connection:
        rows = connection.execute("SELECT DISTINCT resource FROM statuses ORDER BY resource").fetchall()
    return tuple(str(resource) for (resource,) in rows)
