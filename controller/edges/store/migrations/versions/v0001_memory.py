"""The log of calls, the memory, the history and the last good revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _bindings()
    _calls()
    _declared()
    _history()
    _intents()
    _ledger()
    _manifests()
    _meta()
    _refusals()
    _rests()
    _revisions()
    _spent()
    _statuses()
    _traits()
    _unclear()


def _bindings() -> None:
    op.create_table(
        "bindings",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("missing_since", sa.Float(), nullable=True),
        sa.Column("waba", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("upstream", "phone", name="pk_bindings"),
    )


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("budget", sa.Text(), nullable=False),
        sa.Column("reserved", sa.Float(), nullable=False),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_calls_reserved", "calls", ["reserved"])
    op.create_index("ix_calls_upstream_budget_reserved", "calls", ["upstream", "budget", "reserved"])


def _declared() -> None:
    op.create_table(
        "declared",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("apps", sa.Integer(), nullable=False),
        sa.Column("subscriptions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", "source", name="pk_declared"),
    )


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_history_upstream_at", "history", ["upstream", "at"])


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("started", sa.Float(), nullable=False),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.Column("unclear", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_intents"),
        sa.UniqueConstraint("upstream", "name", name="uq_intents_upstream_name"),
        sa.UniqueConstraint("upstream", "phone", name="uq_intents_upstream_phone"),
        sqlite_autoincrement=True,
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("updates", sa.Integer(), nullable=False),
        sa.Column("active_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("upstream", "key", name="pk_ledger"),
    )


def _manifests() -> None:
    op.create_table(
        "manifests",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("source", "path", name="pk_manifests"),
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )


def _refusals() -> None:
    op.create_table(
        "refusals",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("upstream", "key", name="pk_refusals"),
    )


def _rests() -> None:
    op.create_table(
        "rests",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("budget", sa.Text(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", "budget", name="pk_rests"),
    )


def _revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_revisions"),
    )


def _spent() -> None:
    op.create_table(
        "spent",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", "digest", name="pk_spent"),
    )


def _statuses() -> None:
    op.create_table(
        "statuses",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", "resource", name="pk_statuses"),
    )


def _traits() -> None:
    op.create_table(
        "traits",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", "name", name="pk_traits"),
    )


def _unclear() -> None:
    op.create_table(
        "unclear",
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("upstream", "phone", name="pk_unclear"),
    )
