"""Subscriptions of one app: declared ones against those at Gupshup, tag by tag."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from controller.core import url
from controller.core.planning import modes
from controller.core.planning.actions import (
    REMOVED,
    TAG_TAKEN,
    WILL_NOT_CONVERGE,
    PlanEntry,
    Provisioning,
    Unchanged,
    Unverifiable,
    item_of,
    permitted,
)
from controller.core.planning.digest import of_subscription, of_write, subscription_key
from controller.core.planning.foreign import beyond_scope, blocked_by_foreign, foreign, was_written_here
from controller.core.planning.matched_app import (
    MatchedApp,
    is_ours,
    may_unsubscribe,
    needs_subscriptions,
    subscription_item,
    tag_item,
)
from controller.core.planning.provisioning import confirmed, second_read
from controller.core.planning.room import fitting
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
from controller.model.upstream import ReadFailed, RemoteSubscription, Row

MOST_REPEATED_WRITES = 3
"""Equal writes in a row that did not take before we stop, whatever Gupshup answered."""

ACTIVE_PAUSE = 3600.0
"""Seconds between two attempts to switch a subscription on again: Gupshup may have switched it off."""

Changes = Mapping[str, tuple[str, str]]

UNAVAILABLE = "HeaderUnavailable"
"""The reason of a subscription that is blocked because its headers cannot be read here."""

HIDDEN = ("(hidden)", "(hidden)")
UNKNOWN = ("unknown", "declared")
"""What is shown of headers that differ: never their values."""


def entries(matched: MatchedApp, row: Row) -> Iterator[PlanEntry]:
    """Compare one app's declared subscriptions with those at Gupshup."""
    listed = matched.facts.subscriptions.get(row.id)
    if listed is None or isinstance(listed, ReadFailed):
        yield from _not_observed(matched, row, listed)
        return
    compared = blocked_by_foreign(_compared(matched, row, listed), matched.context.partner.webhooks)
    yield from fitting(compared, len(listed))


def _compared(matched: MatchedApp, row: Row, listed: tuple[RemoteSubscription, ...]) -> Iterator[PlanEntry]:
    by_tag = {remote.tag: remote for remote in sorted(listed, key=lambda remote: remote.id, reverse=True)}
    tags = {wanted.tag for wanted in matched.subscriptions}
    missing = {tag.casefold() for tag in tags - by_tag.keys()}
    others = {tag: by_tag[tag] for tag in sorted(by_tag.keys() - tags)}
    if _liveness_denied(matched, row, first=not listed):
        yield Provisioning(matched.item)
    for wanted in matched.subscriptions:
        remote = by_tag.get(wanted.tag)
        if unavailable := headerless(matched, wanted):
            yield unavailable
        elif remote is None:
            entry = _missing(matched, row, wanted, first=not listed)
            yield _taken_by_other_case(entry, matched, row, wanted, others.values())
        else:
            yield from _present(matched, row, wanted, remote)
    if matched.whole:
        for tag in sorted(others.keys() - _ours(matched, row, others.values())):
            yield _undeclared(matched, row, others[tag], doubtful=tag.casefold() in missing)
    else:
        yield from beyond_scope(matched, row, others)


def headerless(matched: MatchedApp, wanted: Subscription) -> Blocked | None:
    """Return what blocks a subscription whose headers cannot be read: no comparison is possible either."""
    item = subscription_item(wanted)
    secret = matched.context.observed.digests.get(item)
    return Blocked(item, UNAVAILABLE, secret.why, wanted) if isinstance(secret, ReadFailed) else None


def drift(wanted: Subscription, found: RemoteSubscription) -> Changes:
    """Return what can be read back and differs, as (found, wanted). A missing field does not differ."""
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
    return {name: (present, want) for name, present, want, same in pairs if not same}


