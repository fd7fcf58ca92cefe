"""The link protocol: a fresh look, an intent on disk, one POST, its outcome on disk.

Killed at any line, the next pass finds either no intent and no app, or an intent whose outcome only a look
can tell. Nothing here repeats a POST.
"""

import asyncio
from contextlib import suppress

from controller.core.planning.answers import Verdict, of_link_answer, phone_elsewhere
from controller.core.planning.matched import app_item
from controller.errors import Busy, Denied, Rejected, StoreError, Unclear
from controller.loop.ports import Account, Writer
from controller.loop.reconcile.attempt import INTERRUPTED, Attempt, abandon, begin, interrupted, result_of
from controller.model.manifest import App
from controller.model.memory import CloseIntent, Intent
from controller.model.plan import Link, Observed, Outcome
from controller.model.upstream import LinkAnswer, LookFailed, PhoneTaken


async def link(account: Account[Writer], action: Link, observed: Observed) -> Attempt:
    """Link one app, unless it appeared meanwhile.

    Raises Busy where nothing was sent, Denied where the credentials were refused: neither created anything.
    """
    app = action.app
    for row in await account.remote.rows_by_phone(app.phone):
        if row.phone == app.phone:
            words = f"app {row.id} appeared meanwhile"
            return Attempt(result_of(action, Verdict(Outcome.STALE, (), "Appeared", words, row.id)))
    number = await begin(account, action)
    intent = await _intend(account, app, number)
    try:
        answer = await account.remote.link(app)
    except (Busy, Denied) as error:
        await account.store.memories.note(account.upstream, (CloseIntent(app.phone),))
        await abandon(account, number, error)
        raise
    except Unclear as error:
        await asyncio.shield(_unknown(account, intent, number, str(error)))
        return Attempt(result_of(action, Verdict(Outcome.UNCLEAR, (), "OutcomeUnknown", str(error))))
    except asyncio.CancelledError as error:
        await asyncio.shield(_unknown(account, intent, number, INTERRUPTED))
        raise interrupted(action) from error
    verdict = await _keep(account, app, answer, observed, intent)
    await account.store.history.finish(number, verdict.outcome, verdict.message)
    return Attempt(result_of(action, verdict))


async def _intend(account: Account[Writer], app: App, number: int) -> Intent:
    """Put the intent on disk; Busy where another one for the phone or the name is open."""
    try:
        return await account.store.intents.open(account.upstream, app.phone, app.app_name)
    except Busy as error:
        await abandon(account, number, error)
        raise


async def _unknown(account: Account[Writer], intent: Intent, number: int, why: str) -> None:
    """Record that the attempt is over and nobody knows what it did: only looks can tell."""
    await account.store.intents.end(account.upstream, intent.id)
    await account.store.history.finish(number, Outcome.UNCLEAR, why)


async def _keep(
    account: Account[Writer], app: App, answer: LinkAnswer, observed: Observed, intent: Intent
) -> Verdict:
    """Remember the answer before anything else is called; then ask whose app holds the phone, if one does."""
    callback = observed.digests.get(app_item(app), "")
    verdict = of_link_answer(
        app,
        answer,
        callback="" if isinstance(callback, LookFailed) else callback,
        now=account.clock.now(),
        stale=account.partner.settle.stale_list,
    )
    try:
        await account.store.memories.note(account.upstream, verdict.notes)
    except StoreError:
        with suppress(StoreError):  # what was answered could not be kept: only a look can tell it again
            await account.store.intents.end(account.upstream, intent.id)
        raise
    return await _whose(account, app, answer, verdict) if isinstance(answer, PhoneTaken) else verdict


async def _whose(account: Account[Writer], app: App, answer: PhoneTaken, verdict: Verdict) -> Verdict:
    try:
        await account.remote.details(answer.app_id)
    except Rejected:
        refuse = phone_elsewhere(app, answer.words, account.clock.now())
        await account.store.memories.note(account.upstream, (refuse,))
        return Verdict(Outcome.FAILED, (), refuse.refusal.reason, refuse.refusal.message)
    except (Busy, Unclear, Denied):
        return verdict  # the next pass looks again
    return verdict
