"""The memory tables of an upstream: bindings, refusals, the ledger and open intents.

Moments in arguments and results are on the caller's clock, moments in rows on the store's (see clocks.py).
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any, assert_never

from sqlalchemy import Connection, Delete, Select, Table, bindparam, delete, select

from controller.edges.store.clocks import StoreClock, shifted
from controller.edges.store.database import Database, fields_of, put
from controller.edges.store.schema import app_health, bindings, history, ledger, refusals
from controller.edges.store.tables.account_facts import read_facts, shifted_facts, write_facts
from controller.edges.store.tables.app_health import health_of, moved, row_of
from controller.edges.store.tables.intents import close, open_intents, reset
from controller.edges.store.tables.memory_cache import MemoryCache
from controller.edges.store.writer_lock import WriterLocks
from controller.model.account import AccountFacts
from controller.model.manifest import AppId
from controller.model.memory import (
    AccountTold,
    Bind,
    Binding,
    ClearRefusal,
    ClearRefusals,
    CloseIntent,
    HealthRead,
    LedgerEntry,
    LedgerWritten,
    LinkAttempt,
    Memory,
    MemoryUpdate,
    Refusal,
    Refuse,
    Unbind,
)

_LINKS = 5
_LAST_LINKS = (
    select(history)
    .where(history.c.upstream == bindparam("upstream"), history.c.verb == "link", history.c.outcome != "")
    .order_by(history.c.id.desc())
    .limit(_LINKS)
)


class MemoryTables:
    def __init__(
        self, database: Database, clock: StoreClock, writers: WriterLocks, cached: MemoryCache
    ) -> None:
        self._database = database
        self._cached = cached
        self._clock = clock
        self._writers = writers

    async def read(self, upstream: str) -> Memory:
        """Return all that is remembered of *upstream*, as of one moment.

        What sign-ins told is read each time: any process may have stored more of it.
        """

        def work(connection: Connection, known: Memory | None) -> Memory:
            if known is None:
                return _memory(connection, upstream, self._clock)
            told = read_facts(connection, upstream, self._clock.ahead(self._clock.now(connection)))
            return known if told == known.account else replace(known, account=told)

        return await self._cached.read(
            upstream, lambda known: self._database.read(lambda connection: work(connection, known))
        )

    async def note(self, upstream: str, notes: Sequence[MemoryUpdate]) -> None:
        """Store every note, in order, or none of them. Locked if another process is the writer now."""

        def work(connection: Connection) -> None:
            self._writers.fence(connection, upstream)
            ahead = self._clock.ahead(self._clock.now(connection))
            for note in notes:
                _store(connection, upstream, _shifted(note, -ahead))

        if notes:
            with self._cached.changing(upstream, lambda memory: _noted(memory, notes)):
                await self._database.write(work, upstream)

    async def tell(self, upstream: str, facts: AccountFacts) -> None:
        """Store what a sign-in told of the account. Any process may, the writer or not."""

        def work(connection: Connection) -> None:
            ahead = self._clock.ahead(self._clock.now(connection))
            write_facts(connection, upstream, shifted_facts(facts, -ahead))

        with self._cached.changing(upstream):
            await self._database.write(work, upstream)


def _noted(memory: Memory, notes: Sequence[MemoryUpdate]) -> Memory | None:
    """Return *memory* after *notes*; None if they change more than health and bindings that were known.

    A sweep tells both of one app after the other: reading all rows anew for each one takes too long.
    """
    health, bound = dict(memory.health), dict(memory.bindings)
    for note in notes:
        match note:
            case HealthRead(app_id, told):
                health[app_id] = told
            case Bind(binding) if binding.phone in bound:
                before = bound[binding.phone]
                kept = before.waba if before.app_id == binding.app_id else None
                bound[binding.phone] = replace(binding, waba=kept) if binding.waba is None else binding
            case _:
                return None
    return replace(memory, bindings=bound, health=health)


def _memory(connection: Connection, upstream: str, clock: StoreClock) -> Memory:
    ahead = clock.ahead(clock.now(connection))
    bound = (_bound(Binding(**row), ahead) for row in _rows(connection, bindings, upstream))
    refused = (_refused(Refusal(**row), ahead) for row in _rows(connection, refusals, upstream))
    written = (_wrote(LedgerEntry(**row), ahead) for row in _rows(connection, ledger, upstream))
    return Memory(
        bindings={binding.phone: binding for binding in bound},
        intents={intent.phone: intent for intent in open_intents(connection, upstream, ahead)},
        refusals={refusal.key: refusal for refusal in refused},
        ledger={entry.key: entry for entry in written},
        links=_links(connection, upstream),
        account=read_facts(connection, upstream, ahead),
        health={
            AppId(row["app_id"]): moved(health_of(row), ahead)
            for row in _rows(connection, app_health, upstream)
        },
    )


def _rows(connection: Connection, table: Table, upstream: str) -> list[dict[str, Any]]:
    """Return the fields of *upstream*'s rows, sorted by key: databases return them in different orders."""
    rows = connection.execute(_of(table), {"upstream": upstream}).mappings()
    ordered = sorted(rows, key=lambda row: [row[column.name] for column in table.primary_key])
    return [fields_of(row, "upstream") for row in ordered]


