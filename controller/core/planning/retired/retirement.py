"""Retirement of an app: the webhooks of ours on it are removed, and nothing of it is read afterwards.

Ours is what manifests declare for it, what was written from here, and what has an owned tag. The ledger holds
a mark by the app's id once a read showed that none is left. The mark only ends reads, as long as what is
declared and owned stays as it was.
"""

from collections.abc import Iterator

from controller.core.planning.actions import NO_CLEAR_ANSWER, REMOVED, PlanEntry, Unchanged, permitted
from controller.core.planning.digest import digest, retired_key, subscription_key
from controller.core.planning.foreign import foreign, was_written_here
from controller.core.planning.match import Conflict, Found, Undecided, phone_of
from controller.core.planning.matched_app import MatchedApp, Matches, is_ours, may_subscribe
from controller.core.planning.subscriptions import stuck
from controller.model.manifest import AppId
from controller.model.memory import LedgerEntry, LedgerWritten
from controller.model.plan import Blocked, NotYetObserved, Unsubscribe, Verb, WaitFor, Waiting
from controller.model.upstream import Query, ReadFailed, RemoteSubscription, Row, SubscriptionsQuery

_GONE = frozenset({"AppLost", "AppNotFound"})
"""Conflicts that say that there is no app: then nothing of ours is on it."""


def entries(matched: MatchedApp) -> Iterator[PlanEntry]:
    """Yield what is left to do for a retired app. It is never linked, and no policy is needed."""
    row, listed = _own_row(matched), _listed(matched)
    if row is not None and isinstance(listed, tuple):
        yield from _compared(matched, row, listed)
        return
    match matched.match:
        case _ if is_settled(matched):
            yield Unchanged(matched.item)
        case Undecided(wait_for, message, until):
            yield Waiting(Verb.UNSUBSCRIBE, matched.item, wait_for, until, message)
        case _ if row is not None:
            yield from _unread(matched, row, listed if isinstance(listed, ReadFailed) else None)
        case Conflict(reason, message) if reason not in _GONE and _is_bound(matched):
            yield Blocked(matched.item, reason, message)
        case _:
            yield Unchanged(matched.item)


def queries(matched: MatchedApp) -> Iterator[Query]:
    """Yield the one read that shows which webhooks of ours are left on a retired app."""
    row = _own_row(matched)
    if row is not None and not is_settled(matched) and _may_have_webhooks(matched, row):
        yield SubscriptionsQuery(row.id)


def updates(matched: MatchedApp) -> Iterator[LedgerWritten]:
    """Yield the mark once nothing of ours is left, and take it away from an app that is active again."""
    row = _own_row(matched)
    if row is None:
        return
    mark = matched.memory.ledger.get(retired_key(row.id))
    if not matched.app.is_retired:
        if mark is not None and mark.digest:
            yield LedgerWritten(LedgerEntry(retired_key(row.id), ""))
    elif not _is_marked(matched, row.id) and _is_over(matched, row):
        yield LedgerWritten(LedgerEntry(retired_key(row.id), _mark(matched)))


def left(matched: MatchedApp) -> tuple[RemoteSubscription, ...]:
    """Return the webhooks of ours that were last seen on a retired app, in the order of their tags."""
    row, listed = _own_row(matched), _listed(matched)
    if row is None or not isinstance(listed, tuple):
        return ()
    ours = (each for each in listed if _is_ours(matched, row, each.tag))
    return tuple(sorted(ours, key=lambda each: each.tag))


def is_settled(matched: MatchedApp) -> bool:
    """Return whether nothing of a retired app has to be read: no earlier read counts if a person asks again.

    Of an app that an active one replaced, nothing is ever read: what is there belongs to the active one.
    """
    app = matched.app
    if not app.is_retired or app.replaced:
        return app.replaced
    row, bound = _own_row(matched), matched.memory.bindings.get(app.phone)
    app_id = row.id if row is not None else bound.app_id if bound is not None else None
    asked = app.name in matched.context.request.again
    return app_id is not None and not asked and _is_marked(matched, app_id)


