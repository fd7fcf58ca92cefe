"""One resource as the manifests declare it, beside its last observation in the store. It sends no call."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import click

from controller.core.closest import closest, did_you_mean
from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.render.entries.phones import Phones
from controller.core.render.listed.comparison import Comparison, comparison_row, comparison_text
from controller.core.status.comparison import ComparedField, compare_app, compare_subscription
from controller.doors.cli.options.arguments import paths_or_default
from controller.doors.cli.options.output import OutputOptions
from controller.doors.cli.output.documents import print_document
from controller.doors.cli.source.load import load
from controller.doors.cli.status.get import KINDS
from controller.doors.stored import StoredStatus, all_statuses, last_writes, read_store
from controller.edges.store import SqlStore
from controller.errors import ControllerError, Usage
from controller.model.manifest import App, Desired, Subscription
from controller.model.plan import Item, Kind
from controller.model.status import ListedApp, Status

Named: TypeAlias = tuple[Kind, str]
Declared: TypeAlias = App | Subscription


def named_item(what: str) -> Named | None:
    """Return the kind and the name that *what* is, None if it is no KIND/NAME. Raises Usage for a partner."""
    kind, slash, name = what.partition("/")
    if kind.lower() not in KINDS or not slash or not name:
        return None
    if KINDS[kind.lower()] == Kind.PARTNER:
        raise Usage(
            f"show compares an app or a subscription: `gupshupctl describe Partner/{name}` shows a partner"
        )
    return Kind(KINDS[kind.lower()]), name


def no_item(what: str) -> str:
    """Return the error about *what*, which is neither a file nor KIND/NAME."""
    kind, slash, name = what.partition("/")
    near = closest(kind, (Kind.APP, Kind.SUBSCRIPTION)) if name else None
    mean = f"did you mean {near}/{name}?" if near else f"a resource is App/{'acme' if slash else what}"
    return f"{what!r:.80} is no file, so no saved plan, and no KIND/NAME; {mean}"


def show_item(named: Named, paths: Sequence[str], printing: OutputOptions, store: str | None) -> None:
    """Print the resource of that name, each if there are several. Raises ControllerError if there is none."""
    if printing.output not in {"text", "json"} or printing.files:
        raise Usage("show KIND/NAME prints text or json, and no --output-file: that is for a saved plan")
    desired = load(paths_or_default(paths)).desired
    found = read_store(store, partial(_compared, named=named, desired=desired))
    if not found:
        title = "/".join(named)
        known = {f"{item.kind}/{item.name}" for item in _known(desired, store)}
        mean = did_you_mean(title, known) or "; `gupshupctl get` lists what the store has"
        raise ControllerError(f"{title} is neither declared nor in the store{mean}")
    phones = _phones(printing, desired, found)
    if printing.output == "json":
        items = [comparison_row(each, phones) for each in found]
        print_document({"formatVersion": "1.0", "items": items})
    else:
        click.echo("\n\n".join(comparison_text(each, phones, time.time()) for each in found))


def _known(desired: Desired, store: str | None) -> Iterator[Item]:
    yield from (item for item, _ in _declared(desired))
    yield from (each.status.item for each in read_store(store, all_statuses))


async def _compared(store: SqlStore, named: Named, desired: Desired) -> list[Comparison]:
    stored = [each for each in await all_statuses(store) if _is(each.status.item, named)]
    declared = {item: each for item, each in _declared(desired) if _is(item, named)}
    urls = {partner.name: partner.url for partner in desired.partners}
    found = [await _observed(store, each, declared.get(each.status.item)) for each in _here(stored, urls)]
    seen = {each.item for each in found}
    unseen = [_comparison(item, each) for item, each in declared.items() if item not in seen]
    return sorted((*found, *unseen), key=lambda each: (each.item, each.upstream))


def _here(stored: Sequence[StoredStatus], urls: Mapping[str, str]) -> Iterator[StoredStatus]:
    """Yield those of the accounts that are declared: a rehearsal elsewhere shows nothing about them."""
    for each in stored:
        url = urls.get(each.status.item.partner)
        if url is None or each.upstream.startswith(f"{url}#"):
            yield each


async def _observed(store: SqlStore, stored: StoredStatus, declared: Declared | None) -> Comparison:
    status, upstream = stored.status, stored.upstream
    writes = await last_writes(store, stored)
    return replace(
        _comparison(status.item, declared, status), upstream=upstream, written=next(iter(writes), None)
    )


def _comparison(item: Item, declared: Declared | None, status: Status | None = None) -> Comparison:
    place = "" if declared is None else str(declared.place)
    return Comparison(item, _fields(item, declared, status), place, status=status)


def _fields(item: Item, declared: Declared | None, status: Status | None) -> tuple[ComparedField, ...]:
    if item.kind is Kind.APP:
        return compare_app(declared if isinstance(declared, App) else None, status)
    return compare_subscription(declared if isinstance(declared, Subscription) else None, status)


def _phones(printing: OutputOptions, desired: Desired, found: Iterable[Comparison]) -> Phones:
    listed = [each.status.listed for each in found if each.status is not None]
    observed = {each.phone for each in listed if isinstance(each, ListedApp)} - {""}
    phones = printing.phones.knowing(desired)
    return replace(phones, known=phones.known | observed)


def _is(item: Item, named: Named) -> bool:
    return (item.kind, item.name) == named


def _declared(desired: Desired) -> Iterator[tuple[Item, Declared]]:
    yield from ((app_item(app), app) for app in desired.apps)
    yield from ((subscription_item(wanted), wanted) for wanted in desired.subscriptions)
