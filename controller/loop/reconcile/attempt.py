"""Attempt at one action: its result, and what it shows about the app's subscriptions."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from controller.core.planning.actions import item_of, tag_of, verb_of
from controller.core.planning.outcomes.write_outcomes import Verdict
from controller.errors import Busy, Denied, Limited, Locked
from controller.loop.ports import Account, Writer
from controller.model.history import WriteRecord
from controller.model.manifest import AppId
from controller.model.plan import (
    Action,
    Link,
    Outcome,
    Result,
    Subscribe,
    Unsubscribe,
    Update,
    WaitFor,
    Waiting,
)
from controller.model.upstream import Facts, RemoteSubscription, SubscriptionId

INTERRUPTED = "interrupted before it was answered; it may have happened, and the next run will read it"


@dataclass(frozen=True, slots=True)
class Attempt:
    """*seen* is the subscription as Gupshup accepted it, *gone* one that Gupshup removed.

    With *reread*, earlier facts about the subscriptions of *app_id* no longer count.
    """

    result: Result | Waiting
    app_id: AppId | None = None
    seen: RemoteSubscription | None = None
    gone: SubscriptionId | None = None
    reread: bool = False


class Interrupted(asyncio.CancelledError):
    """The run ended while a write was on its way. *attempt* reports that the write may have happened."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__("a write was interrupted")
        self.attempt = attempt


def result_of(action: Action, verdict: Verdict) -> Result:
    return Result(
        verb_of(action),
        item_of(action),
        verdict.outcome,
        verdict.reason,
        verdict.message,
        verdict.app_id,
        action,
    )


def postponed(action: Action, on: WaitFor, until: float | None, why: str) -> Attempt:
    return Attempt(Waiting(verb_of(action), item_of(action), on, until, why, action))


async def begin(account: Account[Writer], action: Action) -> int:
    """Write the line of history that precedes every write; return its number.

    Raises Locked if the writer lock no longer keeps others out: then nothing may be written at all.
    """
    if not account.holds():
        raise Locked(
            f"{account.upstream}: the writer lock was taken away while it was held; nothing is written"
        )
    entry = WriteRecord(
        account.clock.now(),
        account.who,
        account.revision,
        verb_of(action),
        str(item_of(action)),
        app_id=None if isinstance(action, Link) else action.app_id,
        tag=tag_of(action),
    )
    return await account.store.history.begin(account.upstream, entry)


def interrupted(action: Action) -> Interrupted:
    verdict = Verdict(Outcome.UNCLEAR, (), "OutcomeUnknown", INTERRUPTED)
    return Interrupted(Attempt(result_of(action, verdict)))


async def abandon(account: Account[Writer], number: int, error: Busy | Denied) -> None:
    """End the history line of a write that did nothing; drop the line if the write was never sent."""
    if isinstance(error, Busy) and error.until is not None and not isinstance(error, Limited):
        await account.store.history.drop(number)
    else:
        await account.store.history.finish(number, Outcome.FAILED, str(error))


def forget_postponed(facts: Facts, attempts: Iterable[Attempt]) -> Facts:
    """Return *facts* without those that an action is based on whose turn did not come: they grow old."""
    effects = (each.result.effect for each in attempts if isinstance(each.result, Waiting))
    old = {each.app_id for each in effects if isinstance(each, Subscribe | Update | Unsubscribe)}
    kept = {app_id: fact for app_id, fact in facts.subscriptions.items() if app_id not in old}
    return replace(facts, subscriptions=kept)


def facts_after(facts: Facts, attempts: Iterable[Attempt]) -> Facts:
    """Return what is known of the subscriptions after *attempts*: a clear success needs no further read."""
    known = dict(facts.subscriptions)
    for attempt in attempts:
        if attempt.app_id is None:
            continue
        before = known.get(attempt.app_id)
        if attempt.reread:
            known.pop(attempt.app_id, None)
        elif isinstance(before, tuple):
            replaced = {attempt.gone} if attempt.seen is None else {attempt.seen.id}
            kept = tuple(remote for remote in before if remote.id not in replaced)
            known[attempt.app_id] = (
                kept if attempt.seen is None else (*kept, replace(attempt.seen, echo=True))
            )
    return replace(facts, subscriptions=known)
