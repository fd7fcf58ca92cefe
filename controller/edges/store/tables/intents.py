"""The intent table: an intent is on disk before its link goes out, and until the link's outcome is known."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, Text, bindparam, delete, func, select, update

from controller.edges.store.clocks import StoreClock, shifted
from controller.edges.store.database import Database, add, put
from controller.edges.store.schema import intents, unclear
from controller.edges.store.tables.memory_cache import MemoryCache
from controller.edges.store.writer_lock import WriterLocks
from controller.errors import Busy
from controller.model.memory import Intent

_UPSTREAM, _PHONE = bindparam("upstream", type_=Text), bindparam("phone", type_=Text)
_OPEN = select(intents).where(intents.c.upstream == _UPSTREAM).order_by(intents.c.id)
_RESET = delete(unclear).where(unclear.c.upstream == _UPSTREAM, unclear.c.phone == _PHONE)


class IntentTable:
    """Intents of links. *process* identifies this opening of the store: intents of others may be orphans.

    An intent is an orphan once the writer lock under which it was opened is free. With leases, that includes
    our own intents of an earlier lease. Every write raises Locked if this process is no longer the upstream's
    writer.
    """

    def __init__(
        self,
        database: Database,
        clock: StoreClock,
        process: str,
        writers: WriterLocks,
        cached: MemoryCache,
    ) -> None:
        self._database = database
        self._cached = cached
        self._clock = clock
        self._process = process
        self._writers = writers
        self._under_way: set[int] = set()

    async def open(self, upstream: str, phone: str, name: str) -> Intent:
        """Record that a link for *phone* as *name* is about to go out.

        Busy while another intent is open for the phone or the name: its outcome must be known first.
        """

        def work(connection: Connection) -> tuple[Intent, set[int]]:
            mark = self._writers.fence(connection, upstream)
            _refuse_second(connection, upstream, phone, name)
            attempts = 1 + _attempts(connection, upstream, phone)
            row = {
                "upstream": upstream,
                "phone": phone,
                "name": name,
                "process": self._process + mark,
                "started": self._clock.now(connection),
                "unclear": attempts,
            }
            number = add(connection, intents, row)
            return Intent(number, phone, name, unclear=attempts), set(
                connection.execute(select(intents.c.id)).scalars()
            )

        known = set(self._under_way)
        with self._cached.changing():
            intent, still_open = await self._database.write(work, upstream)
        self._under_way -= known - still_open
        self._under_way.add(intent.id)
        return intent

    async def end(self, upstream: str, intent_id: int) -> None:
        """Record that the attempt ended and its outcome is unknown. The first end is kept."""

        def work(connection: Connection) -> None:
            self._writers.fence(connection, upstream)
            mine = (intents.c.upstream == upstream) & (intents.c.id == intent_id)
            _stamp(connection, mine & intents.c.ended.is_(None), self._clock.now(connection))

        self._under_way.discard(intent_id)
        with self._cached.changing():
            await self._database.write(work, upstream)

    async def counted(self) -> dict[str, int]:
        """Return the number of open intents by upstream. Upstreams without any are left out."""
        counts = select(intents.c.upstream, func.count()).group_by(intents.c.upstream)

        def work(connection: Connection) -> dict[str, int]:
            return {row[0]: row[1] for row in connection.execute(counts)}

        return await self._database.read(work)

    async def adopt_orphans(self, upstream: str) -> int:
        """End, as of now, every orphan without an end. Return their number.

        Orphans are intents of other processes or earlier leases, and our own whose end could not be recorded.
        Only for the holder of the writer lock: only it knows that the other writers are gone.
        """

        def work(connection: Connection) -> int:
            mine = self._process + self._writers.fence(connection, upstream)
            ours = (intents.c.process == mine) & intents.c.id.in_(sorted(self._under_way))
            orphans = (intents.c.upstream == upstream) & intents.c.ended.is_(None) & ~ours
            return _stamp(connection, orphans, self._clock.now(connection))

        with self._cached.changing():
            return await self._database.write(work, upstream)


def open_intents(connection: Connection, upstream: str, ahead: float) -> list[Intent]:
    """Return the open intents of *upstream*, on a clock that is *ahead* of the store's."""
    return [_intent(row, ahead) for row in connection.execute(_OPEN, {"upstream": upstream}).mappings()]


def close(connection: Connection, upstream: str, phone: str) -> None:
    """Close the intent of *phone*.

    An intent without an end was answered, so the count of unclear attempts is reset. If the intent has an
    end, the app was proven absent: the count goes on, until a binding or a person (Unbind) resets it.
    """
    mine = (intents.c.upstream == upstream) & (intents.c.phone == phone)
    row = connection.execute(select(intents.c.ended, intents.c.unclear).where(mine)).one_or_none()
    if row is None:
        return
    ended, attempts = row
    connection.execute(delete(intents).where(mine))
    if ended is None:
        reset(connection, upstream, phone)
    else:
        put(connection, unclear, {"upstream": upstream, "phone": phone}, {"attempts": attempts})


def reset(connection: Connection, upstream: str, phone: str) -> None:
    """Reset the count of unclear attempts of *phone*: their outcome is known."""
    connection.execute(_RESET, {"upstream": upstream, "phone": phone})


def _attempts(connection: Connection, upstream: str, phone: str) -> int:
    mine = (unclear.c.upstream == upstream) & (unclear.c.phone == phone)
    return connection.execute(select(unclear.c.attempts).where(mine)).scalar_one_or_none() or 0


def _refuse_second(connection: Connection, upstream: str, phone: str, name: str) -> None:
    same = (intents.c.phone == phone) | (intents.c.name == name)
    rows: Sequence[RowMapping] = (
        connection.execute(select(intents).where(intents.c.upstream == upstream, same)).mappings().all()
    )
    if rows:
        raise Busy(
            f"link {name}: nothing was sent, because the outcome of an earlier link as {rows[0]['name']} is "
            "not known yet; the next passes search for it"
        )


def _stamp(connection: Connection, which: ColumnElement[bool], now: float) -> int:
    return connection.execute(update(intents).where(which).values(ended=now)).rowcount


def _intent(row: RowMapping, ahead: float) -> Intent:
    return Intent(row["id"], row["phone"], row["name"], shifted(row["ended"], ahead), row["unclear"])
