"""Plan for one partner: what to do and what must wait, calculated from what is declared and observed."""

from collections.abc import Iterator, Sequence
from typing import TypeVar, assert_never

from controller.core.account.warnings import warnings
from controller.core.health.reading import MINUTE
from controller.core.health.sending import BANNED, sendability
from controller.core.planning import callbacks, subscriptions
from controller.core.planning.account_block import account_block
from controller.core.planning.actions import (
    LINK_REFUSED,
    PlanEntry,
    Provisioning,
    Unchanged,
    Unverifiable,
    item_of,
    order,
    permitted,
    suspended,
)
from controller.core.planning.digest import callback_key, link_key, of_callback, of_link
from controller.core.planning.foreign import shown
from controller.core.planning.match import Absent, Conflict, Found, Undecided, phone_of
from controller.core.planning.matched_app import (
    MatchedApp,
    Matches,
    absent_from,
    attempts,
    known_health,
    known_waba,
    may_subscribe,
    subscription_item,
)
from controller.core.planning.provisioning import Progress, of_row, stalled
from controller.core.planning.retired import retirement
from controller.core.planning.waits import WAITS
from controller.model.manifest import ReadyWhen, SubscribeWhen
from controller.model.memory import Intent, Memory
from controller.model.plan import (
    Action,
    Blocked,
    Foreign,
    HealthReads,
    Item,
    Kind,
    Link,
    NotYetObserved,
    Outcome,
    Plan,
    Request,
    Result,
    SetCallback,
    Unmanaged,
    Verb,
    WaitFor,
    Waiting,
)
from controller.model.status import Truth
from controller.model.upstream import Row

MOST_UNCLEAR_LINKS = 3
"""Unclear links in a row for one phone before a person has to check."""

ALIKE_REFUSALS = 3
"""Equal refusals of links in a row that point at the account and not at the app."""

LINK_COOLDOWN = 3600.0
"""Seconds without links after ALIKE_REFUSALS equal refusals."""

_T = TypeVar("_T")


def plan(matches: Matches) -> Plan:
    """Return the plan for one partner. The same values always give the same plan."""
    request, desired = matches.context.request, matches.desired
    counted = (
        entry for matched in matches.apps for entry in _of_app(matched) if _counts(entry, matched, request)
    )
    entries = callbacks.hold_back(counted, matches)
    if desired.complete:
        entries.extend(_unmanaged(matches))
    actions = [entry for entry in entries if isinstance(entry, Action)]
    return Plan(
        partner=matches.context.partner,
        revision=desired.revision,
        actions=tuple(sorted(actions, key=order)),
        waiting=_only(entries, Waiting),
        blocked=_only(entries, Blocked),
        unmanaged=_only(entries, Unmanaged),
        unchanged=tuple(same.item for same in _only(entries, Unchanged)),
        provisioning=tuple(entry.item for entry in _only(entries, Provisioning)),
        unverifiable=tuple(entry.item for entry in _only(entries, Unverifiable)),
        not_observed=_only(entries, NotYetObserved),
        foreign=shown(_only(entries, Foreign), desired),
        warnings=warnings(matches.context.partner, matches.context.account, matches.context.now),
        touched=request.touched,
    )


def _of_app(matched: MatchedApp) -> Iterator[PlanEntry]:
    if matched.app.is_retired:
        yield from retirement.entries(matched)
        return
    match matched.match:
        case Found() as found:
            yield from _linked(matched, found)
            return
        case Conflict(reason, message, drift=drift):
            yield Blocked(matched.item, reason, message, matched.app, drift)
            yield from _subscriptions_wait(matched, why=f"{matched.item} is blocked")
            return
        case Undecided(wait_for, message, until):
            yield Waiting(Verb.LINK, matched.item, wait_for, until, message, matched.app)
        case Absent():
            entry = _link(matched)
            yield entry
            if isinstance(entry, Waiting) and WAITS[entry.wait_for].with_app:
                yield from _subscriptions_wait(matched, entry.wait_for)
                return
        case _:
            assert_never(matched.match)
    yield from _subscriptions_wait(matched)


