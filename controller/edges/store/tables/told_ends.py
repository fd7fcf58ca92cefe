"""Notified ends of credentials: each number of days ahead of an end is notified once, by any process."""

import json
from typing import NamedTuple

from sqlalchemy import Connection, select

from controller.edges.store.database import Database, put
from controller.edges.store.schema import traits
from controller.model.account import CredentialEnd


class _Told(NamedTuple):
    """The last notification: *days* ahead of an end at *at* (epoch seconds)."""

    at: float
    days: int


class ToldEnds:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, upstream: str, end: CredentialEnd, days: int) -> bool:
        """Return whether the caller is to notify that *end* is *days* ahead; to each it is true only once.

        False also if fewer days were notified already. An end that moved to a later moment begins anew.
        Atomic between processes.
        """

        def is_told(connection: Connection) -> bool:
            told = _read(connection, upstream, end)
            return told is not None and end.at <= told.at and told.days <= days

        def work(connection: Connection) -> bool:
            if is_told(connection):
                return False
            key = {"upstream": upstream, "name": _name(end)}
            put(connection, traits, key, {"value": json.dumps(_Told(end.at, days))})
            return True

        return not await self._database.read(is_told) and await self._database.write(work, upstream)


def _read(connection: Connection, upstream: str, end: CredentialEnd) -> _Told | None:
    mine = (traits.c.upstream == upstream) & (traits.c.name == _name(end))
    text = connection.execute(select(traits.c.value).where(mine)).scalar_one_or_none()
    return None if text is None else _Told(*json.loads(text))


def _name(end: CredentialEnd) -> str:
    return f"end of the {end.kind}"
