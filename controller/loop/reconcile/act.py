"""Actions of a plan: one write for each, at the pace of the limits; outcomes are remembered and reported."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from controller.core.planning import callbacks
from controller.core.planning.actions import item_of
from controller.core.planning.guard import change
from controller.core.planning.plan import LINK_COOLDOWN, refused_alike
from controller.errors import Busy, Denied
from controller.loop.ports import Account, Writer
from controller.loop.reconcile.attempt import Attempt, Interrupted, postponed
from controller.loop.reconcile.gather import gather
from controller.loop.reconcile.link import link
from controller.loop.reconcile.observe import CONCURRENT_READS
from controller.loop.reconcile.state import PassState
from controller.loop.reconcile.write import write
from controller.model.plan import Action, Link, Observed, Outcome, Plan, Result, SetCallback, WaitFor

CALLBACKS = ":callbacks"
"""The lane of all callbacks: no app has such a name."""

MOST_SILENT = 3
"""Callbacks in a row without a clear answer before a pass leaves the rest to the next one."""


async def act(account: Account[Writer], plan: Plan, observed: Observed, state: PassState) -> None:
    """Do the actions of *plan*. Links go one after the other, and so do the writes for one app.

    Callbacks go last, one after the other, so that they delay nothing else.
    """
    lanes: dict[str, list[Action]] = defaultdict(list)
    last = callbacks.in_turn((each for each in plan.actions if isinstance(each, SetCallback)), observed.rows)
    for action in plan.actions:
        if not isinstance(action, SetCallback):
            lanes["" if isinstance(action, Link) else item_of(action).app].append(action)
    slots = asyncio.Semaphore(CONCURRENT_READS)

    async def lane(name: str) -> None:
        async with slots:
            await _in_turn(account, name, lanes[name], observed, state)

    await gather(lane(name) for name in sorted(lanes))
    await _set_callbacks(account, last, observed, state)


async def _set_callbacks(
    account: Account[Writer], actions: Sequence[SetCallback], observed: Observed, state: PassState
) -> None:
    """Set callbacks until Gupshup takes none or gives no answers, or until the budget is used up."""
    silent, unsupported = 0, False
    for position, action in enumerate(actions):
        memory = await account.store.memories.read(account.upstream)
        blocked = unsupported and callbacks.is_blocked(callbacks.of_partner(memory))
        if state.denied is not None or blocked or silent == MOST_SILENT:
            return
        stop = await _step(account, CALLBACKS, action, replace(observed, memory=memory), state)
        if stop is not None:
            budget = stop.on is WaitFor.BUDGET
            _postpone(actions[position:] if budget else (action,), stop, state)
            if budget:
                return
        attempt = state.attempts.get(change(action))
        result = None if attempt is None else attempt.result
        silent = 0 if isinstance(result, Result) and result.outcome is not Outcome.UNCLEAR else silent + 1
        unsupported = isinstance(result, Result) and result.reason == callbacks.CALLBACK_NOT_SUPPORTED


async def _in_turn(
    account: Account[Writer], name: str, actions: Sequence[Action], observed: Observed, state: PassState
) -> None:
    """Do *actions* until one has to wait: the later ones wait for the same."""
    for position, action in enumerate(actions):
        if state.denied is not None:
            return
        stop = await _step(account, name, action, observed, state)
        if stop is not None:
            _postpone(actions[position:], stop, state)
            return


@dataclass(frozen=True, slots=True)
class _Stop:
    """Reason why a lane goes no further in this pass."""

    on: WaitFor
    until: float | None
    why: str


def _postpone(actions: Sequence[Action], stop: _Stop, state: PassState) -> None:
    for action in actions:
        state.attempts.setdefault(change(action), postponed(action, stop.on, stop.until, stop.why))


async def _step(
    account: Account[Writer], name: str, action: Action, observed: Observed, state: PassState
) -> _Stop | None:
    try:
        _check_budget(name, state, account.clock.now())
        state.attempts[change(action)] = await _do(account, action, observed)
    except Busy as error:
        if error.until is not None:
            state.rate_limited[name] = error.until
        return _Stop(WaitFor.BACKOFF if error.until is None else WaitFor.BUDGET, error.until, str(error))
    except Denied as error:
        state.denied = error
    except Interrupted as interruption:
        state.attempts[change(action)] = interruption.attempt
        raise
    if isinstance(action, Link) and refused_alike(state.links):
        return _Stop(
            WaitFor.COOLDOWN, account.clock.now() + LINK_COOLDOWN, "the last links were refused alike"
        )
    return None


def _check_budget(name: str, state: PassState, now: float) -> None:
    """Raise Busy if an earlier pass found this lane's budget used up: no call is tried before it has room."""
    until = state.rate_limited.get(name, now)
    if now < until:
        raise Busy("the budget is used up for now", until)


async def _do(account: Account[Writer], action: Action, observed: Observed) -> Attempt:
    if isinstance(action, Link):
        return await link(account, action, observed)
    return await write(account, action, observed)