def settled_apps(before: frozenset[str], matches: Matches | None) -> frozenset[str]:
    """Return the apps that no pass has to read any more: those of *before*, corrected by *matches*."""
    known = matches.apps if matches is not None else ()
    return before - {each.app.name for each in known} | {each.app.name for each in known if is_settled(each)}


def _compared(matched: MatchedApp, row: Row, listed: tuple[RemoteSubscription, ...]) -> Iterator[PlanEntry]:
    ours = left(matched)
    for remote in ours:
        action, key = Unsubscribe(matched.app, row.id, remote), subscription_key(row.id, remote.tag)
        yield stuck(permitted(action, matched, key=key, digest=REMOVED), "it is still listed")
    for remote in sorted(listed, key=lambda each: each.tag):
        if remote not in ours:
            yield foreign(matched, remote)
    until = _unclear_until(matched, row)
    if until is not None and not ours:
        why = "a write got no clear answer and may still take effect"
        yield Waiting(Verb.UNSUBSCRIBE, matched.item, WaitFor.BACKOFF, until, why)
    elif not ours:
        yield Unchanged(matched.item)


def _unread(matched: MatchedApp, row: Row, failed: ReadFailed | None) -> Iterator[PlanEntry]:
    if not _may_have_webhooks(matched, row):
        yield Unchanged(matched.item)
        return
    if failed is None:
        yield NotYetObserved(matched.item, differing=0)
    failure = failed or ReadFailed("not observed in this pass")
    wait_for = WaitFor.OBSERVATION if failure.until is None else WaitFor.BUDGET
    yield Waiting(Verb.UNSUBSCRIBE, matched.item, wait_for, failure.until, failure.why)


def _own_row(matched: MatchedApp) -> Row | None:
    """Return the app at Gupshup, also if only its name there is another one; None of a replaced app."""
    match matched.match:
        case _ if matched.app.replaced:
            return None
        case Found(row):
            return row
        case Conflict(row=Row() as row, ours=True) if phone_of(row, matched.facts) == matched.app.phone:
            return row
        case _:
            return None


def _listed(matched: MatchedApp) -> tuple[RemoteSubscription, ...] | ReadFailed | None:
    row = _own_row(matched)
    return None if row is None else matched.facts.subscriptions.get(row.id)


def _may_have_webhooks(matched: MatchedApp, row: Row) -> bool:
    """Return whether webhooks of ours may be there: an app that never was live has none."""
    written = (key for key, each in matched.memory.ledger.items() if each.digest != REMOVED)
    prefix = subscription_key(row.id, "")
    return may_subscribe(matched, Found(row)) or any(key.startswith(prefix) for key in written)


def _is_ours(matched: MatchedApp, row: Row, tag: str) -> bool:
    owned = tag in matched.leaving or is_ours(matched.context.partner, tag)
    return owned or was_written_here(matched, row, tag)


def _is_over(matched: MatchedApp, row: Row) -> bool:
    """Return whether a read showed that nothing of ours is left, and nothing can still appear."""
    return isinstance(_listed(matched), tuple) and not left(matched) and not _unclear_until(matched, row)


def _mark(matched: MatchedApp) -> str:
    """Return what the mark holds: the tags that counted as ours. With others, one more read is due."""
    return digest([matched.context.partner.owned_tags, sorted(matched.leaving)])


def _unclear_until(matched: MatchedApp, row: Row) -> float | None:
    """Return until when a write without a clear answer may still make a webhook, None if none may."""
    settle, prefix = matched.context.partner.settle, subscription_key(row.id, "")
    ends = [
        each.at + settle.late_effect + settle.stale_list
        for key, each in matched.memory.refusals.items()
        if key.startswith(prefix) and each.reason == NO_CLEAR_ANSWER and each.digest != REMOVED
    ]
    return max((end for end in ends if end > matched.now), default=None)


def _is_bound(matched: MatchedApp) -> bool:
    return matched.app.phone in matched.memory.bindings


def _is_marked(matched: MatchedApp, app_id: AppId) -> bool:
    mark = matched.memory.ledger.get(retired_key(app_id))
    return mark is not None and mark.digest == _mark(matched)
