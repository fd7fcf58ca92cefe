"""Shapes of answers: JSON goes in, the model's values come out. If Gupshup's pages disagree, both shapes do.

All functions raise Malformed if something that matters is missing, of the wrong type, or about another app.
"""

import re
from collections.abc import Iterable

from controller.edges.gupshup.body import (
    Json,
    Malformed,
    Object,
    as_list,
    as_object,
    flag,
    number,
    text,
    text_or_none,
)
from controller.edges.gupshup.routes import app_id, subscription_id
from controller.errors import Usage
from controller.model.manifest import AppId
from controller.model.upstream import Details, RemoteSubscription, Row, Stage, SubscriptionId

_LISTS = ("apps", "partnerAppsList", "partnerAppList", "data")
_SPACING = re.compile(r"[\s+()-]+")
_MILLISECONDS_FROM = 10**11
_LAST_MOMENT = 4 * 10**9


def rows(body: Json) -> tuple[Row, ...]:
    """Return one page of apps. Malformed if a single row cannot be read."""
    if not isinstance(body, list):
        body = _list_in(as_object(body, "the answer"))
    return tuple(row(value) for value in as_list(body, "the list of apps"))


def _list_in(fields: Object) -> Json:
    """Return the list that *fields* holds. An empty second one does not count; another one is Malformed."""
    given = [fields[key] for key in _LISTS if key in fields]
    filled = [value for value in given if isinstance(value, list) and value]
    if any(value != filled[0] for value in filled):
        raise Malformed("it holds two lists of apps that differ")
    return next(iter([*filled, *given]), None)


def row(value: Json) -> Row:
    fields = as_object(value, "a row")
    name = text(fields.get("name"), "a row's name")
    return Row(
        id=known_app(fields.get("id"), f"the id of the row {name!r:.40}"),
        name=name,
        phone=phone(fields.get("phone")),
        live=flag(fields.get("live"), "a row's live", default=False),
        stopped=flag(fields.get("stopped"), "a row's stopped", default=False),
        region=text_or_none(fields.get("storageRegion"), "a row's storageRegion"),
        stage=stages(fields),
        created=moment(fields.get("createdOn")),
    )


def details(body: Json, asked: AppId) -> Details:
    """Return the answer of `/details`, which may be wrapped in `appDetails` or in `app`."""
    outer = as_object(body, "the answer")
    wrapped = (outer.get(key) for key in ("appDetails", "app"))
    inner = as_object(next((value for value in wrapped if isinstance(value, dict)), None), "appDetails")
    return Details(
        id=_same(inner.get("id"), asked),
        name=text(inner.get("name"), "the app's name"),
        phone=phone(inner.get("phone")),
        live=flag(inner.get("live"), "the app's live", default=False),
    )


def stage(body: Json, asked: AppId) -> Stage:
    inner = as_object(as_object(body, "the answer").get("whatsapp"), "whatsapp")
    _same(inner.get("id"), asked)
    return stages(inner)


def stages(fields: Object) -> Stage:
    """Return the stages. The list spells `pipelineStage`, `/pipeline` spells `pipeLineStage`."""
    pipeline = fields.get("pipelineStage")
    return Stage(
        creation=text_or_none(fields.get("creationStage"), "creationStage"),
        pipeline=text_or_none(fields.get("pipeLineStage") if pipeline is None else pipeline, "pipelineStage"),
    )


def subscriptions(body: Json, asked: AppId) -> tuple[RemoteSubscription, ...]:
    values = as_list(as_object(body, "the answer").get("subscriptions"), "the list of subscriptions")
    return tuple(_subscription(value, asked) for value in values)


def subscription(body: Json, asked: AppId) -> RemoteSubscription:
    return _subscription(as_object(body, "the answer").get("subscription"), asked)


def _subscription(value: Json, asked: AppId) -> RemoteSubscription:
    fields = as_object(value, "a subscription")
    _same(fields.get("appId"), asked)
    return RemoteSubscription(
        id=_known_subscription(fields.get("id")),
        tag=text_or_none(fields.get("tag"), "a subscription's tag") or "",
        url=text_or_none(fields.get("url"), "a subscription's url") or "",
        version=number(fields.get("version")),
        mode=_mode(fields),
        modes=_modes(fields.get("modes")),
        active=flag(fields.get("active"), "a subscription's active", default=True),
    )


def _mode(fields: Object) -> int | None:
    """Return the bit mask, also one that was sent in the place of the names."""
    mask = number(fields.get("mode"))
    return number(fields.get("modes")) if mask is None else mask


def _modes(value: Json) -> tuple[str, ...]:
    names: Iterable[str]
    match value:
        case None:
            names = ()
        case _ if number(value) is not None:
            names = ()
        case str():
            names = value.split(",")
        case _:
            names = (text(name, "a mode") for name in as_list(value, "a subscription's modes"))
    return tuple(name.strip() for name in names if name.strip())


def known_app(value: Json, what: str) -> AppId:
    try:
        return app_id(value)
    except Usage:
        raise Malformed(f"{what} is no UUID") from None


def _known_subscription(value: Json) -> SubscriptionId:
    try:
        return subscription_id(value)
    except Usage:
        raise Malformed("a subscription's id is no number") from None


def _same(value: Json, asked: AppId) -> AppId:
    """Return *asked*. Malformed if the answer names another app."""
    if value is not None and known_app(value, "the app's id") != asked:
        raise Malformed("it is about another app than the call")
    return asked


def phone(value: Json) -> str | None:
    """Return a phone as digits only, as in manifests; None if there is none."""
    given = text_or_none(value, "a phone")
    if given is None or given.upper() == "NA":
        return None
    digits = _SPACING.sub("", given)
    return digits if digits.isascii() and digits.isdigit() else given


def moment(value: Json) -> float | None:
    """Return epoch seconds from milliseconds or seconds; None if *value* is no plausible moment."""
    given = number(int(value) if isinstance(value, float) else value)
    if not given:
        return None
    seconds = given / 1000 if given >= _MILLISECONDS_FROM else float(given)
    return seconds if seconds < _LAST_MOMENT else None
