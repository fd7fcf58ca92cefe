"""Accounts: each by its id, if known, so that all ways to sign in lead to the same one.

Until now the name of an account ended in its id, or in the name of its Partner if no id was known. Ids are
numbers, so any other ending is a name: such an account gets its id from the next sign-in that has one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NAMED = ("bindings", "calls", "declared", "history", "intents", "ledger", "refusals", "statuses", "unclear")


def upgrade() -> None:
    accounts = op.create_table(
        "accounts",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", name="pk_accounts"),
    )
    op.bulk_insert(accounts, [_account(name) for name in sorted(_names()) if "#" in name])


def _names() -> set[str]:
    tables = [sa.table(name, sa.column("upstream", sa.Text())) for name in _NAMED]
    names = sa.union(*(sa.select(table.c.upstream) for table in tables))
    return set(op.get_bind().execute(names).scalars())


def _account(upstream: str) -> dict[str, str]:
    url, _, last = upstream.rpartition("#")
    return {"upstream": upstream, "url": url, "partner_id": last if last.isdecimal() else ""}
