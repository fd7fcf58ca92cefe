"""Writes other than links: idempotent, or shown by the next read, so a lost reply costs only a read."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias, assert_never

from controller.core.planning import callbacks
from controller.core.planning.actions import item_of
from controller.core.planning.outcomes.write_outcomes import (
    AnswerContext,
    Verdict,
    Write,
    of_callback_write,
    of_rejection,
    of_subscription_write,
    of_unclear,
    of_unsubscribe,
    subject,
)
from controller.core.planning.subscriptions import UNAVAILABLE
from controller.edges.gupshup.forms import SubscriptionForm
from controller.errors import Busy, ControllerError, Denied, Rejected, Unclear
from controller.loop.ports import Account, Writer
from controller.loop.reconcile.attempt import INTERRUPTED, Attempt, abandon, begin, interrupted, result_of
from controller.model.manifest import Subscription
from controller.model.plan import Observed, Outcome, SetCallback, Subscribe, Unsubscribe, Update
from controller.model.upstream import ReadFailed, RemoteSubscription

Call: TypeAlias = Callable[[], Awaitable[RemoteSubscription | None]]


async def write(account: Account[Writer], action: Write, observed: Observed) -> Attempt:
    """Do one write and remember its outcome.

    Raises Busy if nothing was done and the write can be tried again, Denied if the credentials were refused.
    """
    try:
        call = _call(account, action)
    except ControllerError as error:  # a header's value went away since the observation
        return Attempt(result_of(action, Verdict(Outcome.FAILED, (), UNAVAILABLE, str(error), action.app_id)))
    return await _send(account, action, observed, call)


async def _send(account: Account[Writer], action: Write, observed: Observed, call: Call) -> Attempt:
    number, seen = await begin(account, action), None
    try:
        seen = await call()
        verdict = _verdict(action, seen, _context(account, action, observed))
    except (Busy, Denied) as error:
        await abandon(account, number, error)
        if isinstance(error, Busy) and error.until is None:
            unclear = of_unclear(action, str(error), _context(account, action, observed))
            await account.store.memories.note(account.upstream, unclear.notes)
        raise
    except asyncio.CancelledError as error:
        await asyncio.shield(account.store.history.finish(number, Outcome.UNCLEAR, INTERRUPTED))
        raise interrupted(action) from error
    except Unclear as error:
        verdict = of_unclear(action, str(error), _context(account, action, observed))
    except Rejected as error:
        verdict = of_rejection(action, error, _context(account, action, observed))
    await account.store.memories.note(account.upstream, verdict.notes)
    await account.store.history.finish(number, verdict.outcome, verdict.message)
    gone = action.remote.id if isinstance(action, Unsubscribe) and verdict.outcome is Outcome.DONE else None
    return Attempt(result_of(action, verdict), action.app_id, seen, gone, verdict.reread)


def _call(account: Account[Writer], action: Write) -> Call:
    """Return the call that sends *action*. Secrets are revealed here, before anything is noted or sent."""
    match action:
        case Subscribe(wanted, app_id):
            return partial(account.remote.subscribe, app_id, _form(account, wanted))
        case Update(wanted, app_id, found):
            return partial(account.remote.update_subscription, app_id, found.id, _form(account, wanted))
        case Unsubscribe(_, app_id, remote):
            return partial(account.remote.unsubscribe, app_id, remote.id)
        case SetCallback(_, app_id, url):
            return partial(account.remote.set_callback, app_id, url)
        case _:
            assert_never(action)


def _verdict(action: Write, seen: RemoteSubscription | None, context: AnswerContext) -> Verdict:
    match action:
        case Subscribe() | Update():
            return of_subscription_write(action, seen, context)
        case SetCallback():
            return of_callback_write(action, context)
        case Unsubscribe():
            return of_unsubscribe(action, context)
        case _:
            assert_never(action)


def _context(account: Account[Writer], action: Write, observed: Observed) -> AnswerContext:
    key, secret = subject(action), observed.digests.get(item_of(action), "")
    return AnswerContext(
        account.clock.now(),
        "" if isinstance(secret, ReadFailed) else secret,
        observed.memory.ledger.get(key),
        observed.memory.refusals.get(key),
        callbacks.of_partner(observed.memory) if isinstance(action, SetCallback) else None,
    )


def _form(account: Account[Writer], wanted: Subscription) -> SubscriptionForm:
    return SubscriptionForm(
        tag=wanted.tag,
        url=wanted.url,
        version=wanted.version,
        modes=wanted.modes,
        active=wanted.active,
        show_on_ui=wanted.show_on_ui,
        headers={name: account.reveal(reference) for name, reference in sorted(wanted.headers.items())},
    )
