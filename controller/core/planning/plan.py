"""What is to be done for one partner, and what must wait: a calculation over what is declared and seen."""

from collections.abc import Iterator, Sequence
from typing import TypeVar, assert_never

from controller.core.planning import subscriptions
from controller.core.planning.actions import (
    LINK_REFUSED,
    Entry,
    Provisioning,
    Same,
    Unverifiable,
    allowed,
    item_of,
    suspended,
    verb_of,
)
from controller.core.planning.digest import callback_key, link_key, of_callback, of_link
from controller.core.planning.match import Absent, Barred, Found, Undecided, phone_of
from controller.core.planning.matched import Case, cases, may_subscribe, subscription_item, waba_told
from controller.core.planning.provisioning import Progress, of_row, overdue
from controller.model.manifest import Desired, Partner, Settle, SubscribeWhen
from controller.model.memory import Intent, Memory
from controller.model.plan import (
    Action,
    Asked,
    Blocked,
    For,
    Item,
    Kind,
    Link,
    Observed,
    Outcome,
    Plan,
    Result,
    SetCallback,
    Unlooked,
    Unmanaged,
    Verb,
    Waiting,
)
from controller.model.upstream import Row

UNCLEAR = 3
"""Unclear links in a row for one phone before a person has to look."""

ALIKE = 3
"""Equal refusals of links in a row that point at the account and not at the app."""

REST = 3600.0
"""Seconds that links rest after ALIKE equal refusals."""

_T = TypeVar("_T")


def plan(desired: Desired, partner: Partner, observed: Observed, asked: Asked) -> Plan:
    """Return everything to be said about *partner*; the same values always give the same plan."""
    found = tuple(cases(desired, partner, observed, asked))
    entries = [entry for case in found for entry in _of_case(case) if _counts(entry, asked)]
    if desired.complete:
        entries.extend(_unmanaged(found, partner, observed))
    actions = [entry for entry in entries if isinstance(entry, Action)]
    return Plan(
        partner=partner,
        revision=desired.revision,
        actions=tuple(sorted(actions, key=_order)),
        waiting=_only(entries, Waiting),
        blocked=_only(entries, Blocked),
        unmanaged=_only(entries, Unmanaged),
        unchanged=tuple(same.item for same in _only(entries, Same)),
        provisioning=tuple(entry.item for entry in _only(entries, Provisioning)),
        unverifiable=tuple(entry.item for entry in _only(entries, Unverifiable)),
        unlooked=_only(entries, Unlooked),
    )


def _of_case(case: Case) -> Iterator[Entry]:
    match case.match:
        case Found() as found:
            yield from _linked(case, found)
            return
        case Barred(reason, message):
            yield Blocked(case.item, reason, message)
            yield from _subscriptions_wait(case, why=f"{case.item} is blocked")
            return
        case Undecided(on, message, until):
            yield Waiting(Verb.LINK, case.item, on, until, message)
        case Absent():
            entry = _link(case)
            yield entry
            if isinstance(entry, Waiting) and entry.on in {For.POLICY, For.SUSPEND, For.REST}:
                yield from _subscriptions_wait(case, entry.on)
                return
        case _:
            assert_never(case.match)
    yield from _subscriptions_wait(case)


def _link(case: Case) -> Entry:
    """Link, unless an attempt may still take effect, someone said no, or links rest."""
    for intent in attempts(case):
        pending = _pending(case, intent)
        if pending is not None:
            return pending
    entry = allowed(Link(case.app), case, key=link_key(case.app.phone), digest=of_link(case.app))
    rest = _rest(case.view.observed.memory)
    if isinstance(entry, Link) and case.view.now < rest and not case.wiped(rest - REST):
        why = f"the last {ALIKE} links were refused alike: {case.view.observed.memory.links[0].message}"
        return Waiting(Verb.LINK, case.item, For.REST, rest, why)
    return entry


def attempts(case: Case) -> list[Intent]:
    """Return the links without an outcome that stand in this one's way: by its phone, then by its name."""
    intents = case.view.observed.memory.intents.values()
    ours = (each for each in intents if each.phone == case.app.phone or each.name == case.app.app_name)
    return sorted(ours, key=lambda each: (each.phone != case.app.phone, each.id))


def _pending(case: Case, intent: Intent) -> Entry | None:
    if intent.ended is None:
        return Waiting(Verb.LINK, case.item, For.OUTCOME, message="a link is on its way")
    if intent.phone == case.app.phone and intent.unclear >= UNCLEAR:
        return Blocked(
            case.item,
            "CreateOutcomeUnknown",
            f"{intent.unclear} links in a row got no clear answer; look at Gupshup's portal, then say "
            f"`gupshupctl resolve {case.app.name} --adopt ID` or `--absent`",
        )
    until = absent_from(intent, case.view.partner.settle)
    if until is None or until <= case.view.observed.absent_at:
        return None
    why = "a link got no clear answer and may still take effect"
    return Waiting(Verb.LINK, case.item, For.OUTCOME, until, why)


