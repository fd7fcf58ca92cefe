"""What a look teaches: bindings proven or missed, intents resolved, writes that took."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from controller.core.planning.digest import callback_key, link_key, subscription_key
from controller.core.planning.match import Absent, Found, Undecided
from controller.core.planning.matched import Case, cases, waba_told
from controller.core.planning.plan import UNCLEAR, absent_from, attempts
from controller.core.planning.subscriptions import REMOVED, changes
from controller.model.manifest import Desired, Partner
from controller.model.memory import Bind, Binding, CloseIntent, Forgive, Memory, Note, Written, Wrote
from controller.model.plan import Asked, For, Observed
from controller.model.upstream import Row, Unseen


def learnt(
    desired: Desired, partner: Partner, observed: Observed, declared: Desired | None = None
) -> tuple[Note, ...]:
    """Return what is worth remembering of *observed*: nothing, where all of it is known already.

    *declared* is what *desired* was narrowed from, None where it is the whole.
    """
    phones = frozenset(app.phone for app in (declared or desired).apps)
    found = cases(desired, partner, observed, Asked())
    removed = _removals(observed.memory)
    return tuple(note for case in found for note in _of_case(case, phones, removed))


def _of_case(case: Case, phones: frozenset[str], removed: Collection[str]) -> Iterator[Note]:
    memory, phone = case.view.observed.memory, case.app.phone
    match case.match:
        case Found(row) as found:
            proven = Binding(phone, row.id, None, waba_told(case, found))
            if memory.bindings.get(phone) != proven:
                yield Bind(proven)
            if phone in memory.intents:
                yield from _adopted(case, row)
            if link_key(phone) in memory.refusals:
                yield Forgive(link_key(phone))
            yield from _seen(case, row, removed)
        case Undecided(on=For.LIST) if memory.bindings[phone].missing_since is None:
            yield Bind(replace(memory.bindings[phone], missing_since=case.view.observed.absent_at))
        case Absent():
            yield from _proven_absent(case, phones)
        case _:
            return


def _adopted(case: Case, row: Row) -> Iterator[Note]:
    """Close the intent; whether its callback was set got lost with the reply, so it is set once more."""
    yield CloseIntent(case.app.phone)
    key = callback_key(row.id)
    if case.app.callback_url is not None and key not in case.view.observed.memory.ledger:
        yield Wrote(Written(key, ""))


def _proven_absent(case: Case, phones: frozenset[str]) -> Iterator[Note]:
    """Close what had no effect; after too many unclear links of a declared phone a person does that."""
    for intent in attempts(case):
        until = absent_from(intent, case.view.partner.settle)
        asks_person = intent.unclear >= UNCLEAR and intent.phone in phones
        if until is not None and until <= case.view.observed.absent_at and not asks_person:
            yield CloseIntent(intent.phone)


def _seen(case: Case, row: Row, removed: Collection[str]) -> Iterator[Note]:
    """Forget what stood in the way of what a look shows as wished; *removed* are keys of removals."""
    there = case.view.observed.facts.subscriptions.get(row.id)
    if there is None or isinstance(there, Unseen):
        return
    by_tag = {remote.tag: remote for remote in there}
    for wanted in case.subscriptions:
        found = by_tag.get(wanted.tag)
        if found is not None and not found.echo and not changes(case, row, wanted, found):
            yield from _settled(case.view.observed.memory, subscription_key(row.id, wanted.tag))
    for key in removed:
        _, app_id, tag = key.split(":", 2)
        if app_id == row.id and tag not in by_tag:
            yield from _settled(case.view.observed.memory, key)


def _removals(memory: Memory) -> tuple[str, ...]:
    """Return the keys of the subscriptions whose removal was repeated or refused."""
    again = (key for key, each in memory.ledger.items() if each.digest == REMOVED and each.updates)
    refused = (key for key, each in memory.refusals.items() if each.digest == REMOVED)
    return tuple(sorted({*again, *refused}))


def _settled(memory: Memory, key: str) -> Iterator[Note]:
    """End the count of writes that did not take, and whatever was refused on the way."""
    written = memory.ledger.get(key)
    if written is not None and written.updates:
        yield Wrote(replace(written, updates=0))
    if key in memory.refusals:
        yield Forgive(key)
