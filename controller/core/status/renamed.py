"""Statuses under the names of now: an app is known by its id, or by its phone until it has one."""

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
    familiar = {matched.item for matched in matches.apps} - {matched.item for matched in strange}
    left = [each for item, each in previous.items() if item.kind is Kind.APP and item not in familiar]
    by_id = {each.app_id: each.item for each in left if each.app_id is not None}
    by_phone = {each.phone: each for each in left if each.phone}
    apps = {
        was: matched.item
        for matched in strange
        if (was := by_id.get(_id(matched) or AppId("")) or _by_phone(matched, by_phone)) is not None
    }
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


def _by_phone(matched: MatchedApp, left: Mapping[str, Status]) -> Item | None:
    """Return the item that had the phone of this app: not if that was another app at Gupshup."""
    before = left.get(matched.app.phone)
    return before.item if before is not None and None in {before.app_id, _id(matched)} else None


def _is_strange(matched: MatchedApp, previous: Mapping[Item, Status]) -> bool:
    """Return whether the status under the name of an app is not about this app, or not yet."""
    app_id, before = _id(matched), previous.get(matched.item)
    if before is None:
        return True
    return before.app_id != app_id if app_id is not None else before.phone not in {"", matched.app.phone}


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
