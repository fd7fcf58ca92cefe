"""Names of bound apps at Gupshup, and the app of each write. Writes of before get it from the statuses."""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_APP = "App/"
_ON = " on App/"


def upgrade() -> None:
    op.add_column("bindings", sa.Column("name", sa.Text(), nullable=True))
    op.add_column("history", sa.Column("app_id", sa.Text(), nullable=True))
    known = dict(_ids())
    targets = op.get_bind().execute(sa.text("SELECT DISTINCT upstream, target FROM history")).all()
    change = sa.text("UPDATE history SET app_id = :app_id WHERE upstream = :upstream AND target = :target")
    for upstream, target in targets:
        app_id = known.get((upstream, _app(target)))
        if app_id:
            op.get_bind().execute(change, {"app_id": app_id, "upstream": upstream, "target": target})


def _ids() -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the id of each app that has a status, by its upstream and its name."""
    rows = op.get_bind().execute(sa.text("SELECT upstream, resource, document FROM statuses")).all()
    for upstream, resource, document in rows:
        app_id = _told(document)
        if resource.startswith(_APP) and isinstance(app_id, str):
            yield (upstream, resource.removeprefix(_APP)), app_id


def _told(document: str) -> object:
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        return None
    return found.get("appId") if isinstance(found, dict) else None


def _app(target: str) -> str:
    return target.partition(_ON)[2] or target.removeprefix(_APP)
