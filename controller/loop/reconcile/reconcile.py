"""One pass over one partner: observe, decide, act, report. The next pass completes one that was stopped."""

from dataclasses import replace

from controller.core.planning.changes.approval import approved
from controller.core.planning.guard import guard_for, release
from controller.core.planning.matched_app import match_apps
from controller.core.planning.outcomes.memory_updates import memory_updates
from controller.core.planning.plan import plan
from controller.loop.ports import Account, Reader, Writer
from controller.loop.reconcile.act import act
from controller.loop.reconcile.attempt import facts_after, forget_postponed
from controller.loop.reconcile.observe import observe
from controller.loop.reconcile.state import PassRequest, PassState
from controller.model.plan import Observed, Plan
from controller.model.upstream import Listing


async def decide(
    account: Account[Reader], request: PassRequest, state: PassState, listing: Listing | None = None
) -> tuple[Observed, Plan]:
    """Observe and plan; nothing is written, neither at Gupshup nor to memory. *listing* as in `observe`."""
    observed = await observe(account, request.desired, state.facts, listing, request.kind, request.request)
    matches = match_apps(request.desired, account.partner, observed, request.request)
    unguarded = plan(matches)
    state.released |= release(_guarded(unguarded, request, state), request.released)
    due = _guarded(unguarded, request, state)
    todo = due if request.approval is None else approved(due, request.approval)
    state.begin(matches, due, todo)
    return observed, todo


def _guarded(unguarded: Plan, request: PassRequest, state: PassState) -> Plan:
    return guard_for(unguarded, request.declared, state.released, request.kind)


async def replan(account: Account[Reader], request: PassRequest, state: PassState) -> Plan:
    """Plan once more with what the pass learnt, without another observation. Completed changes drop out."""
    assert state.plan is not None  # noqa: S101  (only for a pass that is over)
    assert state.observed is not None  # noqa: S101  (likewise)
    if not state.attempts:
        return state.plan
    memory = await account.store.memories.read(account.upstream)
    observed = replace(state.observed, facts=state.facts, memory=memory, at=account.clock.now())
    unguarded = plan(match_apps(request.desired, account.partner, observed, request.request))
    return _guarded(unguarded, request, state)


async def reconcile(
    account: Account[Writer], request: PassRequest, state: PassState, listing: Listing | None = None
) -> Plan:
    """Do one pass; *state* holds its outcome, also if the pass is cut short. *listing* as in `observe`.

    Raises Busy or Unclear if the list cannot be read whole, Denied if the credentials are refused. Only for
    the holder of the partner's writer lock.
    """
    observed, guarded = await decide(account, request, state, listing)
    if guarded.actions:
        await request.accept(account)
    assert state.matches is not None  # noqa: S101  (`decide` set them)
    updates = memory_updates(state.matches, request.declared)
    await account.store.memories.note(account.upstream, updates)
    try:
        await act(account, guarded, observed, state)
    finally:
        state.facts = facts_after(observed.facts, state.attempts.values())
        if request.approval is not None:
            state.facts = forget_postponed(state.facts, state.attempts.values())
    if state.denied is not None:
        raise type(state.denied)(str(state.denied)) from state.denied
    return guarded
