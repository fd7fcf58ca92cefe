"""Link protocol: a fresh read, an intent on disk, one POST, its outcome on disk.

After a kill at any line, the next pass finds either no intent and no app, or an intent whose outcome only a
read can show. No function here repeats a POST.
"""

import asyncio
from contextlib import suppress

from controller.core.account.facts import after_link, join_facts
from controller.core.planning.matched_app import app_item
from controller.core.planning.outcomes.link_outcomes import of_link_answer, phone_elsewhere
from controller.core.planning.outcomes.write_outcomes import Verdict
from controller.errors import Busy, Denied, Rejected, StoreError, Unclear
from controller.loop.ports import Account, Writer
from controller.loop.reconcile.attempt import INTERRUPTED, Attempt, abandon, begin, interrupted, result_of
from controller.model.manifest import App
from controller.model.memory import AccountTold, CloseIntent, Intent
from controller.model.plan import Link, Observed, Outcome
from controller.model.upstream import LinkAnswer, PhoneTaken, ReadFailed


async def link(account: Account[Writer], action: Link, observed: Observed) -> Attempt:
    """Link one app, unless it appeared meanwhile.

    Raises Busy if nothing was sent, Denied if the credentials were refused: neither created anything.
    """
    app = action.app
    for row in await account.remote.rows_by_phone(app.phone):
        if row.phone == app.phone:
            words = f"app {row.id} appeared meanwhile"
            return Attempt(result_of(action, Verdict(Outcome.STALE, (), "Appeared", words, row.id)))
    number = await begin(account, action)
    intent = await _open_intent(account, app, number)
    try:
        answer = await account.remote.link(app)
    except (Busy, Denied) as error:
        await account.store.memories.note(account.upstream, (CloseIntent(app.phone),))
        await abandon(account, number, error)
        raise
    except Unclear as error:
        await asyncio.shield(_record_unclear(account, intent, number, str(error)))
        return Attempt(result_of(action, Verdict(Outcome.UNCLEAR, (), "OutcomeUnknown", str(error))))
    except asyncio.CancelledError as error:
        await asyncio.shield(_record_unclear(account, intent, number, INTERRUPTED))
        raise interrupted(action) from error
    verdict = await _keep(account, app, answer, observed, intent)
    await account.store.history.finish(number, verdict.outcome, verdict.message, verdict.app_id)
    return Attempt(result_of(action, verdict))


async def _open_intent(account: Account[Writer], app: App, number: int) -> Intent:
    """Put the intent on disk. Raises Busy if another one for the phone or the name is open."""
    try:
        return await account.store.intents.open(account.upstream, app.phone, app.app_name)
    except Busy as error:
        await abandon(account, number, error)
        raise


async def _record_unclear(account: Account[Writer], intent: Intent, number: int, why: str) -> None:
    """Record that the attempt is over and its outcome unknown: only a read can show it."""
    await account.store.intents.end(account.upstream, intent.id)
    await account.store.history.finish(number, Outcome.UNCLEAR, why)


async def _keep(
    account: Account[Writer], app: App, answer: LinkAnswer, observed: Observed, intent: Intent
) -> Verdict:
    """Remember the answer before any other call; then find out whose app holds the phone, if one does."""
    callback = observed.digests.get(app_item(app), "")
    verdict = of_link_answer(
        app,
        answer,
        callback="" if isinstance(callback, ReadFailed) else callback,
        now=account.clock.now(),
        stale=account.partner.settle.stale_list,
    )
    facts = after_link(answer, join_facts(observed.account, observed.memory.account), account.clock.now())
    told = () if facts is None else (AccountTold(facts),)
    try:
        await account.store.memories.note(account.upstream, (*verdict.notes, *told))
    except StoreError:
        with suppress(StoreError):  # the answer could not be stored: only a read can show it now
            await account.store.intents.end(account.upstream, intent.id)
        raise
    return await _check_owner(account, app, answer, verdict) if isinstance(answer, PhoneTaken) else verdict


async def _check_owner(account: Account[Writer], app: App, answer: PhoneTaken, verdict: Verdict) -> Verdict:
    try:
        await account.remote.details(answer.app_id)
    except Rejected:
        refuse = phone_elsewhere(app, answer.words, account.clock.now())
        await account.store.memories.note(account.upstream, (refuse,))
        return Verdict(Outcome.FAILED, (), refuse.refusal.reason, refuse.refusal.message)
    except (Busy, Unclear, Denied):
        return verdict  # the next pass reads again
    return verdict
