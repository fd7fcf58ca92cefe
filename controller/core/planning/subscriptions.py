"""The subscriptions of one app: declared ones against those at Gupshup, tag by tag."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from controller.core import url
from controller.core.planning import modes
from controller.core.planning.actions import (
    TAG_TAKEN,
    WILL_NOT_CONVERGE,
    PlanEntry,
    Provisioning,
    Unchanged,
    Unverifiable,
    permitted,
)
from controller.core.planning.digest import digest, of_subscription, of_write, subscription_key
from controller.core.planning.matched import (
    MatchedApp,
    is_ours,
    may_unsubscribe,
    needs_subscriptions,
    subscription_item,
    tag_item,
)
from controller.core.planning.provisioning import confirmed, second_look
from controller.model.manifest import SubscribeWhen, Subscription
from controller.model.memory import LedgerEntry
from controller.model.modes import in_order
from controller.model.plan import (
    Blocked,
    NotYetObserved,
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from controller.model.upstream import LookFailed, RemoteSubscription, Row

MOST_REPEATED_WRITES = 3
"""Writes of the same in a row that did not take before we stop, whatever their answers said."""

ACTIVE_PAUSE = 3600.0
"""Seconds between two attempts to switch a subscription on again: Gupshup may have switched it off."""

Changes = Mapping[str, tuple[str, str]]

UNAVAILABLE = "HeaderUnavailable"
"""Why a subscription is blocked whose headers cannot be had here: nothing that Gupshup said."""

HIDDEN = ("(hidden)", "(hidden)")
UNKNOWN = ("unknown", "declared")
"""What is told of headers that differ: their values never are."""

REMOVED = digest("removed")
"""What the refusal of an unsubscribe is remembered under: nothing is declared that could change."""


def entries(matched: MatchedApp, row: Row) -> Iterator[PlanEntry]:
    """Compare one app's declared subscriptions with what is there."""
    there = matched.facts.subscriptions.get(row.id)
    if there is None or isinstance(there, LookFailed):
        yield from _unlooked(matched, row, there)
        return
    by_tag = {remote.tag: remote for remote in sorted(there, key=lambda remote: remote.id, reverse=True)}
    tags = {wanted.tag for wanted in matched.subscriptions}
    missing = {tag.casefold() for tag in tags - by_tag.keys()}
    others = {tag: by_tag[tag] for tag in sorted(by_tag.keys() - tags)}
    if _liveness_denied(matched, row, first=not there):
        yield Provisioning(matched.item)
    for wanted in matched.subscriptions:
        remote = by_tag.get(wanted.tag)
        if unavailable := headerless(matched, wanted):
            yield unavailable
        elif remote is None:
            entry = _missing(matched, row, wanted, first=not there)
            yield _spelt(entry, matched, row, wanted, others.values())
        else:
            yield from _present(matched, row, wanted, remote)
    if matched.context.whole:
        for tag in sorted(others.keys() - _ours(matched, row, others.values())):
            yield _undeclared(matched, row, others[tag], doubtful=tag.casefold() in missing)


def headerless(matched: MatchedApp, wanted: Subscription) -> Blocked | None:
    """Return what blocks a subscription whose headers cannot be had: neither can it be compared."""
    item = subscription_item(wanted)
    secret = matched.context.observed.digests.get(item)
    return Blocked(item, UNAVAILABLE, secret.why) if isinstance(secret, LookFailed) else None


def drift(wanted: Subscription, found: RemoteSubscription) -> Changes:
    """Return what can be read back and differs, as (found, wanted); what was not told does not differ."""
    pairs = (
        ("url", found.url, wanted.url, url.same(found.url, wanted.url)),
        (
            "modes",
            modes.told(found),
            _listed(wanted),
            modes.agree(wanted.modes, found),
        ),
        ("version", str(found.version), str(wanted.version), found.version in {None, wanted.version}),
        ("active", _word(found.active), _word(wanted.active), found.active == wanted.active),
    )
    return {name: (there, want) for name, there, want, same in pairs if not same}