@cache
def _of(table: Table) -> Select[*tuple[Any, ...]]:
    return select(table).where(table.c.upstream == bindparam("upstream"))


def _shifted(note: MemoryUpdate, by: float) -> MemoryUpdate:
    """Return *note* with its moments on a clock that is ahead *by* so many seconds."""
    match note:
        case Bind(binding):
            return Bind(_bound(binding, by))
        case Refuse(refusal):
            return Refuse(_refused(refusal, by))
        case LedgerWritten(written):
            return LedgerWritten(_wrote(written, by))
        case AccountTold(facts):
            return AccountTold(shifted_facts(facts, by))
        case HealthRead(app_id, health):
            return HealthRead(app_id, moved(health, by))
        case Unbind() | CloseIntent() | ClearRefusal() | ClearRefusals():
            return note
        case _:
            assert_never(note)


def _bound(binding: Binding, by: float) -> Binding:
    return replace(binding, missing_since=shifted(binding.missing_since, by))


def _refused(refusal: Refusal, by: float) -> Refusal:
    return replace(refusal, at=refusal.at + by, retry_at=shifted(refusal.retry_at, by))


def _wrote(written: LedgerEntry, by: float) -> LedgerEntry:
    return replace(written, active_at=shifted(written.active_at, by))


def _links(connection: Connection, upstream: str) -> tuple[LinkAttempt, ...]:
    rows = connection.execute(_LAST_LINKS, {"upstream": upstream}).mappings()
    return tuple(LinkAttempt(r["at"], r["verb"], r["target"], r["outcome"], r["message"]) for r in rows)


def _store(connection: Connection, upstream: str, note: MemoryUpdate) -> None:
    match note:
        case Bind(binding):
            _bind(connection, upstream, binding)
        case Unbind(phone):
            _drop(connection, bindings, upstream, "phone", phone)
            reset(connection, upstream, phone)
        case CloseIntent(phone):
            close(connection, upstream, phone)
        case Refuse() | ClearRefusal() | ClearRefusals():
            _store_refusal(connection, upstream, note)
        case HealthRead(app_id, health):
            put(connection, app_health, {"upstream": upstream, "app_id": app_id}, row_of(app_id, health))
        case LedgerWritten(written):
            put(connection, ledger, {"upstream": upstream, "key": written.key}, asdict(written))
        case AccountTold(facts):
            write_facts(connection, upstream, facts)
        case _:
            assert_never(note)


def _store_refusal(
    connection: Connection, upstream: str, note: Refuse | ClearRefusal | ClearRefusals
) -> None:
    match note:
        case Refuse(refusal):
            put(connection, refusals, {"upstream": upstream, "key": refusal.key}, asdict(refusal))
        case ClearRefusal(key):
            _drop(connection, refusals, upstream, "key", key)
        case ClearRefusals(reason):
            _drop(connection, refusals, upstream, "reason", reason)


def _bind(connection: Connection, upstream: str, binding: Binding) -> None:
    """Bind, and reset the count of unclear attempts. A WABA id that is known of the app is kept."""
    key = {"upstream": upstream, "phone": binding.phone}
    waba = binding.waba
    if waba is None:
        mine = (bindings.c.upstream == upstream) & (bindings.c.phone == binding.phone)
        known = select(bindings.c.waba).where(mine, bindings.c.app_id == binding.app_id)
        waba = connection.execute(known).scalar_one_or_none()
    put(connection, bindings, key, {**asdict(binding), "waba": waba})
    reset(connection, upstream, binding.phone)


def _drop(connection: Connection, table: Table, upstream: str, column: str, value: str) -> None:
    connection.execute(_dropping(table, column), {"upstream": upstream, "value": value})


@cache
def _dropping(table: Table, column: str) -> Delete:
    mine = table.c.upstream == bindparam("upstream")
    return delete(table).where(mine, table.c[column] == bindparam("value"))