def changes(matched: MatchedApp, row: Row, wanted: Subscription, remote: RemoteSubscription) -> Changes:
    """Return what differs of a listed subscription: in what can be read, and in what was written last."""
    written = matched.memory.ledger.get(subscription_key(row.id, wanted.tag))
    return {**drift(wanted, remote), **_write_only_changes(matched, wanted, written)}


def _not_observed(matched: MatchedApp, row: Row, failed: ReadFailed | None) -> Iterator[PlanEntry]:
    if failed is None and needs_subscriptions(matched):
        yield _differing(matched, row)
    failure = failed or ReadFailed("not observed in this pass")
    wait_for = WaitFor.OBSERVATION if failure.until is None else WaitFor.BUDGET
    if failed is not None and may_unsubscribe(matched) and not matched.subscriptions:
        yield Waiting(Verb.UNSUBSCRIBE, matched.item, wait_for, failure.until, failure.why)
    for wanted in matched.subscriptions:
        waiting = Waiting(Verb.SUBSCRIBE, subscription_item(wanted), wait_for, failure.until, failure.why)
        yield headerless(matched, wanted) or waiting


def _differing(matched: MatchedApp, row: Row) -> NotYetObserved:
    """Count subscriptions that may have more than drift: something else was written last, or nothing."""
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
        live = confirmed(row, matched.facts)
        if not live:
            until = second_read(row, matched.facts)
            on = WaitFor.LIVE if live is False else WaitFor.OBSERVATION if until is None else WaitFor.BUDGET
            why = "the list shows the app as live, and a second read has not confirmed it yet"
            return Waiting(Verb.SUBSCRIBE, subscription_item(wanted), on, until, why, wanted)
    written = matched.memory.ledger.get(subscription_key(row.id, wanted.tag))
    subscribe = Subscribe(wanted, row.id, drift=_as_declared(wanted, written))
    return stuck(_sendable(subscribe, matched, row), "it is not listed")


def _taken_by_other_case(
    entry: PlanEntry,
    matched: MatchedApp,
    row: Row,
    wanted: Subscription,
    others: Iterable[RemoteSubscription],
) -> PlanEntry:
    """Return what blocks *entry*: a subscription that takes the declared tag. Without one, return *entry*."""
    near = _taking(matched, row, wanted, others)
    held = isinstance(entry, Waiting) and entry.wait_for is not WaitFor.BACKOFF
    if near is None or held:
        return entry
    ours = _written_by_us(matched, row, wanted)
    return Blocked(subscription_item(wanted), TAG_TAKEN, respelt(near, ours=ours), wanted)


def _taking(
    matched: MatchedApp, row: Row, wanted: Subscription, others: Iterable[RemoteSubscription]
) -> RemoteSubscription | None:
    """Return the subscription with the tag in another case, once Gupshup called the tag taken."""
    refusal = matched.refusal(subscription_key(row.id, wanted.tag))
    if refusal is None or refusal.reason != TAG_TAKEN:
        return None
    return next((remote for remote in others if remote.tag.casefold() == wanted.tag.casefold()), None)


def _ours(matched: MatchedApp, row: Row, others: Collection[RemoteSubscription]) -> set[str]:
    """Return the tags of *others* that were written from here as declared and kept in another case."""
    written = (wanted for wanted in matched.subscriptions if _written_by_us(matched, row, wanted))
    return {near.tag for wanted in written if (near := _taking(matched, row, wanted, others))}


def _written_by_us(matched: MatchedApp, row: Row, wanted: Subscription) -> bool:
    """Return whether the last write of the declared tag made or changed a subscription: then it is ours."""
    written = matched.memory.ledger.get(subscription_key(row.id, wanted.tag))
    return written is not None and written.digest != REMOVED


def respelt(near: RemoteSubscription, *, ours: bool) -> str:
    """Return a message about the tag that takes a declared one, and differs in case only."""
    kept = f"{near.tag} (subscription {near.id})"
    if ours:
        return f"Gupshup keeps the tag of what was written from here as {kept}; declare `tag: {near.tag}`"
    return (
        f"Gupshup says that the tag exists, and lists it as {kept}; "
        f"declare `tag: {near.tag}`, or remove that one"
    )


