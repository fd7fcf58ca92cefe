"""Creation of a new store, and the version of an existing one, in any database."""

import secrets
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, insert, select

from controller.edges.store.schema import VERSIONS, meta, tables, version
from controller.errors import StoreError

AS_IT_WAS = "nothing was changed"

Content = Callable[[Connection], None]
"""Writes what a new store begins with, in the transaction that creates the store."""


def fill(connection: Connection, content: Content | None = None) -> None:
    """Create the tables and a key in an empty store, then its *content*. The caller commits."""
    tables.create_all(connection, checkfirst=False)
    connection.execute(insert(version).values(version_num=VERSIONS[-1]))
    connection.execute(insert(meta).values(name="key", value=secrets.token_hex(32)))
    if content is not None:
        content(connection)


def version_in(connection: Connection, place: str) -> str:
    """Return the version of the store at *place*. StoreError if this release does not know it."""
    return known_version(connection.execute(select(version.c.version_num)).scalars().all(), place)


def known_version(versions: Sequence[str], place: str) -> str:
    """Return the one of *versions*, which the store at *place* holds. StoreError if it is not known here."""
    if len(versions) != 1 or versions[0] not in VERSIONS:
        raise StoreError(
            f"the store {place} has version {', '.join(versions) or 'none'}, and this release knows up to "
            f"{VERSIONS[-1]}: {AS_IT_WAS}; use the release that wrote it, or a newer one"
        )
    return str(versions[0])


def missing(place: str) -> StoreError:
    return StoreError(f"there is no store at {place} yet: `gupshupctl apply` makes one")


def taken_place(place: str) -> StoreError:
    return StoreError(
        f"the store {place} cannot be made: something is there already, and {AS_IT_WAS}; give the path of a "
        "new file, or a database without our tables"
    )