def absent_from(intent: Intent, settle: Settle) -> float | None:
    """Return when an absent app proves that the attempt had no effect (epoch seconds)."""
    return None if intent.ended is None else intent.ended + settle.late_effect + settle.stale_list


def _rest(memory: Memory) -> float:
    """Return until when links rest. A name that is taken, or a reply that never came, is no such refusal."""
    last = memory.links[:ALIKE]
    alike = {each.message if each.outcome == Outcome.FAILED else "" for each in last}
    links = (each for each in memory.refusals.values() if each.reason == LINK_REFUSED)
    refused = [each.at for each in links if alike == {each.message}]
    return max(refused) + REST if len(last) == ALIKE and refused else 0.0


def refused_alike(results: Sequence[Result]) -> bool:
    """Say whether the last links of a pass were refused in the same words, so that no more should follow."""
    last = results[-ALIKE:]
    refused = all(each.reason == LINK_REFUSED for each in last)
    return len(last) == ALIKE and refused and len({each.message for each in last}) == 1


def _linked(case: Case, found: Found) -> Iterator[Entry]:
    told = waba_told(case, found)
    if told and told != case.app.waba_id:
        message = f"app {found.row.id} belongs to WABA {told}, not {case.app.waba_id}; correct the manifest"
        yield Blocked(case.item, "WabaMismatch", message)
        yield from _subscriptions_wait(case, why=f"{case.item} is blocked")
        return
    yield from _app(case, found.row)
    if not may_subscribe(case, found):
        yield from _subscriptions_wait(case, For.SUSPEND if suspended(case.app, case.view.now) else None)
    else:
        yield from subscriptions.entries(case, found.row)


def _app(case: Case, row: Row) -> Iterator[Entry]:
    callback = tuple(_callback(case, row))
    yield from callback
    progress = of_row(row, case.view.observed.facts)
    late = progress is Progress.PROVISIONING and overdue(case.app, row, case.view.now)
    stage = f"{row.stage.creation or 'no stage'}, {row.stage.pipeline or 'no pipeline stage'}"
    if progress is Progress.FAILED:
        message = f"Gupshup gave up provisioning ({stage}); ask Gupshup's support to restart app {row.id}"
        yield Blocked(case.item, "ProvisioningFailed", message)
    elif late:
        message = f"not live after {case.app.provisioning_timeout:.0f} s ({stage}); ask Gupshup's support"
        yield Blocked(case.item, "ProvisioningTimeout", message)
    elif not callback:
        yield Same(case.item)
    if progress is Progress.PROVISIONING and not late and not suspended(case.app, case.view.now):
        yield Provisioning(case.item)


def _callback(case: Case, row: Row) -> Iterator[Entry]:
    """Compare the callback URL, which can never be read back, with what we wrote."""
    url, key = case.app.callback_url, callback_key(row.id)
    wanted = case.view.observed.digests.get(case.item)
    if url is None:
        return
    written = case.view.observed.memory.ledger.get(key)
    unknown, finishes = written is None, written is not None and not written.digest
    if not isinstance(wanted, str) or (unknown and not case.view.asked.resend):
        yield Unverifiable(case.item)
    elif written is None or written.digest != wanted:
        action = SetCallback(case.app, row.id, url, finishes, unknown)
        yield allowed(action, case, key=key, digest=of_callback(url))


def _subscriptions_wait(case: Case, on: For | None = None, why: str = "") -> Iterator[Waiting | Blocked]:
    """Let the app's subscriptions wait as it does, or for what the partner wants it to be first."""
    first = For.LINKED if case.view.partner.subscribe_when is SubscribeWhen.LINKED else For.LIVE
    for wanted in case.subscriptions:
        waiting = Waiting(Verb.SUBSCRIBE, subscription_item(wanted), on or first, message=why)
        yield subscriptions.headerless(case, wanted) or waiting


def _unmanaged(found: Sequence[Case], partner: Partner, observed: Observed) -> Iterator[Unmanaged]:
    """List the apps that no manifest has anything to do with."""
    ours = {case.match.row.id for case in found if isinstance(case.match, Found)}
    ours |= {case.app.app_id for case in found if case.app.app_id is not None}
    phones, names = {case.app.phone for case in found}, {case.app.app_name for case in found}
    for row in sorted(observed.rows, key=lambda row: (row.name, row.id)):
        phone = phone_of(row, observed.facts)
        if row.id not in ours and phone not in phones and row.name not in names:
            yield Unmanaged(Item(Kind.APP, partner.name, row.name, row.name), row.id)


def _only(entries: Sequence[Entry], kind: type[_T]) -> tuple[_T, ...]:
    return tuple(entry for entry in entries if isinstance(entry, kind))


def _counts(entry: Entry, asked: Asked) -> bool:
    item = item_of(entry) if isinstance(entry, Action) else entry.item
    return asked.only is None or item in asked.only


_VERBS = list(Verb)


def _order(action: Action) -> tuple[int, Item]:
    return _VERBS.index(verb_of(action)), item_of(action)
