"""What was read of an account for an import, and which of its apps can be declared."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from controller.core.decode.quoting import some
from controller.core.planning.match import phone_of
from controller.model.manifest import AppId, Desired, Partner
from controller.model.plan import Kind
from controller.model.upstream import Facts, ReadFailed, RemoteSubscription, Row, SubscriptionId


class AppKey(NamedTuple):
    """One app of the import."""

    app_id: AppId


class WebhookKey(NamedTuple):
    """One webhook of one app."""

    app_id: AppId
    subscription: SubscriptionId


class FoldKey(NamedTuple):
    """A manifest that declares one *webhook* of many apps by a selector."""

    webhook: str


class ManifestKey(NamedTuple):
    """A manifest that exists, and that an import changes."""

    kind: Kind
    name: str


Key = AppKey | WebhookKey | FoldKey | ManifestKey


@dataclass(frozen=True, slots=True)
class AccountRead:
    """One account as it was read. *wabas* has what `waba/info` gave, "" if it has none.

    *declared* are apps that a manifest declares already: they are not imported.
    """

    partner: Partner
    partner_id: str
    rows: tuple[Row, ...]
    facts: Facts = field(default_factory=Facts)
    wabas: Mapping[AppId, str | ReadFailed] = field(default_factory=dict)
    declared: frozenset[AppId] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadApp:
    """One app that was read wholly."""

    partner: str
    row: Row
    phone: str
    waba_id: str
    subscriptions: tuple[RemoteSubscription, ...]


@dataclass(frozen=True, slots=True, order=True)
class LeftOut:
    """What is at Gupshup and in no manifest of the import, and *why*. *webhook* is a tag, "" for an app."""

    partner: str
    app: str
    webhook: str
    why: str
    app_id: str = ""


def readable(account: AccountRead, names: Collection[str] = ()) -> tuple[Row, ...]:
    """Return the rows that an import has to read, those of *names* (at Gupshup) only if there are any."""
    rows = (row for row in account.rows if row.id not in account.declared)
    return tuple(row for row in rows if not names or row.name in names)


def apps_of(account: AccountRead, names: Collection[str] = ()) -> tuple[list[ReadApp], list[LeftOut]]:
    """Return what was read wholly, and what could not be read."""
    apps: list[ReadApp] = []
    out: list[LeftOut] = []
    for row in readable(account, names):
        reasons = list(_unread(account, row))
        if reasons:
            out.append(LeftOut(account.partner.name, row.name, "", "; ".join(reasons), row.id))
        else:
            apps.append(_app(account, row))
    return apps, out


def still_left_out(
    earlier: Iterable[LeftOut], accounts: Iterable[AccountRead], desired: Desired
) -> Iterator[LeftOut]:
    """Yield the webhooks of *earlier* that nobody declares, on apps that are declared: none is read again."""
    read = {row.id: (account, row) for account in accounts for row in account.rows}
    for each in earlier:
        account, row = read.get(AppId(each.app_id), (None, None))
        if account is None or row is None or row.id not in account.declared or not each.webhook:
            continue
        phone = phone_of(row, account.facts)
        names = {app.name for app in desired.apps if app.app_id == row.id or app.phone == phone}
        if not any(one.app in names and one.tag == each.webhook for one in desired.subscriptions):
            yield each


def with_one_phone(apps: Iterable[ReadApp]) -> Iterator[tuple[AppKey, str]]:
    """Yield each app whose phone another one of its account has, too, and why none of them is declared."""
    by_phone: dict[tuple[str, str], list[ReadApp]] = defaultdict(list)
    for app in apps:
        by_phone[app.partner, app.phone].append(app)
    for group in (group for group in by_phone.values() if len(group) > 1):
        names = some(f"{app.row.name} ({app.row.id})" for app in group)
        for app in group:
            yield AppKey(app.row.id), f"{len(group)} apps have this phone, none of them is imported: {names}"


def _app(account: AccountRead, row: Row) -> ReadApp:
    found = account.facts.subscriptions[row.id]
    subscriptions = () if isinstance(found, ReadFailed) else found
    waba = account.wabas[row.id]
    phone = phone_of(row, account.facts) or ""
    by_tag = tuple(sorted(subscriptions, key=lambda each: (each.tag, each.id)))
    return ReadApp(account.partner.name, row, phone, waba if isinstance(waba, str) else "", by_tag)


def _unread(account: AccountRead, row: Row) -> Iterator[str]:
    """Yield why an app cannot be declared as it is."""
    match account.wabas.get(row.id):
        case ReadFailed(why):
            yield f"its WABA id cannot be read: {why}"
        case None | "":
            yield "Gupshup gives no WABA id for it" + ("" if row.live else ": it is not live")
    if phone_of(row, account.facts) is None:
        details = account.facts.details.get(row.id)
        why = f": {details.why}" if isinstance(details, ReadFailed) else ""
        yield f"its phone cannot be read{why}"
    match account.facts.subscriptions.get(row.id):
        case ReadFailed(why):
            yield f"its webhooks cannot be read: {why}"
        case None:
            yield "its webhooks were not read"
