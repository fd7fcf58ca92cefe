"""Statuses under the names of now: an app is known by its id, whatever its manifest is called."""

from collections.abc import Mapping
from dataclasses import replace

from controller.core.planning.match import Conflict, Found
from controller.core.planning.matched_app import MatchedApp, Matches
from controller.model.manifest import AppId
from controller.model.plan import Item, Kind
from controller.model.status import Status
from controller.model.upstream import Row


def renamed_items(previous: Mapping[Item, Status], matches: Matches) -> Mapping[Item, Item]:
    """Return the present item of each item in *previous* whose app, or partner, has another name now."""
    strange = [matched for matched in matches.apps if _is_strange(matched, previous)]
    if not strange:
        return {}
    were = {status.app_id: item for item, status in previous.items() if item.kind is Kind.APP}
    apps = {were[app_id]: matched.item for matched in strange if (app_id := _id(matched)) in were}
    places = {(was.partner, was.app): now for was, now in apps.items()}
    moved = {item: now for item in previous if (now := places.get((item.partner, item.app))) is not None}
    return {item: _at(item, now) for item, now in moved.items()}


def follow(previous: Mapping[Item, Status], renamed: Mapping[Item, Item]) -> dict[Item, Status]:
    """Return *previous* with the statuses of *renamed* items under their present ones."""
    taken = {(now.partner, now.app) for now in renamed.values()}
    kept = {
        item: status
        for item, status in previous.items()
        if item not in renamed and (item.partner, item.app) not in taken
    }
    return {**kept, **{now: _under(previous[was], now) for was, now in renamed.items()}}


def _is_strange(matched: MatchedApp, previous: Mapping[Item, Status]) -> bool:
    """Return whether the status under the name of a linked app is not about this app, or not yet."""
    app_id, before = _id(matched), previous.get(matched.item)
    return app_id is not None and (before is None or before.app_id != app_id)


def _id(matched: MatchedApp) -> AppId | None:
    match matched.match:
        case Found(row) | Conflict(row=Row() as row, ours=True):
            return row.id
        case _:
            return None


def _at(item: Item, app: Item) -> Item:
    return replace(
        item, partner=app.partner, app=app.app, name=app.app if item.kind is Kind.APP else item.name
    )


def _under(status: Status, item: Item) -> Status:
    foreign = tuple(replace(each, item=_at(each.item, item)) for each in status.foreign)
    return replace(status, item=item, foreign=foreign)
