"""Declared counts: what each account was last declared to have, one row for each account and all sources."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    kept = _last_of_each()
    op.drop_table("declared")
    made = op.create_table(
        "declared",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("apps", sa.Integer(), nullable=False),
        sa.Column("subscriptions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", name="pk_declared"),
    )
    if kept:
        op.bulk_insert(made, kept)


def _last_of_each() -> list[dict[str, object]]:
    """Return what the last accepted source declared for each account."""
    columns = "declared.upstream, declared.apps, declared.subscriptions"
    joined = "declared LEFT JOIN revisions ON revisions.source = declared.source"
    oldest_first = f"SELECT {columns} FROM {joined} ORDER BY COALESCE(revisions.at, 0), declared.source"  # noqa: S608  (words of our own)
    rows = op.get_bind().execute(sa.text(oldest_first))
    last = {
        upstream: {"upstream": upstream, "apps": apps, "subscriptions": hooks}
        for upstream, apps, hooks in rows
    }
    return list(last.values())
