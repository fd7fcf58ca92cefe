"""Values of an effect, for a reader: an update shows what differs, anything else what there is to be."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from controller.core.planning import modes
from controller.core.render.entries.phones import Phones
from controller.model.manifest import App, Subscription
from controller.model.modes import in_order
from controller.model.plan import Effect, Link, SetCallback, Subscribe, Unsubscribe, Update
from controller.model.upstream import RemoteSubscription

UNREADABLE = "(cannot be read)"
"""The value found of a field that can be written and never read back."""


def values_of(effect: Effect | None, phones: Phones) -> tuple[str, ...]:
    """Return lines of text. An update has one for each field that differs, anything else has one."""
    match effect:
        case None:
            return ()
        case Link(app) | (App() as app):
            return (_joined(_linked(app, phones)),)
        case SetCallback(url=url, unknown=unknown):
            wanted = phones.words(url)
            change = _unread(wanted, unknown=True) if unknown else f"{UNREADABLE} → {wanted}"
            return (f"callbackUrl: {change}",)
        case Subscribe(wanted) | (Subscription() as wanted):
            return (_joined(_subscribed(wanted, phones)),)
        case Update():
            return tuple(_changed(effect, phones))
        case Unsubscribe(remote=remote):
            return (_joined(_removed(remote, phones)),)
        case _:
            assert_never(effect)


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words)


def _linked(app: App, phones: Phones) -> Iterator[str]:
    yield f"as {phones.words(app.app_name)}"
    yield f"phone {phones.number(app.phone)}"
    yield f"WABA {app.waba_id}"
    if app.callback_url is not None:
        yield f"callback {phones.words(app.callback_url)}"
    if app.storage_region is not None:
        yield f"region {app.storage_region}"


def _subscribed(wanted: Subscription, phones: Phones) -> Iterator[str]:
    if wanted.tag != wanted.name:
        yield f"tag {phones.words(wanted.tag)}"
    yield f"→ {phones.words(wanted.url)}"
    yield from in_order(wanted.modes)
    yield f"version {wanted.version}"
    if wanted.headers:
        yield f"headers {' '.join(sorted(wanted.headers))}"
    if not wanted.active:
        yield "inactive"
    if wanted.show_on_ui:
        yield "shown on the UI"


def _removed(remote: RemoteSubscription, phones: Phones) -> Iterator[str]:
    yield f"→ {phones.words(remote.url)}"
    yield from modes.names(remote)
    if remote.version is not None:
        yield f"version {remote.version}"
    if not remote.active:
        yield "inactive"


def _unread(declared: str, *, unknown: bool) -> str:
    """Return the change of a value that cannot be read. *unknown*: it was never written from here either."""
    return f"{'unknown' if unknown else UNREADABLE} → declared ({declared})"


def _changed(update: Update, phones: Phones) -> Iterator[str]:
    for name, (old, new) in update.changes.items():
        found, wanted = phones.words(old), phones.words(new)
        match name:
            case "modes":
                yield f"modes: {_difference(update) or f'{found} → {wanted}'}"
            case "headers":
                names = ", ".join(sorted(update.subscription.headers))
                yield f"headers: {_unread(names, unknown=update.unknown)}"
            case _:
                yield f"{name}: {found} → {wanted}"


def _difference(update: Update) -> str:
    found, wanted = modes.names(update.found), in_order(update.subscription.modes)
    more = [f"+{mode}" for mode in wanted if mode not in found]
    less = [f"-{mode}" for mode in found if mode not in wanted]
    return " ".join((*more, *less))
