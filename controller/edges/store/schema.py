"""Schema of the store. No table holds a secret that can be read; `universal_tokens` holds encrypted ones.

All tables but `meta`, `revisions`, `manifests`, `replicas` and `universal_tokens` are by upstream.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

APPLICATION_ID = 0x47555053
"""The number in SQLite's file header that marks a database as ours ("GUPS")."""

VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")
"""Every version of the schema, oldest first. A store with another version is from a newer release."""

tables = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _moment(name: str) -> Column[float]:
    """Return a column of epoch seconds, on the store's clock unless the table says otherwise (clocks.py)."""
    return Column(name, Float, nullable=False)


def _maybe(name: str) -> Column[float]:
    return Column(name, Float, nullable=True)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _id() -> Column[int]:
    long = BigInteger().with_variant(Integer, "sqlite")  # integers in SQLite have any length
    return Column("id", long, primary_key=True, autoincrement=True)


accounts = Table("accounts", tables, _key("upstream"), _text("url"), _text("partner_id"))
"""Every account that was signed in to. `partner_id` is "" while the id is unknown."""

version = Table("alembic_version", tables, Column("version_num", Text, primary_key=True))
meta = Table("meta", tables, _key("name"), _text("value"))

calls = Table(
    "calls",
    tables,
    _id(),
    _text("upstream"),
    _text("budget"),
    _moment("reserved"),
    _maybe("ended"),
    _text("route"),
    Column("status", Integer, nullable=True),
    Index(None, "upstream", "budget", "reserved"),
    Index(None, "reserved"),
    sqlite_autoincrement=True,
)
rests = Table("rests", tables, _key("upstream"), _key("budget"), _moment("until"))
traits = Table("traits", tables, _key("upstream"), _key("name"), _text("value"))

intents = Table(
    "intents",
    tables,
    _id(),
    _text("upstream"),
    _text("phone"),
    _text("name"),
    _text("process"),
    _moment("started"),
    _maybe("ended"),
    _count("unclear"),
    UniqueConstraint("upstream", "phone"),
    UniqueConstraint("upstream", "name"),
    sqlite_autoincrement=True,
)
unclear = Table("unclear", tables, _key("upstream"), _key("phone"), _count("attempts"))
bindings = Table(
    "bindings",
    tables,
    _key("upstream"),
    _key("phone"),
    _text("app_id"),
    _maybe("missing_since"),
    Column("waba", Text, nullable=True),
    Column("name", Text, nullable=True),
)
refusals = Table(
    "refusals",
    tables,
    _key("upstream"),
    _key("key"),
    _text("digest"),
    _text("reason"),
    _text("message"),
    _moment("at"),
    _count("tries"),
    _maybe("retry_at"),
)
ledger = Table(
    "ledger",
    tables,
    _key("upstream"),
    _key("key"),
    _text("digest"),
    _text("secret"),
    _count("updates"),
    _maybe("active_at"),
)
app_health = Table(
    "app_health",
    tables,
    _key("upstream"),
    _key("app_id"),
    _moment("at"),
    _maybe("fell_at"),
    _text("document"),
)
"""The last answer about the health of each app, as JSON, and when it was read."""

history = Table(
    "history",
    tables,
    _id(),
    _text("upstream"),
    _moment("at"),
    _text("who"),
    _text("revision"),
    _text("verb"),
    _text("target"),
    _text("outcome"),
    _text("message"),
    Column("app_id", Text, nullable=True),
    Column("tag", Text, nullable=True),
    Index(None, "upstream", "at"),
    sqlite_autoincrement=True,
)
statuses = Table("statuses", tables, _key("upstream"), _key("resource"), _moment("at"), _text("document"))
spent = Table("spent", tables, _key("upstream"), _key("digest"), _moment("at"))

revisions = Table("revisions", tables, _key("source"), _text("revision"), _moment("at"))
manifests = Table(
    "manifests",
    tables,
    _key("source"),
    _key("path"),
    Column("data", LargeBinary, nullable=False),
    _text("place"),
)
declared = Table("declared", tables, _key("upstream"), _count("apps"), _count("subscriptions"))

hints = Table("hints", tables, _key("upstream"), _key("app"), _text("kind"), _moment("at"))

universal_tokens = Table(
    "universal_tokens",
    tables,
    _key("login"),
    _key("name"),
    _text("state"),
    _text("partner"),
    _moment("minted"),
    _moment("expires"),
    Column("ahead", Float, nullable=False),
    _text("sealed"),
    _moment("since"),
)
"""Our Universal Tokens, by the way to sign in. `minted` and `expires` are on Gupshup's clock."""

leases = Table(
    "leases", tables, _key("upstream"), _text("token"), _text("holder"), _count("epoch"), _moment("expires")
)
"""The writers, on PostgreSQL only. `expires` is on the server's clock."""

replicas = Table("replicas", tables, _key("name"), _text("holder"), _text("stands"), _moment("expires"))
"""Processes that never stop, on PostgreSQL only. `stands` lists the upstreams that one is a candidate for."""
