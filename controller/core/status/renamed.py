"""Statuses under the names of now: an app is known by its id, whatever its manifest is called."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from controller.core.planning.match import Conflict, Found
from controller.core.planning.matched_app import MatchedApp, Matches, subscription_item
from controller.model.manifest import AppId
from controller.model.plan import Item, Kind
from controller.model.status import Status
from controller.model.upstream import RemoteSubscription, Row


def renamed_items(previous: Mapping[Item, Status], matches: Matches) -> Mapping[Item, Item]:
    """Return the present item of each item in *previous* whose manifest, app or partner is renamed."""
    moved = _of_apps(previous, matches)
    return {**moved, **dict(_of_webhooks(previous, matches, moved))}


def _of_apps(previous: Mapping[Item, Status], matches: Matches) -> Mapping[Item, Item]:
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
    taken = {(now.partner, now.app) for now in renamed.values() if now.kind is Kind.APP}
    kept = {
        item: status
        for item, status in previous.items()
        if item not in renamed and (item.partner, item.app) not in taken
    }
    return {**kept, **{now: _under(previous[was], now) for was, now in renamed.items()}}


def _of_webhooks(
    previous: Mapping[Item, Status], matches: Matches, moved: Mapping[Item, Item]
) -> Iterator[tuple[Item, Item]]:
    """Yield the subscriptions without a status under their names, each with the one that had its tag."""
    wanted = (
        (subscription_item(each), each.tag) for matched in matches.apps for each in matched.subscriptions
    )
    known = {*previous, *moved.values()}
    strange = {(item.partner, item.app, tag): item for item, tag in wanted if item not in known}
    for was, status in previous.items() if strange else ():
        app = moved.get(was, was)
        tag = status.listed.tag if isinstance(status.listed, RemoteSubscription) else None
        if (now := strange.get((app.partner, app.app, tag or ""))) is not None:
            yield was, now


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
