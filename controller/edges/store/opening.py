"""Opening of a store in a file: made whole or not at all, checked each time, upgraded after a backup copy.

A file that cannot be trusted is refused with a StoreError. Nothing is replaced, and no store starts empty if
one existed before.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from controller.edges.store.create import AS_IT_WAS, Content, fill, missing, taken_place, version_in
from controller.edges.store.database import Unwritable
from controller.edges.store.file_lock import locked_file
from controller.edges.store.location import FOLDER
from controller.edges.store.schema import APPLICATION_ID, VERSIONS
from controller.edges.store.sqlite import REPAIR, connect, refused
from controller.errors import StoreError

_MAGIC = b"SQLite format 3\x00"
_UNWRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT})
_SIDES = ("-wal", "-shm", "-journal")


def opened(path: Path, *, make: bool = True) -> tuple[Engine, bool]:
    """Return an engine over the checked, current store at *path*, and whether it was made just now."""
    if not make and not os.path.lexists(path):
        raise missing(str(path))
    with _alone(path):
        new = not os.path.lexists(path)
        if new:
            _create(path)
        _check_file(path)
        return _checked(path), new


def make_new(path: Path, content: Content) -> None:
    """Make a store with *content* at *path*, whole or not at all. StoreError if anything is there."""
    with _alone(path):
        refuse_taken(path)
        _create(path, content)


def refuse_taken(path: Path) -> None:
    """Refuse with a StoreError where anything is. Nothing is made."""
    if os.path.lexists(path):
        raise taken_place(str(path))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Be the only process that opens or makes the store at *path*, in a folder that exists."""
    try:
        _folder(path.parent)
        with locked_file(path.with_name(path.name + ".lock")):
            yield
    except OSError as error:
        kind = Unwritable if error.errno in _UNWRITABLE else StoreError
        raise kind(
            f"the store {path} cannot be opened: {error}; check the owner and mode of the file and its folder"
        ) from error


def _folder(folder: Path) -> None:
    new = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if (new or folder.name == FOLDER) and not ignore.exists():
        ignore.write_text("*\n", "ascii")


def _create(path: Path, content: Content | None = None) -> None:
    """Make the file under another name and move it into place whole. A crash before leaves no file."""
    _refuse_remains(path)
    draft = _draft(path)
    try:
        with closing(sqlite3.connect(draft)) as raw:
            raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
        engine = connect(draft, journal="DELETE")
        try:
            with engine.connect().execution_options(write=True) as connection, connection.begin():
                fill(connection, content)
        finally:
            engine.dispose()
    except BaseException as error:  # also of a signal: the draft goes
        draft.unlink(missing_ok=True)
        if isinstance(error, (DBAPIError, sqlite3.Error)):
            raise refused(path, error) from error
        raise
    draft.replace(path)
    _sync_folder(path.parent)


def _refuse_remains(path: Path) -> None:
    """Refuse to start anew beside the remains of another store: SQLite would mix both."""
    remains = [name for end in _SIDES if (name := path.with_name(path.name + end)).exists()]
    if remains:
        raise StoreError(
            f"the store {path} is gone, but {remains[0]} is there: {AS_IT_WAS}; put the store back, or move "
            "that file away, too, to start anew (docs/store.md says what that costs)"
        )


def _draft(path: Path) -> Path:
    """Return an empty file beside *path*, for this process alone. Remains of a killed process are removed."""
    draft = path.with_name(f"{path.name}.new")
    for end in ("", *_SIDES):
        draft.with_name(draft.name + end).unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return draft


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_file(path: Path) -> None:
    """Refuse a file that is no store before SQLite opens it. Remove the permissions of other users."""
    check_head(path)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def check_head(path: Path) -> None:
    """Refuse a file that begins like no store."""
    if not path.is_file():
        raise StoreError(f"the store {path} is no file; give the path of a file: {AS_IT_WAS}")
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    if head != _MAGIC:
        what = "is empty, as if cut off" if not head else "is no database"
        raise StoreError(f"the store {path} {what}: {AS_IT_WAS}; {REPAIR}")


def _checked(path: Path) -> Engine:
    engine: Engine | None = None
    try:
        _check_pages(path)
        engine = connect(path)
        _bring_up_to_date(path, engine)
    except BaseException as error:  # also of a signal: an open engine keeps the -wal
        if engine is not None:
            engine.dispose()
        if isinstance(error, (DBAPIError, sqlite3.Error)):
            raise refused(path, error) from error
        raise
    return engine


def _check_pages(path: Path) -> None:
    """Check that the file is ours, then every page of it."""
    with closing(sqlite3.connect(path.as_uri() + "?mode=rw", uri=True, timeout=30)) as raw:
        check_pages(path, raw)


def check_pages(path: Path, raw: sqlite3.Connection) -> None:
    """Check the content of *raw*, which is the store at *path* or a copy of it."""
    (application,) = raw.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise StoreError(f"the store {path} is another program's database: {AS_IT_WAS}; give another path")
    findings = [str(row[0]) for row in raw.execute("PRAGMA quick_check(3)")]
    if findings != ["ok"]:
        raise StoreError(f"the store {path} is damaged ({'; '.join(findings)[:200]}): {AS_IT_WAS}; {REPAIR}")


def _bring_up_to_date(path: Path, engine: Engine) -> None:
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        version = version_in(connection, str(path))
        if version != VERSIONS[-1]:
            _migrate(connection, path, version)


def _migrate(connection: Connection, path: Path, version: str) -> None:
    """Copy the file, then upgrade it in the transaction of *connection*. A crash leaves the old version."""
    _back_up(path, path.with_name(f"{path.name}.backup-{version}"))
    from controller.edges.store.migrations.upgrade import upgrade  # noqa: PLC0415  (alembic takes half a second)

    upgrade(connection)


def _back_up(path: Path, copy: Path) -> None:
    draft = _draft(copy)
    source = sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)
    target = sqlite3.connect(draft)
    with closing(source), closing(target):
        source.backup(target)
    draft.replace(copy)
    _sync_folder(copy.parent)
