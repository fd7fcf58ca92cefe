"""The bytes of deleted rows on a PostgreSQL server: in its tables, and in the samples it keeps of them."""

import re
from typing import Any, Protocol

from sqlalchemy import Connection, Table, Text

from controller.edges.store.schema import leases, replicas, tables

COMPACT_WAIT = 2
"""Seconds for which writing a table anew waits for its users; those who come later wait, too."""

LOGS = "the server's log (WAL), until it is written over; its replicas and backups"

_SAMPLES = "pg_catalog.pg_statistic"
"""Values of columns, which the server samples by itself (ANALYZE). An empty table keeps its last samples."""


class _Notice(Protocol):
    """What psycopg hands to a handler, and clears afterwards."""

    severity_nonlocalized: str
    message_primary: str
    message_detail: str | None


def compact(connection: Connection, schema: str) -> str:
    """Write the tables of *schema* anew, and the samples of their values; return where bytes may still be.

    Replicas' leases are left alone: nothing waits longer than for one table. Raises sqlalchemy's DBAPIError
    if it came to no end. Rows that a transaction may still see stay, which the server tells in notices alone.
    """
    ours = [each for each in tables.sorted_tables if each not in {leases, replicas}]
    names = ", ".join(f"{schema}.{each.name}" for each in ours)
    left: list[str] = []
    rows: list[int] = []

    def note(each: _Notice) -> None:
        rows.append(_number(each.message_detail or ""))
        if each.severity_nonlocalized == "WARNING":
            left.append(
                f"{_SAMPLES}, until the database's owner does a VACUUM FULL of it: {each.message_primary}"
            )

    driver: Any = connection.connection.driver_connection
    driver.add_notice_handler(note)
    connection.exec_driver_sql(f"SET lock_timeout = '{COMPACT_WAIT}s'")
    try:
        for table in ours:
            connection.exec_driver_sql(_without_samples(table, schema))
        connection.exec_driver_sql(f"ANALYZE {names}")
        connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE) {names}, {_SAMPLES}")
    finally:
        connection.exec_driver_sql("RESET lock_timeout")
        driver.remove_notice_handler(note)
    if kept := sum(rows):
        what = f"{kept} deleted {'row' if kept == 1 else 'rows'} that an older transaction may see"
        left.append(f"{what} (pg_stat_activity has it): repeat this when it ended")
    return "; ".join([*left, LOGS])


def _without_samples(table: Table, schema: str) -> str:
    """Return SQL that gives each column of text the type that it has: this drops its samples."""
    texts = ", ".join(
        f"ALTER COLUMN {each.name} TYPE text" for each in table.columns if isinstance(each.type, Text)
    )
    return f"ALTER TABLE {schema}.{table.name} {texts}"


def _number(detail: str) -> int:
    """Return the first number, in any language: "7 dead row versions cannot be removed yet"."""
    number = re.search(r"\d+", detail)
    return int(number[0]) if number else 0
