"""Reads of the source by processes that never stop: the last one by account, for the commands of others."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace

from sqlalchemy import Connection, select

from controller.edges.store.clocks import StoreClock
from controller.edges.store.database import Database, put
from controller.edges.store.schema import traits
from controller.model.passes import SourceRead, SourceState

SOURCE_READ = "source read"
"""The trait that holds the last read of a source."""

_KNOWN = frozenset(each.name for each in fields(SourceState))


class SourceReadTable:
    """The last read of a source that `run` noted, by account, and by the source's identity."""

    def __init__(self, database: Database, clock: StoreClock) -> None:
        self._database = database
        self._clock = clock

    async def now(self) -> float:
        """Return this moment on the store's clock, on which `last` has the moments of reads."""
        return await self._database.read(self._clock.now)

    async def note(self, keys: Iterable[str], read: SourceRead) -> None:
        """Keep *read*, whose moment is on the caller's clock, under each of *keys*."""

        def work(connection: Connection) -> None:
            began = read.began - self._clock.ahead(self._clock.now(connection))
            value = json.dumps(asdict(replace(read, began=began)))
            for key in sorted(keys):
                put(connection, traits, {"upstream": key, "name": SOURCE_READ}, {"value": value})

        await self._database.write(work, read.state.identity)

    async def last(self) -> Mapping[str, SourceRead]:
        """Return the last read by what it was noted under. What cannot be read is left out."""
        noted = select(traits.c.upstream, traits.c.value).where(traits.c.name == SOURCE_READ)

        def work(connection: Connection) -> Mapping[str, SourceRead]:
            rows = sorted(connection.execute(noted).all())
            return {key: read for key, value in rows if (read := _read(value)) is not None}

        return await self._database.read(work)


def _read(value: str) -> SourceRead | None:
    try:
        row = json.loads(value)
        state = {name: told for name, told in row["state"].items() if name in _KNOWN}
        return SourceRead(SourceState(**state), float(row["began"]), row["refused_by"], row["problems"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
