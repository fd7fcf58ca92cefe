"""Webhooks of many apps: alike ones become one manifest with a selector, the others stay with their app."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from controller.core.importing.account import FoldKey, Key, ReadApp, WebhookKey
from controller.core.importing.names import distinct, label_key, legal, mark, templated
from controller.core.planning import modes
from controller.model.modes import ALONE, MODES, in_order
from controller.model.upstream import RemoteSubscription

LEAST_ALIKE = 3
"""Apps from which on one manifest declares their webhook."""

ENABLED = "enabled"
"""The value of each derived label."""


class WebhookSpec(NamedTuple):
    """What a manifest says of a webhook; *url* may hold templates. Equal ones can be one manifest."""

    partner: str
    tag: str
    url: str
    version: int
    modes: tuple[str, ...]
    active: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """One manifest for the webhook of many apps, which its *label* selects."""

    name: str
    webhook: WebhookSpec
    label: str


@dataclass(frozen=True, slots=True)
class Folded:
    """All webhooks of an import: *folds*, the labels that apps get for them, and the *rest* of each app."""

    folds: tuple[Fold, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rest: Mapping[str, tuple[tuple[RemoteSubscription, WebhookSpec], ...]] = field(default_factory=dict)


class _Own(NamedTuple):
    app: ReadApp
    found: RemoteSubscription
    webhook: WebhookSpec


def webhook_of(partner: str, found: RemoteSubscription) -> WebhookSpec:
    """Return what a manifest of its own says of a webhook."""
    version = 0 if found.version is None else found.version
    return WebhookSpec(partner, found.tag, found.url, version, modes_of(found), found.active)


def modes_of(found: RemoteSubscription) -> tuple[str, ...]:
    """Return the modes of the mask, and those that have no known bit by their names."""
    named = {name for name in found.modes if MODES.get(name, 0) is None}
    if ALONE & named:
        return in_order(ALONE & named)
    return in_order(
        {*named, *(name for name in modes.names(found) if name in MODES)} - (ALONE if named else set())
    )


def undeclarable(found: RemoteSubscription) -> str:
    """Return why no manifest can say what a webhook is, "" if one can."""
    if found.version is None:
        return "Gupshup gives no version for it"
    if found.mode is None and not found.modes:
        return "Gupshup gives no modes for it"
    if found.mode is None and not set(found.modes) <= set(MODES):
        return f"its modes are not known here: {', '.join(found.modes)}"
    bits = 0 if found.mode is None else found.mode & ~modes.KNOWN
    if bits and not any(MODES.get(name, 0) is None for name in found.modes):
        return f"it has modes whose names are not known here: bits {bits}"
    return "" if found.tag else "it has no tag"


def fold(
    apps: Iterable[ReadApp], names: Mapping[str, str], taken: Collection[str], excluded: Collection[Key]
) -> Folded:
    """Return the webhooks of *apps*, folded where LEAST_ALIKE or more are alike.

    *names* are those of the manifests of apps, by id; *taken* the names of Subscriptions that exist. Nothing
    of *excluded* is folded or declared.
    """
    own = [
        _Own(app, found, webhook_of(app.partner, found))
        for app in apps
        for found in app.subscriptions
        if not undeclarable(found) and WebhookKey(app.row.id, found.id) not in excluded
    ]
    alike, rest = _groups(own, lambda each: each.webhook)
    by_template, rest = _groups(rest, lambda each: _templated(each, names))
    groups = {**alike, **by_template}
    called = _fold_names(groups, taken)
    unfolded = {webhook for webhook in groups if fold_key(webhook) in excluded}
    kept = {webhook: group for webhook, group in groups.items() if webhook not in unfolded}
    alone = [*rest, *(each for webhook in unfolded for each in groups[webhook])]
    folds = [Fold(called[webhook], webhook, label_key(called[webhook])) for webhook in kept]
    return Folded(tuple(sorted(folds, key=lambda each: each.name)), _labels(kept, called), _by_app(alone))


def fold_key(webhook: WebhookSpec) -> FoldKey:
    """Return the key of the manifest that declares *webhook* for many apps."""
    return FoldKey("\n".join(map(str, webhook)))


def _groups(
    own: Iterable[_Own], same: Callable[[_Own], WebhookSpec]
) -> tuple[dict[WebhookSpec, list[_Own]], list[_Own]]:
    """Return the groups that are large enough, and the webhooks that are in none."""
    groups: dict[WebhookSpec, list[_Own]] = defaultdict(list)
    for each in own:
        groups[same(each)].append(each)
    large = {webhook: group for webhook, group in groups.items() if len(group) >= LEAST_ALIKE}
    return large, [each for webhook, group in groups.items() if webhook not in large for each in group]


def _templated(own: _Own, names: Mapping[str, str]) -> WebhookSpec:
    app = own.app
    values = (
        ("${app.name}", names[app.row.id]),
        ("${app.appName}", app.row.name),
        ("${app.phone}", app.phone),
        ("${app.wabaId}", app.waba_id),
    )
    return own.webhook._replace(url=templated(own.webhook.url, values))


def _fold_names(groups: Iterable[WebhookSpec], taken: Collection[str]) -> dict[WebhookSpec, str]:
    by_key = {fold_key(webhook).webhook: webhook for webhook in groups}
    wanted = {key: legal(webhook.tag, f"webhook-{mark(key)}") for key, webhook in by_key.items()}
    return {by_key[key]: name for key, name in distinct(wanted, taken).items()}


def _labels(
    groups: Mapping[WebhookSpec, list[_Own]], called: Mapping[WebhookSpec, str]
) -> dict[str, dict[str, str]]:
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for webhook in sorted(groups, key=lambda each: called[each]):
        for each in groups[webhook]:
            labels[each.app.row.id][label_key(called[webhook])] = ENABLED
    return labels


def _by_app(alone: Iterable[_Own]) -> dict[str, tuple[tuple[RemoteSubscription, WebhookSpec], ...]]:
    found: dict[str, list[tuple[RemoteSubscription, WebhookSpec]]] = defaultdict(list)
    for each in alone:
        found[each.app.row.id].append((each.found, each.webhook))
    return {app_id: tuple(sorted(pairs, key=_order)) for app_id, pairs in found.items()}


def _order(pair: tuple[RemoteSubscription, WebhookSpec]) -> tuple[str, str]:
    return pair[0].tag, pair[0].id


def left_out(apps: Iterable[ReadApp]) -> Iterator[tuple[ReadApp, RemoteSubscription, str]]:
    """Yield each webhook that no manifest can declare, and why."""
    for app in apps:
        for found in app.subscriptions:
            if why := undeclarable(found):
                yield app, found, why