def _link(matched: MatchedApp) -> PlanEntry:
    """Return a link, unless an attempt may still take effect, a refusal counts, or links cool down."""
    for intent in attempts(matched):
        pending = _pending(matched, intent)
        if pending is not None:
            return pending
    entry = permitted(
        Link(matched.app), matched, key=link_key(matched.app.phone), digest=of_link(matched.app)
    )
    if not isinstance(entry, Waiting) and (blocked := account_block(matched)):
        return blocked
    until = _cooldown_end(matched.memory)
    if (
        isinstance(entry, Link)
        and matched.now < until
        and not matched.asked_again_since(until - LINK_COOLDOWN)
    ):
        why = f"the last {ALIKE_REFUSALS} links were refused alike: {matched.memory.links[0].message}"
        return Waiting(Verb.LINK, matched.item, WaitFor.COOLDOWN, until, why, entry)
    return entry


def _pending(matched: MatchedApp, intent: Intent) -> PlanEntry | None:
    if intent.ended is None:
        why = "a link is on its way"
        return Waiting(Verb.LINK, matched.item, WaitFor.OUTCOME, message=why, effect=matched.app)
    if intent.phone == matched.app.phone and intent.unclear >= MOST_UNCLEAR_LINKS:
        return Blocked(
            matched.item,
            "CreateOutcomeUnknown",
            f"{intent.unclear} links in a row got no clear answer; check Gupshup's portal, then run "
            f"`gupshupctl resolve {matched.app.name} --adopt ID` or `--absent`",
            matched.app,
        )
    until = absent_from(intent, matched.context.partner.settle)
    if until is None or until <= matched.context.observed.absent_at:
        return None
    why = "a link got no clear answer and may still take effect"
    return Waiting(Verb.LINK, matched.item, WaitFor.OUTCOME, until, why, matched.app)


def _cooldown_end(memory: Memory) -> float:
    """Return when the cool-down of links ends (epoch seconds). A taken name or a lost reply starts none."""
    last = memory.links[:ALIKE_REFUSALS]
    alike = {each.message if each.outcome == Outcome.FAILED else "" for each in last}
    links = (each for each in memory.refusals.values() if each.reason == LINK_REFUSED)
    refused = [each.at for each in links if alike == {each.message}]
    return max(refused) + LINK_COOLDOWN if len(last) == ALIKE_REFUSALS and refused else 0.0


def refused_alike(results: Sequence[Result]) -> bool:
    """Return whether the last links of a pass were refused in the same words: then no more should follow."""
    last = results[-ALIKE_REFUSALS:]
    refused = all(each.reason == LINK_REFUSED for each in last)
    return len(last) == ALIKE_REFUSALS and refused and len({each.message for each in last}) == 1


def _linked(matched: MatchedApp, found: Found) -> Iterator[PlanEntry]:
    waba = known_waba(matched, found)
    if waba and waba != matched.app.waba_id:
        message = (
            f"app {found.row.id} belongs to WABA {waba}, not {matched.app.waba_id}; correct the manifest, "
            "or, if the customer has moved to that WABA, ask Gupshup to end this app"
        )
        yield Blocked(matched.item, "WabaMismatch", message)
        yield from _foreign_only(matched, found.row)
        yield from _subscriptions_wait(matched, why=f"{matched.item} is blocked")
        return
    yield from _app(matched, found.row)
    if not may_subscribe(matched, found):
        yield from _subscriptions_wait(
            matched, WaitFor.SUSPENSION if suspended(matched.app, matched.now) else None
        )
    else:
        yield from subscriptions.entries(matched, found.row)


def _foreign_only(matched: MatchedApp, row: Row) -> Iterator[PlanEntry]:
    """Yield the foreign webhooks of an app whose subscriptions must not change, or that none was read yet."""
    for entry in subscriptions.entries(matched, row):
        if isinstance(entry, Foreign):
            yield entry
        elif isinstance(entry, NotYetObserved):
            yield NotYetObserved(entry.item, differing=0)


def _app(matched: MatchedApp, row: Row) -> Iterator[PlanEntry]:
    callback = tuple(_callback(matched, row))
    yield from callback
    progress = of_row(row, matched.facts)
    stall = stalled(matched.app, row, progress, matched.now)
    if progress is Progress.LIVE and matched.app.ready_when is ReadyWhen.SENDABLE:
        stall = _ban(matched, row)
        yield from _unable_to_send(matched, row)
    if stall is not None:
        yield Blocked(matched.item, *stall)
    elif not callback:
        yield Unchanged(matched.item)
    if stall is None and progress is Progress.PROVISIONING and not suspended(matched.app, matched.now):
        yield Provisioning(matched.item)


