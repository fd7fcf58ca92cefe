"""Merge of two names of one account: every row gets one name, and the stricter of two rows stays."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    UniqueConstraint,
    and_,
    delete,
    select,
    update,
)

from controller.edges.store.schema import accounts, intents, leases, ledger, tables

_LEFT = frozenset({accounts.name, leases.name})
_GREATEST: Mapping[str, Sequence[str]] = {
    "declared": ("apps", "subscriptions"),
    "rests": ("until",),
    "unclear": ("attempts",),
}
"""Columns whose greater value stays. Of other tables, the row under the name that stays is kept."""


def merge(connection: Connection, same: str, into: str) -> None:
    """Move all rows from *same* to *into*. No other process may write under *same* meanwhile."""
    for table in tables.sorted_tables:
        if "upstream" in table.c and table.name not in _LEFT:
            for ours, theirs in _twins(connection, table, same, into):
                _keep_one(connection, table, ours, theirs)
            connection.execute(update(table).where(table.c.upstream == same).values(upstream=into))


def _twins(
    connection: Connection, table: Table, same: str, into: str
) -> Iterator[tuple[RowMapping, RowMapping]]:
    """Yield the pairs of rows that would have the same key under one name."""
    for key in _keys(table):
        kept = {tuple(row[name] for name in key): row for row in _rows(connection, table, into)}
        for row in _rows(connection, table, same):
            twin = kept.get(tuple(row[name] for name in key))
            if twin is not None:
                yield row, twin


def _keys(table: Table) -> Iterator[tuple[str, ...]]:
    unique = (constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint))
    for columns in (table.primary_key.columns, *(constraint.columns for constraint in unique)):
        names = [column.name for column in columns]
        if "upstream" in names:
            yield tuple(name for name in names if name != "upstream")


def _rows(connection: Connection, table: Table, upstream: str) -> Sequence[RowMapping]:
    return connection.execute(select(table).where(table.c.upstream == upstream)).mappings().all()


def _keep_one(connection: Connection, table: Table, ours: RowMapping, theirs: RowMapping) -> None:
    """Keep one row of two: *ours* is under the name that goes, *theirs* under the name that stays."""
    if table is intents:
        _drop(connection, table, min(ours, theirs, key=_holds))
        return
    _drop(connection, table, ours)
    if table is ledger and ours["digest"] != theirs["digest"]:
        _drop(connection, table, theirs)  # which of the two was written last is unknown
    elif greatest := _GREATEST.get(table.name):
        larger = {name: max(ours[name], theirs[name]) for name in greatest}
        connection.execute(update(table).where(_is(table, theirs)).values(larger))


def _holds(intent: RowMapping) -> tuple[bool, float]:
    """Return a key that grows with the time an intent blocks links. One without an end blocks longest."""
    ended = intent["ended"]
    return ended is None, intent["started"] if ended is None else ended


def _drop(connection: Connection, table: Table, row: RowMapping) -> None:
    connection.execute(delete(table).where(_is(table, row)))


def _is(table: Table, row: RowMapping) -> ColumnElement[bool]:
    return and_(*(column == row[column.name] for column in table.primary_key.columns))
