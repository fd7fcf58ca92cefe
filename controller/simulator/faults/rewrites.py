"""Rewrites: faults that send a whole answer, and change its content."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from controller.simulator.faults.fault import Fault
from controller.simulator.modes import CANNED
from controller.simulator.wire import Json, Response
from controller.simulator.world import World

_LISTS = ("apps", "partnerAppsList")
_Row = dict[str, object]


def rewritten(response: Response, faults: tuple[Fault, ...], world: World) -> Response:
    """Return *response* after all of *faults*. A text and an empty body do not change."""
    for fault in faults:
        if isinstance(response.body, Mapping):
            response = replace(response, body=_KINDS[fault.kind](fault, response.body, world))
    return response


def _with_rows(body: Json, change: Callable[[list[_Row]], list[_Row]]) -> Json:
    lists = {key: body[key] for key in _LISTS if key in body}
    changed = {
        key: change([dict(row) for row in rows]) for key, rows in lists.items() if isinstance(rows, list)
    }
    return {**body, **changed}


def _fits(fault: Fault, row: Json) -> bool:
    return fault.fits_app(str(row.get("id", "")), str(row.get("phone", "")), str(row.get("name", "")))


def _flicker(fault: Fault, body: Json, _: World) -> Json:
    return _with_rows(body, lambda rows: [row for row in rows if not _fits(fault, row)])


def _no_phone(fault: Fault, body: Json, _: World) -> Json:
    def without_phone(row: _Row) -> _Row:
        return {key: value for key, value in row.items() if key != "phone"} if _fits(fault, row) else row

    return _with_rows(body, lambda rows: [without_phone(row) for row in rows])


def _empty_list(_: Fault, body: Json, __: World) -> Json:
    return _with_rows(body, lambda _: [])


def _short_page(fault: Fault, body: Json, _: World) -> Json:
    missing = int(fault.number("rows", 1))
    return _with_rows(body, lambda rows: rows[: max(len(rows) - missing, 0)])


def _unchanged(_: Fault, body: Json, __: World) -> Json:
    return body  # the route has chosen the wrong page


def _wrong_id(fault: Fault, body: Json, world: World) -> Json:
    return {**body, "appId": fault.text("app_id", world.new_id())} if "appId" in body else body


def _no_id(_: Fault, body: Json, __: World) -> Json:
    return {key: value for key, value in body.items() if key != "appId"}


def _canned_mode(fault: Fault, body: Json, _: World) -> Json:
    mode = int(fault.number("mode", CANNED))
    one, many = body.get("subscription"), body.get("subscriptions")
    changed: _Row = dict(body)
    if isinstance(one, dict):
        changed["subscription"] = {**one, "mode": mode}
    if isinstance(many, list):
        changed["subscriptions"] = [{**row, "mode": mode} for row in many]
    return changed


_KINDS: Mapping[str, Callable[[Fault, Json, World], Json]] = {
    "flicker": _flicker,
    "no-phone": _no_phone,
    "empty-list": _empty_list,
    "short-page": _short_page,
    "repeat-page": _unchanged,
    "wrong-app-id": _wrong_id,
    "no-app-id": _no_id,
    "canned-mode": _canned_mode,
}