def _ban(matched: MatchedApp, row: Row) -> tuple[str, str] | None:
    """Return the reason and the message if the account of the app of *row* is banned: a person has to act."""
    can = sendability(known_health(matched, row))
    return (BANNED, f"{can.message}; appeal at Meta") if can.reason == BANNED else None


def _unable_to_send(matched: MatchedApp, row: Row) -> Iterator[PlanEntry]:
    """Yield what a live app that is to be able to send waits for. Nobody waits for the end of a ban."""
    can = sendability(known_health(matched, row))
    if can.status is not Truth.TRUE and can.reason != BANNED:
        message = f"{can.reason}: {can.message}" if can.message else can.reason
        yield Waiting(Verb.LINK, matched.item, WaitFor.SENDABLE, _next_look(matched, row), message)


def _next_look(matched: MatchedApp, row: Row) -> float | None:
    """Return when a run that waits reads the health again (epoch seconds), None if no run waits."""
    if matched.context.request.health_reads is not HealthReads.AWAITED:
        return None
    failed, health = matched.facts.unread.get(row.id), known_health(matched, row)
    rested = matched.now + MINUTE if health is None else health.at + MINUTE
    return failed.until if failed is not None else rested


def _callback(matched: MatchedApp, row: Row) -> Iterator[PlanEntry]:
    """Compare the callback URL, which can never be read back, with what we wrote."""
    url, key = matched.app.callback_url, callback_key(row.id)
    wanted = matched.context.observed.digests.get(matched.item)
    if url is None:
        return
    written = matched.memory.ledger.get(key)
    unknown, finishes_link = written is None, written is not None and not written.digest
    if not isinstance(wanted, str) or (unknown and not matched.context.request.resend):
        yield Unverifiable(matched.item)
    elif written is None or written.digest != wanted:
        action = SetCallback(matched.app, row.id, url, finishes_link, unknown)
        yield permitted(action, matched, key=key, digest=of_callback(url))


def _subscriptions_wait(
    matched: MatchedApp, wait_for: WaitFor | None = None, why: str = ""
) -> Iterator[Waiting | Blocked]:
    """Let the app's subscriptions wait as the app does, or for what the partner requires first."""
    first = WaitFor.LINK if matched.context.partner.subscribe_when is SubscribeWhen.LINKED else WaitFor.LIVE
    for wanted in matched.subscriptions:
        item, on = subscription_item(wanted), wait_for or first
        waiting = Waiting(Verb.SUBSCRIBE, item, on, message=why, effect=wanted)
        yield subscriptions.headerless(matched, wanted) or waiting


def _unmanaged(matches: Matches) -> Iterator[Unmanaged]:
    """Yield the apps that share no id, phone or name with a manifest."""
    observed, partner = matches.context.observed, matches.context.partner
    ours = {each.match.row.id for each in matches.apps if isinstance(each.match, Found)}
    ours |= {each.app.app_id for each in matches.apps if each.app.app_id is not None}
    phones, names = {each.app.phone for each in matches.apps}, {each.app.app_name for each in matches.apps}
    for row in sorted(observed.rows, key=lambda row: (row.name, row.id)):
        phone = phone_of(row, observed.facts)
        if row.id not in ours and phone not in phones and row.name not in names:
            yield Unmanaged(Item(Kind.APP, partner.name, row.name, row.name), row.id)


def _only(entries: Sequence[PlanEntry], kind: type[_T]) -> tuple[_T, ...]:
    return tuple(entry for entry in entries if isinstance(entry, kind))


def _counts(entry: PlanEntry, matched: MatchedApp, request: Request) -> bool:
    """Return whether *entry* is in scope. No manifest names what a retired app loses, so the app does."""
    item = item_of(entry) if isinstance(entry, Action) else entry.item
    items = {item, matched.item} if matched.app.is_retired else {item}
    return request.only is None or not items.isdisjoint(request.only)