def changes(matched: MatchedApp, row: Row, wanted: Subscription, remote: RemoteSubscription) -> Changes:
    """Return what differs of a subscription that is there: what can be read, and what was written last."""
    written = matched.memory.ledger.get(subscription_key(row.id, wanted.tag))
    return {**drift(wanted, remote), **_write_only_changes(matched, wanted, written)}


def _unlooked(matched: MatchedApp, row: Row, there: LookFailed | None) -> Iterator[PlanEntry]:
    if there is None and needs_subscriptions(matched, row):
        yield _differing(matched, row)
    why = there or LookFailed("not looked at in this pass")
    on = WaitFor.OBSERVATION if why.until is None else WaitFor.BUDGET
    for wanted in matched.subscriptions:
        waiting = Waiting(Verb.SUBSCRIBE, subscription_item(wanted), on, why.until, why.why)
        yield headerless(matched, wanted) or waiting


def _differing(matched: MatchedApp, row: Row) -> NotYetObserved:
    """Count what may be more than drift: something else was written last, or nothing."""
    differing = unknown = 0
    for wanted in matched.subscriptions:
        written = matched.memory.ledger.get(subscription_key(row.id, wanted.tag))
        hidden = _write_only_changes(matched, wanted, written)
        if not headerless(matched, wanted):
            differing += not _as_declared(wanted, written) or bool(hidden)
            unknown += UNKNOWN in hidden.values()
    return NotYetObserved(matched.item, differing, unknown)


def _missing(matched: MatchedApp, row: Row, wanted: Subscription, *, first: bool) -> PlanEntry:
    if first and matched.context.partner.subscribe_when is SubscribeWhen.LIVE:
        sure = confirmed(row, matched.facts)
        if not sure:
            until = second_look(row, matched.facts)
            on = WaitFor.LIVE if sure is False else WaitFor.OBSERVATION if until is None else WaitFor.BUDGET
            why = "the list says live, a second look has not agreed yet"
            return Waiting(Verb.SUBSCRIBE, subscription_item(wanted), on, until, why)
    return _stuck(_sendable(Subscribe(wanted, row.id), matched, row), "it is not listed")


def _spelt(
    entry: PlanEntry,
    matched: MatchedApp,
    row: Row,
    wanted: Subscription,
    others: Iterable[RemoteSubscription],
) -> PlanEntry:
    """Name the subscription that takes the declared tag, in place of what could be done without it."""
    near = _taking(matched, row, wanted, others)
    held = isinstance(entry, Waiting) and entry.wait_for is not WaitFor.BACKOFF
    if near is None or held:
        return entry
    ours = _wrote(matched, row, wanted)
    return Blocked(subscription_item(wanted), TAG_TAKEN, respelt(near, ours=ours))


def _taking(
    matched: MatchedApp, row: Row, wanted: Subscription, others: Iterable[RemoteSubscription]
) -> RemoteSubscription | None:
    """Once Gupshup called the tag taken, return the subscription whose tag differs from it in case only."""
    refusal = matched.refusal(subscription_key(row.id, wanted.tag))
    if refusal is None or refusal.reason != TAG_TAKEN:
        return None
    return next((remote for remote in others if remote.tag.casefold() == wanted.tag.casefold()), None)


def _ours(matched: MatchedApp, row: Row, others: Collection[RemoteSubscription]) -> set[str]:
    """Return the tags of *others* that are declared ones, written from here and kept in another case."""
    wrote = (wanted for wanted in matched.subscriptions if _wrote(matched, row, wanted))
    return {near.tag for wanted in wrote if (near := _taking(matched, row, wanted, others))}


def _wrote(matched: MatchedApp, row: Row, wanted: Subscription) -> bool:
    """Say whether the last write about the declared tag made or changed it: then what is there is ours."""
    written = matched.memory.ledger.get(subscription_key(row.id, wanted.tag))
    return written is not None and written.digest != REMOVED


def respelt(near: RemoteSubscription, *, ours: bool) -> str:
    """Say what takes a declared tag: one that differs in case only."""
    kept = f"{near.tag} (subscription {near.id})"
    if ours:
        return f"Gupshup keeps the tag of what was written from here as {kept}; declare `tag: {near.tag}`"
    return (
        f"Gupshup says that the tag exists, and lists it as {kept}; "
        f"declare `tag: {near.tag}`, or remove that one"
    )


