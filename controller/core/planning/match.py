"""Match of a declared app with the apps at Gupshup: complete lists, exact comparison, no guess in doubt."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from controller.model.manifest import App, AppId, Settle
from controller.model.memory import Binding
from controller.model.phone import masked
from controller.model.plan import Observed, WaitFor
from controller.model.upstream import Details, Facts, Row


@dataclass(frozen=True, slots=True)
class Found:
    row: Row


@dataclass(frozen=True, slots=True)
class Absent:
    """A complete list lacks the app, and no binding contradicts."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """*row* is the one app in the way. *ours*: *row* is the declared app, under another name or phone.

    *drift*: it had the declared name, and somebody changed that at Gupshup.
    """

    reason: str
    message: str
    row: Row | None = None
    ours: bool = False
    drift: bool = False


@dataclass(frozen=True, slots=True)
class Undecided:
    """Only time or another read (*ask* names the apps to read) can decide."""

    wait_for: WaitFor
    message: str
    until: float | None = None
    ask: tuple[AppId, ...] = ()


Match: TypeAlias = Found | Absent | Conflict | Undecided


@dataclass(frozen=True, slots=True)
class Index:
    """The rows of one list by id, phone and name. Phones that the list lacks come from the details."""

    by_id: Mapping[AppId, Row]
    by_phone: Mapping[str, tuple[Row, ...]]
    by_name: Mapping[str, tuple[Row, ...]]
    phoneless: tuple[Row, ...]


def index(rows: Iterable[Row], facts: Facts) -> Index:
    by_id, phones, names, phoneless = {}, defaultdict(list), defaultdict(list), []
    for row in sorted(rows, key=lambda row: row.id):
        by_id[row.id] = row
        names[row.name].append(row)
        if phone := phone_of(row, facts):
            phones[phone].append(row)
        elif not isinstance(facts.details.get(row.id), Details):
            phoneless.append(row)
    return Index(by_id, _frozen(phones), _frozen(names), tuple(phoneless))


def phone_of(row: Row, facts: Facts) -> str | None:
    """Return the phone from the list or the details, None if neither has one."""
    details = facts.details.get(row.id)
    return row.phone or (details.phone if isinstance(details, Details) else None)


def match(app: App, seen: Index, observed: Observed, settle: Settle) -> Match:
    """Return the row of the declared app, or why the app is absent, in conflict or undecided."""
    if app.app_id is not None:
        result = _by_id(app, app.app_id, seen, observed.facts)
    else:
        result = _by_phone_and_name(app, seen, observed.facts)
    result = _recognise_ours(app, result, observed)
    binding = observed.memory.bindings.get(app.phone)
    if binding is not None and (isinstance(result, Absent) or _is_missing(result, app, binding)):
        return _lost(app, binding, observed.absent_at, settle)
    return _unproven(seen) if isinstance(result, Absent) else result


def _by_id(app: App, app_id: AppId, seen: Index, facts: Facts) -> Match:
    row = seen.by_id.get(app_id)
    if row is None:
        return Conflict(
            "AppNotFound",
            f"appId {app_id} is not among this partner's apps; correct it, or remove it to link a new app",
        )
    phone = phone_of(row, facts)
    if phone is None and row in seen.phoneless:
        return _ask_phone((row,))
    if phone != app.phone:
        return Conflict(
            "AppIdMismatch",
            f"appId {app_id} ({row.name}) has {_phone(phone)}, not the declared one; correct either",
            row,
        )
    return Found(row)


def _by_phone_and_name(app: App, seen: Index, facts: Facts) -> Match:
    with_phone, with_name = seen.by_phone.get(app.phone, ()), seen.by_name.get(app.app_name, ())
    rows = {row.id: row for row in (*with_phone, *with_name)}
    if len(rows) > 1:
        named = ", ".join(f"{row.id} ({row.name}, {_phone(phone_of(row, facts))})" for row in rows.values())
        return Conflict("Ambiguous", f"more than one app fits: {named}; name the right one by spec.appId")
    if not rows:
        return Absent()
    (row,) = rows.values()
    if not with_phone:
        return _ask_phone((row,)) if row in seen.phoneless else _name_taken(row, facts)
    if not with_name:
        return Conflict(
            "PhoneLinkedToOtherApp",
            f"the phone belongs to {row.name}; to take that app over, add to spec: `appId: {row.id}`",
            row,
        )
    return Found(row)


def _name_taken(row: Row, facts: Facts) -> Conflict:
    return Conflict(
        "NameTakenByOtherPhone",
        f"appName {row.name} is app {row.id} with {_phone(phone_of(row, facts))}; choose another appName",
        row,
    )


def _recognise_ours(app: App, result: Match, observed: Observed) -> Match:
    """Recognise an app of ours by its binding: the manifest was changed, and the app is no stranger's."""
    if not isinstance(result, Conflict) or result.row is None:
        return result
    row, phone = result.row, phone_of(result.row, observed.facts) or ""
    binding = observed.memory.bindings.get(phone)
    if binding is None or binding.app_id != row.id:
        return result
    if phone != app.phone:
        return Conflict(result.reason, _other_phone(row, phone), row, ours=True)
    why, drift = _other_name(app, row, binding.name), binding.name == app.app_name
    return Conflict(result.reason, why, row, ours=True, drift=drift)


def _other_name(app: App, row: Row, before: str | None) -> str:
    """Return which side changed the name. If it was not known *before*, either may have."""
    changed = {app.app_name: "at Gupshup", row.name: "in the manifest"}
    return (
        f"app {row.id} is ours. At Gupshup it is called {row.name}, in the manifest {app.app_name}: "
        f"{'the name' if before in changed else 'one of the two'} was changed"
        f"{f' {changed[before]}' if before in changed else ''}. To keep this app, declare "
        f"`appName: {row.name}` or `appId: {row.id}`; else declare a new app and retire this one"
    )


def _other_phone(row: Row, phone: str) -> str:
    return (
        f"app {row.id} ({row.name}) is ours, and its phone cannot be changed at Gupshup: "
        f"put the {_phone(phone)} back, or declare a new app with another appName, and retire this one"
    )


def _unproven(seen: Index) -> Match:
    """Return Absent only if no row lacks its phone: such a row may have this one, and is read first."""
    return _ask_phone(seen.phoneless) if seen.phoneless else Absent()


def _lost(app: App, binding: Binding, absent_at: float, settle: Settle) -> Match:
    since = absent_at if binding.missing_since is None else binding.missing_since
    if absent_at - since < settle.stale_list:
        return Undecided(WaitFor.LIST, "bound before, not in this list", until=since + settle.stale_list)
    return Conflict(
        "AppLost",
        f"app {binding.app_id} was ours and is no longer listed; if it is gone for good, "
        f"`gupshupctl resolve {app.name} --absent` allows a new link",
    )


def _is_missing(result: Match, app: App, binding: Binding) -> bool:
    """Return whether the app with the declared id is ours and gone, and not just a wrong id."""
    return isinstance(result, Conflict) and result.reason == "AppNotFound" and app.app_id == binding.app_id


def _ask_phone(rows: tuple[Row, ...]) -> Undecided:
    return Undecided(WaitFor.PHONE, "an app is listed without its phone", ask=tuple(row.id for row in rows))


def _phone(phone: str | None) -> str:
    return "no phone" if phone is None else f"phone {masked(phone)}"


def _frozen(groups: Mapping[str, list[Row]]) -> dict[str, tuple[Row, ...]]:
    return {key: tuple(rows) for key, rows in groups.items()}