def stuck(entry: PlanEntry, what: str) -> PlanEntry:
    """Add to the message *what* the writes did not change, if there were too many of them."""
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
        update = Update(wanted, row.id, remote, differing, drift=drifted, unknown=unknown)
        what = "; ".join(f"{name} stays {present}, not {want}" for name, (present, want) in differing.items())
        entry = stuck(_sendable(update, matched, row), what)
        pause = _active_pause(wanted, written) if differing.keys() == {"active"} else 0.0
        yield _delayed(entry, pause) if pause > matched.now else entry


def _write_only_changes(matched: MatchedApp, wanted: Subscription, written: LedgerEntry | None) -> Changes:
    """Compare headers, which cannot be read back, with what we wrote. Without a record, declared wins."""
    if not wanted.headers:
        return {}
    if written is None:
        return {"headers": UNKNOWN} if matched.context.request.resend else {}
    secret = matched.context.observed.digests.get(subscription_item(wanted), "")
    return {"headers": HIDDEN} if written.secret != secret else {}


def _liveness_denied(matched: MatchedApp, row: Row, *, first: bool) -> bool:
    """Return whether a second read denied that the app is live: then the app counts as provisioning."""
    waits = (
        first and bool(matched.subscriptions) and matched.context.partner.subscribe_when is SubscribeWhen.LIVE
    )
    return waits and confirmed(row, matched.facts) is False


def _sendable(action: Subscribe | Update, matched: MatchedApp, row: Row) -> PlanEntry:
    wanted = action.subscription
    secret = matched.context.observed.digests.get(subscription_item(wanted), "")
    digest = of_write(wanted, "" if isinstance(secret, ReadFailed) else secret)
    return permitted(action, matched, key=subscription_key(row.id, wanted.tag), digest=digest)


def _undeclared(matched: MatchedApp, row: Row, remote: RemoteSubscription, *, doubtful: bool) -> PlanEntry:
    """Remove what is ours and declared no more. *doubtful*: perhaps a declared one with its tag respelt.

    A tag alone proves nothing about who wrote it: only our own record makes a subscription unmanaged.
    """
    if may_unsubscribe(matched) and is_ours(matched.context.partner, remote.tag) and not doubtful:
        key = subscription_key(row.id, remote.tag)
        entry = permitted(Unsubscribe(matched.app, row.id, remote), matched, key=key, digest=REMOVED)
        return stuck(entry, "it is still listed")
    if was_written_here(matched, row, remote.tag):
        return Unmanaged(tag_item(matched.app, remote.tag), remote.id)
    return foreign(matched, remote)


def _delayed(entry: PlanEntry, until: float) -> PlanEntry:
    """Let an update wait *until* its hour is over. Any other entry has its own reason and stays."""
    why = "it was switched from outside; it is put back at most once an hour"
    if isinstance(entry, Update):
        return Waiting(Verb.UPDATE, item_of(entry), WaitFor.BACKOFF, until, why, entry)
    return entry


def _active_pause(wanted: Subscription, written: LedgerEntry | None) -> float:
    """Return until when `active` stays as observed (epoch seconds), 0 if the manifest is what changed."""
    if written is None or written.active_at is None or not _as_declared(wanted, written):
        return 0.0
    return written.active_at + ACTIVE_PAUSE


def _as_declared(wanted: Subscription, written: LedgerEntry | None) -> bool:
    return written is not None and written.digest == of_subscription(wanted)


def _listed(wanted: Subscription) -> str:
    return ", ".join(in_order(wanted.modes))


def _word(value: bool) -> str:  # noqa: FBT001  (a fact to be worded, no switch)
    return "true" if value else "false"
