"""Bodies of answers become the model's nouns, tolerant of both shapes where the pages disagree.

All raise Malformed if something that matters is missing, of the wrong type, or about another app.
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
    """Read one page of apps; a single row that cannot be read makes the page useless."""
    if not isinstance(body, list):
        body = _list_in(as_object(body, "the answer"))
    return tuple(row(value) for value in as_list(body, "the list of apps"))


def _list_in(found: Object) -> Json:
    """Return the list that *found* holds: an empty one beside it says nothing, a second one too much."""
    given = [found[key] for key in _LISTS if key in found]
    filled = [value for value in given if isinstance(value, list) and value]
    if any(value != filled[0] for value in filled):
        raise Malformed("it holds two lists of apps that differ")
    return next(iter([*filled, *given]), None)


def row(value: Json) -> Row:
    found = as_object(value, "a row")
    name = text(found.get("name"), "a row's name")
    return Row(
        id=known_app(found.get("id"), f"the id of the row {name!r:.40}"),
        name=name,
        phone=phone(found.get("phone")),
        live=flag(found.get("live"), "a row's live", default=False),
        stopped=flag(found.get("stopped"), "a row's stopped", default=False),
        region=text_or_none(found.get("storageRegion"), "a row's storageRegion"),
        stage=stages(found),
        created=moment(found.get("createdOn")),
    )


def details(body: Json, asked: AppId) -> Details:
    """Read `/details`, wrapped in `appDetails` or in `app`."""
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


def stages(found: Object) -> Stage:
    """Read the stages; the list spells `pipelineStage`, `/pipeline` spells `pipeLineStage`."""
    pipeline = found.get("pipelineStage")
    return Stage(
        creation=text_or_none(found.get("creationStage"), "creationStage"),
        pipeline=text_or_none(found.get("pipeLineStage") if pipeline is None else pipeline, "pipelineStage"),
    )


def waba(body: Json) -> str:
    """Return the WABA id, "" if it was not told."""
    inner = as_object(body, "the answer").get("wabaInfo")
    if inner is None:
        return ""
    return text_or_none(as_object(inner, "wabaInfo").get("wabaId"), "wabaId") or ""


def subscriptions(body: Json, asked: AppId) -> tuple[RemoteSubscription, ...]:
    found = as_list(as_object(body, "the answer").get("subscriptions"), "the list of subscriptions")
    return tuple(_subscription(value, asked) for value in found)


def subscription(body: Json, asked: AppId) -> RemoteSubscription:
    return _subscription(as_object(body, "the answer").get("subscription"), asked)


def _subscription(value: Json, asked: AppId) -> RemoteSubscription:
    found = as_object(value, "a subscription")
    _same(found.get("appId"), asked)
    return RemoteSubscription(
        id=_known_subscription(found.get("id")),
        tag=text_or_none(found.get("tag"), "a subscription's tag") or "",
        url=text_or_none(found.get("url"), "a subscription's url") or "",
        version=number(found.get("version")),
        mode=number(found.get("mode")),
        modes=_modes(found.get("modes")),
        active=flag(found.get("active"), "a subscription's active", default=True),
    )


def _modes(value: Json) -> tuple[str, ...]:
    names: Iterable[str]
    match value:
        case None:
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
    """Return *asked* unless the answer says that it is about another app."""
    if value is not None and known_app(value, "the app's id") != asked:
        raise Malformed("it is about another app than was asked for")
    return asked


def phone(value: Json) -> str | None:
    """Return a phone as digits only, as manifests write it; None if there is none."""
    given = text_or_none(value, "a phone")
    if given is None or given.upper() == "NA":
        return None
    digits = _SPACING.sub("", given)
    return digits if digits.isascii() and digits.isdigit() else given


def moment(value: Json) -> float | None:
    """Return epoch seconds from milliseconds or seconds; None if it is no plausible moment."""
    given = number(int(value) if isinstance(value, float) else value)
    if not given:
        return None
    seconds = given / 1000 if given >= _MILLISECONDS_FROM else float(given)
    return seconds if seconds < _LAST_MOMENT else None
