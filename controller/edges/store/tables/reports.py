"""The last report that could not be printed, as one row of `meta`, in ASCII: any database can store it."""

import json
from dataclasses import asdict

from sqlalchemy import Connection, delete, select

from controller.edges.store.database import Database, put
from controller.edges.store.schema import meta
from controller.model.history import KeptReport

_NAME = "report"


class KeptReports:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, report: KeptReport) -> None:
        """Keep *report* in the place of an earlier one."""
        value = {"value": json.dumps(asdict(report))}
        await self._database.write(lambda connection: put(connection, meta, {"name": _NAME}, value), None)

    async def kept(self) -> KeptReport | None:
        """Return the report that could not be printed, None if the last one was."""
        value = await self._database.read(_value)
        return None if value is None else KeptReport(**json.loads(value))

    async def forget(self) -> None:
        """Forget the kept report: a newer run shows the state."""
        row = delete(meta).where(meta.c.name == _NAME)
        if await self._database.read(_value) is not None:
            await self._database.write(lambda connection: connection.execute(row) and None, None)


def _value(connection: Connection) -> str | None:
    value = connection.execute(select(meta.c.value).where(meta.c.name == _NAME)).scalar_one_or_none()
    return None if value is None else str(value)
