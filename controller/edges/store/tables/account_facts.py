"""Facts about an account: what the last sign-ins told, as a trait of its upstream."""

import json
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, bindparam, select

from controller.edges.store.database import put
from controller.edges.store.schema import traits
from controller.model.account import AccountFacts

_NAME = "account facts"
_MINE = select(traits.c.value).where(traits.c.upstream == bindparam("upstream"), traits.c.name == _NAME)
_FLAGS = ("terms_accepted", "tech_provider", "may_mint")


def read_facts(connection: Connection, upstream: str, ahead: float) -> AccountFacts:
    """Return the facts; none where nothing readable is stored. Moments are shifted by *ahead* seconds."""
    stored = _loaded(connection.execute(_MINE, {"upstream": upstream}).scalar_one_or_none())
    flags = {name: stored[name] for name in _FLAGS if isinstance(stored.get(name), bool)}
    at = stored.get("at")
    return AccountFacts(**flags, at=float(at) + ahead if isinstance(at, int | float) else 0.0)


def write_facts(connection: Connection, upstream: str, facts: AccountFacts) -> None:
    """Store *facts*, whose moments are on the store's clock. The ends of tokens are not stored."""
    document = {name: value for name, value in asdict(facts).items() if name != "ends"}
    put(connection, traits, {"upstream": upstream, "name": _NAME}, {"value": json.dumps(document)})


def shift_facts(connection: Connection, by: float) -> None:
    """Move the moments of all facts to a clock that is ahead *by* so many seconds."""
    mine = select(traits.c.upstream).where(traits.c.name == _NAME)
    for upstream in connection.execute(mine).scalars().all():
        write_facts(connection, upstream, read_facts(connection, upstream, by))


def shifted_facts(facts: AccountFacts, by: float) -> AccountFacts:
    return replace(facts, at=facts.at + by)


def _loaded(text: str | None) -> dict[str, Any]:
    try:
        document = json.loads(text or "{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
