"""Updates of the memory from an observation: bindings proven or missing, intents settled, writes taken."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from controller.core.account.facts import news
from controller.core.planning.actions import REMOVED
from controller.core.planning.digest import callback_key, link_key, subscription_key
from controller.core.planning.match import Absent, Found, Undecided
from controller.core.planning.matched_app import (
    MatchedApp,
    Matches,
    absent_from,
    attempts,
    known_health,
    known_waba,
)
from controller.core.planning.plan import MOST_UNCLEAR_LINKS
from controller.core.planning.retired import retirement
from controller.core.planning.subscriptions import changes
from controller.model.manifest import Desired
from controller.model.memory import (
    AccountTold,
    Bind,
    Binding,
    ClearRefusal,
    CloseIntent,
    HealthRead,
    LedgerEntry,
    LedgerWritten,
    Memory,
    MemoryUpdate,
)
from controller.model.plan import Observed, WaitFor
from controller.model.upstream import ReadFailed, Row

_SAME_MOMENT = 1.0
"""Seconds by which a moment may differ after its way through the store, which has a clock of its own."""


def memory_updates(matches: Matches, declared: Desired | None = None) -> tuple[MemoryUpdate, ...]:
    """Return what to remember of an observation: nothing if the memory holds all of it already.

    *declared* is what the matched manifests were narrowed from, None if they are the whole.
    """
    phones = frozenset(app.phone for app in (declared or matches.desired).apps)
    removed = _removals(matches.context.observed.memory)
    of_apps = (update for matched in matches.apps for update in _of_app(matched, phones, removed))
    retired = (update for matched in matches.apps for update in retirement.updates(matched))
    return (*_of_account(matches.context.observed), *of_apps, *retired)


def _of_account(observed: Observed) -> Iterator[MemoryUpdate]:
    facts = news(observed.account, observed.memory.account)
    if facts is not None:
        yield AccountTold(facts)


def _of_app(matched: MatchedApp, phones: frozenset[str], removed: Collection[str]) -> Iterator[MemoryUpdate]:
    memory, phone = matched.memory, matched.app.phone
    match matched.match:
        case Found(row) as found:
            proven = Binding(phone, row.id, None, known_waba(matched, found), row.name)
            if memory.bindings.get(phone) != proven:
                yield Bind(proven)
            yield from _health(matched, row)
            if phone in memory.intents:
                yield from _adopt(matched, row)
            if link_key(phone) in memory.refusals:
                yield ClearRefusal(link_key(phone))
            yield from _confirmed(matched, row, removed)
        case Undecided(wait_for=WaitFor.LIST) if memory.bindings[phone].missing_since is None:
            yield Bind(replace(memory.bindings[phone], missing_since=matched.context.observed.absent_at))
        case Absent():
            yield from _proven_absent(matched, phones)
        case _:
            return


def _health(matched: MatchedApp, row: Row) -> Iterator[MemoryUpdate]:
    """Keep what this process read of an app's health, unless the store has it already, or something later."""
    health, kept = known_health(matched, row), matched.memory.health.get(row.id)
    if health is not None and (kept is None or abs(health.at - kept.at) > _SAME_MOMENT):
        yield HealthRead(row.id, health)


def _adopt(matched: MatchedApp, row: Row) -> Iterator[MemoryUpdate]:
    """Close the intent. The reply about its callback was lost, so the callback is set once more."""
    yield CloseIntent(matched.app.phone)
    key = callback_key(row.id)
    if matched.app.callback_url is not None and key not in matched.memory.ledger:
        yield LedgerWritten(LedgerEntry(key, ""))


def _proven_absent(matched: MatchedApp, phones: frozenset[str]) -> Iterator[MemoryUpdate]:
    """Close intents without effect. After too many unclear links of a declared phone a person does that."""
    for intent in attempts(matched):
        until = absent_from(intent, matched.context.partner.settle)
        asks_person = intent.unclear >= MOST_UNCLEAR_LINKS and intent.phone in phones
        if until is not None and until <= matched.context.observed.absent_at and not asks_person:
            yield CloseIntent(intent.phone)


def _confirmed(matched: MatchedApp, row: Row, removed: Collection[str]) -> Iterator[MemoryUpdate]:
    """Clear what no longer counts once a read shows what is declared. *removed* are keys of removals."""
    listed = matched.facts.subscriptions.get(row.id)
    if listed is None or isinstance(listed, ReadFailed):
        return
    by_tag = {remote.tag: remote for remote in listed}
    for wanted in matched.subscriptions:
        remote = by_tag.get(wanted.tag)
        if remote is not None and not remote.echo and not changes(matched, row, wanted, remote):
            yield from _settled(matched.memory, subscription_key(row.id, wanted.tag))
    for key in removed:
        _, app_id, tag = key.split(":", 2)
        if app_id == row.id and tag not in by_tag:
            yield from _settled(matched.memory, key)


def _removals(memory: Memory) -> tuple[str, ...]:
    """Return the keys of the subscriptions whose removal was repeated or refused."""
    again = (key for key, each in memory.ledger.items() if each.digest == REMOVED and each.updates)
    refused = (key for key, each in memory.refusals.items() if each.digest == REMOVED)
    return tuple(sorted({*again, *refused}))


def _settled(memory: Memory, key: str) -> Iterator[MemoryUpdate]:
    """Reset the count of writes that did not take, and clear the refusal."""
    written = memory.ledger.get(key)
    if written is not None and written.updates:
        yield LedgerWritten(replace(written, updates=0))
    if key in memory.refusals:
        yield ClearRefusal(key)