def _stuck(entry: PlanEntry, what: str) -> PlanEntry:
    """Say what the writes did not change, where there were too many of them."""
    if isinstance(entry, Blocked) and entry.reason == WILL_NOT_CONVERGE:
        return replace(entry, message=f"{entry.message}: {what}")
    return entry


def _present(
    matched: MatchedApp, row: Row, wanted: Subscription, remote: RemoteSubscription
) -> Iterator[PlanEntry]:
    item = subscription_item(wanted)
    written = matched.memory.ledger.get(subscription_key(row.id, wanted.tag))
    differing = changes(matched, row, wanted, remote)
    if not differing:
        unverifiable = bool(wanted.headers) and written is None
        yield Unverifiable(item) if unverifiable else Unchanged(item)
    else:
        drifted = _as_declared(wanted, written) and "headers" not in differing
        unknown = dict(differing) == {"headers": UNKNOWN}
        update = Update(wanted, row.id, remote.id, differing, drift=drifted, unknown=unknown)
        what = "; ".join(f"{name} stays {there}, not {want}" for name, (there, want) in differing.items())
        entry = _stuck(_sendable(update, matched, row), what)
        pause = _active_pause(wanted, written) if differing.keys() == {"active"} else 0.0
        yield _rested(entry, pause) if pause > matched.now else entry


def _write_only_changes(matched: MatchedApp, wanted: Subscription, written: LedgerEntry | None) -> Changes:
    """Compare headers, which cannot be read back, with what we wrote; with no record, declared wins."""
    if not wanted.headers:
        return {}
    if written is None:
        return {"headers": UNKNOWN} if matched.context.request.resend else {}
    secret = matched.context.observed.digests.get(subscription_item(wanted), "")
    return {"headers": HIDDEN} if written.secret != secret else {}


def _liveness_denied(matched: MatchedApp, row: Row, *, first: bool) -> bool:
    """Say whether a second look denied that the app is live: then it is still on its way, as it seems."""
    waits = (
        first and bool(matched.subscriptions) and matched.context.partner.subscribe_when is SubscribeWhen.LIVE
    )
    return waits and confirmed(row, matched.facts) is False


def _sendable(action: Subscribe | Update, matched: MatchedApp, row: Row) -> PlanEntry:
    wanted = action.subscription
    secret = matched.context.observed.digests.get(subscription_item(wanted), "")
    digest = of_write(wanted, "" if isinstance(secret, LookFailed) else secret)
    return permitted(action, matched, key=subscription_key(row.id, wanted.tag), digest=digest)


def _undeclared(matched: MatchedApp, row: Row, remote: RemoteSubscription, *, doubtful: bool) -> PlanEntry:
    """Remove what is ours and declared no more; *doubtful*: it may be a declared one with its tag respelt."""
    if may_unsubscribe(matched) and is_ours(matched.context.partner, remote.tag) and not doubtful:
        key = subscription_key(row.id, remote.tag)
        entry = permitted(Unsubscribe(matched.app, row.id, remote), matched, key=key, digest=REMOVED)
        return _stuck(entry, "it is still listed")
    return Unmanaged(tag_item(matched.app, remote.tag), remote.id)


def _rested(entry: PlanEntry, until: float) -> PlanEntry:
    """Let an update rest *until* its hour is over; what holds it back anyway is told first."""
    why = "it was switched from outside; it is put back at most once an hour"
    if isinstance(entry, Update):
        return Waiting(Verb.UPDATE, subscription_item(entry.subscription), WaitFor.BACKOFF, until, why)
    return entry


def _active_pause(wanted: Subscription, written: LedgerEntry | None) -> float:
    """Return until when `active` is left as it is found, unless the manifest is what changed."""
    if written is None or written.active_at is None or not _as_declared(wanted, written):
        return 0.0
    return written.active_at + ACTIVE_PAUSE


def _as_declared(wanted: Subscription, written: LedgerEntry | None) -> bool:
    return written is not None and written.digest == of_subscription(wanted)


def _listed(wanted: Subscription) -> str:
    return ", ".join(in_order(wanted.modes))


def _word(value: bool) -> str:  # noqa: FBT001  (a fact to be worded, no switch)
    return "true" if value else "false"
