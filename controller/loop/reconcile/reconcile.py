"""One pass over one partner: look, decide, act, report. Stopped at any line, the next pass gets there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from controller.core.planning.guard import Change, guard_for, release
from controller.core.planning.memory_updates import memory_updates
from controller.core.planning.plan import plan
from controller.loop.ports import Account, Reader, Writer
from controller.loop.reconcile.act import Tally, act
from controller.loop.reconcile.attempt import facts_after
from controller.loop.reconcile.observe import observe
from controller.model.manifest import Desired
from controller.model.passes import PassKind
from controller.model.plan import Observed, Plan, Request
from controller.model.upstream import Facts, Listing


async def _at_once(_: Account[Writer]) -> None:
    return


@dataclass(frozen=True, slots=True)
class PassRequest:
    """What one run is to do: *desired* in the scope it was narrowed to, *declared* before that.

    *released* are digests of held changes that a person let through; *kind* is how much a pass looks at.
    *accept* is asked before anything is written, and raises where that must not be.
    """

    desired: Desired
    declared: Desired
    request: Request = field(default_factory=Request)
    released: frozenset[str] = frozenset()
    kind: PassKind = PassKind.FULL
    accept: Callable[[Account[Writer]], Awaitable[None]] = _at_once


@dataclass(slots=True)
class PassState:
    """What the passes of one run hand on to the next: facts that still count, and changes once released.

    *plan* and *observed* are those of the last pass, *tally* what came of it; kept while a pass is under way,
    so that a run cut short still tells how far it got.
    """

    facts: Facts = field(default_factory=Facts)
    released: frozenset[Change] = frozenset()
    plan: Plan | None = None
    observed: Observed | None = None
    tally: Tally = field(default_factory=Tally)


async def decide(
    account: Account[Reader], request: PassRequest, state: PassState, listing: Listing | None = None
) -> tuple[Observed, Plan]:
    """Look and plan; nothing is written, neither at Gupshup nor to memory. *listing* as in `observe`."""
    observed = await observe(account, request.desired, state.facts, listing, request.kind)
    wished = plan(request.desired, account.partner, observed, request.request)
    held = guard_for(wished, request.declared, state.released, request.kind)
    state.released |= release(held, request.released)
    state.plan = guard_for(wished, request.declared, state.released, request.kind)
    state.observed = observed
    state.facts, state.tally = observed.facts, Tally(rests=state.tally.rests)
    return observed, state.plan


async def replan(account: Account[Reader], request: PassRequest, state: PassState) -> Plan:
    """Plan once more with what the pass learnt, without another look: what it did is no longer to be done."""
    assert state.plan is not None  # noqa: S101  (only for a pass that is over)
    assert state.observed is not None  # noqa: S101  (likewise)
    if not state.tally.deeds:
        return state.plan
    memory = await account.store.memories.read(account.upstream)
    observed = replace(state.observed, facts=state.facts, memory=memory, at=account.clock.now())
    wished = plan(request.desired, account.partner, observed, request.request)
    return guard_for(wished, request.declared, state.released, request.kind)


async def reconcile(
    account: Account[Writer], request: PassRequest, state: PassState, listing: Listing | None = None
) -> Plan:
    """Do one pass; *state* holds what came of it, also where it is cut short. *listing* as in `observe`.

    Raises Busy or Unclear where the list is not had whole, Denied where the credentials are refused. Only for
    the holder of the partner's writer lock.
    """
    observed, agreed = await decide(account, request, state, listing)
    if agreed.actions:
        await request.accept(account)
    notes = memory_updates(request.desired, account.partner, observed, request.declared)
    await account.store.memories.note(account.upstream, notes)
    try:
        await act(account, agreed, observed, state.tally)
    finally:
        state.facts = facts_after(observed.facts, state.tally.deeds.values())
    if state.tally.denied is not None:
        raise type(state.tally.denied)(str(state.tally.denied)) from state.tally.denied
    return agreed
